"""Optional packages of learned models, imported in this one place and only by the adapter that needs them."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from ..errors import ModelMissingError

_HINTS = {
    "torch": "ComfyUI's environment has it; outside ComfyUI install it from https://pytorch.org.",
    "transformers": "ComfyUI's environment has it; elsewhere: python -m pip install transformers",
    "safetensors": "ComfyUI's environment has it; elsewhere: python -m pip install safetensors",
    "spandrel": "ComfyUI's environment has it; elsewhere: python -m pip install spandrel",
    "onnxruntime": "Install it with: python -m pip install onnxruntime",
    "ultralytics": "Install it (its licence is AGPL-3.0) with: python -m pip install ultralytics",
}


@cache
def package(name: str) -> Any:
    """Return the module `name`. Raises ModelMissingError with what to install if it is not there."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        top = name.partition(".")[0]
        if isinstance(error, ModuleNotFoundError) and error.name == top:
            raise ModelMissingError(
                f"This model needs the Python package {top}, which is not installed.",
                _HINTS.get(top, f"Install it with: python -m pip install {top}"),
            ) from error
        raise ModelMissingError(f"The Python package {top} does not load here: {error}.") from error


def torch() -> Any:
    """Return the module `torch`. Raises ModelMissingError if it is not installed."""
    return package("torch")

"""Optional packages of learned models, imported in this one place and only by the adapter that needs them."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from typing import Any

from ..errors import ModelMissingError

_HINTS = {
    "torch": "ComfyUI's environment has it; outside ComfyUI install it from https://pytorch.org.",
    "ultralytics": "Its licence is AGPL-3.0. {}",
}


def how_to_install(name: str) -> str:
    """Return the command that installs a package into the Python that runs here, which need not be the user's own."""
    return f'Install it with: "{sys.executable}" -m pip install {name}'


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
                _HINTS.get(top, "{}").format(how_to_install(top)),
            ) from error
        raise ModelMissingError(f"The Python package {top} does not load here: {error}.") from error


def torch() -> Any:
    """Return the module `torch`. Raises ModelMissingError if it is not installed."""
    return package("torch")

"""OpenCV, imported in this one place and only when it is needed."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from .errors import ModelMissingError


@cache
def cv2() -> Any:
    """Return the module `cv2`, whichever of its packages is installed. Raises ModelMissingError if there is none."""
    try:
        return importlib.import_module("cv2")
    except ImportError as error:
        raise ModelMissingError(
            "Masks and fills need OpenCV, which is not installed.",
            "Install it with: pip install opencv-python-headless",
        ) from error

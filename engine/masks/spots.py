"""Dust, specks and blemishes as a selection: each spot with a margin that hides its soft edge."""

from __future__ import annotations

import numpy as np

from ..fill.spotting import find_spots
from ..opencv import cv2
from .mask import Selection
from .ports import Pixels

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_CONFIDENCE = 0.8
_MARGIN_PX = 1


def spots(pixels: Pixels) -> Selection:
    """Return the spots of a view, sRGB-encoded float32 (h, w, 3) in [0, 1]; the reason says how many there are."""
    found = find_spots(pixels @ _LUMA)
    if not found.number:
        return Selection(
            np.zeros(found.flags.shape, np.float32), 0.0, "built-in", "No spot on smooth ground was found."
        )
    square = np.ones((2 * _MARGIN_PX + 1, 2 * _MARGIN_PX + 1), np.uint8)
    alpha = cv2().dilate(found.flags.astype(np.float32), square)
    words = "1 spot" if found.number == 1 else f"{found.number} spots"
    return Selection(alpha, _CONFIDENCE, "built-in", f"{words} on smooth ground.")

"""Masks of tones and colours: everything of a lightness or of a hue, wherever it is in the photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from .lab import to_lab
from .ops import luminance_range

Picture = NDArray[np.float32]
Alpha = NDArray[np.float32]

_GRAY, _COLOURED = 0.08, 0.22
_SOFT = 0.3
_NOISE_PX = 0.8


def lightness_mask(picture: Picture, low: float, high: float, feather: float) -> Alpha:
    """Return 1 where the lightness lies in [low, high], falling to 0 over `feather` beyond, float32 (h, w).

    picture: display-encoded sRGB, float32 (h, w, 3) in [0, 1]. Lightness is CIE L* / 100: 0 black to 1 white.
    """
    return luminance_range(to_lab(picture)[..., 0] / np.float32(100), low, high, feather)


def hue_mask(picture: Picture, hue_deg: float, width_deg: float) -> Alpha:
    """Return how much each pixel is of a hue, float32 (h, w) in [0, 1]: 0.5 at `width_deg` from `hue_deg`.

    picture: display-encoded sRGB, float32 (h, w, 3) in [0, 1]. Hue is that of HSV: 0 red, 120 green, 240 blue.
    Pixels without colour have no hue and are 0.
    """
    smooth = cv2().GaussianBlur(picture, (0, 0), _NOISE_PX)
    hsv: Picture = cv2().cvtColor(smooth, cv2().COLOR_RGB2HSV)
    apart = np.abs((hsv[..., 0] - np.float32(hue_deg) + 180) % 360 - 180) / np.float32(width_deg)
    near = np.clip((1 + _SOFT - apart) / (2 * _SOFT), 0, 1)
    chroma = hsv[..., 1] * hsv[..., 2]
    coloured = np.clip((chroma - _GRAY) / (_COLOURED - _GRAY), 0, 1)
    return (near * near * (3 - 2 * near) * coloured).astype(np.float32)

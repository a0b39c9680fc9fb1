"""Even colour distances: CIE L*a*b*. OpenCV's own conversion first builds tables for an eighth of a second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import fastmath
from ..color import SPACES, to_xyz
from ..jit import inline, kernel

_Picture = NDArray[np.float32]
_TO_XYZ = np.ascontiguousarray(to_xyz(SPACES["srgb"]) / to_xyz(SPACES["srgb"]).sum(axis=1, keepdims=True), np.float32)


@inline
def _linear(code: np.float32) -> np.float32:
    """Return the light of an sRGB value (IEC 61966-2-1)."""
    base = max((code + np.float32(0.055)) * np.float32(1 / 1.055), np.float32(1e-6))
    curved = fastmath.exp2(np.float32(2.4) * fastmath.log2(base))
    return code * np.float32(1 / 12.92) if code <= np.float32(0.04045) else curved


@inline
def _even(t: np.float32) -> np.float32:
    """Return f(t) of CIE 15: the cube root, and its tangent below (6/29)^3."""
    root, tangent = fastmath.cbrt(t), np.float32(841 / 108) * t + np.float32(4 / 29)
    return root if t > np.float32(216 / 24389) else tangent


@kernel
def _to_lab(picture: _Picture, matrix: _Picture, lab: _Picture) -> None:
    line = np.empty((3, picture.shape[1]), np.float32)
    for y in range(picture.shape[0]):
        codes, out = picture[y], lab[y]
        red, green, blue = line[0], line[1], line[2]
        for x in range(red.size):
            red[x], green[x], blue[x] = codes[x, 0], codes[x, 1], codes[x, 2]
        for c in range(3):
            channel = line[c]
            for x in range(channel.size):
                channel[x] = _linear(channel[x])
        for x in range(red.size):
            r, g, b = red[x], green[x], blue[x]
            red[x] = matrix[0, 0] * r + matrix[0, 1] * g + matrix[0, 2] * b
            green[x] = matrix[1, 0] * r + matrix[1, 1] * g + matrix[1, 2] * b
            blue[x] = matrix[2, 0] * r + matrix[2, 1] * g + matrix[2, 2] * b
        for c in range(3):
            channel = line[c]
            for x in range(channel.size):
                channel[x] = _even(channel[x])
        for x in range(red.size):
            out[x, 0] = np.float32(116) * green[x] - np.float32(16)
            out[x, 1] = np.float32(500) * (red[x] - green[x])
            out[x, 2] = np.float32(200) * (green[x] - blue[x])


def to_lab(picture: _Picture) -> _Picture:
    """Return CIE L*a*b* (L* 0 to 100, D65) of display-encoded sRGB, both float32 (h, w, 3)."""
    lab = np.empty(picture.shape, np.float32)
    _to_lab(picture, _TO_XYZ, lab)
    return lab

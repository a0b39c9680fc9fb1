"""Clipped highlights: what a clipped sample most likely was.

A clipped colour is estimated from the two others, as the cube of the mean of their cube roots plus one offset for the
whole photo, by which the colour exceeds the others just beside clipped areas. An opposite that itself comes near its
clipping is taken for at least as bright as the other one, and the offset fades: the less is left to tell a colour, the
nearer to neutral the estimate, smoothly, so that there is no seam. It never lies below what the sensor saw.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..jit import inline

Highlights = Literal["clip", "reconstruct"]
Light = tuple[np.float32, np.float32, np.float32]

_NEAR_CLIP = 0.3  # of its clipping light: what is darker has another colour for another reason
_BESIDE = 2
_ENOUGH = 20
NO_CHROMA = -1e9


@inline
def _near(share: np.float32) -> np.float32:
    """Return how near to clipping a mean is, 0 to 1, from its share of the clipping light."""
    t = min(max((share - np.float32(0.85)) / np.float32(0.13), np.float32(0)), np.float32(1))
    return t * t * (np.float32(3) - np.float32(2) * t)


@inline
def repaired(color: int, means: Light, clip: NDArray[np.float32], chroma: NDArray[np.float32]) -> np.float32:
    """Return the likely light of a clipped sample of `color`, where `means` is the light of all three around it.

    clip: float32 (3,), where each colour clips. chroma: float32 (3,), the offset of each colour from its opposites.
    """
    zero, half = np.float32(0), np.float32(0.5)
    a, b = (color + 1) % 3, (color + 2) % 3
    first, second = max(means[a], zero), max(means[b], zero)
    near_a, near_b = _near(first / clip[a]), _near(second / clip[b])
    first, second = first + near_a * max(second - first, zero), second + near_b * max(first - second, zero)
    mean = half * (np.cbrt(first) + np.cbrt(second))
    told = (np.float32(1) - near_a) * (np.float32(1) - near_b)
    return max(mean * mean * mean + told * chroma[color], clip[color])


def chroma_offsets(light: NDArray[np.float32], clip: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return by how much each colour exceeds the mean of its opposites just beside clipped areas, float32 (3,).

    light: (h, w, 3), balanced, from places spread over the photo; clip: (3,), where each colour clips.
    A colour that clips nowhere, or only where its surroundings tell too little, gets 0.
    """
    offsets = np.zeros(3, np.float32)
    red, green, blue = (light[..., c] >= clip[c] * np.float32(0.999) for c in range(3))
    sound = ~(red | green | blue) & (light[..., 0] > 0) & (light[..., 1] > 0) & (light[..., 2] > 0)
    for color, clipped in enumerate((red, green, blue)):
        if not clipped.any():
            continue
        beside = _spread(clipped) & sound & (light[..., color] > _NEAR_CLIP * clip[color])
        if np.count_nonzero(beside) >= _ENOUGH:
            found = light[beside]
            roots = np.cbrt(np.delete(found, color, axis=1))
            offsets[color] = np.median(found[:, color] - (roots.sum(axis=1) / 2) ** 3)
    return offsets


def _spread(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask grown by _BESIDE places in each direction."""
    for axis in (0, 1):
        turned = mask.swapaxes(0, axis)
        grown = turned.copy()
        for k in range(1, _BESIDE + 1):
            grown[k:] |= turned[:-k]
            grown[:-k] |= turned[k:]
        mask = grown.swapaxes(0, axis)
    return mask

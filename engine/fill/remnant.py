"""What a mask missed of the thing that goes: pixels beside the hole that look like the thing, not like what is around.

A sliver that stays is seen as a ghost, and its colour is continued into the hole. A pixel counts as a remnant if it is
connected to the hole, close in colour to the nearest part of what is removed, and far from the ground farther out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from .blend import blurred

Pixels = NDArray[np.float32]
Flags = NDArray[np.bool_]

_LEAST_DIFFERENCE = 0.06
_DEVIATIONS = 3.0
_NEARER = 0.5
"""A remnant is at least so many times nearer to the thing than to the ground."""
_SOFT_PX = 1.5


def remnants(picture: Pixels, hole: Flags, known: Flags, grown_px: float, reach_px: int) -> Flags:
    """Return which known pixels (h, w), at most `reach_px` from the hole, belong to what the hole removes.

    picture: float32 (h, w, 3), encoded in even steps for the eye. hole (h, w): the mask, already grown by `grown_px`.
    Empty where the hole is too thin to tell what it removes, or where nothing lies around it.
    """
    away = _distance(hole)
    near = known & (away <= reach_px)
    inside = hole & (_distance(~hole) > grown_px + _SOFT_PX)
    around = known & (away > reach_px) & (away <= 3 * reach_px)
    if not near.any() or not inside.any() or not around.any():
        return np.zeros_like(hole)
    mean, spread = _ground(picture, around, 2.0 * reach_px)
    from_ground = np.linalg.norm(picture - mean, axis=2)
    from_thing = np.linalg.norm(picture - _nearest(picture, inside), axis=2)
    unlike = from_ground > _LEAST_DIFFERENCE + _DEVIATIONS * spread
    alike = near & unlike & (from_thing < _NEARER * from_ground)
    return _touching(alike, hole)


def _distance(flags: Flags) -> Pixels:
    """Return how far each pixel is from the nearest set one, in px."""
    away: Pixels = cv2().distanceTransform((~flags).view(np.uint8), cv2().DIST_L2, 5)
    return away


def _ground(picture: Pixels, around: Flags, sigma_px: float) -> tuple[Pixels, Pixels]:
    """Return the local mean colour (h, w, 3) of the pixels `around`, and how far they lie from it (h, w)."""
    weight = around.astype(np.float32)
    norm = np.maximum(blurred(weight, sigma_px), np.float32(1e-6))
    mean = blurred(picture * weight[..., None], sigma_px) / norm[..., None]
    square = blurred((picture**2).sum(axis=2) * weight, sigma_px) / norm
    spread: Pixels = np.sqrt(np.maximum(square - (mean**2).sum(axis=2), 0)).astype(np.float32)
    return mean.astype(np.float32), spread


def _nearest(picture: Pixels, inside: Flags) -> Pixels:
    """Return for each pixel the colour of the thing at its nearest pixel inside, noise averaged away."""
    weight = inside.astype(np.float32)
    norm = np.maximum(blurred(weight, _SOFT_PX), np.float32(1e-6))[..., None]
    smooth = blurred(picture * weight[..., None], _SOFT_PX) / norm
    _, labels = cv2().distanceTransformWithLabels(
        (~inside).view(np.uint8), cv2().DIST_L2, 5, labelType=cv2().DIST_LABEL_PIXEL
    )
    colors = np.zeros((int(labels.max()) + 1, 3), np.float32)
    colors[labels[inside]] = smooth[inside]
    return colors[labels]


def _touching(flags: Flags, hole: Flags) -> Flags:
    """Return the parts of `flags` that are connected with the hole."""
    _, labels = cv2().connectedComponents((flags | hole).astype(np.uint8), connectivity=8)
    held = np.zeros(int(labels.max()) + 1, bool)
    held[labels[hole]] = True
    return flags & held[labels]

"""The rim of a hole, where what patches paint can be held against the picture, and the step between both.

Patches over the rim paint a little of the picture too; what they get wrong there, a step of light or colour, they get
wrong inside. Taking the step away at every level lets patches of other brightness continue the picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from .blend import membrane
from .patchmatch import Flags

Values = NDArray[np.float32]

_RING = 2
_AGREE_PX = 4
_LARGEST_STEP = np.float32(0.12)


def with_rim(hole: Flags) -> Flags:
    """Return the hole and the rim on which what patches paint is compared with the picture."""
    square = np.ones((2 * _RING + 1, 2 * _RING + 1), np.uint8)
    wide: Flags = cv2().dilate(hole.view(np.uint8), square).view(bool)
    return wide


def bounded(step: Values) -> Values:
    """Return steps up to 0.12 as they are, larger ones drawn back to 0, which is reached at twice that size.

    A larger step is not one of light: something stands at the rim that the painting does not continue, such as a
    remnant of what was removed, and its colour must not bleed into the hole.
    """
    kept: Values = (step * np.clip(2 - np.abs(step) / _LARGEST_STEP, 0, 1)).astype(np.float32)
    return kept


def agreed(step: Values, ring: Flags) -> Values:
    """Return steps (h, w, c), each times how much its neighbours along the `ring` (h, w) agree with it, in [0, 1].

    A step of light is the same for a stretch of the rim: the square of the mean is the mean of the squares. Where rock
    is painted over sky and sky over rock, steps differ in sign, and none of them belongs into the hole.
    """
    weight = ring[..., None].astype(np.float32)
    mean, square = _summed(step * weight), _summed(step * step * weight)
    count = np.maximum(_summed(np.repeat(weight, step.shape[2], axis=2)), np.float32(1))
    share = mean * mean / np.maximum(square * count, np.float32(1e-9))
    return (step * np.clip(share, 0, 1)).astype(np.float32)


def _summed(values: Values) -> Values:
    side = (2 * _AGREE_PX + 1, 2 * _AGREE_PX + 1)
    sums: Values = cv2().boxFilter(values, -1, side, normalize=False, borderType=cv2().BORDER_CONSTANT)
    return sums


def without_step(painted: Values, picture: Values, hole: Flags, *, agreeing: bool) -> Values:
    """Return `painted` in the hole, less its smooth step against `picture` along the rim; elsewhere the picture.

    painted: float32 (h, w, 4), votes for the hole and its rim. agreeing: carry only steps inside that agree, as a
    coarse level wants it, which decides what is where.
    """
    ring = with_rim(hole) & ~hole
    step = bounded(picture - painted)
    if agreeing:
        step = agreed(step, ring)
    inside = membrane(np.where(ring[..., None], step, np.float32(0)), ~hole)
    return np.where(hole[..., None], painted + inside, picture)

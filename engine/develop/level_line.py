"""The strongest nearly level line across a picture, however soft: a horizon, a shore, a wall.

Every column votes for the place where brightness or warmth steps up or down, however small the step: a line counts by
how many columns agree on it and not by its contrast. That is the Radon transform of a normalised gradient.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2

_COARSE, _FINE = 256, 512  # px of the longer side
_COARSE_STEP_DEG, _FINE_STEP_DEG = 0.25, 0.1
_BLUR_PX = 1.2
_NOISE = 0.008  # a step of this size, in [0, 1] per px, counts half
_APART_DEG = 1.5  # lines nearer to each other than this are taken for one
_LUMA = np.array([0.3, 0.59, 0.11], np.float32)
_WARMTH = np.array([-0.7, 0.0, 0.7], np.float32)  # a sky and a sea of one brightness differ in this

Steps = NDArray[np.float32]


class LevelLine(NamedTuple):
    """The line: its tilt, clockwise above 0, how much of the frame's width agrees, and the next best line's share.

    support: 0 to 1. rival: the support of the best line at least 1.5 degrees away, as a share of this one's.
    """

    tilt_deg: float
    support: float
    rival: float


def strongest_line(picture: NDArray[np.uint8], most_deg: float) -> LevelLine:
    """Return the line of an sRGB (h, w, 3) picture that most columns agree on, tilted by at most `most_deg`."""
    coarse = _steps(_sized(picture, _COARSE))
    angles = np.arange(-most_deg, most_deg + 1e-9, _COARSE_STEP_DEG)
    found = np.array([_support(coarse, float(angle)) for angle in angles])
    best = float(angles[found.argmax()])
    if not found.max():
        return LevelLine(0.0, 0.0, 1.0)
    apart = np.abs(angles - best) > _APART_DEG
    rival = float(found[apart].max() / found.max()) if apart.any() else 0.0
    near = best + np.arange(-5, 6) * _FINE_STEP_DEG
    fine = _steps(_sized(picture, _FINE))
    support = [_support(fine, float(angle)) for angle in near]
    number = int(np.argmax(support))
    return LevelLine(float(near[number]), support[number], rival)


def _sized(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    scale = side / max(picture.shape[:2])
    return picture if scale >= 1 else cv2().resize(picture, None, fx=scale, fy=scale, interpolation=cv2().INTER_AREA)


def _steps(picture: NDArray[np.uint8]) -> Steps:
    """Return how each pixel steps downwards in lightness and in warmth, (h, w, 2), at most 1 long."""
    soft = cv2().GaussianBlur(picture.astype(np.float32) / 255, (0, 0), _BLUR_PX)
    tones = np.stack([soft @ _LUMA, soft @ _WARMTH], axis=2)
    down = np.zeros_like(tones)
    down[1:-1] = (tones[2:] - tones[:-2]) / 2
    across = np.zeros(tones.shape[:2], np.float32)
    across[:, 1:-1] = (tones[:, 2:, 0] - tones[:, :-2, 0]) / 2
    return down / (np.sqrt((down**2).sum(axis=2) + across**2) + _NOISE)[..., None]


def _support(steps: Steps, angle_deg: float) -> float:
    """Return the largest mean of steps along any line tilted by `angle_deg` that crosses the whole width."""
    height, width, _ = steps.shape
    shift = np.rint(np.tan(np.radians(angle_deg)) * (np.arange(width) - (width - 1) / 2)).astype(np.intp)
    margin = int(np.abs(shift).max()) + 3
    rows = np.arange(margin, height - margin)
    if not len(rows):
        return 0.0
    along = steps[rows[:, None] + shift, np.arange(width)].mean(axis=1)
    return float(np.sqrt((along**2).sum(axis=1)).max())

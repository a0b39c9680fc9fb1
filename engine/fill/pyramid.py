"""The levels of a picture with a hole: colours and texture, halved until the hole is about as large as a patch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..guided import box_mean
from ..opencv import cv2
from .patchmatch import LEVELS, RADIUS, Codes, Flags, Patches

Values = NDArray[np.float32]
TEXTURE_GAIN = np.float32(6)
TEXTURE_RADIUS = 3
DEPTH = 2.25
SOLID = 0.05
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class Level(NamedTuple):
    """One scale: values float32 (h, w, 4) of red, green, blue and texture; the hole; where patches may come from."""

    values: Values
    hole: Flags
    allowed: Flags

    @property
    def shape(self) -> tuple[int, int]:
        return self.hole.shape[0], self.hole.shape[1]

    def targets(self) -> Flags:
        """Return the centres of patches that lie in the frame and touch the hole."""
        return _inside(cv2().dilate(self.hole.view(np.uint8), _square()).view(bool))

    def sources(self) -> Flags:
        """Return the centres of patches that lie in the frame and are known and allowed throughout."""
        usable = (self.allowed & ~self.hole).view(np.uint8)
        return _inside(cv2().erode(usable, _square(), borderType=cv2().BORDER_REPLICATE).view(bool))


def _square() -> NDArray[np.uint8]:
    return np.ones((2 * RADIUS + 1, 2 * RADIUS + 1), np.uint8)


def _inside(flags: Flags) -> Flags:
    flags[:RADIUS] = flags[-RADIUS:] = False
    flags[:, :RADIUS] = flags[:, -RADIUS:] = False
    return flags


def first_level(picture: Values, hole: Flags, allowed: Flags) -> Level:
    """Return the finest level of a picture, float32 (h, w, 3): its colours, and how busy each neighbourhood is.

    The texture is the mean slope of luma around a pixel, of known pixels only (Newson et al. 2017): it survives
    halving where the texture itself is averaged away, so that coarse patches of sand and of sky do not match.
    """
    luma = picture @ _LUMA
    known = (~hole).astype(np.float32)
    slope_y, slope_x = np.zeros_like(luma), np.zeros_like(luma)
    slope_y[:-1] = np.abs(luma[1:] - luma[:-1]) * known[1:] * known[:-1]
    slope_x[:, :-1] = np.abs(luma[:, 1:] - luma[:, :-1]) * known[:, 1:] * known[:, :-1]
    texture = box_mean(slope_y + slope_x, TEXTURE_RADIUS) / np.maximum(
        box_mean(known, TEXTURE_RADIUS), np.float32(1e-3)
    )
    values = np.empty((*hole.shape, 4), np.float32)
    values[..., :3] = picture
    values[..., 3] = np.minimum(texture * TEXTURE_GAIN, np.float32(1))
    values[hole] = 0
    return Level(values, hole, allowed)


def halved(level: Level) -> Level:
    """Return the level of half the size: known pixels weighted 1 3 3 1 in both directions.

    A pixel is hole if less than SOLID of its weight is known, and allowed if the four that it stands for are. So thin
    holes vanish on the way down, and finer levels begin with what surrounds them.
    """
    height, width = level.shape
    rows, columns = height % 2, width % 2
    known = (~level.hole).astype(np.float32)
    pad = ((1, 1 + rows), (1, 1 + columns))
    weight = _thinned(np.pad(known, pad))
    sums = _thinned(np.pad(level.values * known[..., None], (*pad, (0, 0))))
    values: Values = (sums / np.maximum(weight, np.float32(1e-6))[..., None]).astype(np.float32)
    hole = weight < SOLID
    usable = np.pad(level.allowed, ((0, rows), (0, columns)), mode="edge")
    allowed = usable[::2, ::2] & usable[1::2, ::2] & usable[::2, 1::2] & usable[1::2, 1::2]
    values[hole] = 0
    return Level(values, hole, allowed)


def _thinned(padded: Values) -> Values:
    """Return every second sample of `padded`, filtered with 1 3 3 1 in both directions."""
    rows = _filtered(padded[:-3:2], padded[1:-2:2], padded[2:-1:2], padded[3::2])
    return _filtered(rows[:, :-3:2], rows[:, 1:-2:2], rows[:, 2:-1:2], rows[:, 3::2])


def _filtered(first: Values, second: Values, third: Values, fourth: Values) -> Values:
    return ((first + fourth) * np.float32(1 / 8) + (second + third) * np.float32(3 / 8)).astype(np.float32)


def pyramid(level: Level, smallest_side: int = 24) -> list[Level]:
    """Return `level` and coarser ones, down to where patches cover the hole's half width or the frame or the
    sources get too small."""
    levels = [level]
    while min(levels[-1].shape) >= 2 * smallest_side and levels[-1].hole.any() and _half_width(levels[-1].hole) > DEPTH:
        next_level = halved(levels[-1])
        if np.count_nonzero(next_level.sources()) < 4 * (2 * RADIUS + 1):
            break
        levels.append(next_level)
    return levels


def _half_width(hole: Flags) -> float:
    return float(cv2().distanceTransform(hole.view(np.uint8), cv2().DIST_L2, 3).max())


def encoded(values: Values) -> Codes:
    """Return int16 codes (h, w * 4) of values (h, w, 4) in [0, 1]."""
    codes = np.rint(np.clip(values, 0, 1) * np.float32(LEVELS)).astype(np.int16)
    return codes.reshape(values.shape[0], -1)


def patches_of(level: Level, values: Values) -> Patches:
    """Return what is compared at `level` when it holds `values`."""
    return Patches(encoded(values), level.targets(), level.sources())

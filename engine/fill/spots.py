"""Healing dust, blemishes and other small spots: texture from beside the spot, brightness and colour from its rim.

The fast path for holes of a few dozen px, where a search through the whole picture is not worth its time. The nearest
clean place whose rim looks most like the spot's own gives the texture; a membrane over the spot (see `blend`) takes
away what both rims differ by, as a healing brush does (Georgiev 2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Size
from ..opencv import cv2
from ..tiles import Progress, for_each, no_progress
from .blend import membrane

Pixels = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class SpotOptions:
    """largest_px: the longer side of the largest spot that is healed here. rim_px: how wide a rim is compared."""

    largest_px: int = 48
    rim_px: int = 4


class _Spot(NamedTuple):
    """A spot in its box, which is grown by the rim and cut off at the frame."""

    box: Box
    hole: Flags
    rim: Flags


def heal_spots(
    picture: Pixels, hole: Flags, options: SpotOptions = SpotOptions(), progress: Progress = no_progress
) -> tuple[Pixels, Flags]:
    """Return `picture`, float32 (h, w, 3), with its small spots healed, and what is left of `hole` (h, w).

    Left are the parts larger than `largest_px` and those that have no clean place beside them. Pixels outside the
    spots are unchanged. A spot's result depends on no other spot.
    """
    if hole.shape != picture.shape[:2]:
        raise ValueError(f"picture {picture.shape}, hole {hole.shape}")
    out, rest = picture.copy(), hole.copy()
    spots = _find(hole, options)

    def heal(spot: _Spot) -> None:
        healed = _healed(picture, hole, spot)
        if healed is not None:
            part = spot.box.slices(Box.of(Size(hole.shape[1], hole.shape[0])))
            out[part][spot.hole] = healed[spot.hole]
            rest[part][spot.hole] = False

    if spots:
        for_each(heal, spots, progress)
    return out, rest


def _find(hole: Flags, options: SpotOptions) -> list[_Spot]:
    """Return the connected parts of `hole` that are small enough."""
    count, labels, stats, _ = cv2().connectedComponentsWithStats(hole.view(np.uint8), connectivity=8)
    frame = Box.of(Size(hole.shape[1], hole.shape[0]))
    square = np.ones((2 * options.rim_px + 1, 2 * options.rim_px + 1), np.uint8)
    spots: list[_Spot] = []
    for label in range(1, count):
        left, top, width, height = (int(v) for v in stats[label, :4])
        if max(width, height) > options.largest_px:
            continue
        box = Box(left, top, left + width, top + height).grow(options.rim_px).intersect(frame)
        part = box.slices(frame)
        own = labels[part] == label
        rim = (cv2().dilate(own.view(np.uint8), square) > 0) & ~hole[part]
        spots.append(_Spot(box, own, rim))
    return spots


def _healed(picture: Pixels, hole: Flags, spot: _Spot) -> Pixels | None:
    """Return the spot's box with the spot painted, or None where no clean place is near."""
    frame = Box.of(Size(hole.shape[1], hole.shape[0]))
    if not spot.rim.any():
        return None
    target = picture[spot.box.slices(frame)]
    best, found = np.inf, None
    for dx, dy in _offsets(spot.box):
        place = spot.box.shift(dx, dy)
        if not frame.contains(place) or hole[place.slices(frame)].any():
            continue
        source = picture[place.slices(frame)]
        difference = (source - target)[spot.rim]
        # A step of brightness is taken away afterwards, so texture and lines decide, and brightness a little.
        cost = float(difference.var(axis=0).sum() + 0.25 * (difference.mean(axis=0) ** 2).sum())
        cost += float(np.maximum(source[spot.hole].var(axis=0) - 1.5 * target[spot.rim].var(axis=0), 0).sum())
        if cost < best:
            best, found = cost, source
    if found is None:
        return None
    return found + membrane(target - found, spot.rim)


def _offsets(box: Box) -> list[tuple[int, int]]:
    """Return where to look: 32 directions at four distances, from beside the box to 2.5 times its size away."""
    size = max(box.width, box.height)
    turns = np.arange(32) * (2 * np.pi / 32)
    return [
        (round(float(np.cos(turn)) * size * reach), round(float(np.sin(turn)) * size * reach))
        for reach in (1.0, 1.4, 1.9, 2.5)
        for turn in turns
    ]

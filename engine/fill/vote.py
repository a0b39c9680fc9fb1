"""Painting a hole from matches: every patch over a pixel votes for its colour.

Wexler, Shechtman and Irani, "Space-time completion of video" (PAMI 2007): votes of better matches count more, and so
do those of patches near the rim of the hole, which know more of what is around.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Size
from ..jit import kernel
from ..opencv import cv2
from ..tiles import for_each, split
from .patchmatch import CHANNELS, RADIUS, TILE, Field, Flags, Planes

Values = NDArray[np.float32]
_RED, _GREEN, _BLUE = np.float32(0.299), np.float32(0.587), np.float32(0.114)
_FAINT = np.float32(-14)  # a vote that counts a millionth of the best is not worth its time


class Voters(NamedTuple):
    """Which centres have a match, their matches, and how much each counts, float32 (h, w).

    squares: in place of the texture, the square of luma is voted on.
    """

    targets: Flags
    field: Field
    trust: Values
    squares: bool = False


@kernel
def _vote(
    planes: tuple[Values, Values],
    flags: tuple[Flags, Flags],
    field: Planes,
    place: tuple[tuple[int, int, int, int], float, bool],
    out: Values,
) -> None:
    """Write the mean of the votes for the hole's pixels of one tile to `out`."""
    values, trust = planes
    hole, targets = flags
    (left, top, right, bottom), sharpness, squares = place
    height, width = hole.shape
    rows, columns, cost = field
    weights = np.empty((2 * RADIUS + 1) ** 2, np.float32)
    for row in range(top, bottom):
        for column in range(left, right):
            if not hole[row, column]:
                continue
            total, count, lowest = np.float32(0), 0, np.float32(np.inf)
            n = 0
            for dy in range(-RADIUS, RADIUS + 1):
                for dx in range(-RADIUS, RADIUS + 1):
                    y, x = row + dy, column + dx
                    weights[n] = np.float32(-1)
                    if 0 <= y < height and 0 <= x < width and targets[y, x]:
                        weights[n] = np.float32(cost[y, x])
                        total += weights[n]
                        lowest = min(lowest, weights[n])
                        count += 1
                    n += 1
            if count == 0:
                continue
            scale = np.float32(sharpness) / max(total / count - np.float32(0.5) * lowest, np.float32(1))
            red = green = blue = texture = norm = np.float32(0)
            n = 0
            for dy in range(-RADIUS, RADIUS + 1):
                for dx in range(-RADIUS, RADIUS + 1):
                    y, x = row + dy, column + dx
                    fall = (lowest - weights[n]) * scale
                    if weights[n] >= 0 and fall > _FAINT:
                        weight = trust[y, x] * np.exp(fall)
                        r, c = rows[y, x] - dy, columns[y, x] - dx
                        red += weight * values[r, c, 0]
                        green += weight * values[r, c, 1]
                        blue += weight * values[r, c, 2]
                        last = values[r, c, 3]
                        if squares:
                            last = _RED * values[r, c, 0] + _GREEN * values[r, c, 1] + _BLUE * values[r, c, 2]
                            last *= last
                        texture += weight * last
                        norm += weight
                    n += 1
            out[row, column, 0] = red / norm
            out[row, column, 1] = green / norm
            out[row, column, 2] = blue / norm
            out[row, column, 3] = texture / norm


def trust_of(hole: Flags, falloff: float = 0.6) -> Values:
    """Return how much a patch's vote counts: 1 outside the hole, `falloff` less for each px inside, at least 0.02."""
    depth = cv2().distanceTransform(hole.view(np.uint8), cv2().DIST_L2, 3)
    return np.maximum(np.float32(falloff) ** depth, np.float32(0.02)).astype(np.float32)


def vote(values: Values, hole: Flags, voters: Voters, sharpness: float) -> Values:
    """Return `values`, float32 (h, w, 4), with the hole painted from the matches of the patches over each pixel.

    sharpness: how much faster than exp(-cost / mean cost) a vote loses weight; large values paint from the best match.
    """
    out = values.copy()
    vote_(out, values, hole, voters, sharpness)
    return out


def vote_(out: Values, values: Values, hole: Flags, voters: Voters, sharpness: float) -> None:
    """Write the votes for the hole's pixels to `out`, which may not be `values`; see `vote`."""
    whole = Box.of(Size(hole.shape[1], hole.shape[0]))
    tiles = [tile for tile in split(whole, TILE, TILE) if hole[tile.slices(whole)].any()]

    def work(tile: Box) -> None:
        edges = (tile.left, tile.top, tile.right, tile.bottom)
        _vote(
            (values, voters.trust),
            (hole, voters.targets),
            voters.field.planes(),
            (edges, sharpness, voters.squares),
            out,
        )

    for_each(work, tiles)


assert CHANNELS == 4, "votes are written out for four channels"

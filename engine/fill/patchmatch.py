"""Nearest-neighbour fields: for every patch that touches a hole, the most similar patch of what is known.

Barnes et al., "PatchMatch" (SIGGRAPH 2009): good matches spread to neighbours, and random samples around each match, in
shrinking circles, find better ones. Patches are compared as integers, so that sums of squares are exact and a fill is
the same on every machine. Tiles are worked on in parallel: a patch sees the newest matches of its own tile and the
previous ones of others, and random numbers are a hash of the place, so threads cannot change the result.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Size
from ..jit import inline, kernel
from ..tiles import Progress, for_each, no_progress, split

RADIUS = 3
SIDE = 2 * RADIUS + 1
CHANNELS = 4
LEVELS = 2047  # codes of a value in [0, 1]; SIDE² * CHANNELS squared differences of them fit 32 bits
WORST = np.int32(2**31 - 1)
TILE = 64

Codes = NDArray[np.int16]
Flags = NDArray[np.bool_]
Part = tuple[slice, slice]
Planes = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]
_ROW = SIDE * CHANNELS


class Field(NamedTuple):
    """Where each patch's match is: int32 (h, w) rows and columns of its centre, and the sum of squared differences.

    Only targets have one; `cost` is WORST where none has been found.
    """

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    cost: NDArray[np.int32]

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> Field:
        return cls(np.zeros(shape, np.int32), np.zeros(shape, np.int32), np.full(shape, WORST, np.int32))

    def copy(self) -> Field:
        return Field(self.rows.copy(), self.columns.copy(), self.cost.copy())

    def planes(self) -> Planes:
        """Return a plain tuple: numba would keep this class in the compiled code."""
        return self.rows, self.columns, self.cost


class Search(NamedTuple):
    """How one pass looks for better matches."""

    seed: int
    turn: int
    radius: int
    jump: int


class Patches(NamedTuple):
    """What is compared: int16 codes (h, w * CHANNELS), which centres need a match, and which may be one."""

    codes: Codes
    targets: Flags
    sources: Flags


@inline
def mix(value: np.uint64) -> np.uint64:
    """Return a hash of `value` (SplitMix64, Steele et al. 2014)."""
    z = value + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@inline
def distance(codes: Codes, row: int, column: int, match: tuple[int, int], limit: np.int32) -> np.int32:
    """Return the sum of squared differences of the patches around two centres, or some value >= limit."""
    total = np.int32(0)
    first = (column - RADIUS) * CHANNELS
    second = (match[1] - RADIUS) * CHANNELS
    for dy in range(-RADIUS, RADIUS + 1):
        a, b = codes[row + dy], codes[match[0] + dy]
        for i in range(_ROW):
            difference = np.int32(a[np.uint64(first + i)]) - np.int32(b[np.uint64(second + i)])
            total = np.int32(total + np.int32(difference * difference))
        if total >= limit:
            return total
    return total


@kernel
def _improve(
    patches: tuple[Codes, Flags, Flags],
    old: Planes,
    new: Planes,
    tile: tuple[int, int, int, int],
    how: tuple[int, int, int, int],
) -> None:
    """Write the matches of one tile to `new`: its own of `old`, its neighbours', or better ones found nearby."""
    codes, targets, sources = patches
    left, top, right, bottom = tile
    seed, turn, radius, jump = how
    height, width = targets.shape
    forward = turn % 2 == 0
    for row in range(top, bottom):
        for column in range(left, right):
            for plane in range(3):
                new[plane][row, column] = old[plane][row, column]
    for n in range((bottom - top) * (right - left)):
        at = n if forward else (bottom - top) * (right - left) - 1 - n
        row, column = top + at // (right - left), left + at % (right - left)
        if not targets[row, column]:
            continue
        r, c = old[0][row, column], old[1][row, column]
        best = WORST
        if sources[r, c]:
            best = distance(codes, row, column, (r, c), WORST)
        for near in range(8):
            reach = 1 if near < 4 else jump
            dy = (reach if near % 4 == 1 else -reach) if near % 4 < 2 else 0
            dx = (reach if near % 4 == 3 else -reach) if near % 4 >= 2 else 0
            y, x = row + dy, column + dx
            if y < 0 or y >= height or x < 0 or x >= width or not targets[y, x]:
                continue
            inside = top <= y < bottom and left <= x < right
            field = new if inside else old
            y2, x2 = field[0][y, x] - dy, field[1][y, x] - dx
            if y2 < 0 or y2 >= height or x2 < 0 or x2 >= width or not sources[y2, x2] or (y2 == r and x2 == c):
                continue
            cost = distance(codes, row, column, (y2, x2), best)
            if cost < best:
                best, r, c = cost, y2, x2
        noise = mix(np.uint64(seed) * np.uint64(0x100000001B3) + np.uint64(turn))
        noise = mix(noise ^ (np.uint64(row) << np.uint64(32)) ^ np.uint64(column))
        reach = radius
        while reach >= 1:
            noise = mix(noise)
            span = np.uint64(2 * reach + 1)
            y2 = r + int((noise & np.uint64(0xFFFFFFFF)) % span) - reach
            x2 = c + int((noise >> np.uint64(32)) % span) - reach
            reach //= 2
            if y2 < 0 or y2 >= height or x2 < 0 or x2 >= width or not sources[y2, x2]:
                continue
            cost = distance(codes, row, column, (y2, x2), best)
            if cost < best:
                best, r, c = cost, y2, x2
        new[0][row, column], new[1][row, column], new[2][row, column] = r, c, best


def improve(
    patches: Patches, field: Field, search: Search, progress: Progress = no_progress, into: Field | None = None
) -> Field:
    """Return `field` after one pass of propagation and random search; costs are those of the present codes.

    into: another field of the same shape and without a match where there is no target; it is written to and returned.
    """
    new = field.copy() if into is None else into
    tiles = _tiles_with(patches.targets)
    place = (search.seed, search.turn, search.radius, search.jump)

    def work(tile: Box) -> None:
        edges = (tile.left, tile.top, tile.right, tile.bottom)
        _improve((patches.codes, patches.targets, patches.sources), field.planes(), new.planes(), edges, place)

    for_each(work, tiles, progress)
    return new


def _tiles_with(flags: Flags) -> list[Box]:
    """Return the tiles that hold any true pixel."""
    whole = Box.of(Size(flags.shape[1], flags.shape[0]))
    return [tile for tile in split(whole, TILE, TILE) if flags[tile.slices(whole)].any()]


@kernel
def _seed_field_(field: Planes, targets: Flags, sources: Flags, places: NDArray[np.intp], seed: int) -> None:
    """Give every target whose match is no source a random one of `places`, the flat indices of sources."""
    rows, columns, _ = field
    width = targets.shape[1]
    for row in range(targets.shape[0]):
        for column in range(width):
            if targets[row, column] and not sources[rows[row, column], columns[row, column]]:
                noise = mix(mix(np.uint64(seed) ^ (np.uint64(row) << np.uint64(32))) ^ np.uint64(column))
                place = places[int(noise % np.uint64(places.shape[0]))]
                rows[row, column], columns[row, column] = place // width, place % width


def random_field(patches: Patches, seed: int) -> Field:
    """Return a field of random matches. There must be a source."""
    return repaired(patches.targets, patches.sources, Field.empty(patches.targets.shape), seed)


def repaired(targets: Flags, sources: Flags, field: Field, seed: int) -> Field:
    """Return `field` where every target whose match is no source has got a random one."""
    new = Field(field.rows.copy(), field.columns.copy(), field.cost)
    _seed_field_(new.planes(), targets, sources, np.flatnonzero(sources), seed)
    return new


def enlarged(field: Field, shape: tuple[int, int], part: Part | None = None) -> Field:
    """Return the field of a picture of twice the size, `shape`: the same offsets, doubled; costs unknown.

    part: what of the finer field is wanted; the rest is left empty.
    """
    part = part or (slice(0, shape[0]), slice(0, shape[1]))
    rows, columns = (np.arange(side.start, side.stop, dtype=np.int32) for side in part)
    near_rows = np.minimum(rows // 2, field.rows.shape[0] - 1)
    near_columns = np.minimum(columns // 2, field.rows.shape[1] - 1)
    pick = np.ix_(near_rows, near_columns)
    fine_rows = 2 * (field.rows[pick] - near_rows[:, None]) + rows[:, None]
    fine_columns = 2 * (field.columns[pick] - near_columns) + columns
    unknown = field.cost[pick] == WORST
    fine_rows[unknown] = fine_columns[unknown] = 0
    fine = Field.empty(shape)
    fine.rows[part] = np.clip(fine_rows, 0, shape[0] - 1)
    fine.columns[part] = np.clip(fine_columns, 0, shape[1] - 1)
    return fine

"""Demosaicing of one tile of a Bayer mosaic: directional colour differences on a cube-root signal.

Interpolating linear light rings at edges and misjudges directions, because noise and the eye both follow a compressive
law; the same interpolation of cube roots gains 1 to 5 dB. "best" weighs four one-sided means of the green-minus-colour
difference by how little that difference changes in each direction (after Hamilton and Adams 1997, and Pekkucuksen and
Altunbasak, "Gradient based threshold free color filter array interpolation", 2010). "fast" is the 5x5 linear filter of
Malvar, He and Cutler (2004).

The planes of a tile lie in one flat array and are indexed with unsigned integers, and every loop runs over WIDTH
columns, so that LLVM vectorises all of it and has no remainder to compute in another way: a pixel's value does not
depend on where in a tile it lies. A line that alternates between 1 and 0 stands for the pattern: 1 at the red and blue
samples of a row. "Own" is the colour that a row has besides green, "other" is the third.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..jit import inline, kernel
from .highlights import repaired

TILE_WIDTH = 368
TILE_HEIGHT = 64
HALO_PX = 8
CUBE_OFFSET = 0.005  # keeps noise below black on the curve

WIDTH = TILE_WIDTH + 2 * HALO_PX
_ROWS = TILE_HEIGHT + 2 * HALO_PX
_PAD = 16
_STRIDE = WIDTH + 2 * _PAD
_PLANES = 9
_LINES = 5  # single rows behind the planes: two phases of the pattern, then one row of pixels by colour
SCRATCH_SIZE = (_PLANES * _ROWS + _LINES) * _STRIDE

_U = np.uint64
_ONE, _TWO, _DOWN, _DOWN2 = _U(1), _U(2), _U(_STRIDE), _U(2 * _STRIDE)
_COLUMNS, _HALO, _THREE = _U(WIDTH), _U(HALO_PX), _U(3)
_X, _H, _V, _CHANGE_H, _CHANGE_V, _GREEN, _OWN, _OTHER, _TEMP = (_U(k * _ROWS * _STRIDE + _PAD) for k in range(_PLANES))
_MARKS, _MARKS_LATE, _RED_LINE, _GREEN_LINE, _BLUE_LINE = (
    _U((_PLANES * _ROWS + k) * _STRIDE + _PAD) for k in range(_LINES)
)

_OFFSET = np.float32(CUBE_OFFSET)
_HALF, _QUARTER, _EIGHTH, _THIRD = np.float32(0.5), np.float32(0.25), np.float32(0.125), np.float32(1 / 3)
_F1, _F2, _F4, _F5, _F6 = np.float32(1), np.float32(2), np.float32(4), np.float32(5), np.float32(6)
_F15 = np.float32(1.5)
_FLAT = np.float32(2e-3)  # a change this small says nothing about direction

Work = NDArray[np.float32]
Index = np.uint64 | int
# An image as one run of values, the place of the tile's first one, values from row to row, and the tile's width.
Target = tuple[NDArray[np.float32], int, int, int]
Place = tuple[NDArray[np.int32], NDArray[np.int32]]


class Recipe(NamedTuple):
    """How samples become colours; arrays are C-contiguous.

    lut: float32 (2, 2, n), the cube root of CUBE_OFFSET + white-balanced light, by row parity, column parity and
    sample; light stays at its last value from n - 1 on. limit: samples below it are not clipped. colors: uint8
    (2, 2), 0 red, 1 green, 2 blue. clip: float32 (3,), the light at which each colour clips. chroma: float32 (3,), see
    `highlights`. rebuild: whether clipped samples are rebuilt. matrix: float32 (3, 3), camera to working space.
    ceiling: no colour exceeds it before the matrix.
    """

    lut: NDArray[np.float32]
    colors: NDArray[np.uint8]
    clip: NDArray[np.float32]
    chroma: NDArray[np.float32]
    limit: int
    rebuild: bool
    matrix: NDArray[np.float32]
    ceiling: np.float32


def scratch() -> Work:
    """Return the work space of one thread."""
    work = np.zeros(SCRATCH_SIZE, np.float32)
    for k in range(2):
        start = (_PLANES * _ROWS + k) * _STRIDE
        work[start : start + _STRIDE] = (np.arange(_STRIDE) + k) & 1
    return work


@inline
def _load(data: NDArray[np.uint16], at: Place, recipe: Recipe, s: Work, clipped: NDArray[np.bool_]) -> bool:
    """Write the cube roots of the samples, mark the rows in which one is clipped; True if there is such a row."""
    rows, cols = at
    last, limit = np.int32(recipe.lut.shape[2] - 1), np.int32(recipe.limit)
    found = False
    for i in range(rows.size):
        source = data[rows[i]]
        even = recipe.lut[rows[i] & 1, cols[0] & 1]
        odd = recipe.lut[rows[i] & 1, (cols[0] & 1) ^ 1]
        x = int(_X) + i * _STRIDE
        highest = np.int32(0)
        for j in range(0, WIDTH, 2):
            a, b = min(np.int32(source[cols[j]]), last), min(np.int32(source[cols[j + 1]]), last)
            s[x + j] = even[a]
            s[x + j + 1] = odd[b]
            highest = max(highest, a, b)
        clipped[i] = highest >= limit
        found = found or clipped[i]
    return found


@inline
def _mean_light(s: Work, at: int, colors: NDArray[np.uint8], color: int) -> np.float32:
    """Return the mean light of one colour in the 3x3 around `at`; `colors` is seen from the centre."""
    total, count = np.float32(0), np.float32(0)
    for di in range(-1, 2):
        for dj in range(-1, 2):
            if colors[di & 1, dj & 1] == color:
                root = s[at + di * _STRIDE + dj]
                total += root * root * root - _OFFSET
                count += _F1
    return total / count


@inline
def _repair_(s: Work, at: Place, recipe: Recipe, clipped: NDArray[np.bool_]) -> None:
    """Rebuild the clipped samples from their neighbours, all but the outermost."""
    rows, cols = at
    here = np.empty((2, 2), np.uint8)
    for write in range(2):  # all are computed before one is replaced
        for i in range(1, rows.size - 1):
            if not clipped[i]:
                continue
            y = rows[i] & 1
            tops = recipe.lut[y, 0, -1], recipe.lut[y, 1, -1]
            for j in range(1, WIDTH - 1):
                k = i * _STRIDE + j
                x = cols[j] & 1
                if s[int(_X) + k] < (tops[1] if x else tops[0]):
                    continue
                if write:
                    s[int(_X) + k] = s[int(_TEMP) + k]
                    continue
                for p in range(4):
                    here[p >> 1, p & 1] = recipe.colors[y ^ (p >> 1), x ^ (p & 1)]
                means = (
                    _mean_light(s, int(_X) + k, here, 0),
                    _mean_light(s, int(_X) + k, here, 1),
                    _mean_light(s, int(_X) + k, here, 2),
                )
                light = repaired(here[0, 0], means, recipe.clip, recipe.chroma)
                s[int(_TEMP) + k] = np.float32(np.cbrt(light + _OFFSET))


@inline
def _differences(s: Work, i: Index, marks: Index) -> None:
    """Write green minus own colour, estimated along the row and along the column (Hamilton and Adams)."""
    x, h, v = _X + i * _DOWN, _H + i * _DOWN, _V + i * _DOWN
    for j in range(_COLUMNS):
        half = _HALF * s[x + j]
        sign = _F1 - _F2 * s[marks + j]
        across = _HALF * (s[x + j - _ONE] + s[x + j + _ONE]) - _QUARTER * (s[x + j - _TWO] + s[x + j + _TWO])
        along = _HALF * (s[x + j - _DOWN] + s[x + j + _DOWN]) - _QUARTER * (s[x + j - _DOWN2] + s[x + j + _DOWN2])
        s[h + j] = sign * (half - across)
        s[v + j] = sign * (half - along)


@inline
def _changes(s: Work, i: Index) -> None:
    """Write how much each difference changes along its own direction."""
    h, v, a, b = _H + i * _DOWN, _V + i * _DOWN, _TEMP + i * _DOWN, _OTHER + i * _DOWN
    for j in range(_COLUMNS):
        s[a + j] = abs(s[h + j - _ONE] - s[h + j + _ONE])
        s[b + j] = abs(s[v + j - _DOWN] - s[v + j + _DOWN])


@inline
def _sums(s: Work, source: Index, target: Index, i: Index) -> None:
    """Write the sums over 3x3 of row i; the sums over three rows stay in a line."""
    a, b, line = source + i * _DOWN, target + i * _DOWN, _RED_LINE
    for j in range(_COLUMNS):
        s[line + j] = s[a + j - _DOWN] + s[a + j] + s[a + j + _DOWN]
    for j in range(_COLUMNS):
        s[b + j] = s[line + j - _ONE] + s[line + j] + s[line + j + _ONE]


@inline
def _green(s: Work, i: Index, marks: Index) -> None:
    """Write green, and green minus own colour: four one-sided means, each weighted by 1 / change^2."""
    row = i * _DOWN
    x, h, v, ch, cv, green, own = (
        _X + row,
        _H + row,
        _V + row,
        _CHANGE_H + row,
        _CHANGE_V + row,
        _GREEN + row,
        _OWN + row,
    )
    for j in range(_COLUMNS):
        west = s[h + j] + s[h + j - _ONE] + s[h + j - _TWO]
        east = s[h + j] + s[h + j + _ONE] + s[h + j + _TWO]
        north = s[v + j] + s[v + j - _DOWN] + s[v + j - _DOWN2]
        south = s[v + j] + s[v + j + _DOWN] + s[v + j + _DOWN2]
        w, e = s[ch + j - _ONE] + _FLAT, s[ch + j + _ONE] + _FLAT
        n, t = s[cv + j - _DOWN] + _FLAT, s[cv + j + _DOWN] + _FLAT
        w, e, n, t = w * w, e * e, n * n, t * t
        we, nt = w * e, n * t
        w, e, n, t = e * nt, w * nt, t * we, n * we
        difference = _THIRD * (w * west + e * east + n * north + t * south) / (w + e + n + t)
        s[own + j] = difference
        s[green + j] = s[x + j] + s[marks + j] * difference


@inline
def _other(s: Work, i: Index) -> None:
    """Write green minus the third colour at the row's red or blue samples, from the better diagonal."""
    own, green, other = _OWN + i * _DOWN, _GREEN + i * _DOWN, _OTHER + i * _DOWN
    for j in range(_COLUMNS):
        centre = s[green + j]
        nw, se, ne, sw = j - _ONE - _DOWN, j + _ONE + _DOWN, j + _ONE - _DOWN, j - _ONE + _DOWN
        down = abs(s[own + nw] - s[own + se]) + abs(s[green + nw] - centre) + abs(s[green + se] - centre) + _FLAT
        rise = abs(s[own + ne] - s[own + sw]) + abs(s[green + ne] - centre) + abs(s[green + sw] - centre) + _FLAT
        down, rise = down * down, rise * rise
        total = rise * (s[own + nw] + s[own + se]) + down * (s[own + ne] + s[own + sw])
        s[other + j] = _HALF * total / (down + rise)


@inline
def _best_row(s: Work, i: Index, marks: Index) -> None:
    """Write the cube roots of one row to the three lines: own colour, green, third colour."""
    row = i * _DOWN
    own, other, green, ch, cv = _OWN + row, _OTHER + row, _GREEN + row, _CHANGE_H + row, _CHANGE_V + row
    for j in range(_COLUMNS):
        h, v = s[ch + j] + _FLAT, s[cv + j] + _FLAT
        h, v = h * h, v * v
        share = _HALF / (h + v)
        h, v = v * share, h * share
        at_own = h * (s[own + j - _ONE] + s[own + j + _ONE]) + v * (s[other + j - _DOWN] + s[other + j + _DOWN])
        at_other = h * (s[other + j - _ONE] + s[other + j + _ONE]) + v * (s[own + j - _DOWN] + s[own + j + _DOWN])
        mark = s[marks + j]
        s[_RED_LINE + j] = s[green + j] - (at_own + mark * (s[own + j] - at_own))
        s[_BLUE_LINE + j] = s[green + j] - (at_other + mark * (s[other + j] - at_other))
        s[_GREEN_LINE + j] = s[green + j]


@inline
def _fast_row(s: Work, i: Index, marks: Index) -> None:
    """Write the cube roots of one row to the three lines: own colour, green, third colour (Malvar, He, Cutler)."""
    x = _X + i * _DOWN
    for j in range(_COLUMNS):
        k = x + j
        c, mark = s[k], s[marks + j]
        near_h, near_v = s[k - _ONE] + s[k + _ONE], s[k - _DOWN] + s[k + _DOWN]
        far_h, far_v = s[k - _TWO] + s[k + _TWO], s[k - _DOWN2] + s[k + _DOWN2]
        corners = s[k - _ONE - _DOWN] + s[k + _ONE - _DOWN] + s[k - _ONE + _DOWN] + s[k + _ONE + _DOWN]
        far = far_h + far_v
        flat = _F5 * c - corners
        along = _EIGHTH * (flat + _F4 * near_h - far_h + _HALF * far_v)
        across = _EIGHTH * (flat + _F4 * near_v - far_v + _HALF * far_h)
        third = _EIGHTH * (_F6 * c + _F2 * corners - _F15 * far)
        middle = _EIGHTH * (_F2 * (near_h + near_v) + _F4 * c - far)
        s[_RED_LINE + j] = along + mark * (c - along)
        s[_GREEN_LINE + j] = c + mark * (middle - c)
        s[_BLUE_LINE + j] = across + mark * (third - across)


@inline
def _finish_row(s: Work, red_row: bool, recipe: Recipe, out: NDArray[np.float32]) -> None:
    """Write one row of pixels, red, green, blue in turn, from the three lines."""
    m, top = recipe.matrix, recipe.ceiling
    first, third = (0, 2) if red_row else (2, 0)
    a0, a1, a2 = m[0, first], m[1, first], m[2, first]
    b0, b1, b2 = m[0, 1], m[1, 1], m[2, 1]
    c0, c1, c2 = m[0, third], m[1, third], m[2, third]
    for j in range(_COLUMNS):
        a, b, c = s[_RED_LINE + j], s[_GREEN_LINE + j], s[_BLUE_LINE + j]
        a, b, c = min(a * a * a - _OFFSET, top), min(b * b * b - _OFFSET, top), min(c * c * c - _OFFSET, top)
        s[_RED_LINE + j] = a0 * a + b0 * b + c0 * c
        s[_GREEN_LINE + j] = a1 * a + b1 * b + c1 * c
        s[_BLUE_LINE + j] = a2 * a + b2 * b + c2 * c
    for j in range(_U(out.size // 3)):
        out[_THREE * j] = s[_RED_LINE + _HALO + j]
        out[_THREE * j + _ONE] = s[_GREEN_LINE + _HALO + j]
        out[_THREE * j + _TWO] = s[_BLUE_LINE + _HALO + j]


@inline
def _best_lines(s: Work, i: Index, late: Index) -> None:
    """Bring every plane one row further, so far that `_best_row` can write row i - 7; begins with row 2."""
    marks, marks_before = (_MARKS_LATE, _MARKS) if (late + i) & _ONE else (_MARKS, _MARKS_LATE)
    _differences(s, i, marks)
    if i >= _U(4):
        _changes(s, i - _U(1))
    if i >= _U(6):
        _sums(s, _TEMP, _CHANGE_H, i - _U(2))
        _sums(s, _OTHER, _CHANGE_V, i - _U(2))
    if i >= _U(8):
        _green(s, i - _U(3), marks_before)
    if i >= _U(10):
        _other(s, i - _U(4))


@inline
def _tile(data: NDArray[np.uint16], at: Place, recipe: Recipe, how: tuple[bool, Work], out: Target) -> None:
    """Write the pixels of a tile, at most TILE_HEIGHT high and TILE_WIDTH wide, made from the samples around it.

    `at` holds the rows, HALO_PX more than the tile on each side, and WIDTH columns, from HALO_PX before the tile on.
    """
    rows, cols = at
    best, s = how
    values, first, stride, width = out
    clipped = np.empty(rows.size, np.bool_)
    if _load(data, at, recipe, s, clipped) and recipe.rebuild:
        _repair_(s, at, recipe, clipped)
    late = _U(recipe.colors[rows[0] & 1, cols[0] & 1] != 1)
    count = _U(rows.size)
    if best:
        for i in range(_TWO, count - _TWO):
            _best_lines(s, i, late)
    for i in range(_HALO, count - _HALO):
        marks = _MARKS_LATE if (late + i) & _ONE else _MARKS
        if best:
            _best_row(s, i, marks)
        else:
            _fast_row(s, i, marks)
        red_row = recipe.colors[rows[i] & 1, 0] == 0 or recipe.colors[rows[i] & 1, 1] == 0
        start = first + (int(i) - HALO_PX) * stride
        _finish_row(s, red_row, recipe, values[start : start + 3 * width])


@kernel
def demosaic(data: NDArray[np.uint16], at: Place, recipe: Recipe, how: tuple[bool, Work], out: Target) -> None:
    """Write the pixels of a region, tile by tile.

    `at` holds the rows and columns of the samples in `data` (mirrored ones keep their parity): HALO_PX more than the
    region on each side, and behind the last column WIDTH more. `how` is (True for "best", scratch()). `out` is a flat
    array, where in it the first pixel lies, from one row to the next, and the region's width in px.
    """
    rows, cols = at
    values, first, stride, width = out
    height = rows.size - 2 * HALO_PX
    across, down = -(-width // TILE_WIDTH), -(-height // TILE_HEIGHT)
    tile_width, tile_height = -(-width // across), -(-height // down)
    for top in range(0, height, tile_height):
        bottom = min(top + tile_height, height)
        near = rows[top : bottom + 2 * HALO_PX]
        for left in range(0, width, tile_width):
            target = (values, first + top * stride + 3 * left, stride, min(tile_width, width - left))
            _tile(data, (near, cols[left : left + WIDTH]), recipe, how, target)

"""Demosaicing of a strip of a Bayer mosaic, row by row: directional colour differences on a cube-root signal.

Interpolating linear light rings at edges and misjudges directions, because noise and the eye both follow a compressive
law; the same interpolation of cube roots gains 1 to 5 dB. "best" weighs four one-sided means of the green-minus-colour
difference by how little that difference changes in each direction (after Hamilton and Adams 1997, and Pekkucuksen and
Altunbasak, "Gradient based threshold free color filter array interpolation", 2010). "fast" is the 5x5 linear filter of
Malvar, He and Cutler (2004).

The latest rows of every plane lie in one flat array that a core's own cache holds. It is indexed with unsigned
integers, and every loop runs over WIDTH columns, so that LLVM vectorises all of it and has no remainder to compute in
another way: a pixel's value does not depend on where in a strip it lies. A line that alternates between 1 and 0 stands
for the pattern: 1 at the red and blue samples of a row. "Own" is the colour that a
row has besides green, "other" is the third.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..jit import inline, kernel
from .highlights import repaired

STRIP_WIDTH = 368
HALO_PX = 8
CUBE_OFFSET = 0.005  # keeps noise below black on the curve

WIDTH = STRIP_WIDTH + 2 * HALO_PX
_ROWS = 8  # of each plane at a time, in a ring: row i lies where row i + 8 will
_PAD = 16
_STRIDE = WIDTH + 2 * _PAD
_PLANES = 9
_LINES = 7  # single rows behind the planes: two phases of the pattern, a row of pixels by colour, two rebuilt rows
SCRATCH_SIZE = (_PLANES * _ROWS + _LINES) * _STRIDE

_U = np.uint64
_ONE, _TWO, _THREE = _U(1), _U(2), _U(3)
_COLUMNS, _HALO = _U(WIDTH), _U(HALO_PX)
_X, _H, _V, _CHANGE_H, _CHANGE_V, _GREEN, _OWN, _OTHER, _TEMP = (_U(k * _ROWS * _STRIDE + _PAD) for k in range(_PLANES))
_MARKS, _MARKS_LATE, _RED_LINE, _GREEN_LINE, _BLUE_LINE, _REBUILT, _REBUILT_ODD = (
    _U((_PLANES * _ROWS + k) * _STRIDE + _PAD) for k in range(_LINES)
)

_OFFSET = np.float32(CUBE_OFFSET)
_HALF, _QUARTER, _EIGHTH, _THIRD = np.float32(0.5), np.float32(0.25), np.float32(0.125), np.float32(1 / 3)
_F1, _F2, _F4, _F5, _F6 = np.float32(1), np.float32(2), np.float32(4), np.float32(5), np.float32(6)
_F15 = np.float32(1.5)
_FLAT = np.float32(2e-3)  # a change this small says nothing about direction

Work = NDArray[np.float32]
Index = np.uint64 | int
# An image as one run of values, the place of the tile's first one, values from row to row, and the width in px.
Target = tuple[NDArray[np.float32], int, int, int]
Place = tuple[NDArray[np.int32], NDArray[np.int32]]
Roots = tuple[NDArray[np.float32], NDArray[np.float32]]


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
def _row(plane: Index, i: Index) -> Index:
    """Return where row i of a plane lies."""
    return plane + (i & _U(_ROWS - 1)) * _U(_STRIDE)


@inline
def _load(samples: NDArray[np.uint16], cols: NDArray[np.int32], roots: Roots, s: Work, x: Index) -> np.int32:
    """Write the cube roots of a row of samples at `x`; return the highest sample, no more than the table's last."""
    even, odd = roots
    last = np.int32(even.size - 1)
    highest = np.int32(0)
    for j in range(0, WIDTH, 2):
        a, b = min(np.int32(samples[cols[j]]), last), min(np.int32(samples[cols[j + 1]]), last)
        s[x + _U(j)] = even[a]
        s[x + _U(j + 1)] = odd[b]
        highest = max(highest, a, b)
    return highest


@inline
def _mean_light(s: Work, at: tuple[int, int, int], colors: NDArray[np.uint8], color: int) -> np.float32:
    """Return the mean light of one colour in the 3x3 around a sample; `at` holds its place, the one above it and the
    one below it; `colors` is seen from it."""
    total, count = np.float32(0), np.float32(0)
    for di in range(-1, 2):
        for dj in range(-1, 2):
            if colors[di & 1, dj & 1] == color:
                root = s[at[di] + dj]
                total += root * root * root - _OFFSET
                count += _F1
    return total / count


@inline
def _rebuild(s: Work, i: int, at: Place, recipe: Recipe, line: Index) -> None:
    """Write row i with its clipped samples rebuilt from their neighbours, all but the outermost, to `line`."""
    rows, cols = at
    here = np.empty((2, 2), np.uint8)
    y = rows[i] & 1
    tops = recipe.lut[y, 0, -1], recipe.lut[y, 1, -1]
    above, centre, below = int(_row(_X, _U(i - 1))), int(_row(_X, _U(i))), int(_row(_X, _U(i + 1)))
    for j in range(WIDTH):
        x = cols[j] & 1
        s[int(line) + j] = s[centre + j]
        if j in (0, WIDTH - 1) or s[centre + j] < (tops[1] if x else tops[0]):
            continue
        for p in range(4):
            here[p >> 1, p & 1] = recipe.colors[y ^ (p >> 1), x ^ (p & 1)]
        place = (centre + j, below + j, above + j)
        means = (
            _mean_light(s, place, here, 0),
            _mean_light(s, place, here, 1),
            _mean_light(s, place, here, 2),
        )
        light = repaired(here[0, 0], means, recipe.clip, recipe.chroma)
        s[int(line) + j] = np.float32(np.cbrt(light + _OFFSET))


@inline
def _differences(s: Work, i: Index, marks: Index) -> None:
    """Write green minus own colour, estimated along the row and along the column (Hamilton and Adams)."""
    x, h, v = _row(_X, i), _row(_H, i), _row(_V, i)
    n, nn, t, tt = _row(_X, i - _ONE), _row(_X, i - _TWO), _row(_X, i + _ONE), _row(_X, i + _TWO)
    for j in range(_COLUMNS):
        half = _HALF * s[x + j]
        sign = _F1 - _F2 * s[marks + j]
        across = _HALF * (s[x + j - _ONE] + s[x + j + _ONE]) - _QUARTER * (s[x + j - _TWO] + s[x + j + _TWO])
        along = _HALF * (s[n + j] + s[t + j]) - _QUARTER * (s[nn + j] + s[tt + j])
        s[h + j] = sign * (half - across)
        s[v + j] = sign * (half - along)


@inline
def _changes(s: Work, i: Index) -> None:
    """Write how much each difference changes along its own direction."""
    h, a, b = _row(_H, i), _row(_TEMP, i), _row(_OTHER, i)
    n, t = _row(_V, i - _ONE), _row(_V, i + _ONE)
    for j in range(_COLUMNS):
        s[a + j] = abs(s[h + j - _ONE] - s[h + j + _ONE])
        s[b + j] = abs(s[n + j] - s[t + j])


@inline
def _sums(s: Work, source: Index, target: Index, i: Index) -> None:
    """Write the sums over 3x3 of row i; the sums over three rows stay in a line."""
    a, b, line = _row(source, i), _row(target, i), _RED_LINE
    n, t = _row(source, i - _ONE), _row(source, i + _ONE)
    for j in range(_COLUMNS):
        s[line + j] = s[n + j] + s[a + j] + s[t + j]
    for j in range(_COLUMNS):
        s[b + j] = s[line + j - _ONE] + s[line + j] + s[line + j + _ONE]


@inline
def _green(s: Work, i: Index, marks: Index) -> None:
    """Write green, and green minus own colour: four one-sided means, each weighted by 1 / change^2."""
    x, h, ch, green, own = _row(_X, i), _row(_H, i), _row(_CHANGE_H, i), _row(_GREEN, i), _row(_OWN, i)
    v, n1, n2, t1, t2 = _row(_V, i), _row(_V, i - _ONE), _row(_V, i - _TWO), _row(_V, i + _ONE), _row(_V, i + _TWO)
    cn, ct = _row(_CHANGE_V, i - _ONE), _row(_CHANGE_V, i + _ONE)
    for j in range(_COLUMNS):
        west = s[h + j] + s[h + j - _ONE] + s[h + j - _TWO]
        east = s[h + j] + s[h + j + _ONE] + s[h + j + _TWO]
        north = s[v + j] + s[n1 + j] + s[n2 + j]
        south = s[v + j] + s[t1 + j] + s[t2 + j]
        w, e = s[ch + j - _ONE] + _FLAT, s[ch + j + _ONE] + _FLAT
        n, t = s[cn + j] + _FLAT, s[ct + j] + _FLAT
        w, e, n, t = w * w, e * e, n * n, t * t
        we, nt = w * e, n * t
        w, e, n, t = e * nt, w * nt, t * we, n * we
        difference = _THIRD * (w * west + e * east + n * north + t * south) / (w + e + n + t)
        s[own + j] = difference
        s[green + j] = s[x + j] + s[marks + j] * difference


@inline
def _other(s: Work, i: Index) -> None:
    """Write green minus the third colour at the row's red or blue samples, from the better diagonal."""
    green, other = _row(_GREEN, i), _row(_OTHER, i)
    gn, gt, on, ot = _row(_GREEN, i - _ONE), _row(_GREEN, i + _ONE), _row(_OWN, i - _ONE), _row(_OWN, i + _ONE)
    for j in range(_COLUMNS):
        centre = s[green + j]
        west, east = j - _ONE, j + _ONE
        down = abs(s[on + west] - s[ot + east]) + abs(s[gn + west] - centre) + abs(s[gt + east] - centre) + _FLAT
        rise = abs(s[on + east] - s[ot + west]) + abs(s[gn + east] - centre) + abs(s[gt + west] - centre) + _FLAT
        down, rise = down * down, rise * rise
        total = rise * (s[on + west] + s[ot + east]) + down * (s[on + east] + s[ot + west])
        s[other + j] = _HALF * total / (down + rise)


@inline
def _best_row(s: Work, i: Index, marks: Index) -> None:
    """Write the cube roots of one row to the three lines: own colour, green, third colour."""
    own, other, green, ch, cv = _row(_OWN, i), _row(_OTHER, i), _row(_GREEN, i), _row(_CHANGE_H, i), _row(_CHANGE_V, i)
    on, ot, bn, bt = _row(_OWN, i - _ONE), _row(_OWN, i + _ONE), _row(_OTHER, i - _ONE), _row(_OTHER, i + _ONE)
    for j in range(_COLUMNS):
        h, v = s[ch + j] + _FLAT, s[cv + j] + _FLAT
        h, v = h * h, v * v
        share = _HALF / (h + v)
        h, v = v * share, h * share
        at_own = h * (s[own + j - _ONE] + s[own + j + _ONE]) + v * (s[bn + j] + s[bt + j])
        at_other = h * (s[other + j - _ONE] + s[other + j + _ONE]) + v * (s[on + j] + s[ot + j])
        mark = s[marks + j]
        s[_RED_LINE + j] = s[green + j] - (at_own + mark * (s[own + j] - at_own))
        s[_BLUE_LINE + j] = s[green + j] - (at_other + mark * (s[other + j] - at_other))
        s[_GREEN_LINE + j] = s[green + j]


@inline
def _fast_row(s: Work, i: Index, marks: Index) -> None:
    """Write the cube roots of one row to the three lines: own colour, green, third colour (Malvar, He, Cutler)."""
    x, n, nn, t, tt = _row(_X, i), _row(_X, i - _ONE), _row(_X, i - _TWO), _row(_X, i + _ONE), _row(_X, i + _TWO)
    for j in range(_COLUMNS):
        k = x + j
        c, mark = s[k], s[marks + j]
        near_h, near_v = s[k - _ONE] + s[k + _ONE], s[n + j] + s[t + j]
        far_h, far_v = s[k - _TWO] + s[k + _TWO], s[nn + j] + s[tt + j]
        corners = s[n + j - _ONE] + s[n + j + _ONE] + s[t + j - _ONE] + s[t + j + _ONE]
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
    """Bring every plane one row further, so far that `_best_row` can write row i - 5; begins with row 2."""
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
def _strip(data: NDArray[np.uint16], at: Place, recipe: Recipe, how: tuple[bool, Work], out: Target) -> None:
    """Write the pixels of a strip, at most STRIP_WIDTH wide, made from the samples around it.

    `at` holds the rows, HALO_PX more than the strip on each side, and WIDTH columns, from HALO_PX before the strip on.
    A row is complete when the next one is loaded and its own clipped samples are rebuilt, which looks at both as they
    were: so a rebuilt row waits in a line until the one below it is rebuilt, too.
    """
    rows, cols = at
    best, s = how
    values, first, stride, width = out
    late = _U(recipe.colors[rows[0] & 1, cols[0] & 1] != 1)
    limit = np.int32(recipe.limit)
    count = rows.size
    clipped = waiting = False
    for k in range(count + 1):
        follows = False
        if k < count:
            roots = recipe.lut[rows[k] & 1, cols[0] & 1], recipe.lut[rows[k] & 1, (cols[0] & 1) ^ 1]
            follows = _load(data[rows[k]], cols, roots, s, _row(_X, _U(k))) >= limit and recipe.rebuild
        rebuilds = clipped and 2 <= k < count
        if rebuilds:
            _rebuild(s, k - 1, at, recipe, _REBUILT_ODD if k & 1 else _REBUILT)
        if waiting:
            line, place = _REBUILT if k & 1 else _REBUILT_ODD, _row(_X, _U(k - 2))
            s[place : place + _COLUMNS] = s[line : line + _COLUMNS]
        waiting, clipped = rebuilds, follows
        i = k - 4  # rows up to k - 2 are complete
        if i < 2:
            continue
        if best:
            _best_lines(s, _U(i), late)
            i -= 5
        if i < HALO_PX or i >= count - HALO_PX:
            continue
        marks = _MARKS_LATE if (late + _U(i)) & _ONE else _MARKS
        if best:
            _best_row(s, _U(i), marks)
        else:
            _fast_row(s, _U(i), marks)
        red_row = recipe.colors[rows[i] & 1, 0] == 0 or recipe.colors[rows[i] & 1, 1] == 0
        start = first + (i - HALO_PX) * stride
        _finish_row(s, red_row, recipe, values[start : start + 3 * width])


@kernel
def demosaic(data: NDArray[np.uint16], at: Place, recipe: Recipe, how: tuple[bool, Work], out: Target) -> None:
    """Write the pixels of a region, strip by strip.

    `at` holds the rows and columns of the samples in `data` (mirrored ones keep their parity): HALO_PX more than the
    region on each side, and behind the last column WIDTH more. `how` is (True for "best", scratch()). `out` is a flat
    array, where in it the first pixel lies, from one row to the next, and the region's width in px.
    """
    rows, cols = at
    values, first, stride, width = out
    strip_width = -(-width // -(-width // STRIP_WIDTH))
    for left in range(0, width, strip_width):
        target = (values, first + 3 * left, stride, min(strip_width, width - left))
        _strip(data, (rows, cols[left : left + WIDTH]), recipe, how, target)

"""Small renderings straight from the mosaic, and area averages of developed pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..jit import inline, kernel
from .axes import Taps
from .highlights import repaired

_F0, _F1 = np.float32(0), np.float32(1)
_PIECE = 256  # columns that are looked over for clipped samples at a time
_KEPT = 8  # rows of light that are kept, because neighbouring pixels share up to 5


class BinRecipe(NamedTuple):
    """How a mosaic's samples become light; arrays are C-contiguous and float32 unless noted.

    black, gain: (2, 2), by place: light = (sample - black) * gain, at least `floor` and at most `top`, (2, 2).
    limit: samples below it are not clipped. colors: uint8 (2, 2). clip, chroma, rebuild, matrix: as in `bayer.Recipe`.
    """

    black: NDArray[np.float32]
    gain: NDArray[np.float32]
    top: NDArray[np.float32]
    floor: np.float32
    limit: int
    colors: NDArray[np.uint8]
    clip: NDArray[np.float32]
    chroma: NDArray[np.float32]
    rebuild: bool
    matrix: NDArray[np.float32]


@inline
def _light(recipe: BinRecipe, y: int, x: int, sample: int) -> np.float32:
    light = (np.float32(sample) - recipe.black[y & 1, x & 1]) * recipe.gain[y & 1, x & 1]
    return min(max(light, recipe.floor), recipe.top[y & 1, x & 1])


@inline
def _fold(index: int, limit: int) -> int:
    index = abs(index)
    return index if index < limit else 2 * (limit - 1) - index


@inline
def _rebuilt(data: NDArray[np.uint16], y: int, x: int, recipe: BinRecipe) -> np.float32:
    """Return the likely light of a clipped sample, from the 3x3 around it."""
    red, green, blue = _F0, _F0, _F0
    reds, greens, blues = _F0, _F0, _F0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            v, u = _fold(y + dy, data.shape[0]), _fold(x + dx, data.shape[1])
            light = _light(recipe, v, u, data[v, u])
            color = recipe.colors[v & 1, u & 1]
            if color == 0:
                red += light
                reds += _F1
            elif color == 1:
                green += light
                greens += _F1
            else:
                blue += light
                blues += _F1
    means = (red / max(reds, _F1), green / max(greens, _F1), blue / max(blues, _F1))
    return repaired(recipe.colors[y & 1, x & 1], means, recipe.clip, recipe.chroma)


@inline
def _highest(source: NDArray[np.uint16]) -> int:
    highest = np.uint16(0)
    for j in range(source.size):
        highest = max(highest, source[j])
    return int(highest)


@inline
def _light_of_row(light: NDArray[np.float32], source: NDArray[np.uint16], lines: NDArray[np.float32]) -> None:
    """Write the light of a row's samples; lines are black, gain, top and, everywhere, floor by column."""
    black, gain, top, floor = lines[0], lines[1], lines[2], lines[3, 0]
    for j in range(source.size):
        light[j] = min(max((np.float32(source[j]) - black[j]) * gain[j], floor), top[j])


@inline
def _rebuild_(light: NDArray[np.float32], data: NDArray[np.uint16], y: int, left: int, recipe: BinRecipe) -> None:
    """Replace the light of clipped samples in row y from column `left` on."""
    for j in range(light.size):
        if light[j] >= recipe.top[y & 1, (left + j) & 1]:
            light[j] = _rebuilt(data, y, left + j, recipe)


@inline
def _add(total: NDArray[np.float32], light: NDArray[np.float32], weight: np.float32) -> None:
    for j in range(total.size):
        total[j] += weight * light[j]


@kernel
def bin_mosaic(
    data: NDArray[np.uint16], columns: Taps, rows: Taps, recipe: BinRecipe, out: NDArray[np.float32]
) -> None:
    """Fill `out`, (h, w, 3), with means of the mosaic's light per colour, balanced and in the working space."""
    left = columns.places.min()
    width = columns.places.max() + 1 - left
    lines = np.empty((2, 4, width), np.float32)
    totals = np.empty((2, width), np.float32)
    lights = np.empty((_KEPT, width), np.float32)
    kept = np.full(_KEPT, -1)
    for p in range(2):
        for j in range(width):
            lines[p, 0, j] = recipe.black[p, (left + j) & 1]
            lines[p, 1, j] = recipe.gain[p, (left + j) & 1]
            lines[p, 2, j] = recipe.top[p, (left + j) & 1]
            lines[p, 3, j] = recipe.floor
    sums = np.empty(3, np.float32)
    for i in range(out.shape[0]):
        totals[:] = _F0
        for k in range(rows.places.shape[1]):
            y, weight = rows.places[i, k], rows.weight[i, k]
            if weight == _F0:
                continue
            light = lights[y % _KEPT]
            if kept[y % _KEPT] != y:
                kept[y % _KEPT] = y
                _light_of_row(light, data[y, left : left + width], lines[y & 1])
                for j in range(0, width if recipe.rebuild else 0, _PIECE):
                    end = min(j + _PIECE, width)
                    if _highest(data[y, left + j : left + end]) >= recipe.limit:
                        _rebuild_(light[j:end], data, y, left + j, recipe)
            _add(totals[y & 1], light, weight)
        for j in range(out.shape[1]):
            sums[:] = _F0
            for k in range(columns.places.shape[1]):
                x, weight = columns.places[j, k], columns.weight[j, k]
                sums[recipe.colors[0, x & 1]] += weight * totals[0, x - left]
                sums[recipe.colors[1, x & 1]] += weight * totals[1, x - left]
            sums[1] *= np.float32(0.5)
            for c in range(3):
                m = recipe.matrix[c]
                out[i, j, c] = m[0] * sums[0] + m[1] * sums[1] + m[2] * sums[2]


@kernel
def average_pixels(
    pixels: NDArray[np.float32], origin: tuple[int, int], columns: Taps, rows: Taps, out: NDArray[np.float32]
) -> None:
    """Fill `out`, (h, w, 3), with weighted means of `pixels`, whose first one has the index `origin` (row, column)."""
    top, left = origin
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            red, green, blue = _F0, _F0, _F0
            for k in range(rows.places.shape[1]):
                weight_y = rows.weight[i, k]
                if weight_y != _F0:
                    y = rows.places[i, k] - top
                    a, b, c = _F0, _F0, _F0
                    for n in range(columns.places.shape[1]):
                        weight = columns.weight[j, n]
                        if weight != _F0:
                            x = columns.places[j, n] - left
                            a += weight * pixels[y, x, 0]
                            b += weight * pixels[y, x, 1]
                            c += weight * pixels[y, x, 2]
                    red += weight_y * a
                    green += weight_y * b
                    blue += weight_y * c
            out[i, j, 0] = red
            out[i, j, 1] = green
            out[i, j, 2] = blue


@kernel
def develop_color(data: NDArray[np.uint16], recipe: BinRecipe, left: int, top: int, out: NDArray[np.float32]) -> None:
    """Fill `out` with the balanced colours, in the working space, of (H, W, channels) samples from (left, top) on.

    There are 3 channels, or 1 for grey. The recipe's black, gain and top have the shape (1, channels).
    """
    channels = data.shape[2]
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            light = (_F0, _F0, _F0)
            if channels == 1:
                grey = _channel(data, recipe, top + i, left + j, 0)
                light = (grey, grey, grey)
            else:
                light = (
                    _channel(data, recipe, top + i, left + j, 0),
                    _channel(data, recipe, top + i, left + j, 1),
                    _channel(data, recipe, top + i, left + j, 2),
                )
            if recipe.rebuild and channels == 3:
                r, g, b = light
                if r >= recipe.top[0, 0]:
                    r = repaired(0, light, recipe.clip, recipe.chroma)
                if g >= recipe.top[0, 1]:
                    g = repaired(1, light, recipe.clip, recipe.chroma)
                if b >= recipe.top[0, 2]:
                    b = repaired(2, light, recipe.clip, recipe.chroma)
                light = (r, g, b)
            for c in range(3):
                m = recipe.matrix[c]
                out[i, j, c] = m[0] * light[0] + m[1] * light[1] + m[2] * light[2]


@inline
def _channel(data: NDArray[np.uint16], recipe: BinRecipe, y: int, x: int, channel: int) -> np.float32:
    light = (np.float32(data[y, x, channel]) - recipe.black[0, channel]) * recipe.gain[0, channel]
    return min(max(light, recipe.floor), recipe.top[0, channel])

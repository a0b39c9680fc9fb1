"""Area averages: every output pixel is the mean of the source over its own rectangle, in linear light.

The weights of an axis depend only on where the grid lies, so a pixel has the same value in whatever box it is
asked for. Works for any step of 1 or more and any fractional origin; at the border the part inside counts.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Grid
from ..jit import inline, kernel

Pixels = NDArray[np.float32]


class Spans(NamedTuple):
    """For each output position along one axis: the first source index and the weights from there on, summing to 1."""

    first: NDArray[np.int64]
    weights: NDArray[np.float32]


def spans(start: float, step: float, low: int, high: int, limit: int) -> Spans:
    """Return which of `limit` source samples the positions low..high-1 cover.

    Position i covers [start + i * step, start + (i + 1) * step). Weights are shares of that length inside the source;
    a position outside takes the nearest sample.
    """
    index = np.arange(low, high, dtype=np.float64)
    begin = np.clip(start + index * step, 0.0, limit)
    end = np.clip(start + (index + 1.0) * step, 0.0, limit)
    first = np.minimum(np.floor(begin), limit - 1).astype(np.int64)
    cells = first[:, None] + np.arange(min(math.ceil(step) + 1, limit))
    cover = np.minimum(cells + 1.0, end[:, None]) - np.maximum(cells, begin[:, None])
    weights = np.where(cells < limit, np.maximum(cover, 0.0), 0.0)
    total = weights.sum(axis=1, keepdims=True)
    weights[:, 0] = np.where(total[:, 0] > 0.0, weights[:, 0], 1.0)
    return Spans(first, (weights / np.where(total > 0.0, total, 1.0)).astype(np.float32))


def grid_spans(grid: Grid, box: Box, width: int, height: int) -> tuple[Spans, Spans]:
    """Return the columns' and the rows' spans of a grid's pixels in `box` over a source of width x height."""
    across = spans(grid.left, grid.step_x, box.left, box.right, width)
    down = spans(grid.top, grid.step_y, box.top, box.bottom, height)
    return across, down


@inline
def table_value(table: NDArray[np.float32], channel: int, value: np.float32) -> np.float32:
    """Return the table's value at `value`, interpolated; beyond its ends the last piece goes on."""
    last = table.shape[1] - 1
    at = value * np.float32(last)
    index = min(max(int(at), 0), last - 1)
    low = table[channel, index]
    return low + (table[channel, index + 1] - low) * (at - np.float32(index))


@kernel
def _average_values_(out: Pixels, pixels: Pixels, table: Pixels, across: Spans, down: Spans) -> None:
    height, width = out.shape[0], out.shape[1]
    taps_x, taps_y = across.weights.shape[1], down.weights.shape[1]
    for y in range(height):
        out[y] = np.float32(0.0)
        for j in range(taps_y):
            weight_y = down.weights[y, j]
            if weight_y == np.float32(0.0):
                continue
            row = down.first[y] + j
            for x in range(width):
                for channel in range(3):
                    total = np.float32(0.0)
                    for i in range(taps_x):
                        weight = across.weights[x, i]
                        if weight != np.float32(0.0):
                            total += weight * table_value(table, channel, pixels[row, across.first[x] + i, channel])
                    out[y, x, channel] += weight_y * total


@kernel
def _average_codes_(out: Pixels, pixels: NDArray[np.uint16], table: Pixels, across: Spans, down: Spans) -> None:
    height, width = out.shape[0], out.shape[1]
    taps_x, taps_y = across.weights.shape[1], down.weights.shape[1]
    for y in range(height):
        out[y] = np.float32(0.0)
        for j in range(taps_y):
            weight_y = down.weights[y, j]
            if weight_y == np.float32(0.0):
                continue
            row = down.first[y] + j
            for x in range(width):
                red, green, blue = np.float32(0.0), np.float32(0.0), np.float32(0.0)
                begin = across.first[x]
                for i in range(taps_x):
                    weight = across.weights[x, i]
                    if weight != np.float32(0.0):
                        red += weight * table[0, pixels[row, begin + i, 0]]
                        green += weight * table[1, pixels[row, begin + i, 1]]
                        blue += weight * table[2, pixels[row, begin + i, 2]]
                out[y, x, 0] += weight_y * red
                out[y, x, 1] += weight_y * green
                out[y, x, 2] += weight_y * blue


def average_codes(pixels: NDArray[np.unsignedinteger], table: Pixels, grid: Grid, box: Box) -> Pixels:
    """Return the means of table[channel, code] over the grid's pixels in `box`, float32 (h, w, 3).

    pixels: whole numbers (H, W, 3), the whole source, each below table.shape[1].
    """
    across, down = grid_spans(grid, box, pixels.shape[1], pixels.shape[0])
    out = np.empty((box.height, box.width, 3), np.float32)
    _average_codes_(out, pixels, table, across, down)
    return out


def average_values(pixels: Pixels, table: Pixels, grid: Grid, box: Box) -> Pixels:
    """Return the means of float pixels, read through a table of (3, n) evenly spaced points over [0, 1].

    pixels: float32 (H, W, 3), the whole source. A table [[0, 1]] * 3 leaves them as they are.
    """
    across, down = grid_spans(grid, box, pixels.shape[1], pixels.shape[0])
    out = np.empty((box.height, box.width, 3), np.float32)
    _average_values_(out, pixels, table, across, down)
    return out


def area_average(pixels: Pixels, grid: Grid, box: Box) -> Pixels:
    """Return the plain means of linear float32 (H, W, 3) pixels over the grid's pixels in `box`."""
    return average_values(pixels, np.array([[0.0, 1.0]] * 3, np.float32), grid, box)


@kernel
def decode_codes_(out: Pixels, pixels: NDArray[np.uint16], table: Pixels, left: int, top: int) -> None:
    """Fill `out` with table[channel, code] of the source's pixels from (left, top) on."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for channel in range(3):
                out[y, x, channel] = table[channel, pixels[top + y, left + x, channel]]


@kernel
def decode_values_(out: Pixels, pixels: Pixels, table: Pixels, left: int, top: int) -> None:
    """Fill `out` with the interpolated table's value of the source's float pixels from (left, top) on."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for channel in range(3):
                out[y, x, channel] = table_value(table, channel, pixels[top + y, left + x, channel])


@kernel
def transform_(pixels: Pixels, matrix: Pixels) -> None:
    """Multiply every pixel (h, w, 3) by the 3x3 matrix."""
    for y in range(pixels.shape[0]):
        for x in range(pixels.shape[1]):
            red, green, blue = pixels[y, x, 0], pixels[y, x, 1], pixels[y, x, 2]
            pixels[y, x, 0] = matrix[0, 0] * red + matrix[0, 1] * green + matrix[0, 2] * blue
            pixels[y, x, 1] = matrix[1, 0] * red + matrix[1, 1] * green + matrix[1, 2] * blue
            pixels[y, x, 2] = matrix[2, 0] * red + matrix[2, 1] * green + matrix[2, 2] * blue

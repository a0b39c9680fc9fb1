"""Where rendered pixels lie on the sensor, one axis at a time: through grid, default crop and EXIF orientation."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Grid, Size, turning


class Axis(NamedTuple):
    """One axis of the stored samples: `length` of them from `origin` on are seen, `limit` exist; mirrored if `flip`."""

    origin: int
    length: int
    limit: int
    flip: bool

    def place(self, upright: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the stored index of upright positions; beyond the sensor it is mirrored, so that parity stays."""
        stored = self.origin + (self.length - 1 - upright if self.flip else upright)
        return mirrored(stored, self.limit)


class Taps(NamedTuple):
    """For each rendered position the stored places that it is made from, int32 (n, k), and float32 weights."""

    places: NDArray[np.int32]
    weight: NDArray[np.float32]


def mirrored(index: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    """Return indices folded into 0..limit-1 about the first and the last sample; parity is kept if limit > 1."""
    if limit == 1:
        return np.zeros_like(index)
    period = 2 * (limit - 1)
    folded = np.mod(index, period)
    return np.where(folded >= limit, period - folded, folded)


def stored_axes(crop: Box, frame: Size, orientation: int) -> tuple[Axis, Axis, bool]:
    """Return the stored axes of upright x and y, and whether the stored axes are transposed."""
    transpose, flip_x, flip_y = turning(orientation)
    columns = (crop.left, crop.width, frame.width)
    rows = (crop.top, crop.height, frame.height)
    along_x, along_y = (rows, columns) if transpose else (columns, rows)
    return Axis(*along_x, flip_x), Axis(*along_y, flip_y), transpose


def tent_taps(axis: Axis, start: float, step: float, low: int, high: int) -> Taps:
    """Return the taps of positions low..high-1, as if samples of each parity were joined by straight lines.

    Position i covers [start + i * step, start + (i + 1) * step). The weights of each parity sum to 1, and a linear
    ramp is averaged exactly, so that the colours of a mosaic do not shift against each other.
    """
    begin = start + np.arange(low, high, dtype=np.float64) * step
    first = np.floor(begin).astype(np.int64) - 2
    cells = first[:, None] + np.arange(math.ceil(step) + 5)
    left = begin[:, None] - cells - 0.5
    weight = _tent_area(left + step) - _tent_area(left)
    places = axis.place(cells)
    odd = (places & 1).astype(bool)
    even_sum = np.where(odd, 0.0, weight).sum(axis=1, keepdims=True)
    odd_sum = np.where(odd, weight, 0.0).sum(axis=1, keepdims=True)
    weight = weight / np.maximum(np.where(odd, odd_sum, even_sum), 1e-12)
    return Taps(places.astype(np.int32), weight.astype(np.float32))


def area_taps(axis: Axis, start: float, step: float, low: int, high: int) -> Taps:
    """Return the taps of positions low..high-1 as shares of the area that each covers."""
    begin = start + np.arange(low, high, dtype=np.float64) * step
    first = np.floor(begin).astype(np.int64)
    cells = first[:, None] + np.arange(math.ceil(step) + 1)
    weight = np.minimum(cells + 1.0, (begin + step)[:, None]) - np.maximum(cells, begin[:, None])
    weight = np.maximum(weight, 0.0) / step
    return Taps(axis.place(cells).astype(np.int32), weight.astype(np.float32))


def grid_taps(grid: Grid, box: Box, axes: tuple[Axis, Axis], mosaic: bool) -> tuple[Taps, Taps]:
    """Return the taps of upright x and y for the grid's pixels in `box`."""
    taps = tent_taps if mosaic else area_taps
    return (
        taps(axes[0], grid.left, grid.step_x, box.left, box.right),
        taps(axes[1], grid.top, grid.step_y, box.top, box.bottom),
    )


def _tent_area(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area of the triangle of height 1/2 over -2..2 to the left of x."""
    x = np.clip(x, -2.0, 2.0)
    return 0.5 + 0.125 * x * (4.0 - np.abs(x))

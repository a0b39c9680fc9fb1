"""The guided filter as coefficients: kept small, read at any resolution.

He, Sun and Tang, "Guided Image Filtering" (PAMI 2013), and He and Sun, "Fast Guided Filter" (2015): inside a window a
target is `gain * guide + offset`. Gain and offset are smooth, so they are computed on the small guide image and
interpolated, while the guide itself is read at full resolution: the result has the full-resolution edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .geometry import Box, Grid, Size
from .jit import inline, kernel

Plane = NDArray[np.float32]


@kernel
def _box_mean(plane: Plane, radius: int, out: Plane) -> None:
    """Fill `out` from running sums: rows enter and leave a line of column sums, columns enter and leave its window."""
    height, width = plane.shape
    columns = np.zeros(width, np.float64)
    for j in range(min(radius, height)):
        for i in range(width):
            columns[i] += plane[j, i]
    for j in range(height):
        if j + radius < height:
            for i in range(width):
                columns[i] += plane[j + radius, i]
        if j > radius:
            for i in range(width):
                columns[i] -= plane[j - radius - 1, i]
        rows = min(j + radius + 1, height) - max(j - radius, 0)
        total = 0.0
        for i in range(min(radius, width)):
            total += columns[i]
        for i in range(width):
            if i + radius < width:
                total += columns[i + radius]
            if i > radius:
                total -= columns[i - radius - 1]
            out[j, i] = np.float32(total / (rows * (min(i + radius + 1, width) - max(i - radius, 0))))


def box_mean(plane: NDArray[np.floating], radius: int) -> Plane:
    """Return the mean over (2 * radius + 1) squared windows, cut off at the border, float32; sums are float64."""
    out = np.empty(plane.shape, np.float32)
    _box_mean(np.ascontiguousarray(plane, np.float32), radius, out)
    return out


def coefficients(guide: Plane, target: Plane, radius: int, epsilon: float) -> tuple[Plane, Plane]:
    """Return (gain, offset), float32 (h, w): `target` as seen through `guide`, both (h, w).

    radius: in px of the guide. epsilon: variance of the guide below which a window counts as flat.
    """
    mean_g, mean_t = box_mean(guide, radius), box_mean(target, radius)
    variance = box_mean(guide * guide, radius) - mean_g * mean_g
    covariance = box_mean(guide * target, radius) - mean_g * mean_t
    gain = covariance / (np.maximum(variance, 0.0) + np.float32(epsilon))
    offset = mean_t - gain * mean_g
    return box_mean(gain, radius), box_mean(offset, radius)


def smooth_coefficients(guide: Plane, radius: int, epsilon: float) -> NDArray[np.float32]:
    """Return (gain, offset), float32 (2, h, w), of the guide smoothed by itself: its base layer, edges kept."""
    offset = box_mean(guide, radius)
    gain = box_mean(guide * guide, radius)
    gain -= offset * offset
    np.maximum(gain, 0.0, out=gain)
    gain /= gain + np.float32(epsilon)
    offset -= gain * offset
    out = np.empty((2, *guide.shape), np.float32)
    _box_mean(gain, radius, out[0])
    _box_mean(offset, radius, out[1])
    return out


@lru_cache(maxsize=128)
def read_positions(start: int, stop: int, axis: tuple[float, float], source: int, small: int) -> NDArray[np.float32]:
    """Return where grid px start..stop lie on a small image of `small` px that covers `source` px, clamped to it.

    axis: (origin, step) of the grid. Positions are in px of the small image, 0 at the centre of its first pixel.
    The result is kept, because all tiles of a row or a column ask for the same: do not write into it.
    """
    centres = axis[0] + (np.arange(start, stop, dtype=np.float64) + 0.5) * axis[1]
    return np.clip(centres * (small / source) - 0.5, 0.0, small - 1.0).astype(np.float32)


@inline
def _spread(row: Plane, columns: Plane, line: Plane) -> None:
    """Fill `line` with a small image's row at `columns`, linear."""
    last = row.shape[0] - 1
    for i in range(line.shape[0]):
        left = int(columns[i])
        line[i] = row[left] + (row[min(left + 1, last)] - row[left]) * (columns[i] - np.float32(left))


@kernel
def _interpolate(plane: Plane, rows: Plane, columns: Plane, out: Plane) -> None:
    """Fill `out` with a small plane at `rows` x `columns`, bilinear; a small row is spread once."""
    upper, lower = np.empty(out.shape[1], np.float32), np.empty(out.shape[1], np.float32)
    held = -2
    for j in range(out.shape[0]):
        top = int(rows[j])
        if top != held:
            if top == held + 1:
                upper[:] = lower
            else:
                _spread(plane[top], columns, upper)
            _spread(plane[min(top + 1, plane.shape[0] - 1)], columns, lower)
            held = top
        line, share = out[j], rows[j] - np.float32(top)
        for i in range(line.shape[0]):
            line[i] = upper[i] + (lower[i] - upper[i]) * share


def interpolate(planes: Sequence[Plane] | Plane, box: Box, grid: Grid, source: Size) -> NDArray[np.float32]:
    """Return planes, (small_h, small_w) each, which cover the source, at the px of `box` on `grid`: (n, h, w)."""
    height, width = planes[0].shape
    rows = read_positions(box.top, box.bottom, (grid.top, grid.step_y), source.height, height)
    columns = read_positions(box.left, box.right, (grid.left, grid.step_x), source.width, width)
    out = np.empty((len(planes), box.height, box.width), np.float32)
    for plane, target in zip(planes, out, strict=True):
        _interpolate(plane, rows, columns, target)
    return out

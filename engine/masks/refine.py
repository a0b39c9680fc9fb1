"""Guided filtering: a mask is found small and follows the photo's own edges at any size.

He, Sun and Tang, "Guided Image Filtering" (2013): in every window the mask is a line over the photo's luma,
alpha = a * luma + b. Kept are a and b at proxy size; a full-resolution tile needs only its own luma.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Grid, Size
from ..guided import box_mean, interpolate, read_positions
from ..jit import kernel
from ..photo import Photo, Pixels, luminance, source_proxy
from ..tiles import for_each
from .mask import Mask
from .ops import area_resample

RADIUS_PX = 2
"""Half the window, in px of the proxy."""
_STRIP_PX = 64
_EPSILON = 0.02**2
_STRETCH = 1.25
_MISFIT_FLOOR = 0.002
_EXACT = 1.0 / 256.0


def snap(alpha: Pixels, luma: Pixels, faithful: float = 0.5) -> Mask:
    """Return the mask that is `alpha` where it is flat and follows the edges of the photo where it is not.

    alpha: float32 (h, w) in [0, 1] over the whole source. luma: float32 (h, w), `photo.luminance` of the linear proxy.
    faithful: 1 keeps alpha's values at proxy size and adds only finer detail; 0 lets the photo's edges move its edges.
    The mask is exactly 0 (or 1) wherever alpha is 0 (or 1) for 2 * RADIUS_PX around.

    Windows are averaged with the inverse of their misfit as weight, so that a window across an edge does not soften
    its neighbours, and the contrast lost to the regularisation is given back.
    """
    if alpha.shape != luma.shape:
        raise ValueError(f"alpha is {alpha.shape} and luma {luma.shape}")
    height = alpha.shape[0]
    gain, offset = np.empty(alpha.shape, np.float32), np.empty(alpha.shape, np.float32)

    def work(first: int) -> None:
        last = min(height, first + _STRIP_PX)
        top, bottom = max(0, first - 2 * RADIUS_PX), min(height, last + 2 * RADIUS_PX)
        found = _snap_strip(alpha[top:bottom], luma[top:bottom], faithful)
        gain[first:last] = found.gain[first - top : last - top]
        offset[first:last] = found.offset[first - top : last - top]

    for_each(work, list(range(0, height, _STRIP_PX)))
    return Mask(gain, offset)


def _snap_strip(alpha: Pixels, luma: Pixels, faithful: float) -> Mask:
    """Return `snap` of some rows; right from 2 * RADIUS_PX inside of where the strip was cut from its neighbours."""
    guide, wanted = luma.astype(np.float32, copy=False), alpha.astype(np.float32, copy=False)
    mean_i, mean_p = box_mean(guide, RADIUS_PX), box_mean(wanted, RADIUS_PX)
    covariance = box_mean(guide * wanted, RADIUS_PX) - mean_i * mean_p
    variance = np.maximum(box_mean(guide * guide, RADIUS_PX) - mean_i * mean_i, 0.0)
    slope = covariance / (variance + _EPSILON)
    misfit = np.maximum(box_mean(wanted * wanted, RADIUS_PX) - mean_p * mean_p - slope * covariance, 0.0)
    trust = 1.0 / (misfit + _MISFIT_FLOOR)
    total = box_mean(trust, RADIUS_PX)
    gain = box_mean(trust * slope, RADIUS_PX) / total * _STRETCH
    level = box_mean(trust * (mean_p - slope * mean_i), RADIUS_PX) / total
    offset = (level - 0.5) * _STRETCH + 0.5
    offset += faithful * (wanted - np.clip(gain * guide + offset, 0.0, 1.0))
    return _exact_where_flat(gain, offset, alpha)


def _exact_where_flat(gain: Pixels, offset: Pixels, alpha: Pixels) -> Mask:
    empty = box_mean((alpha > _EXACT).astype(np.float32), 2 * RADIUS_PX) == 0
    full = box_mean((alpha < 1.0 - _EXACT).astype(np.float32), 2 * RADIUS_PX) == 0
    gain[empty | full] = 0.0
    offset[empty], offset[full] = 0.0, 1.0
    return Mask(gain, offset)


@kernel
def _follow_(planes: NDArray[np.float32], luma: NDArray[np.float32]) -> None:
    """Replace planes[0] by clip(planes[0] * luma + planes[1], 0, 1), which is exact near its ends."""
    zero, one = np.float32(0), np.float32(1)
    low, high = np.float32(_EXACT), np.float32(1.0 - _EXACT)
    for j in range(luma.shape[0]):
        line, offset, guide = planes[0, j], planes[1, j], luma[j]
        for i in range(line.shape[0]):
            value = min(max(line[i] * guide[i] + offset[i], zero), one)
            line[i] = zero if value < low else one if value > high else value


def evaluate(mask: Mask, luma: Pixels, box: Box, grid: Grid, source_size: Size) -> Pixels:
    """Return float32 (h, w) in [0, 1]: the mask of the tile `box` of `grid`, whose `photo.luminance` is `luma`.

    A pixel's value does not depend on the tile. Values within 1/256 of 0 and 1 are exactly 0 and 1.
    """
    if luma.shape != (box.height, box.width):
        raise ValueError(f"luma is {luma.shape}, the box {box.width} x {box.height}")
    planes = interpolate((mask.gain, mask.offset), box, grid, source_size)
    _follow_(planes, luma)
    return planes[0]


def constant(mask: Mask, box: Box, grid: Grid, source_size: Size) -> float | None:
    """Return 0.0 or 1.0 if the mask is that in all of `box`, whatever the photo shows there; None if it may vary."""
    height, width = mask.gain.shape
    rows = read_positions(box.top, box.bottom, (grid.top, grid.step_y), source_size.height, height)
    columns = read_positions(box.left, box.right, (grid.left, grid.step_x), source_size.width, width)
    part = np.s_[int(rows[0]) : int(rows[-1]) + 2, int(columns[0]) : int(columns[-1]) + 2]
    if mask.gain[part].any():
        return None
    low, high = float(mask.offset[part].min()), float(mask.offset[part].max())
    return 0.0 if high < _EXACT else 1.0 if low > 1.0 - _EXACT else None


def render_alpha(mask: Mask, luma: Pixels) -> Pixels:
    """Return the mask over a whole source rendered at the size of `luma`, float32 (h, w)."""
    size = Size(luma.shape[1], luma.shape[0])
    return evaluate(mask, luma, Box.of(size), Grid.whole(size, size), size)


def plain(alpha: Pixels) -> Mask:
    """Return the mask that is `alpha`, float32 (h, w) over the whole source, and follows no edges."""
    return Mask(np.zeros_like(alpha, np.float32), np.ascontiguousarray(alpha, np.float32))


def invert(mask: Mask) -> Mask:
    """Return 1 - mask, exactly."""
    return Mask(-mask.gain, np.float32(1) - mask.offset)


def from_alpha(alpha: Pixels, photo: Photo) -> Mask:
    """Return the mask of `alpha`, float32 (h, w) in [0, 1] over the finished (turned and cropped) frame of `photo`.

    At proxy size the mask keeps alpha's values; edges of the photo add finer detail.
    Outside the crop the mask continues as it is at the crop's border.
    """
    proxy = source_proxy(photo.source)
    size = Size(proxy.shape[1], proxy.shape[0])
    return snap(to_source(alpha, photo, (size.height, size.width)), luminance(proxy), faithful=1.0)


def to_source(alpha: Pixels, photo: Photo, shape: tuple[int, ...]) -> Pixels:
    """Return `alpha` of the finished frame sampled at every pixel of a source proxy of `shape` (h, w)."""
    size = Size(shape[1], shape[0])
    source = photo.source.size
    scale = size.width / source.width
    for axis, full in enumerate((photo.size.height, photo.size.width)):
        alpha = area_resample(alpha, min(alpha.shape[axis], max(1, round(full * scale))), axis)
    x = (np.arange(size.width) + 0.5) * (source.width / size.width)
    y = (np.arange(size.height) + 0.5)[:, None] * (source.height / size.height)
    to_frame = photo.framing.to_frame(source)
    across, down = (row[0] * x + row[1] * y + row[2] for row in to_frame)
    return _bilinear(alpha, (across + 1) / 2 * alpha.shape[1] - 0.5, (down + 1) / 2 * alpha.shape[0] - 0.5)


def _bilinear(values: Pixels, x: NDArray[np.float64], y: NDArray[np.float64]) -> Pixels:
    """Return `values` at the points (x, y), in px counted from the first pixel's centre, the border repeated."""
    height, width = values.shape
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = np.minimum(x.astype(int), max(width - 2, 0)), np.minimum(y.astype(int), max(height - 2, 0))
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    fx, fy = x - left, y - top
    upper = values[top, left] * (1 - fx) + values[top, right] * fx
    lower = values[bottom, left] * (1 - fx) + values[bottom, right] * fx
    return (upper * (1 - fy) + lower * fy).astype(np.float32)

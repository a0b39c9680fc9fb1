"""From a mosaic, a white balance and the options to pixels of the working space."""

from __future__ import annotations

import threading
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from ..geometry import Box, Grid, inverse_orientation, stored_box, upright
from .axes import Taps, grid_taps, mirrored, stored_axes
from .bayer import CUBE_OFFSET, HALO_PX, WIDTH, Recipe, demosaic, scratch
from .binning import BinRecipe, average_pixels, bin_mosaic, develop_color
from .highlights import Highlights, chroma_offsets
from .mosaic import Mosaic
from .white_balance import Balance, camera_to_working

Demosaic = Literal["best", "fast"]
Pixels = NDArray[np.float32]

_UNBOUNDED = np.float32(3e38)
_BIN_FROM_STEP = 1.9  # below it a demosaic shows more than bins of 2x2 samples do
_SAMPLE_SIDE = 512

_threads = threading.local()


class Developer:
    """Renders any part of a mosaic at any scale; thread-safe."""

    def __init__(self, mosaic: Mosaic, balance: Balance, highlights: Highlights, demosaic: Demosaic) -> None:
        self._mosaic = mosaic
        self._best = demosaic == "best"
        axis_x, axis_y, self._transpose = stored_axes(mosaic.crop, mosaic.frame, mosaic.orientation)
        self._axes = (axis_x, axis_y)
        multipliers = np.ones(3) if mosaic.layout == "grey" else balance.multipliers
        matrix = np.eye(3) if mosaic.layout == "grey" else camera_to_working(mosaic.camera, balance)
        channel = {"bayer": mosaic.colors, "color": np.array([[0, 1, 2]]), "grey": np.array([[1]])}[mosaic.layout]
        gain = multipliers[channel] / (mosaic.white - mosaic.black)
        clip = multipliers.astype(np.float32)
        light = sample_light(mosaic) * clip if highlights == "reconstruct" and mosaic.layout != "grey" else None
        self._bins = BinRecipe(
            black=mosaic.black,
            gain=gain.astype(np.float32),
            top=np.ones(channel.shape, np.float32) if highlights == "clip" else clip[channel],
            floor=np.float32(-CUBE_OFFSET),
            limit=int(mosaic.white.min()),
            colors=mosaic.colors,
            clip=clip,
            chroma=np.zeros(3, np.float32) if light is None else chroma_offsets(light, clip),
            rebuild=highlights == "reconstruct",
            matrix=np.ascontiguousarray(matrix, np.float32),
        )
        self._recipe = _bayer_recipe(self._bins, mosaic) if mosaic.layout == "bayer" else None

    def read(self, box: Box, grid: Grid, out: Pixels | None = None) -> Pixels:
        """Return float32 (h, w, 3) pixels of the upright grid's pixels in `box`, in `out` if that is given."""
        if out is None:
            out = np.empty((box.height, box.width, 3), np.float32)
        target = upright(out, inverse_orientation(self._mosaic.orientation))
        if grid.native:
            self._full(self._stored(box.shift(int(grid.left), int(grid.top))), target)
        else:
            self._resampled(box, grid, out)
        return out

    def _resampled(self, box: Box, grid: Grid, out: Pixels) -> None:
        mosaic = self._mosaic
        binned = mosaic.layout == "bayer" and grid.scale * _BIN_FROM_STEP <= 1.0
        along_x, along_y = grid_taps(grid, box, self._axes, binned)
        rows, columns = (along_x, along_y) if self._transpose else (along_y, along_x)
        stored = np.empty((len(rows.places), len(columns.places), 3), np.float32)
        if binned:
            bin_mosaic(mosaic.samples, columns, rows, self._bins, stored)
        else:
            region = _region(rows, columns)
            pixels = np.empty((region.height, region.width, 3), np.float32)
            self._full(region, pixels)
            average_pixels(pixels, (region.top, region.left), columns, rows, stored)
        out[...] = stored.swapaxes(0, 1) if self._transpose else stored

    def _stored(self, place: Box) -> Box:
        crop = self._mosaic.crop
        return stored_box(place, crop.size, self._mosaic.orientation).shift(crop.left, crop.top)

    def _full(self, region: Box, out: Pixels) -> None:
        """Write the pixels of a box of samples at full resolution, as stored, into `out`, which may be a view."""
        rows_in_order = out.strides[0] >= 0 and out.strides[1:] == (12, 4)
        pixels = out if rows_in_order else np.empty(out.shape, np.float32)
        if self._recipe is None:
            develop_color(self._mosaic.samples, self._bins, region.left, region.top, pixels)
        else:
            self._demosaic(region, pixels)
        if pixels is not out:
            out[...] = pixels

    def _demosaic(self, region: Box, out: Pixels) -> None:
        assert self._recipe is not None
        frame = self._mosaic.frame
        rows = np.arange(region.top - HALO_PX, region.bottom + HALO_PX)
        columns = np.arange(region.left - HALO_PX, region.right + WIDTH)
        at = (mirrored(rows, frame.height).astype(np.int32), mirrored(columns, frame.width).astype(np.int32))
        stride = out.strides[0] // 4
        values = as_strided(out, ((region.height - 1) * stride + 3 * region.width,), (4,))
        target = (values, 0, stride, region.width)
        demosaic(self._mosaic.samples, at, self._recipe, (self._best, _work_space()), target)


def _work_space() -> NDArray[np.float32]:
    """Return this thread's work space."""
    work: NDArray[np.float32] | None = getattr(_threads, "work", None)
    if work is None:
        work = _threads.work = scratch()
    return work


def sample_light(mosaic: Mosaic) -> NDArray[np.float32]:
    """Return camera colours, white level = 1, not balanced, from places spread over the photo: (h, w, 3)."""
    crop, samples = mosaic.crop, mosaic.samples
    step = 2 * max(1, max(crop.size) // (2 * _SAMPLE_SIDE))
    top, left = crop.top & ~1, crop.left & ~1
    if mosaic.layout != "bayer":
        some = samples[top : crop.bottom : step, left : crop.right : step].astype(np.float32)
        light = ((some - mosaic.black) / (mosaic.white - mosaic.black)).astype(np.float32)
        return np.broadcast_to(light, (*some.shape[:2], 3))
    rows, columns = (crop.bottom - top) // 2 * 2, (crop.right - left) // 2 * 2
    out = np.zeros((-(-rows // step), -(-columns // step), 3), np.float32)
    for y in range(2):
        for x in range(2):
            some = samples[top + y : top + rows : step, left + x : left + columns : step].astype(np.float32)
            light = (some - mosaic.black[y, x]) / (mosaic.white[y, x] - mosaic.black[y, x])
            color = mosaic.colors[y, x]
            out[..., color] += 0.5 * light if color == 1 else light
    return out


def _bayer_recipe(bins: BinRecipe, mosaic: Mosaic) -> Recipe:
    """Return the recipe of full-resolution tiles, with the light of every possible sample in its tables."""
    samples = np.arange(int(np.ceil(mosaic.white.max())) + 1, dtype=np.float32)
    light = (samples - bins.black[..., None]) * bins.gain[..., None]
    light = np.clip(light, bins.floor, bins.top[..., None])
    return Recipe(
        lut=np.cbrt(light + np.float32(CUBE_OFFSET)),
        colors=bins.colors,
        clip=bins.clip,
        chroma=bins.chroma,
        limit=bins.limit,
        rebuild=bins.rebuild,
        matrix=bins.matrix,
        ceiling=_UNBOUNDED if bins.rebuild else np.float32(1.0),
    )


def _region(rows: Taps, columns: Taps) -> Box:
    return Box(
        int(columns.places.min()), int(rows.places.min()), int(columns.places.max()) + 1, int(rows.places.max()) + 1
    )

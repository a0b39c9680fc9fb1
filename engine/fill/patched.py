"""A source with painted places: everything above it sees the photo as if it had been taken that way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Grid, Size
from ..jit import kernel
from ..metadata import Metadata
from ..photo import Pixels, Source
from ..raster.area import Spans, grid_spans

Alpha = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Painted:
    """What replaces a place of a source: `box` in upright full-resolution px and scene-linear Rec.2020 pixels for it.

    `pixels` (h, w, 3) are finished: painted and original light already mixed by `alpha` (h, w), so they are used
    wherever alpha is above 0. `base` (h, w, 3) is what the source had there; reduced readings need it to take the
    right share of the original out of a pixel that the place covers in part.
    """

    box: Box
    pixels: Pixels = field(repr=False)
    base: Pixels = field(repr=False)
    alpha: Alpha = field(repr=False)


def painted(box: Box, light: Pixels, base: Pixels, alpha: Alpha) -> Painted | None:
    """Return `light` mixed into `base` by `alpha`, cut to where alpha is above 0; None where that is nowhere.

    box: upright source px; light, base: float32 (h, w, 3) scene-linear; alpha: float32 (h, w) in [0, 1].
    """
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not rows.size:
        return None
    part = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    alpha, base = alpha[part].copy(), base[part].copy()
    mixed = (base + (light[part] - base) * alpha[..., None]).astype(np.float32)
    for plane in (mixed, base, alpha):
        plane.setflags(write=False)
    top, left = box.top + part[0].start, box.left + part[1].start
    return Painted(Box(left, top, left + alpha.shape[1], top + alpha.shape[0]), mixed, base, alpha)


class PatchedSource:
    """A source whose `patches` lie on it in order, each made on the source with those before it.

    Where no patch covers a pixel, reading gives the source's own value to the last bit. Compared by identity.
    """

    def __init__(self, source: Source, patches: Sequence[Painted]) -> None:
        below = source.patches if isinstance(source, PatchedSource) else ()
        self.source: Source = source.source if isinstance(source, PatchedSource) else source
        self.patches: tuple[Painted, ...] = (*below, *patches)

    @property
    def size(self) -> Size:
        return self.source.size

    @property
    def kind(self) -> Literal["scene", "display"]:
        return self.source.kind

    @property
    def metadata(self) -> Metadata:
        return self.source.metadata

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def path(self) -> Path | None:
        return self.source.path

    @property
    def baseline_ev(self) -> float:
        """The camera's own exposure offset, 0 where the source knows none."""
        return float(getattr(self.source, "baseline_ev", 0.0))

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be assumed when the source was read."""
        return tuple(getattr(self.source, "notes", ()))

    def read(self, box: Box, grid: Grid, out: Pixels | None = None) -> Pixels:
        """Return float32 (box.height, box.width, 3) pixels of `grid`'s pixels in `box`, see `photo.Source`."""
        pixels = self.source.read(box, grid, out)
        for patch in self.patches:
            (_lay_ if grid.native else _lay_reduced_)(pixels, box, grid, patch, self.size)
        return pixels


def _lay_(pixels: Pixels, box: Box, grid: Grid, patch: Painted, _: Size) -> None:
    at = patch.box.shift(-int(grid.left), -int(grid.top))
    part = at.intersect(box)
    if part.empty:
        return
    seen, own = part.slices(box), part.slices(at)
    np.copyto(pixels[seen], patch.pixels[own], where=patch.alpha[own][..., None] > 0)


def _lay_reduced_(pixels: Pixels, box: Box, grid: Grid, patch: Painted, source: Size) -> None:
    part = _cells(patch.box, grid).intersect(box)
    if part.empty:
        return
    across, down = grid_spans(grid, part, source.width, source.height)
    planes = (patch.pixels, patch.base, patch.alpha)
    _mix_reduced_(pixels[part.slices(box)], planes, (patch.box.left, patch.box.top), across, down)


def _cells(box: Box, grid: Grid) -> Box:
    """Return the box of grid pixels that may touch `box` of the source."""
    return Box(
        int(np.floor((box.left - grid.left) / grid.step_x)),
        int(np.floor((box.top - grid.top) / grid.step_y)),
        int(np.ceil((box.right - grid.left) / grid.step_x)),
        int(np.ceil((box.bottom - grid.top) / grid.step_y)),
    )


@kernel
def _mix_reduced_(
    out: Pixels, planes: tuple[Pixels, Pixels, Alpha], origin: tuple[int, int], across: Spans, down: Spans
) -> None:
    """Change `out`, area means of the source, into area means of the patched source.

    With S the mean that was read, s the patch's base, m its mixed pixels and a its alpha, all means over one cell, the
    result is S + (m - s), and in cells inside the patch's box S + (m - s) + a (s - S): the exact mean where the source
    reads its own area mean, and nothing but m where the patch covers all of the cell, however the source came to S.
    """
    mixed, base, alpha = planes
    height, width = alpha.shape
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            cover, inside = np.float32(0), np.float32(0)
            new_r, new_g, new_b = np.float32(0), np.float32(0), np.float32(0)
            old_r, old_g, old_b = np.float32(0), np.float32(0), np.float32(0)
            for j in range(down.weights.shape[1]):
                row = down.first[y] + j - origin[1]
                if row < 0 or row >= height or down.weights[y, j] == np.float32(0):
                    continue
                for i in range(across.weights.shape[1]):
                    column = across.first[x] + i - origin[0]
                    if column < 0 or column >= width:
                        continue
                    weight = down.weights[y, j] * across.weights[x, i]
                    cover += weight * alpha[row, column]
                    inside += weight
                    new_r += weight * mixed[row, column, 0]
                    new_g += weight * mixed[row, column, 1]
                    new_b += weight * mixed[row, column, 2]
                    old_r += weight * base[row, column, 0]
                    old_g += weight * base[row, column, 1]
                    old_b += weight * base[row, column, 2]
            if cover == np.float32(0):
                continue
            cover = cover if inside > np.float32(0.9999) else np.float32(0)
            out[y, x, 0] += new_r - old_r + cover * (old_r - out[y, x, 0])
            out[y, x, 1] += new_g - old_g + cover * (old_g - out[y, x, 1])
            out[y, x, 2] += new_b - old_b + cover * (old_b - out[y, x, 2])

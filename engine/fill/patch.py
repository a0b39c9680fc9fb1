"""What a model painted, as an edit: pixels with a soft mask, laid over a photo wherever its source px say."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Grid, Size
from ..jit import kernel
from ..photo import Pixels, View
from ..resample import sample_affine

Alpha = NDArray[np.float32]
Matrix = NDArray[np.float64]
_SMALLEST = 4


@dataclass(frozen=True, eq=False)
class Patch:
    """Scene-linear `pixels` (h, w, 3) that replace the photo's by `alpha` (h, w), as the edits below it left it.

    `to_patch`, a 2x3 matrix, takes a point of the source in full-resolution px to px of the patch. Where alpha is 0
    at all of a pixel's neighbours in the patch, and outside the patch, the photo keeps its value to the last bit.
    """

    pixels: Pixels = field(repr=False)
    alpha: Alpha = field(repr=False)
    to_patch: Matrix
    wants_guide: bool = field(default=False, init=False)

    def wants_luma(self, box: Box, grid: Grid, source: Size) -> bool:
        return False

    def halo_px(self, source: Size, scale: float) -> int:
        return 0

    def prepare(self, guide: Pixels, view: View, kind: Literal["scene", "display"]) -> None:
        """Look at nothing."""

    def apply_(self, pixels: Pixels, view: View) -> None:
        """Blend the patch into `pixels`, sampled bicubically, from a smaller copy where the view is coarser."""
        matrix = self._from(view)
        depth = _depth(matrix, len(self._levels))
        light, alpha = self._levels[depth]
        small = np.diag([light.shape[1] / self.pixels.shape[1], light.shape[0] / self.pixels.shape[0]]) @ matrix
        tile = _reached(small, alpha.shape, view.box)
        if tile.empty:
            return
        part = pixels[tile.slices(view.box)]
        painted = sample_affine(light, Box(0, 0, light.shape[1], light.shape[0]), tile, small)
        _blend_(part, painted, alpha, small, (tile.left, tile.top))

    def _from(self, view: View) -> Matrix:
        """Return the 2x3 matrix from px of the view's grid to px of the patch."""
        grid = view.grid
        to_source = np.array([[grid.step_x, 0.0, grid.left], [0.0, grid.step_y, grid.top], [0.0, 0.0, 1.0]])
        return self.to_patch @ to_source

    @cached_property
    def _levels(self) -> list[tuple[Pixels, Alpha]]:
        """The patch and copies of half the size, each a mean of 2 x 2."""
        levels = [(self.pixels, self.alpha)]
        while min(levels[-1][1].shape) >= 2 * _SMALLEST:
            levels.append((_halved(levels[-1][0]), _halved(levels[-1][1])))
        return levels


def _halved(values: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = values.shape[0] // 2, values.shape[1] // 2
    odd = [(0, values.shape[axis] % 2) for axis in (0, 1)]
    even = np.pad(values, [*odd, *[(0, 0)] * (values.ndim - 2)], mode="edge")
    height, width = even.shape[0] // 2, even.shape[1] // 2
    return even.reshape(height, 2, width, 2, *values.shape[2:]).mean(axis=(1, 3), dtype=np.float32)


def _depth(matrix: Matrix, count: int) -> int:
    """Return which level has px about as large as the view's."""
    step = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    return int(np.clip(np.floor(np.log2(max(step, 1.0)) + 0.25), 0, count - 1))


def _reached(matrix: Matrix, shape: tuple[int, ...], box: Box) -> Box:
    """Return the part of `box` of the grid that may lie on a patch of `shape`."""
    back = np.linalg.inv(np.vstack([matrix, [0.0, 0.0, 1.0]]))
    corners = np.array([(x, y, 1.0) for x in (0, shape[1]) for y in (0, shape[0])])
    points = (corners @ back.T)[:, :2]
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    return Box(int(left), int(top), int(right), int(bottom)).intersect(box)


@kernel
def _blend_(out: Pixels, painted: Pixels, alpha: Alpha, matrix: Matrix, start: tuple[int, int]) -> None:
    """Mix `painted` into `out` by alpha, read bilinearly at matrix @ (x + 0.5, y + 0.5, 1); 0 outside the patch."""
    height, width = alpha.shape
    for j in range(out.shape[0]):
        y = j + start[1] + 0.5
        for i in range(out.shape[1]):
            x = i + start[0] + 0.5
            u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
            v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
            if u < -1e-9 or v < -1e-9 or u > width + 1e-9 or v > height + 1e-9:
                continue
            column, row = np.floor(u - 0.5), np.floor(v - 0.5)
            fx, fy = np.float32(u - 0.5 - column), np.float32(v - 0.5 - row)
            left, right = min(max(int(column), 0), width - 1), min(max(int(column) + 1, 0), width - 1)
            top, bottom = min(max(int(row), 0), height - 1), min(max(int(row) + 1, 0), height - 1)
            upper = alpha[top, left] + (alpha[top, right] - alpha[top, left]) * fx
            lower = alpha[bottom, left] + (alpha[bottom, right] - alpha[bottom, left]) * fx
            share = upper + (lower - upper) * fy
            if share <= np.float32(0):
                continue
            for c in range(3):
                if share >= np.float32(1):
                    out[j, i, c] = painted[j, i, c]
                else:
                    out[j, i, c] += (painted[j, i, c] - out[j, i, c]) * share

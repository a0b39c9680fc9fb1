"""Lens blur: a part of a photo out of focus, as a disc-shaped aperture draws it.

Light is averaged over a disc, linear, so that highlights become discs of even brightness. Only what the mask takes
counts: what is sharp does not bleed into its surroundings (a normalised convolution, Knutsson and Westin 1993).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .. import guided
from ..geometry import Box, Grid, Size
from ..jit import kernel
from ..masks.mask import Mask
from ..masks.refine import constant, evaluate
from ..photo import Pixels, View
from ..tiles import for_each

LARGEST_SHARE = 0.02  # the disc's radius at amount 100, of the photo's longer side
_FROM_GUIDE = 10.0  # the amount from which the disc is so large on the guide that the guide holds all there is to see
_STRIP_ROWS = 64

Planes = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LensBlur:
    """Blur where `mask` is, everywhere if it is None; `amount` is 0 to 100.

    A point of light becomes a disc, at amount 100 of 4 % of the photo's longer side across. Large discs are drawn once,
    on the guide; small ones at the rendering's own scale. Where the mask is 0 a pixel keeps its value to the last bit.
    """

    amount: float
    mask: Mask | None = None

    @property
    def wants_guide(self) -> bool:
        return self.amount >= _FROM_GUIDE

    def wants_luma(self, box: Box, grid: Grid, source: Size) -> bool:
        return self.mask is not None and constant(self.mask, box, grid, source) is None

    def halo_px(self, source: Size, scale: float) -> int:
        """Return how far small discs reach, in rendered px; large ones come from the guide."""
        return 0 if self.wants_guide else math.ceil(self._radius_px(source, scale))

    def prepare(self, guide: Pixels, view: View, kind: Literal["scene", "display"]) -> Planes:
        """Return the whole photo with large discs, (3, h, w) at the guide's size."""
        return blurred(guide, self._alpha(view), self._radius_px(view.source_size, view.scale))

    def apply_(self, pixels: Pixels, view: View) -> None:
        """Blur `pixels` in place."""
        radius = self._radius_px(view.source_size, view.scale)
        if radius <= 0.0 or (self.mask and constant(self.mask, view.box, view.grid, view.source_size) == 0.0):
            return
        alpha = self._alpha(view)
        if self.wants_guide:
            soft = guided.interpolate(view.seen, view.box, view.grid, view.source_size)
        else:
            soft = blurred(pixels, alpha, radius)
        _blend_(pixels, soft, alpha)

    def _radius_px(self, source: Size, scale: float) -> float:
        return self.amount / 100 * LARGEST_SHARE * max(source) * scale

    def _alpha(self, view: View) -> Planes:
        shape = (view.box.height, view.box.width)
        share = 1.0 if self.mask is None else constant(self.mask, view.box, view.grid, view.source_size)
        if share is not None or self.mask is None:
            return np.full(shape, share, np.float32)
        assert view.luma is not None
        return evaluate(self.mask, view.luma, view.box, view.grid, view.source_size)


def blurred(pixels: Pixels, alpha: Planes, radius_px: float) -> Planes:
    """Return `pixels` (h, w, 3) averaged over a disc of `radius_px`, each counted by the square of `alpha`: (3, h, w).

    The square, because at a soft edge what is only half taken shows the sharp side's colour. Beyond the border there
    is nothing, and where nothing counts a pixel keeps its value.
    """
    half_widths = disc_half_widths(radius_px)
    reach = len(half_widths) // 2
    height, width = alpha.shape
    sums = np.zeros((4, height, width + 2 * reach + 3), np.float64)
    _running_sums(pixels, alpha, reach + 1, sums)
    out = np.empty((3, height, width), np.float32)
    for_each(
        lambda top: _average(sums, half_widths, pixels, (top, min(top + _STRIP_ROWS, height)), out),
        list(range(0, height, _STRIP_ROWS)),
    )
    return out


def disc_half_widths(radius_px: float) -> NDArray[np.float64]:
    """Return half of the disc's area in each row of px, from top to bottom; the row in the middle goes through its
    centre."""
    reach = math.ceil(radius_px - 0.5) if radius_px > 0.5 else 0
    edges = np.clip((np.arange(-reach, reach + 2, dtype=np.float64) - 0.5) / max(radius_px, 1e-6), -1.0, 1.0)
    areas = 0.5 * (edges * np.sqrt(1.0 - edges**2) + np.arcsin(edges)) * radius_px**2
    return np.asarray(areas[1:] - areas[:-1], np.float64)


@kernel
def _running_sums(pixels: Pixels, alpha: Planes, margin: int, sums: NDArray[np.float64]) -> None:
    """Fill sums (4, h, w + 2 * margin + 1) along the rows: light times weight, and weight; flat in the margins."""
    height, width = alpha.shape
    for j in range(height):
        for i in range(width):
            weight = np.float64(alpha[j, i]) * np.float64(alpha[j, i])
            for c in range(3):
                sums[c, j, margin + i + 1] = sums[c, j, margin + i] + weight * np.float64(pixels[j, i, c])
            sums[3, j, margin + i + 1] = sums[3, j, margin + i] + weight
        for n in range(4):
            for i in range(margin + width + 1, sums.shape[2]):
                sums[n, j, i] = sums[n, j, margin + width]


@kernel
def _average(
    sums: NDArray[np.float64], half_widths: NDArray[np.float64], pixels: Pixels, rows: tuple[int, int], out: Planes
) -> None:
    """Fill the `rows` of out (3, h, w) with the weighted mean over the disc; see _running_sums, disc_half_widths."""
    reach = half_widths.shape[0] // 2
    margin, width = reach + 1, out.shape[2]
    total = np.empty((4, width), np.float64)
    for j in range(rows[0], rows[1]):
        total[:] = 0.0
        for k in range(max(0, reach - j), min(half_widths.shape[0], out.shape[1] + reach - j)):
            half = half_widths[k]
            whole = int(max(half - 0.5, 0.0))
            share = max(half - 0.5, 0.0) - whole
            scale = min(2.0 * half, 1.0)
            row = j + k - reach
            for n in range(4):
                for i in range(width):
                    centre = margin + i
                    inner = sums[n, row, centre + whole + 1] - sums[n, row, centre - whole]
                    outer = sums[n, row, centre + whole + 2] - sums[n, row, centre - whole - 1]
                    total[n, i] += scale * (inner + share * (outer - inner))
        for i in range(width):
            weight = total[3, i]
            for c in range(3):
                out[c, j, i] = np.float32(total[c, i] / weight) if weight > 1e-6 else pixels[j, i, c]


@kernel
def _blend_(pixels: Pixels, soft: Planes, alpha: Planes) -> None:
    """Move `pixels` (h, w, 3) towards `soft` (3, h, w) by `alpha`."""
    for j in range(pixels.shape[0]):
        for i in range(pixels.shape[1]):
            share = alpha[j, i]
            if share > np.float32(0):
                for c in range(3):
                    pixels[j, i, c] += share * (soft[c, j, i] - pixels[j, i, c])

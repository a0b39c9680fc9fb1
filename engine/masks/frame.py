"""A mask as a picture: on the finished frame of a photo, turned, straightened and cropped as the photo is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..geometry import Box, Grid, Size, turning
from ..photo import Photo, Pixels, View
from ..tiles import Progress, no_progress
from .mask import Mask
from .refine import evaluate


def render_mask(photo: Photo, mask: Mask, scale: float = 1.0, progress: Progress = no_progress) -> Pixels:
    """Return `mask` over the finished frame of `photo` rendered at `scale`, float32 (h, w) in [0, 1]."""
    shown = Photo(photo.source, (_Show(mask),), photo.framing).render(None, scale, progress)
    return np.clip(shown[..., 0], 0.0, 1.0)


def view_point(photo: Photo, x: float, y: float) -> tuple[float, float]:
    """Return where a point of the finished frame lies in what mask engines look at, both in fractions.

    That is the whole photo turned as it is framed, so a point stays inside [0, 1] unless rounding moves it.
    """
    source = photo.source.size
    to_frame = np.vstack([photo.framing.to_frame(source), [0.0, 0.0, 1.0]])
    across, down, _ = np.linalg.solve(to_frame, [2 * x - 1, 2 * y - 1, 1.0])
    u, v = across / source.width, down / source.height
    transpose, flip_x, flip_y = turning(photo.framing.orientation)
    if transpose:
        u, v = v, u
    return _inside(1 - u if flip_x else u), _inside(1 - v if flip_y else v)


def _inside(fraction: float) -> float:
    return min(max(float(fraction), 0.0), 1.0)


@dataclass(frozen=True, eq=False)
class _Show:
    """The edit that replaces every pixel by the mask's value there."""

    mask: Mask
    wants_guide: bool = False

    def wants_luma(self, box: Box, grid: Grid, source: Size) -> bool:
        return True

    def halo_px(self, source: Size, scale: float) -> int:
        return 0

    def prepare(self, guide: Pixels, view: View, kind: Literal["scene", "display"]) -> None:
        return None

    def apply_(self, pixels: Pixels, view: View) -> None:
        assert view.luma is not None
        pixels[...] = evaluate(self.mask, view.luma, view.box, view.grid, view.source_size)[..., None]

"""What mask engines look at: the unedited photo, upright as it is framed, as a person would want to see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..develop.display import OutputSpec, encode_display
from ..geometry import Box, Grid, inverse_orientation, stored_box, upright, upright_size
from ..photo import GUIDE_SIDE, Photo, Pixels, Source, luminance, read_parallel, source_proxy
from .ports import Area

_SEEN_AS = OutputSpec("srgb", "standard", "float32")


@dataclass(frozen=True, eq=False)
class PhotoView:
    """A source turned by `orientation` (as EXIF's 1 to 8), not straightened and not cropped."""

    source: Source
    orientation: int = 1

    @classmethod
    def of(cls, photo: Photo) -> PhotoView:
        return cls(photo.source, photo.framing.orientation)

    @cached_property
    def pixels(self) -> Pixels:
        """The view: display-encoded sRGB in [0, 1], float32 (h, w, 3), longer side at most GUIDE_SIDE px."""
        shown = viewable(source_proxy(self.source), self.source.kind, self._gain)
        return np.ascontiguousarray(upright(shown, self.orientation))

    @cached_property
    def luma(self) -> Pixels:
        """`photo.luminance` of the source at the view's size, in the source's own orientation: what masks follow."""
        return luminance(source_proxy(self.source))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the view."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def crop(self, area: Area) -> Pixels:
        """Return a part of the view, read again from the source at up to GUIDE_SIDE px, with the view's tones."""
        size = upright_size(self.source.size, self.orientation)
        part = Box(
            int(area.left * size.width),
            int(area.top * size.height),
            min(size.width, max(int(area.left * size.width) + 1, round(area.right * size.width))),
            min(size.height, max(int(area.top * size.height) + 1, round(area.bottom * size.height))),
        )
        box = stored_box(part, self.source.size, self.orientation)
        frame = box.size.fit(GUIDE_SIDE)
        grid = Grid(float(box.left), float(box.top), box.width / frame.width, box.height / frame.height)
        pixels = read_parallel(self.source, Box.of(frame), grid)
        return np.ascontiguousarray(upright(viewable(pixels, self.source.kind, self._gain), self.orientation))

    def to_source(self, alpha: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a mask of the view in the source's own orientation."""
        return np.ascontiguousarray(upright(alpha, inverse_orientation(self.orientation)))

    def from_source(self, alpha: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a mask in the source's orientation as one of the view."""
        return np.ascontiguousarray(upright(alpha, self.orientation))

    @cached_property
    def _gain(self) -> np.float32:
        return _gain(source_proxy(self.source))


def viewable(pixels: Pixels, kind: Literal["scene", "display"], gain: np.float32 | None = None) -> Pixels:
    """Return linear Rec.2020 `pixels` as a person would want to see them: display-encoded sRGB in [0, 1].

    Scene light is multiplied by `gain` first; None brightens or darkens it so that its bright parts come near white.
    """
    if kind == "scene":
        pixels = pixels * (_gain(pixels) if gain is None else gain)
    return encode_display(pixels, _SEEN_AS, kind)


def _gain(proxy: Pixels) -> np.float32:
    """Return the gain that puts the brightest 2 % near white, at most 16 and never so much that most turns white."""
    light = proxy[::4, ::4].max(axis=2)
    bright, middle = float(np.percentile(light, 98)), float(np.median(light))
    return np.float32(np.clip(min(0.8 / max(bright, 1e-6), 0.4 / max(middle, 1e-6)), 0.25, 16.0))

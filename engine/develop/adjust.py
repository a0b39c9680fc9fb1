"""Adjust: one develop step as an edit of a photo, with or without a mask."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from .. import guided
from ..geometry import Box, Grid, Size
from ..masks.mask import Mask
from ..masks.refine import constant, evaluate
from ..photo import Pixels, View
from . import detail, effects, kernels, tables
from .settings import DevelopSettings
from .surroundings import Surroundings, air_gain, look_around

_TONE = (np.float32(math.log2(0.18)), np.float32(tables.EV_LOW), np.float32(tables.EV_STEPS))
_FLAT = 1.001


@dataclass(frozen=True)
class _Seen:
    """What the step learnt: surroundings, curve, and the gain that a rendered source's white would get (1 = none)."""

    around: Surroundings | None = None
    curve: tables.Table | None = None
    white_gain: float = 1.0


@dataclass(frozen=True, eq=False)
class Adjust:
    """Develop settings applied where `mask` is, everywhere if it is None.

    The order of the stages is fixed: noise reduction, haze, white balance and exposure, tone, curve, colour, texture
    and sharpening, vignette, grain. Where the mask is 0 a pixel keeps its value to the last bit.
    """

    settings: DevelopSettings
    mask: Mask | None = None

    @property
    def wants_guide(self) -> bool:
        s = self.settings
        return self._tone is not None or bool(s.dehaze) or bool(s.curve) or s.exposure_ev > 0

    def wants_luma(self, box: Box, grid: Grid, source: Size) -> bool:
        return self.mask is not None and constant(self.mask, box, grid, source) is None

    def halo_px(self, source: Size, scale: float) -> int:
        """Return how far the detail stages look, in rendered px."""
        return detail.halo_px(self.settings, source, scale)

    @cached_property
    def _tone(self) -> tables.Table | None:
        return tables.tone_tables(self.settings)

    @cached_property
    def _colour(self) -> tables.ColourTables | None:
        return tables.colour_tables(self.settings)

    @cached_property
    def _light(self) -> tables.Table:
        return tables.light_matrix(self.settings)

    def prepare(self, guide: Pixels, view: View, kind: Literal["scene", "display"]) -> _Seen:
        """Return the surroundings and the curve that `apply_` reads; `guide` is the whole photo below this edit."""
        around = None
        if self._tone is not None or self.settings.dehaze:
            light = self._light if self._tone is not None else None
            around = look_around(guide, light, self.settings.dehaze)
        gain = tables.white_gain(self.settings) if kind == "display" else 1.0
        return _Seen(around, tables.curve_table(self.settings, kind), gain)

    def apply_(self, pixels: Pixels, view: View) -> None:
        """Develop `pixels` in place."""
        share = 1.0 if self.mask is None else constant(self.mask, view.box, view.grid, view.source_size)
        if share == 1.0:
            self._develop_(pixels, view)
        if share is not None:
            return
        assert self.mask is not None
        assert view.luma is not None
        mask = evaluate(self.mask, view.luma, view.box, view.grid, view.source_size)
        original = pixels.copy()
        self._develop_(pixels, view)
        kernels.blend_(pixels, original, mask)

    def _develop_(self, pixels: Pixels, view: View) -> None:
        settings = self.settings
        seen = view.seen if isinstance(view.seen, _Seen) else _Seen()
        if settings.noise_reduction or settings.color_noise_reduction:
            detail.denoise_(pixels, settings, view.scale)
        if seen.around is not None and settings.dehaze:
            self._dehaze_(pixels, view, seen.around)
        if settings.temperature or settings.tint:
            kernels.matrix_(pixels, self._light)
        elif settings.exposure_ev:
            kernels.gain_(pixels, np.float32(2.0**settings.exposure_ev))
        if self._tone is not None and seen.around is not None and seen.around.base is not None:
            base = guided.interpolate(seen.around.base, view.box, view.grid, view.source_size)
            kernels.tone_(pixels, self._tone, base, _TONE)
        if seen.white_gain > _FLAT:
            kernels.shoulder_(pixels, np.float32(seen.white_gain))
        if seen.curve is not None:
            kernels.curve_(pixels, seen.curve, _TONE)
        if (colour := self._colour) is not None:
            matrices = (colour.to_cones, colour.to_axes, colour.from_axes, colour.from_cones)
            numbers = (colour.saturation, colour.vibrance, colour.by_hue, colour.by_lightness)
            kernels.colour_(pixels, matrices, (colour.hue, colour.lightness), numbers)
        if settings.texture or settings.sharpening:
            detail.enhance_(pixels, settings, view.source_size, view.scale)
        if settings.vignette:
            effects.vignette_(pixels, settings, view)
        if settings.grain:
            effects.grain_(pixels, settings, view)

    def _dehaze_(self, pixels: Pixels, view: View, around: Surroundings) -> None:
        if around.transmission is None:
            kernels.veil_(pixels, around.air, np.float32(-0.0025 * self.settings.dehaze))
            return
        planes = guided.interpolate(around.transmission, view.box, view.grid, view.source_size)
        kernels.haze_(pixels, around.air, planes, air_gain(around.air))

"""Automatic settings: what a photo's own figures ask for, within bounds, and never at the price of clipping.

A photo is looked at unedited, as it is framed, at 320 px. Tone settings are tried on that small picture by the engine
itself and kept only as far as they go without losing detail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Grid, Size
from ..masks.frame import render_mask
from ..masks.mask import Mask
from ..metadata import Metadata
from ..photo import Photo, Pixels
from .adjust import Adjust
from .cast import estimate_cast
from .display import OutputSpec, preview_scale, render_display
from .settings import AutoPart, DevelopSettings
from .surroundings import haziness

_SIDE = 320
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709
_TOO_DARK, _TOO_BRIGHT = 0.36, 0.58  # mean lightness of ordinary photos lies between
_MOST_EV: dict[str, float] = {"scene": 2.5, "display": 1.2}
_MOST_LOCAL_EV = 1.2  # a part that differs more from the rest looks pasted in
_INSIDE, _FEWEST = 0.5, 60  # of the mask; pixels at 320 px
_EV_STEP = 0.05
_GAMMA, _ROOM_EV = 2.2, 0.35  # the display's; how far the brightest tones may be pushed beyond white
_CLIPPED_HIGH, _CLIPPED_LOW = 0.992, 0.006
_MAY_CLIP = 0.003  # how much of the photo may lose its detail that had some
_SURE = 0.35
_HAZY_BLACK, _HAZY_RISE, _HAZY = 0.12, 1.35, (0.08, 0.2)  # the deepest tone, the veil of the far by that of the near
_MOST_DEHAZE = 30.0


@dataclass(frozen=True)
class Automatic:
    """Settings that were found for a photo, neutral where it is best left alone, and why, in one sentence."""

    settings: DevelopSettings
    reason: str


class _Tones(NamedTuple):
    """Encoded lightness of a finished picture, 0 to 1, and the shares of it that are white or black throughout."""

    mean: float
    black: float
    dark: float
    bright: float
    white: float
    spread: float
    clipped_high: float
    clipped_low: float


@dataclass(frozen=True, eq=False)
class _Small:
    """A small picture of a photo as a source, to try settings on."""

    pixels: Pixels
    kind: Literal["scene", "display"]
    baseline_ev: float
    chosen: NDArray[np.bool_] | None = None  # the pixels that count, None for all
    name: str = "small"
    path: Path | None = None
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def size(self) -> Size:
        return Size(self.pixels.shape[1], self.pixels.shape[0])

    def read(self, box: Box, grid: Grid, out: Pixels | None = None) -> Pixels:
        """Return the pixels of `box`; `grid` is always the native one, for the picture is small."""
        left, top = int(grid.left), int(grid.top)
        found = self.pixels[top + box.top : top + box.bottom, left + box.left : left + box.right]
        if out is None:
            return found.copy()
        out[...] = found
        return out


def automatic(photo: Photo, part: AutoPart = "all", amount: float = 100.0, mask: Mask | None = None) -> Automatic:
    """Return the settings that `photo` asks for: its white balance, its exposure, all of its tone, or all of it.

    amount: 0 to 100, a share of the settings. mask: of a part of the photo whose own figures count; its white balance
    stays, for a face or a sky is not meant to be grey. Edits of the photo are not looked at: settings made by hand stay
    what they are beside the automatic ones.
    """
    seen = replace(photo, edits=())
    scale = preview_scale(seen, _SIDE)
    chosen = None if mask is None else render_mask(seen, mask, scale) >= _INSIDE
    if chosen is not None and np.count_nonzero(chosen) < _FEWEST:
        return Automatic(DevelopSettings(), "It is too small to be measured.")
    pixels = seen.render(scale=scale)
    reasons: list[str] = []
    settings = DevelopSettings()
    small = _Small(pixels, photo.source.kind, float(getattr(photo.source, "baseline_ev", 0.0)), chosen)
    if part in ("all", "white_balance") and mask is None:
        settings, reason = _balanced(small)
        reasons.append(reason)
    if part != "white_balance":
        settings, reason = _toned(small, settings, part)
        reasons.append(reason)
    settings = settings.scaled(amount / 100)
    rounded = {name: float(round(getattr(settings, name))) + 0.0 for name in _WHOLE_NUMBERS}
    return Automatic(replace(settings, exposure_ev=round(settings.exposure_ev, 2), **rounded), " ".join(reasons))


_WHOLE_NUMBERS = ("temperature", "tint", "contrast", "highlights", "shadows", "whites", "blacks", "dehaze", "vibrance")


def _balanced(small: _Small) -> tuple[DevelopSettings, str]:
    cast = estimate_cast(small.pixels)
    share = 1 - _burnt_out(small, _tones(small, DevelopSettings()))
    if share <= 0:
        return DevelopSettings(), "Much of it is burnt out, so the white balance stays."
    cast = cast._replace(temperature=round(cast.temperature * share) + 0.0, tint=round(cast.tint * share) + 0.0)
    if cast.confidence < _SURE:
        return DevelopSettings(), "What is grey in it cannot be told, so the white balance stays."
    if not (cast.temperature or cast.tint):
        return DevelopSettings(), "Its light is neutral."
    words = [("warm" if cast.temperature < 0 else "cool") * bool(cast.temperature)]
    words.append(("magenta" if cast.tint < 0 else "green") * bool(cast.tint))
    named = " and ".join(filter(None, words))
    return DevelopSettings(temperature=cast.temperature, tint=cast.tint), f"Its light is {named}."


def _toned(small: _Small, settings: DevelopSettings, part: AutoPart) -> tuple[DevelopSettings, str]:
    """Return `settings` with the tone that the small picture asks for, and what was measured."""
    before = _tones(small, settings)
    reason = (
        f"Mean lightness {before.mean * 100:.0f} %, tones from {before.black * 100:.0f} to {before.white * 100:.0f} %."
    )
    settings = replace(settings, exposure_ev=_exposure(small, settings, before))
    lifted = _tones(small, settings)
    room = 1 - _burnt_out(small, before)
    settings = _tried(small, settings, before, highlights=-_ramp(lifted.bright, 0.86, 0.99) * 45 * room)
    settings = _tried(small, settings, before, shadows=(1 - _ramp(lifted.dark, 0.04, 0.16)) * 35)
    if part == "exposure":
        return settings, reason
    haze = _haze(small, before)
    settings = _tried(small, settings, before, dehaze=_MOST_DEHAZE * haze)
    if settings.dehaze:
        reason += " Haze lies over what is far."
    held = _tones(small, settings)
    settings = _tried(small, settings, before, whites=_ramp(0.95 - held.white, 0.0, 0.25) * 40)
    settings = _tried(small, settings, before, blacks=-_ramp(held.black - 0.03, 0.0, 0.12) * 25)
    settings = _tried(small, settings, before, contrast=(1 - _ramp(held.spread, 0.13, 0.22)) * 20)
    if part == "all":
        settings = replace(settings, vibrance=round((1 - _ramp(_colorfulness(small, settings), 0.05, 0.25)) * 15.0))
    return settings, reason


def _haze(small: _Small, before: _Tones) -> float:
    """Return how much haze lies over a picture, 0 to 1: it lifts the deepest tones, and grows with the distance.

    What is far stands higher in the frame; snow, sand and walls are as grey, and as grey below.
    """
    if before.black < _HAZY_BLACK or small.chosen is not None:
        return 0.0
    veil = haziness(small.pixels)
    half = len(veil) // 2
    above, below = float(np.median(veil[:half])), float(np.median(veil[half:]))
    return _ramp(float(np.percentile(veil, 30)), *_HAZY) if above > _HAZY_RISE * below else 0.0


def _burnt_out(small: _Small, found: _Tones) -> float:
    """Return how much a picture is spoilt for darkening, 0 to 1: white without detail would become a grey patch."""
    return _ramp(found.clipped_high, 0.01, 0.1) if small.kind == "display" else 0.0


def _exposure(small: _Small, settings: DevelopSettings, before: _Tones) -> float:
    """Return the exposure that brings the mean lightness to the ordinary range, as far as nothing clips.

    A night scene is dark and has lights: the room above its brightest tones bounds how far it is lifted.
    """
    wanted = min(max(before.mean, _TOO_DARK), _TOO_BRIGHT)
    if wanted == before.mean:
        return 0.0
    most = min(_MOST_EV[small.kind], _MOST_LOCAL_EV if small.chosen is not None else math.inf)
    room = math.log2(1 / max(before.white, 0.02)) * _GAMMA + _ROOM_EV
    low, high = (0.0, min(most, room)) if wanted > before.mean else (-most * (1 - _burnt_out(small, before)), 0.0)
    for _ in range(7):
        ev = (low + high) / 2
        found = _tones(small, replace(settings, exposure_ev=ev))
        if found.mean > wanted or (wanted > before.mean and not _safe(found, before)):
            high = ev
        else:
            low = ev
    nearest = low if wanted > before.mean else high
    return math.trunc(nearest / _EV_STEP) * _EV_STEP


def _tried(small: _Small, settings: DevelopSettings, before: _Tones, **change: float) -> DevelopSettings:
    """Return `settings` with the change, halved until it costs no detail; a change of less than 3 is none."""
    (name, value), *_ = change.items()
    while abs(value) >= 3.0:
        tried = replace(settings, **{name: float(round(value))})
        if _safe(_tones(small, tried), before):
            return tried
        value /= 2
    return settings


def _safe(after: _Tones, before: _Tones) -> bool:
    return after.clipped_high <= before.clipped_high + _MAY_CLIP and after.clipped_low <= before.clipped_low + _MAY_CLIP


def _tones(small: _Small, settings: DevelopSettings) -> _Tones:
    picture = _counted(small, settings)
    luma = picture @ _LUMA
    black, dark, bright, white = (float(v) for v in np.percentile(luma, (0.5, 15, 95, 99.5)))
    clipped_high = float((picture.max(axis=-1) >= _CLIPPED_HIGH).mean())
    clipped_low = float((picture.max(axis=-1) <= _CLIPPED_LOW).mean())
    return _Tones(float(luma.mean()), black, dark, bright, white, float(luma.std()), clipped_high, clipped_low)


def _counted(small: _Small, settings: DevelopSettings) -> NDArray[np.float32]:
    """Return the finished pixels that count, (..., 3)."""
    picture = render_display(Photo(small, (Adjust(settings),)), OutputSpec())
    return picture if small.chosen is None else picture[small.chosen]


def _colorfulness(small: _Small, settings: DevelopSettings) -> float:
    picture = _counted(small, settings)
    return float((picture.max(axis=-1) - picture.min(axis=-1)).mean())


def _ramp(value: float, start: float, stop: float) -> float:
    return min(max((value - start) / (stop - start), 0.0), 1.0)

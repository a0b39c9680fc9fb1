"""A hole with its surroundings, read from a source: all that painting it needs to see."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color import decode, encode
from ..geometry import Box, Grid, Size
from ..opencv import cv2
from ..photo import Pixels, Source, read_parallel
from .holes import SELECTED, Flags, Selected, grown

_NATIVE = Grid(0.0, 0.0, 1.0, 1.0)
_SHARE, _LEAST_PX, _MOST_PX = 1.0, 128, 1536
_LOG_GAIN = 40.0
_WHITE_PERCENTILE = 99.5


@dataclass(frozen=True, eq=False)
class Context:
    """`light` (h, w, 3) is what the source shows in `box`, scene-linear; `hole` (h, w) is to be painted.

    `allowed` (h, w) is where painting may look for texture: not in the hole, and not in others.
    """

    box: Box
    light: Pixels = field(repr=False)
    hole: Flags = field(repr=False)
    allowed: Flags = field(repr=False)

    @property
    def known_share(self) -> float:
        """How much of the box may be looked at, in [0, 1]."""
        return float(self.allowed.mean())


def context_box(place: Box, size: Size) -> Box:
    """Return `place` with enough of its surroundings, inside a source of `size`: a share of its own side, bounded."""
    reach = min(max(math.ceil(_SHARE * max(place.width, place.height)), _LEAST_PX), _MOST_PX)
    return place.grow(reach).intersect(Box.of(size))


def look(source: Source, wanted: Selected, place: Box, others: list[Box], grow_px: float) -> Context | None:
    """Return the context of the hole in `place`, grown by `grow_px`; None where nothing is selected after all.

    place: a box of the source that holds the grown hole. others: boxes of other holes, which may show what is to go.
    """
    core = wanted.alpha(place) > np.float32(SELECTED)
    if not core.any():
        return None
    box = context_box(place, source.size)
    hole, allowed = np.zeros((2, box.height, box.width), bool)
    hole[place.slices(box)] = grown(core, grow_px)
    allowed[...] = ~hole
    for other in others:
        if not (part := other.intersect(box)).empty:
            allowed[part.slices(box)] &= wanted.alpha(part) <= np.float32(SELECTED)
    return Context(box, read_parallel(source, box, _NATIVE), hole, allowed)


class Encoding(NamedTuple):
    """Scene light as even steps for the eye: log(1 + gain * light), mapped so that a context fills [0, 1].

    Nothing is cut off: noise around black, light below 0 and highlights above white all have a value of their own.
    """

    gain: float
    low: float
    span: float

    @classmethod
    def of(cls, light: Pixels, known: Flags) -> Encoding:
        """Return the encoding that fits the known pixels of `light`."""
        seen = light[known]
        gain = _LOG_GAIN / max(float(np.percentile(seen.max(axis=1), 99)), 1e-6)
        low, high = (float(_log(np.float64(value), gain)) for value in (seen.min(), seen.max()))
        return cls(gain, low, max(high - low, 1e-6))

    def encode(self, light: Pixels) -> Pixels:
        """Return encoded values, float32; known light lies in [0, 1], the rest is clipped to it."""
        values = (_log(light, self.gain) - np.float32(self.low)) / np.float32(self.span)
        return np.clip(values, 0.0, 1.0).astype(np.float32)

    def decode(self, values: Pixels) -> Pixels:
        """Return the light of encoded values, float32."""
        scaled = values * np.float32(self.span) + np.float32(self.low)
        light = np.sign(scaled) * np.expm1(np.abs(scaled)) / np.float32(self.gain)
        return light.astype(np.float32)


def _log(light: NDArray[np.floating] | np.float64, gain: float) -> NDArray[np.floating]:
    return np.sign(light) * np.log1p(np.abs(light) * np.asarray(gain, np.asarray(light).dtype))


class View(NamedTuple):
    """A context as a learned painter wants to see it: small, sRGB-encoded in [0, 1]. `white`: the light shown as 1."""

    picture: Pixels
    hole: Flags
    white: float

    def light(self, painted: Pixels, size: Size) -> Pixels:
        """Return what was painted as scene-linear light, enlarged to `size`, float32 (h, w, 3)."""
        light = (decode(painted, "srgb") * self.white).astype(np.float32)
        return enlarged(light, size)


def view(context: Context, side: int) -> View:
    """Return the context with its longer side at most `side` px; a pixel is hole if any part of it may not be seen."""
    white = max(float(np.percentile(context.light[context.allowed].max(axis=1), _WHITE_PERCENTILE)), 1e-6)
    light, hole = reduced(context.light, ~context.allowed, side)
    return View(encode(np.clip(light / white, 0.0, 1.0), "srgb").astype(np.float32), hole, white)


def reduced(pixels: Pixels, hole: Flags, side: int) -> tuple[Pixels, Flags]:
    """Return both with the longer side at most `side` px: area means, and hole wherever a pixel has part in it."""
    height, width = hole.shape
    size = Size(width, height).fit(side)
    if size == (width, height):
        return pixels, hole
    small = cv2().resize(pixels, size, interpolation=cv2().INTER_AREA)
    share = cv2().resize(hole.astype(np.float32), size, interpolation=cv2().INTER_AREA)
    return small, share > 1e-4


def enlarged(pixels: Pixels, size: Size) -> Pixels:
    """Return `pixels` (h, w, 3) at `size`, bicubic."""
    if pixels.shape[:2] == (size.height, size.width):
        return pixels
    large: Pixels = cv2().resize(pixels, size, interpolation=cv2().INTER_CUBIC)
    return large

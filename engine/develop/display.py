"""From scene-linear light to a picture: the display transform, the output's colour space and its encoding.

The neutral rendering of a scene is one curve, T(x) = (1 - exp(-k x^c)) / N with N = 1 - exp(-k w^c): a gentle toe,
a long shoulder, and white at w = 1.25 times the sensor's clipping point. Following Adobe's DNG SDK ("RGB tone") the
curve acts on the largest and the smallest channel and the third keeps its place between them, so hues do not turn on
the way to white. A source that was rendered for a screen already passes unchanged.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import fastmath
from ..color import REC2020, SPACES, Profile, Transfer, convert, to_xyz
from ..geometry import Box, Size
from ..heap import give_back
from ..jit import inline, kernel
from ..photo import Photo, Pixels, forget_proxy
from ..tiles import TILE_HEIGHT, TILE_WIDTH, Progress, in_order, no_progress, split

Rendering = Literal["standard", "linear"]
SampleType = Literal["uint8", "uint16", "float32"]

_TOE, _GAIN, _WHITE = 1.3, 2.75, 1.25
_NORM = 1.0 - math.exp(-_GAIN * _WHITE**_TOE)
_BAND_PIXELS, _BANDS_AHEAD = 1_060_000, 2  # what is rendered at once waits in memory until the writer has it
_HOLD_COLOUR = np.float32(0.8)  # how far a colour beyond white is brought back by darkening instead of bleaching


@dataclass(frozen=True)
class OutputSpec:
    """What finished pixels look like: colour space, rendering and sample type.

    `tone` "standard" is the neutral rendering, "linear" clips scene light at 1.0 and nothing else, for comparison with
    other decoders. Integer samples are full range; float32 samples are encoded values with white = 1.0, and with
    profile "linear" they keep what lies above white.
    """

    profile: Profile = "srgb"
    tone: Rendering = "standard"
    dtype: SampleType = "float32"


def tone(x: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the neutral rendering T of scene light, display-linear in [0, 1]."""
    clipped = np.clip(np.asarray(x, np.float64), 0.0, _WHITE)
    return (1.0 - np.exp(-_GAIN * clipped**_TOE)) / _NORM


def untone(y: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the scene light that T renders as display-linear `y` in [0, 1]."""
    clipped = np.clip(np.asarray(y, np.float64), 0.0, 1.0)
    return (-np.log1p(-clipped * _NORM) / _GAIN) ** (1.0 / _TOE)


class _Curve(NamedTuple):
    """A transfer function: slope * x below `bend`, scale * x ** power + offset above."""

    bend: np.float32
    slope: np.float32
    scale: np.float32
    power: np.float32
    offset: np.float32


def _curve(*numbers: float) -> _Curve:
    return _Curve(*(np.float32(n) for n in numbers))


_CURVES: dict[Transfer, _Curve] = {
    "srgb": _curve(0.0031308, 12.92, 1.055, 1 / 2.4, -0.055),
    "adobe-rgb": _curve(0.0, 0.0, 1.0, 256 / 563, 0.0),
    "prophoto": _curve(2**-9, 16.0, 1.0, 1 / 1.8, 0.0),
    "linear": _curve(2.0, 1.0, 0.0, 1.0, 0.0),
}


@inline
def _tone(x: np.float32) -> np.float32:
    """Return T(x); see `tone`."""
    x = min(max(x, np.float32(1e-12)), np.float32(_WHITE))
    power = fastmath.exp2(np.float32(_TOE) * fastmath.log2(x))
    return (np.float32(1) - fastmath.exp2(np.float32(-_GAIN / math.log(2)) * power)) * np.float32(1 / _NORM)


@inline
def _soft_gamut(c: np.float32, high: np.float32, per_high: np.float32) -> np.float32:
    """Return channel `c` with its distance from the largest one compressed from 0.85..1.4 to 0.85..1.

    The curve is the ACES reference gamut compression's (2021) with power 1: neutral and ordinary colours stay.
    """
    threshold, scale = np.float32(0.85), np.float32(0.20625)
    over = (high - c) * per_high - threshold
    return high * (np.float32(1) - threshold - over * scale / (scale + over)) if over > np.float32(0) else c


@inline
def _load(pixels: NDArray[np.float32], gain: np.float32, line: NDArray[np.float32]) -> None:
    """Fill line (3, w) with one row (w, 3) of pixels times `gain`."""
    for i in range(pixels.shape[0]):
        for c in range(3):
            line[c, i] = pixels[i, c] * gain


@inline
def _render_(line: NDArray[np.float32], spare: NDArray[np.float32]) -> None:
    """Apply T to a row (3, w): to the largest and the smallest channel, the third in between; `spare` is (4, w)."""
    for i in range(line.shape[1]):
        spare[0, i] = min(min(line[0, i], line[1, i]), line[2, i])
        spare[1, i] = max(max(line[0, i], line[1, i]), line[2, i])
    for n in range(2):
        for i in range(line.shape[1]):
            spare[2 + n, i] = _tone(spare[n, i])
    for i in range(line.shape[1]):
        low, new_low = spare[0, i], spare[2, i]
        ratio = (spare[3, i] - new_low) / max(spare[1, i] - low, np.float32(1e-9))
        for c in range(3):
            line[c, i] = new_low + (line[c, i] - low) * ratio


@inline
def _to_output_(line: NDArray[np.float32], matrix: NDArray[np.float32]) -> None:
    """Multiply a row (3, w) by `matrix`."""
    for i in range(line.shape[1]):
        r, g, b = line[0, i], line[1, i], line[2, i]
        line[0, i] = matrix[0, 0] * r + matrix[0, 1] * g + matrix[0, 2] * b
        line[1, i] = matrix[1, 0] * r + matrix[1, 1] * g + matrix[1, 2] * b
        line[2, i] = matrix[2, 0] * r + matrix[2, 1] * g + matrix[2, 2] * b


@inline
def _soften_(line: NDArray[np.float32]) -> None:
    """Compress very saturated colours of a row (3, w) towards the inside of the gamut."""
    r, g, b = line[0], line[1], line[2]
    saturated = 0  # counted, because LLVM vectorises a sum of integers and no search
    for i in range(r.shape[0]):
        low, high = min(min(r[i], g[i]), b[i]), max(max(r[i], g[i]), b[i])
        saturated += np.int32(np.float32(0.15) * high > low)
    if saturated == 0:
        return
    for i in range(r.shape[0]):
        x, y, z = r[i], g[i], b[i]
        high = max(max(max(x, y), z), np.float32(1e-9))
        per_high = np.float32(1) / high
        r[i], g[i], b[i] = (
            _soft_gamut(x, high, per_high),
            _soft_gamut(y, high, per_high),
            _soft_gamut(z, high, per_high),
        )


@inline
def _fit_gamut_(line: NDArray[np.float32], weights: NDArray[np.float32]) -> None:
    """Move colours of a row (3, w) towards their own grey until no channel is below 0 or above 1.

    What is too bright for the gamut is also darkened: grey alone would bleach a bright yellow.
    """
    zero, one, rounding = np.float32(0), np.float32(1), np.float32(4e-6)
    r, g, b = line[0], line[1], line[2]
    outside = 0
    for i in range(r.shape[0]):
        low, high = min(min(r[i], g[i]), b[i]), max(max(r[i], g[i]), b[i])
        outside += np.int32(max(-low, high - one) > rounding)
    if outside == 0:
        return
    for i in range(r.shape[0]):
        x, y, z = r[i], g[i], b[i]
        low, high = min(min(x, y), z), max(max(x, y), z)
        inside = (low >= -rounding) & (high <= one + rounding)
        luma = min(max(weights[0] * x + weights[1] * y + weights[2] * z, zero), one)
        keep = luma / (luma - low) if low < zero else one
        darken = _HOLD_COLOUR / high + (one - _HOLD_COLOUR) if high > one else one
        luma *= darken
        high *= darken
        keep = min(keep, (one - luma) / (high - luma)) if high > one else keep
        r[i] = x if inside else luma + (x * darken - luma) * keep
        g[i] = y if inside else luma + (y * darken - luma) * keep
        b[i] = z if inside else luma + (z * darken - luma) * keep


@inline
def _encode_(line: NDArray[np.float32], curve: tuple[np.float32, ...]) -> None:
    """Apply a transfer function to a row (3, w) of values in [0, 1]."""
    bend, slope, scale, power, offset = curve
    for c in range(3):
        for i in range(line.shape[1]):
            x = min(max(line[c, i], np.float32(0)), np.float32(1))
            curved = scale * fastmath.exp2(power * fastmath.log2(max(x, np.float32(1e-12)))) + offset
            line[c, i] = slope * x if x <= bend else curved


@kernel
def _finish(
    pixels: NDArray[np.float32],
    matrices: tuple[NDArray[np.float32], NDArray[np.float32]],
    curve: tuple[np.float32, ...],
    numbers: tuple[np.float32, np.float32, np.float32, bool, bool],
    out: NDArray[Any],
) -> None:
    """Fill `out` with encoded samples of scene-linear Rec.2020 `pixels`, both (h, w, 3).

    matrices: Rec.2020 to the output's primaries, the output's luminance weights. curve: a _Curve.
    numbers: gain before T, full scale, rounding offset, render by T?, keep what lies outside [0, 1]?
    """
    gain, full, rounding, scene, unbounded = numbers
    line = np.empty((3, pixels.shape[1]), np.float32)
    spare = np.empty((4, pixels.shape[1]), np.float32)
    for j in range(pixels.shape[0]):
        _load(pixels[j], gain, line)
        if scene:
            _render_(line, spare)
        _to_output_(line, matrices[0])
        if not unbounded:
            if scene:
                _soften_(line)
            _fit_gamut_(line, matrices[1])
            _encode_(line, curve)
        row = out[j]
        for i in range(row.shape[0]):
            for c in range(3):
                row[i, c] = line[c, i] * full + rounding


_SCALES: dict[SampleType, tuple[float, float]] = {"uint8": (255, 0.5), "uint16": (65535, 0.5), "float32": (1, 0)}


def encode_display(
    pixels: Pixels, spec: OutputSpec, kind: Literal["scene", "display"], baseline_ev: float = 0.0
) -> NDArray[Any]:
    """Return scene-linear Rec.2020 `pixels` (h, w, 3) as encoded samples of `spec.dtype`.

    kind: the source's; only "scene" light is rendered by T. baseline_ev: the camera's own offset, in EV.
    """
    out = np.empty(pixels.shape, spec.dtype)
    encode_display_(out, pixels, spec, (kind, baseline_ev))
    return out


@cache
def _matrices(profile: Profile) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the matrix from Rec.2020 to the profile's primaries, and the profile's luminance weights."""
    space = SPACES[profile]
    return convert(REC2020, space).astype(np.float32), to_xyz(space)[1].astype(np.float32)


def encode_display_(
    out: NDArray[Any], pixels: Pixels, spec: OutputSpec, light: tuple[Literal["scene", "display"], float]
) -> None:
    """Write the encoded samples of `pixels` into `out`; `light` is the source's kind and baseline in EV."""
    space = SPACES[spec.profile]
    scene = light[0] == "scene" and spec.tone == "standard"
    gain = 2.0 ** light[1] if scene else 1.0
    full, rounding = _SCALES[spec.dtype]
    unbounded = spec.profile == "linear" and spec.dtype == "float32" and not scene
    numbers = (np.float32(gain), np.float32(full), np.float32(rounding), scene, unbounded)
    _finish(pixels, _matrices(spec.profile), tuple(_CURVES[space.transfer]), numbers, out)


def _light(photo: Photo) -> tuple[Literal["scene", "display"], float]:
    return photo.source.kind, float(getattr(photo.source, "baseline_ev", 0.0))


def render_display(
    photo: Photo, spec: OutputSpec, box: Box | None = None, scale: float = 1.0, progress: Progress = no_progress
) -> NDArray[Any]:
    """Return the finished (h, w, 3) samples of `box` of the frame rendered at `scale`; see Photo.render."""
    box = box or Box.of(photo.size_at(scale))
    out = np.empty((box.height, box.width, 3), spec.dtype)
    light = _light(photo)

    def keep(tile: Box, pixels: Pixels) -> None:
        encode_display_(out[tile.slices(box)], pixels, spec, light)

    photo.each_tile(box, scale, keep, progress)
    return out


def preview_scale(photo: Photo, max_side: int) -> float:
    """Return the scale at which the finished photo's longer side is at most `max_side` px, at most 1."""
    return min(1.0, max_side / max(photo.size))


def photo_strips(
    photo: Photo, spec: OutputSpec, frame_scale: float, rows: int, progress: Progress = no_progress
) -> Iterator[NDArray[Any]]:
    """Yield the finished frame from top to bottom in strips of `rows` rows (the last may be shorter).

    The next strips are computed while the caller works on the one it was given. Closing the iterator stops the work.
    """
    whole = Box.of(photo.size_at(frame_scale))
    pixels_of, light = photo.tile_renderer(whole, frame_scale), _light(photo)
    forget_proxy(photo.source)  # the edits have seen it, and the photo is written for seconds
    give_back()
    started: deque[NDArray[Any]] = deque()

    def encode(tile: Box, band: Box, out: NDArray[Any]) -> None:
        encode_display_(out[tile.slices(band)], pixels_of(tile), spec, light)

    def bands() -> Iterator[list[Callable[[], None]]]:
        height = rows * max(1, min(_BAND_PIXELS // whole.width, TILE_HEIGHT) // rows)
        for band in split(whole, whole.width, height):
            out = np.empty((band.height, band.width, 3), spec.dtype)
            started.append(out)
            yield [partial(encode, tile, band, out) for tile in split(band, TILE_WIDTH * TILE_HEIGHT // height)]

    done, total = 0, -(-whole.height // rows)
    with closing(in_order(bands(), _BANDS_AHEAD)) as ready:
        for _ in ready:
            band = started.popleft()
            for top in range(0, len(band), rows):
                yield band[top : top + rows]
                done += 1
                progress(done, total)
            del band  # before the next one is begun


def frame_size(photo: Photo, max_side: int | None) -> tuple[Size, float]:
    """Return the size of the finished frame limited to `max_side`, and the scale that gives it."""
    scale = preview_scale(photo, max_side) if max_side else 1.0
    return photo.size_at(scale), scale

"""The develop settings as look-up tables: pure arithmetic, small arrays, no pixels.

Tones are measured in EV from middle grey (0.18), hues in Oklab (Björn Ottosson, 2020).
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color import D65, REC2020_TO_XYZ, XYZ_TO_REC2020, adapt, decode, encode
from . import display
from .settings import CHANNELS, HUES, TONES, CurvePoint, DevelopSettings, Grade, HueShift

Table = NDArray[np.float32]

EV_LOW, EV_HIGH, EV_STEPS = -16.0, 8.0, 64
_HUE_CENTRES = (29.0, 58.0, 105.0, 142.0, 195.0, 250.0, 300.0, 345.0)  # Oklab degrees of settings.HUES
_HUE_STEPS = 360
_LIGHTNESS_STEPS = 256

# Oklab: XYZ -> cone responses, cube root, then lightness and two opponent axes.
_OKLAB_CONES = np.array(
    [
        [0.8189330101, 0.3618667424, -0.1288597137],
        [0.0329845436, 0.9293118715, 0.0361456387],
        [0.0482003018, 0.2643662691, 0.6338517070],
    ]
)
_OKLAB_AXES = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _smooth(x: NDArray[np.float64], start: float, stop: float) -> NDArray[np.float64]:
    """Return 0 at `start`, 1 at `stop`, a smoothstep between; `stop` may lie below `start`."""
    t = np.clip((x - start) / (stop - start), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def light_matrix(settings: DevelopSettings) -> Table:
    """Return the 3x3 matrix for exposure, temperature and tint on linear Rec.2020; neutral light stays at its Y."""
    gain = 2.0**settings.exposure_ev
    if settings.temperature == 0.0 and settings.tint == 0.0:
        return (np.eye(3) * gain).astype(np.float32)
    shift = XYZ_TO_REC2020 @ adapt(D65, _shifted_white(settings.temperature, settings.tint)) @ REC2020_TO_XYZ
    return (shift * gain).astype(np.float32)


def _shifted_white(temperature: float, tint: float) -> tuple[float, float]:
    """Return the CIE xy that white moves to: +100 is 75 mired along the daylight locus, tint 0.012 in uv across it."""
    mired = 1e6 / 6504.0 + 0.75 * temperature
    x, y = D65
    here, there = np.array(_planck_uv(1e6 / 6504.0)), np.array(_planck_uv(mired))
    along = np.array(_planck_uv(mired + 1.0)) - there
    across = np.array([-along[1], along[0]]) / math.hypot(*along)
    across *= -math.copysign(1.0, across[1])
    white_uv = np.array([4 * x, 6 * y]) / (-2 * x + 12 * y + 3)
    u, v = white_uv + (there - here) + across * (0.00012 * tint)
    return 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)


def _planck_uv(mired: float) -> tuple[float, float]:
    """Return CIE 1960 uv of a black body (Krystek 1985, 1000 to 15000 K)."""
    t = 1e6 / mired
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t)
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t)
    return u, v


def tone_tables(settings: DevelopSettings) -> Table | None:
    """Return (3, n) tables over EV from EV_LOW: the EV to add by a pixel's own tone, by its surroundings' tone,
    and the share of local contrast to add; None if the tone settings are neutral."""
    s = settings
    if not any((s.contrast, s.highlights, s.shadows, s.whites, s.blacks, s.clarity)):
        return None
    ev = np.arange(EV_LOW, EV_HIGH + 1e-9, 1.0 / EV_STEPS)
    slope = 2.0 ** (0.7 * s.contrast / 100) - 1.0
    own = slope * 3.0 * np.tanh(ev / 3.0)
    own += 0.010 * s.whites * _smooth(ev, 0.0, 3.0) + 0.020 * s.blacks * _smooth(ev, -2.0, -8.0)
    around = 0.018 * s.shadows * _smooth(ev, 0.7, -2.6) * (1.0 - 0.7 * _smooth(ev, -6.0, -11.0))
    around += 0.015 * s.highlights * _smooth(ev, -0.3, 2.6)
    local = 0.9 * s.clarity / 100 * np.exp(-((ev / 3.5) ** 2))
    return np.stack([own, around, local]).astype(np.float32)


def white_gain(settings: DevelopSettings) -> float:
    """Return the factor by which exposure and tone brighten an even white area."""
    ev = settings.exposure_ev
    if (tone := tone_tables(settings)) is not None:
        index = round((math.log2(1.0 / 0.18) - EV_LOW) * EV_STEPS)
        ev += float(tone[0, index] + tone[1, index])
    return 2.0**ev


class ColourTables(NamedTuple):
    """What the colour stage reads. hue: (n + 1, 5) over Oklab hue: cos and sin of the turn, chroma factor, lightness
    factor - 1, share of vibrance. lightness: (3, n + 1) over Oklab L from 0 to 1: a and b per L, lightness factor - 1.
    by_hue and by_lightness say whether a table does anything."""

    to_cones: Table
    to_axes: Table
    from_axes: Table
    from_cones: Table
    hue: Table
    lightness: Table
    saturation: np.float32
    vibrance: np.float32
    by_hue: bool
    by_lightness: bool


def colour_tables(settings: DevelopSettings) -> ColourTables | None:
    """Return the tables for saturation, vibrance, mixer and grading; None if they are neutral."""
    mixer = {h: shift for h, shift in settings.color_mixer.items() if shift != HueShift()}
    grades = {t: g for t, g in settings.color_grading.items() if g.saturation or g.luminance}
    if not (settings.saturation or settings.vibrance or mixer or grades):
        return None
    cones, axes = _oklab()
    return ColourTables(
        cones.astype(np.float32),
        axes.astype(np.float32),
        np.linalg.inv(axes).astype(np.float32),
        np.linalg.inv(cones).astype(np.float32),
        _hue_table([mixer.get(h, HueShift()) for h in HUES]),
        _lightness_table([grades.get(t, Grade()) for t in TONES]),
        np.float32(1.0 + settings.saturation / 100),
        np.float32(settings.vibrance / 100),
        bool(mixer or settings.vibrance),
        bool(grades),
    )


def _oklab() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Oklab's matrices for linear Rec.2020, with their published digits rounded so that grey has no hue."""
    cones = _OKLAB_CONES @ REC2020_TO_XYZ
    axes = _OKLAB_AXES.copy()
    axes[0] /= axes[0].sum()
    axes[1:] -= axes[1:].mean(axis=1, keepdims=True)
    return cones / cones.sum(axis=1, keepdims=True), axes


def _hue_table(shifts: list[HueShift]) -> Table:
    degrees = np.arange(_HUE_STEPS + 1) * (360.0 / _HUE_STEPS)
    values = np.array([(s.hue, s.saturation, s.luminance) for s in shifts]) / 100
    centres = np.array([*_HUE_CENTRES, _HUE_CENTRES[0] + 360.0])
    at = np.where(degrees < centres[0], degrees + 360.0, degrees)
    band = np.clip(np.searchsorted(centres, at, side="right") - 1, 0, len(shifts) - 1)
    share = _smooth((at - centres[band]) / (centres[band + 1] - centres[band]), 0.0, 1.0)[:, None]
    mixed = values[band] * (1 - share) + values[(band + 1) % len(shifts)] * share
    turn = np.radians(mixed[:, 0] * 30.0)
    skin = 1.0 - 0.65 * np.exp(-(((degrees - 55.0) / 25.0) ** 2))
    return np.column_stack([np.cos(turn), np.sin(turn), 1 + mixed[:, 1], 0.4 * mixed[:, 2], skin]).astype(np.float32)


def _lightness_table(grades: list[Grade]) -> Table:
    lightness = np.linspace(0.0, 1.0, _LIGHTNESS_STEPS + 1)
    shadows, highlights = _smooth(lightness, 0.58, 0.25), _smooth(lightness, 0.55, 0.90)
    shares = np.stack([shadows, 1.0 - shadows - highlights, highlights, np.ones_like(lightness)], axis=1)
    tints = np.array(
        [
            (
                0.0018 * g.saturation * math.cos(math.radians(g.hue + 29.0)),
                0.0018 * g.saturation * math.sin(math.radians(g.hue + 29.0)),
                0.003 * g.luminance,
            )
            for g in grades
        ]
    )
    return np.ascontiguousarray((shares @ tints).T, np.float32)


def curve_table(settings: DevelopSettings, kind: Literal["scene", "display"]) -> Table | None:
    """Return (3, n) tables over EV from EV_LOW: the EV to add to each linear channel; None if all curves are straight.

    A curve is drawn over the picture as it is shown, so a scene's light goes through the display transform first.
    """
    curves = {c: points for c, points in settings.curve.items() if any(x != y for x, y in points)}
    if not curves:
        return None
    ev = np.arange(EV_LOW, EV_HIGH + 1e-9, 1.0 / EV_STEPS)
    light = 0.18 * 2.0**ev
    shown = encode(display.tone(light) if kind == "scene" else np.minimum(light, 1.0), "srgb")
    tables: list[NDArray[np.float64]] = []
    for channel in CHANNELS[1:]:
        value = _curve(curves.get(channel, ()), _curve(curves.get("rgb", ()), shown))
        new = decode(np.clip(value, 0.0, 1.0), "srgb")
        new = display.untone(np.minimum(new, 0.99999)) if kind == "scene" else new
        tables.append(np.where(light < 1.0, np.log2(np.maximum(new, 1e-7) / light), 0.0))
    stacked = np.stack(tables)
    last = int(np.searchsorted(light, 1.0)) - 1
    stacked[:, last + 1 :] = stacked[:, last : last + 1]  # above white the curve goes on as an even gain
    return stacked.astype(np.float32)


def _curve(points: tuple[CurvePoint, ...], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the monotone cubic through `points` at `x` (Fritsch and Carlson 1980); flat beyond the end points."""
    if len(points) < 2:
        return x
    px, py = (np.array(v, np.float64) for v in zip(*points, strict=True))
    width = np.diff(px)
    secant = np.diff(py) / width
    slope = np.concatenate([secant[:1], (secant[:-1] + secant[1:]) / 2, secant[-1:]])
    slope[1:-1][secant[:-1] * secant[1:] <= 0] = 0.0
    limit = 3.0 * np.minimum(np.append(np.abs(secant), np.inf), np.insert(np.abs(secant), 0, np.inf))
    slope = np.clip(slope, -limit, limit)
    k = np.clip(np.searchsorted(px, x, side="right") - 1, 0, len(width) - 1)
    t = np.clip((x - px[k]) / width[k], 0.0, 1.0)
    rise = py[k + 1] - py[k]
    start, end = slope[k] * width[k], slope[k + 1] * width[k]
    return py[k] + t * start + t * t * (3 * rise - 2 * start - end) + t**3 * (start + end - 2 * rise)

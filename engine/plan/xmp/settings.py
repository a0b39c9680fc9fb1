"""Develop settings as Camera Raw settings, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...develop.settings import CHANNELS, HUES, SETTINGS, DevelopSettings, Grade, HueShift
from ..declare import CURVE_POINTS_MAX
from ..spec import shown
from . import fields
from .fields import Field
from .rdf import Struct, Value

_STEPS = 255  # of a tone curve, in x and y
_SHIFTS = frozenset({"IncrementalTemperature", "IncrementalTint"})
_TRUE = ("true", "1")


@dataclass
class Remarks:
    """What could not be said, in plain words."""

    lines: list[str] = field(default_factory=list[str])


def global_settings(settings: DevelopSettings, remarks: Remarks, light: tuple[float, float] | None = None) -> Struct:
    """Return the properties of settings on the whole photo; what cannot be said goes to `remarks`.

    light: kelvin and tint that the camera chose, where the photo is a RAW file: then the white balance is absolute.
    """
    said = _sliders(settings, fields.GLOBAL, remarks)
    if said.keys() & _SHIFTS:
        said["WhiteBalance"] = "Custom"
        if light is not None:
            said = {name: value for name, value in said.items() if name not in _SHIFTS}
            kelvin, tint = shifted_light(light, settings.temperature, settings.tint)
            return _with_colours(said | {"Temperature": f"{kelvin:.0f}", "Tint": f"{tint:+.0f}"}, settings, remarks)
        remarks.lines.append(
            "Temperature and tint are shifts, which Lightroom applies to JPEG, PNG and TIFF files; "
            "for a RAW file it needs Kelvin, which take the RAW file itself (--photo)."
        )
    return _with_colours(said, settings, remarks)


def shifted_light(light: tuple[float, float], temperature: float, tint: float) -> tuple[float, float]:
    """Return kelvin and tint of the light that is neutral after a plan's shifts, kept in Lightroom's ranges.

    A shift of 100 is 75 mired in temperature and 0.012 in CIE 1960 uv across it, as `develop.tables` moves white; a
    unit of DNG's tint is 1/3000 in uv. What makes a picture warmer is taking its light for a bluer one.
    """
    mired = 1e6 / light[0] - 0.75 * temperature
    kelvin = 1e6 / max(mired, 1.0)
    return min(max(kelvin, 2000.0), 50000.0), min(max(light[1] + 0.36 * tint, -150.0), 150.0)


def _with_colours(said: Struct, settings: DevelopSettings, remarks: Remarks) -> Struct:
    return said | _mixer(settings, remarks) | _grading(settings) | _curves(settings, remarks)


def local_settings(settings: DevelopSettings, remarks: Remarks) -> Struct:
    """Return the properties of settings on a part of the photo; what cannot be said goes to `remarks`."""
    said = _sliders(settings, fields.LOCAL, remarks)
    known = {entry.setting for entry in fields.LOCAL} | _SHAPES
    left = [name for name, rule in SETTINGS.items() if name not in known and getattr(settings, name) != rule.neutral]
    left += [name for name in ("color_mixer", "color_grading", "curve") if getattr(settings, name)]
    if left:
        remarks.lines.append(f"Lightroom has no {_listed(left)} for a part of the photo.")
    return said


def read_global(said: Mapping[str, Value], remarks: Remarks) -> DevelopSettings:
    """Return the settings on the whole photo that the properties say."""
    values: dict[str, Any] = _read_sliders(said, fields.GLOBAL, remarks)
    gray = _text(said, "ConvertToGrayscale").lower() in _TRUE
    if gray:
        values["saturation"] = -100.0
    mixer = {hue: _band(said, hue, gray, remarks) for hue in HUES}
    grading = {tone: _wheel(said, names, remarks) for tone, names in fields.GRADING.items()}
    values["color_mixer"] = {hue: shift for hue, shift in mixer.items() if shift != HueShift()}
    values["color_grading"] = {tone: grade for tone, grade in grading.items() if grade != Grade()}
    curves = {channel: _read_curve(said, fields.CURVES[channel], remarks) for channel in CHANNELS}
    values["curve"] = {channel: points for channel, points in curves.items() if points}
    return DevelopSettings(**values)


def read_local(said: Mapping[str, Value], remarks: Remarks) -> DevelopSettings:
    """Return the settings on a part of the photo that the properties of a correction say, at its amount."""
    values: dict[str, Any] = _read_sliders(said, fields.LOCAL, remarks)
    amount = number(said, "CorrectionAmount", 1.0, remarks)
    settings = DevelopSettings(**values)
    return settings if amount == 1.0 else settings.scaled(min(max(amount, 0.0), 2.0))


def number(said: Mapping[str, Value], name: str, default: float, remarks: Remarks) -> float:
    """Return a property as a number; what is none is said in `remarks` and taken for `default`."""
    value = said.get(name)
    if value is None or value == "":
        return default
    try:
        found = float(value) if isinstance(value, str) and len(value) < 40 else math.nan
    except ValueError:
        found = math.nan
    if math.isfinite(found):
        return found
    remarks.lines.append(f"{name}: expected a number, found {shown(value)}.")
    return default


_SHAPES = {"sharpen_radius_px", "vignette_midpoint", "vignette_feather", "grain_size"}


def _sliders(settings: DevelopSettings, table: Iterable[Field], remarks: Remarks) -> Struct:
    said: Struct = {}
    changed: list[str] = []
    for entry in table:
        value = getattr(settings, entry.setting)
        if value == SETTINGS[entry.setting].neutral:
            continue
        text = format(min(max(value / entry.scale, entry.low), entry.high), entry.form)
        said[entry.name] = text
        if abs(float(text) * entry.scale - value) > 1e-4:
            changed.append(f"{_words(entry.setting)} {value:g} to {float(text) * entry.scale:g}")
    if changed:
        remarks.lines.append(f"Rounded or limited to what Lightroom takes: {', '.join(changed)}.")
    return said


def _read_sliders(said: Mapping[str, Value], table: Iterable[Field], remarks: Remarks) -> dict[str, float]:
    values: dict[str, float] = {}
    for entry in table:
        rule = SETTINGS[entry.setting]
        if entry.name in said:
            value = number(said, entry.name, rule.neutral / entry.scale, remarks) * entry.scale
            limited = min(max(round(value, 4), rule.low), rule.high)
            if abs(limited - value) > 1e-3:
                remarks.lines.append(f"{entry.name}: {value:g} is limited to {limited:g}.")
            values[entry.setting] = limited + 0.0
    return values


def _mixer(settings: DevelopSettings, remarks: Remarks) -> Struct:
    said: Struct = {}
    gray = settings.saturation == -100
    if gray:
        said["ConvertToGrayscale"] = "True"
        said |= {fields.GRAY_MIXER[hue]: "0" for hue in HUES}
    idle: list[str] = []
    for hue, shift in settings.color_mixer.items():
        for part, name in fields.mixer_names(hue).items():
            value = _whole(getattr(shift, part), remarks, f"{hue} {part}")
            if gray and part == "luminance":
                said[fields.GRAY_MIXER[hue]] = f"{value:+d}" if value else "0"
            elif gray:
                idle += [f"{hue} {part}"] * bool(value)
            elif value:
                said[name] = f"{value:+d}"
    if idle:
        remarks.lines.append(f"Black and white of Lightroom has no {_listed(idle)}.")
    return said


def _band(said: Mapping[str, Value], hue: Any, gray: bool, remarks: Remarks) -> HueShift:
    if gray:
        return HueShift(luminance=_within(number(said, fields.GRAY_MIXER[hue], 0.0, remarks), -100.0, 100.0))
    parts = fields.mixer_names(hue)
    return HueShift(**{part: _within(number(said, name, 0.0, remarks), -100.0, 100.0) for part, name in parts.items()})


def _grading(settings: DevelopSettings) -> Struct:
    said: Struct = {}
    for tone, grade in settings.color_grading.items():
        if grade == Grade():
            continue
        hue, saturation, luminance = fields.GRADING[tone]
        said |= {hue: f"{grade.hue:.0f}", saturation: f"{grade.saturation:.0f}", luminance: f"{grade.luminance:+.0f}"}
    return said | {"ColorGradeBlending": "50"} if said else said


def _wheel(said: Mapping[str, Value], names: tuple[str, str, str], remarks: Remarks) -> Grade:
    hue, saturation, luminance = (number(said, name, 0.0, remarks) for name in names)
    if not saturation and not luminance:
        return Grade()
    return Grade(_within(hue, 0.0, 360.0), _within(saturation, 0.0, 100.0), _within(luminance, -100.0, 100.0))


def _curves(settings: DevelopSettings, remarks: Remarks) -> Struct:
    said: Struct = {}
    for channel, points in settings.curve.items():
        placed = {round(x * _STEPS): round(y * _STEPS) for x, y in points}
        if len(placed) < len(points):
            remarks.lines.append("Points of the tone curve that are closer than 1/255 became one.")
        said[fields.CURVES[channel]] = [f"{x}, {y}" for x, y in sorted(placed.items())]
    return said | {"ToneCurveName2012": "Custom"} if said else said


def _read_curve(said: Mapping[str, Value], name: str, remarks: Remarks) -> tuple[tuple[float, float], ...]:
    items = said.get(name, [])
    try:
        points = dict(_point(item) for item in items) if isinstance(items, list) else {}
    except ValueError:
        points = {0.0: 0.0}
    curve = tuple(sorted(points.items()))
    if not items or (len(curve) > 1 and all(x == y for x, y in curve) and curve[0][0] == 0 and curve[-1][0] == 1):
        return ()
    if not 2 <= len(curve) <= CURVE_POINTS_MAX:
        remarks.lines.append(f"{name}: expected 2 to {CURVE_POINTS_MAX} points from 0 to 255.")
        return ()
    return curve


def _point(item: Value) -> tuple[float, float]:
    """Return "x, y" from 0 to 255 as fractions. Raises ValueError."""
    if not isinstance(item, str) or len(item) > 40:
        raise ValueError("no point")
    x, y = (float(part) for part in item.split(","))
    if not (0 <= x <= _STEPS and 0 <= y <= _STEPS):
        raise ValueError("no point")
    return round(x / _STEPS, 4), round(y / _STEPS, 4)


def _whole(value: float, remarks: Remarks, what: str) -> int:
    if value != round(value):
        remarks.lines.append(f"Rounded to what Lightroom takes: {what} {value:g} to {round(value)}.")
    return round(value)


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high) + 0.0


def _text(said: Mapping[str, Value], name: str) -> str:
    value = said.get(name, "")
    return value if isinstance(value, str) else ""


def _words(name: str) -> str:
    return name.removesuffix("_ev").removesuffix("_px").replace("_", " ").replace("color", "colour")


def _listed(names: Iterable[str], word: Callable[[str], str] = _words) -> str:
    return ", ".join(map(word, names))

"""The develop settings: one table of names, ranges and meanings that plans, nodes, words and kernels share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, get_args

Hue = Literal["red", "orange", "yellow", "green", "aqua", "blue", "purple", "magenta"]
HUES: tuple[Hue, ...] = get_args(Hue)
Tone = Literal["shadows", "midtones", "highlights", "whole"]
TONES: tuple[Tone, ...] = get_args(Tone)
Channel = Literal["rgb", "red", "green", "blue"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
AutoPart = Literal["all", "tone", "exposure", "white_balance"]
AUTO_PARTS: tuple[AutoPart, ...] = get_args(AutoPart)


class Setting(NamedTuple):
    """One slider: its range, its neutral value and what it does, in the unit that the text names."""

    low: float
    high: float
    neutral: float
    step: float
    group: Literal["tone", "presence", "colour", "detail", "effects"]
    text: str


SETTINGS: dict[str, Setting] = {
    "exposure_ev": Setting(-5, 5, 0, 0.05, "tone", "Exposure in EV; +1 doubles linear light."),
    "contrast": Setting(-100, 100, 0, 1, "tone", "Contrast around middle grey, -100 to 100."),
    "highlights": Setting(-100, 100, 0, 1, "tone", "Bright areas; below 0 brings detail back. -100 to 100."),
    "shadows": Setting(-100, 100, 0, 1, "tone", "Dark areas; above 0 lifts them. -100 to 100."),
    "whites": Setting(-100, 100, 0, 1, "tone", "White point: where the brightest tones end. -100 to 100."),
    "blacks": Setting(-100, 100, 0, 1, "tone", "Black point: where the darkest tones end. -100 to 100."),
    "temperature": Setting(-100, 100, 0, 1, "colour", "Warmer above 0, cooler below. -100 to 100."),
    "tint": Setting(-100, 100, 0, 1, "colour", "Magenta above 0, green below. -100 to 100."),
    "vibrance": Setting(-100, 100, 0, 1, "colour", "Saturation of muted colours; spares skin. -100 to 100."),
    "saturation": Setting(-100, 100, 0, 1, "colour", "Saturation of all colours; -100 is black and white."),
    "texture": Setting(-100, 100, 0, 1, "presence", "Contrast of fine structure. -100 to 100."),
    "clarity": Setting(-100, 100, 0, 1, "presence", "Local contrast in the midtones. -100 to 100."),
    "dehaze": Setting(-100, 100, 0, 1, "presence", "Removes haze above 0, adds it below. -100 to 100."),
    "sharpening": Setting(0, 150, 0, 1, "detail", "Sharpening amount, 0 to 150."),
    "sharpen_radius_px": Setting(0.5, 3, 1, 0.1, "detail", "Sharpening radius in px of the full frame."),
    "noise_reduction": Setting(0, 100, 0, 1, "detail", "Luminance noise reduction, 0 to 100."),
    "color_noise_reduction": Setting(0, 100, 0, 1, "detail", "Colour noise reduction, 0 to 100."),
    "vignette": Setting(-100, 100, 0, 1, "effects", "Darkens the corners below 0, brightens them above."),
    "vignette_midpoint": Setting(0, 100, 50, 1, "effects", "How far the vignette stays from the centre, 0 to 100."),
    "vignette_feather": Setting(0, 100, 50, 1, "effects", "Softness of the vignette, 0 to 100."),
    "grain": Setting(0, 100, 0, 1, "effects", "Film grain amount, 0 to 100."),
    "grain_size": Setting(0, 100, 25, 1, "effects", "Film grain size, 0 to 100."),
}


@dataclass(frozen=True)
class HueShift:
    """One band of the colour mixer; each value -100 to 100."""

    hue: float = 0.0
    saturation: float = 0.0
    luminance: float = 0.0


@dataclass(frozen=True)
class Grade:
    """One wheel of the colour grading: hue 0 to 360 degrees, saturation 0 to 100, luminance -100 to 100."""

    hue: float = 0.0
    saturation: float = 0.0
    luminance: float = 0.0


CurvePoint = tuple[float, float]


@dataclass(frozen=True)
class DevelopSettings:
    """Every adjustment of one develop step; a fresh instance changes nothing.

    Ranges stand in SETTINGS. `color_mixer` has one HueShift per named hue, `color_grading` one Grade per tonal range.
    `curve` holds (x, y) points from 0 to 1 in display-encoded values per channel, x rising; an absent one is straight.
    """

    exposure_ev: float = 0.0
    contrast: float = 0.0
    highlights: float = 0.0
    shadows: float = 0.0
    whites: float = 0.0
    blacks: float = 0.0
    temperature: float = 0.0
    tint: float = 0.0
    vibrance: float = 0.0
    saturation: float = 0.0
    texture: float = 0.0
    clarity: float = 0.0
    dehaze: float = 0.0
    sharpening: float = 0.0
    sharpen_radius_px: float = 1.0
    noise_reduction: float = 0.0
    color_noise_reduction: float = 0.0
    vignette: float = 0.0
    vignette_midpoint: float = 50.0
    vignette_feather: float = 50.0
    grain: float = 0.0
    grain_size: float = 25.0
    color_mixer: Mapping[Hue, HueShift] = field(default_factory=dict[Hue, HueShift])
    color_grading: Mapping[Tone, Grade] = field(default_factory=dict[Tone, Grade])
    curve: Mapping[Channel, tuple[CurvePoint, ...]] = field(default_factory=dict[Channel, tuple[CurvePoint, ...]])

    @property
    def neutral(self) -> bool:
        """True if applying these settings changes no pixel."""
        return (
            all(getattr(self, name) == rule.neutral for name, rule in SETTINGS.items() if name not in _SHAPES)
            and all(shift == HueShift() for shift in self.color_mixer.values())
            and not any(grade.saturation or grade.luminance for grade in self.color_grading.values())
            and all(x == y for points in self.curve.values() for x, y in points)
        )

    def scaled(self, strength: float) -> DevelopSettings:
        """Return the settings with every amount multiplied by `strength` (1 = as they are) and clipped to its range."""
        changes: dict[str, object] = {}
        for name in SETTINGS:
            if name not in _SHAPES:
                rule = SETTINGS[name]
                value = rule.neutral + (getattr(self, name) - rule.neutral) * strength
                changes[name] = min(max(value, rule.low), rule.high)
        changes["color_mixer"] = {
            hue: HueShift(*(max(-100.0, min(100.0, v * strength)) for v in (s.hue, s.saturation, s.luminance)))
            for hue, s in self.color_mixer.items()
        }
        changes["color_grading"] = {
            tone: Grade(
                g.hue, max(0.0, min(100.0, g.saturation * strength)), max(-100.0, min(100.0, g.luminance * strength))
            )
            for tone, g in self.color_grading.items()
        }
        changes["curve"] = {
            channel: tuple((x, max(0.0, min(1.0, x + (y - x) * strength))) for x, y in points)
            for channel, points in self.curve.items()
        }
        return replace(self, **changes)


# Settings that only shape another one, and do nothing alone.
_SHAPES = frozenset({"sharpen_radius_px", "vignette_midpoint", "vignette_feather", "grain_size"})

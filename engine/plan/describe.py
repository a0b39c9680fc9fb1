"""A plan in plain words: what its steps will do."""

from __future__ import annotations

from typing import NamedTuple

from ..develop.settings import HUES, SETTINGS, DevelopSettings
from .abilities import why_not
from .schema import (
    WHOLE,
    Adjust,
    Auto,
    Blur,
    BoxTarget,
    ColorRange,
    Crop,
    EditPlan,
    Expand,
    Flip,
    Generate,
    LuminanceRange,
    Part,
    Phrase,
    Points,
    Region,
    Remove,
    Restyle,
    Rotate,
    Step,
    Straighten,
    Upscale,
    Whole,
)


class _Words(NamedTuple):
    up: str
    down: str


_SLIDERS: dict[str, _Words] = {
    "exposure_ev": _Words("brighter", "darker"),
    "contrast": _Words("more contrast", "less contrast"),
    "highlights": _Words("highlights brighter", "highlights brought down"),
    "shadows": _Words("shadows lifted", "shadows deepened"),
    "whites": _Words("whites brighter", "whites brought down"),
    "blacks": _Words("blacks lifted", "blacks deepened"),
    "temperature": _Words("warmer", "cooler"),
    "tint": _Words("more magenta", "more green"),
    "vibrance": _Words("more vibrant", "less vibrant"),
    "saturation": _Words("more saturated", "less saturated"),
    "texture": _Words("more texture", "softer texture"),
    "clarity": _Words("more clarity", "less clarity"),
    "dehaze": _Words("less haze", "more haze"),
    "sharpening": _Words("sharper", "sharper"),
    "noise_reduction": _Words("less noise", "less noise"),
    "color_noise_reduction": _Words("less colour noise", "less colour noise"),
    "vignette": _Words("brighter corners", "darker corners"),
    "grain": _Words("film grain", "film grain"),
}
_MIXER = {
    "saturation": _Words("more saturated", "less saturated"),
    "luminance": _Words("brighter", "darker"),
}
_AUTOMATIC = {"all": "white balance, tone and colour", "white_balance": "white balance"}
_AUTOMATIC_PART = {"all": "tone and colour"}  # the white balance of a part stays
_NAMES = {"sky": "the sky", "subject": "the subject", "background": "the background", "person": "the person or people"}
_ANGLES = {1: "90 degrees clockwise", 2: "180 degrees", 3: "90 degrees counterclockwise"}


def describe_plan(plan: EditPlan, segmenters: bool = False) -> list[str]:
    """Return one numbered line per step, for example "1. Sky: darker by 0.35 EV.".

    A step that direct editing cannot carry out says so; segmenters: whether a segmentation model is at hand.
    """
    if not plan.steps:
        return ["The plan has no steps: the photo stays as it is."]
    lines: list[str] = []
    for number, step in enumerate(plan.steps, 1):
        reason = why_not(step, segmenters)
        lines.append(f"{number}. {describe_step(step)}{f' Will be left out: {reason}' if reason else ''}")
    return lines


def describe_step(step: Step) -> str:
    """Return one sentence that says what the step will do."""
    match step:
        case Adjust():
            changes = describe_settings(step.settings) or ["no change"]
            return f"{_capital(_short(describe_target(step.target)))}: {', '.join(changes)}."
        case Auto():
            share = f" ({step.amount:g} %)" if step.amount != 100 else ""
            if step.target == WHOLE:
                return f"Automatic {_AUTOMATIC.get(step.part, step.part)}{share}."
            kind = _AUTOMATIC_PART.get(step.part, _AUTOMATIC.get(step.part, step.part))
            return f"Automatic {kind}, {_short(describe_target(step.target))}{share}."
        case Crop():
            return _crop_words(step)
        case Straighten():
            return _straighten_words(step.angle_deg)
        case Rotate():
            return f"Rotate by {_ANGLES[step.quarter_turns]}."
        case Flip():
            return "Flip left to right." if step.axis == "horizontal" else "Flip top to bottom."
        case _:
            return _model_words(step)


def describe_settings(settings: DevelopSettings) -> list[str]:
    """Return what the settings change, one short phrase each, empty if they are neutral."""
    changes = [
        _amount(name, words, getattr(settings, name) - SETTINGS[name].neutral)
        for name, words in _SLIDERS.items()
        if getattr(settings, name) != SETTINGS[name].neutral
    ]
    if settings.saturation == -100:
        changes = ["black and white", *(change for change in changes if change != "less saturated (100)")]
    for hue, shift in settings.color_mixer.items():
        if shift.hue:
            neighbour = HUES[(HUES.index(hue) + (1 if shift.hue > 0 else -1)) % len(HUES)]
            changes.append(f"{hue}s turned towards {neighbour} ({abs(shift.hue):g})")
        parts = ((part, getattr(shift, part)) for part in _MIXER)
        changes += [f"{hue}s {_amount(part, _MIXER[part], value)}" for part, value in parts if value]
    for tone, grade in settings.color_grading.items():
        place = "the photo" if tone == "whole" else tone
        if grade.saturation:
            changes.append(f"{place} tinted {_hue_name(grade.hue)} ({grade.saturation:g})")
        if grade.luminance:
            changes.append(f"{place} {_amount('luminance', _MIXER['luminance'], grade.luminance)}")
    return changes + [f"tone curve ({channel})" for channel in settings.curve]


def describe_target(target: Whole | Part) -> str:
    """Return the target as it is called within a sentence, for example "the sky"."""
    match target:
        case Whole():
            return "the whole photo"
        case Region():
            name = _NAMES[target.kind]
            return f"everything but {name}" if target.invert else name
        case Phrase():
            return f"everything but {_quoted(target.text)}" if target.invert else _quoted(target.text)
        case LuminanceRange():
            return f"tones from {target.low * 100:.0f} to {target.high * 100:.0f} % lightness"
        case ColorRange():
            return f"colours within {target.width_deg:g} degrees of {_hue_name(target.hue_deg)}"
        case BoxTarget():
            across = f"{target.left * 100:.0f} to {target.right * 100:.0f} % from the left"
            return f"the box {across}, {target.top * 100:.0f} to {target.bottom * 100:.0f} % from the top"
        case Points():
            return f"what lies under {len(target.include)} point{'s' if len(target.include) > 1 else ''}"


def _model_words(step: Blur | Remove | Generate | Expand | Restyle | Upscale) -> str:
    match step:
        case Blur():
            return f"Blur {describe_target(step.target)} ({step.amount:g})."
        case Remove():
            return f"Remove {describe_target(step.target)}."
        case Generate():
            be = "are" if step.target in (Region("person"), Region("person", invert=True)) else "is"
            return f"Paint {_quoted(step.prompt)} where {describe_target(step.target)} {be}."
        case Expand():
            return _expand_words(step)
        case Restyle():
            return f"Repaint the photo as {_quoted(step.prompt)}."
        case Upscale():
            return f"Enlarge {step.factor:g} times."


def _crop_words(step: Crop) -> str:
    cut = [
        f"{share * 100:.0f} % off the {side}"
        for side, share in (
            ("left", step.left),
            ("top", step.top),
            ("right", 1 - step.right),
            ("bottom", 1 - step.bottom),
        )
        if share > 0
    ]
    if step.aspect is not None:
        cut.append(f"to {step.aspect}")
    return f"Crop {', '.join(cut)}." if cut else "Crop nothing."


def _expand_words(step: Expand) -> str:
    sides = [(side, getattr(step, side)) for side in ("left", "top", "right", "bottom")]
    grown = [f"{share * 100:.0f} % at the {side}" for side, share in sides if share > 0]
    painted = f" with {_quoted(step.prompt)}" if step.prompt else ""
    return f"Expand the picture{painted}: {', '.join(grown)}." if grown else "Expand the picture by nothing."


def _straighten_words(angle_deg: float | None) -> str:
    if angle_deg is None:
        return "Straighten the photo by its level and upright edges."
    return f"Straighten: turn by {abs(angle_deg):g} degrees {'clockwise' if angle_deg >= 0 else 'counterclockwise'}."


def _amount(name: str, words: _Words, value: float) -> str:
    word = words.up if value > 0 else words.down
    return f"{word} by {abs(value):g} EV" if name == "exposure_ev" else f"{word} ({abs(value):g})"


def _hue_name(hue_deg: float) -> str:
    names = ("red", "orange", "yellow", "lime", "green", "mint", "cyan", "azure", "blue", "violet", "magenta", "rose")
    return names[round(hue_deg / 30) % 12]


def _quoted(text: str) -> str:
    short = " ".join(text.split())
    return f"\N{LEFT DOUBLE QUOTATION MARK}{short[:80]}{'…' if len(short) > 80 else ''}\N{RIGHT DOUBLE QUOTATION MARK}"


def _short(text: str) -> str:
    return text.removeprefix("the ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

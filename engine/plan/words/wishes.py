"""From wishes to steps: which settings an effect means, how much of them, merged per target."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from ...develop.settings import SETTINGS, DevelopSettings, Grade, Hue, HueShift, Tone
from ..describe import describe_target
from ..schema import WHOLE, Adjust, Blur, Region, Step, Target
from .lexicon import Lexicon
from .phrases import LITTLE, LOT, PLAIN, Amount

# Settings that speak of the frame's corners or of film; they are left out of a wish for one part of the photo.
_FRAME_ONLY = frozenset({"vignette", "grain"})
_BANDS_OF_COLOR: Mapping[str, tuple[Hue, ...]] = {
    "red": ("red",),
    "orange": ("orange",),
    "yellow": ("yellow",),
    "green": ("green",),
    "aqua": ("aqua",),
    "blue": ("blue",),
    "purple": ("purple",),
    "magenta": ("magenta",),
    "brown": ("orange",),
}
_BLUR_AMOUNT = 50.0
_LARGEST_VALUE = 150.0
_TOO_LARGE = "{:g} is more than a setting can have, and is left out."
_KELVIN = " Kelvin are for loading a RAW; say warmer or cooler."
_STRONGER_IN_GRAY = frozenset({("contrast", 1), ("punch", 1)})


@dataclass(frozen=True)
class Wish:
    """More (+1) or less (-1) of an effect on a target.

    `effect` is a name in words.json's effects, or "cast:blue", "mixer:green:saturation", "grade:shadows",
    "monochrome".
    """

    effect: str
    direction: int
    target: Target = WHOLE
    amount: Amount = PLAIN


def steps_of(
    wishes: Iterable[Wish | Step], lexicon: Lexicon, protected: Collection[Target] = ()
) -> tuple[list[Step], list[str]]:
    """Return the steps that the wishes mean, one Adjust per target in the order of first mention, and notes.

    A wish that was said twice counts once, with the larger amount; of two opposite wishes the later one counts, and
    a note says so.
    """
    notes: list[str] = []
    merged: dict[tuple[Target, str], Wish | Step] = {}
    for number, wish in enumerate(_together(list(wishes), protected)):
        if not isinstance(wish, Wish):
            merged[WHOLE, f"step {number}"] = wish
            continue
        if wish.amount.kind == "value" and abs(wish.amount.number) > _LARGEST_VALUE:
            notes.append(_TOO_LARGE.format(wish.amount.number) + _KELVIN * (wish.effect == "warmth"))
            continue
        key = wish.target, wish.effect
        before = merged.get(key)
        if isinstance(before, Wish) and before.direction == wish.direction:
            wish = replace(wish, amount=max(before.amount, wish.amount, key=_size))
        elif isinstance(before, Wish):
            notes.append(_contradiction(wish))
        merged[key] = wish
    steps: list[Step] = []
    places: dict[Target, int] = {}
    for wish in merged.values():
        step = _step(wish, lexicon, notes) if isinstance(wish, Wish) else wish
        if isinstance(step, Adjust) and step.target in places:
            place = places[step.target]
            held = steps[place]
            assert isinstance(held, Adjust)
            steps[place] = Adjust(step.target, _added(held.settings, step.settings, notes))
            continue
        if isinstance(step, Adjust):
            places[step.target] = len(steps)
        if step not in steps:
            steps.append(step)
    return steps, notes


def _together(wishes: list[Wish | Step], protected: Collection[Target]) -> list[Wish | Step]:
    """Return the wishes as they are meant beside each other.

    Contrast of a black and white photo is stronger; a subject that shall stand out is helped by its background.
    """
    gray = {wish.target for wish in wishes if isinstance(wish, Wish) and wish.effect == "monochrome"}
    background = Region("background")
    spared = background in protected or any(getattr(wish, "target", None) == background for wish in wishes)
    found: list[Wish | Step] = []
    for wish in wishes:
        if isinstance(wish, Wish) and wish.target in gray and (wish.effect, wish.direction) in _STRONGER_IN_GRAY:
            wish = replace(wish, effect="monochrome_contrast")
        found.append(wish)
        if wish == Wish("punch", 1, Region("subject"), wish.amount if isinstance(wish, Wish) else PLAIN):
            found += [] if spared else [replace(wish, effect="recess", target=background)]
    return found


def _contradiction(wish: Wish) -> str:
    name, _, rest = wish.effect.partition(":")
    color, _, part = rest.partition(":")
    effect = {"cast": f"{rest} cast", "mixer": f"{part} of {color}s", "grade": f"tint of the {rest}"}.get(name, name)
    about = f"{effect.replace('_', ' ')}, {describe_target(wish.target)}"
    return f"Two wishes contradict each other, more and less of the same ({about}); the later one counts."


def _step(wish: Wish, lexicon: Lexicon, notes: list[str]) -> Step:
    if wish.effect == "blur" and wish.direction > 0:
        said = wish.amount.kind in ("value", "percent")
        amount = abs(wish.amount.number) if said else _BLUR_AMOUNT * _size(wish.amount)
        return Blur(wish.target, min(100.0, float(round(amount))))
    settings = _settings(wish, lexicon)
    if wish.target != WHOLE:
        kept = {name: SETTINGS[name].neutral for name in _FRAME_ONLY}
        settings = replace(settings, **kept)
    return Adjust(wish.target, _added(settings, DevelopSettings(), notes))


def _settings(wish: Wish, lexicon: Lexicon) -> DevelopSettings:
    """Return the settings of one wish, beyond their ranges where the amount says so."""
    name, _, rest = wish.effect.partition(":")
    if name == "monochrome":
        return DevelopSettings(saturation=-100.0)
    if name == "mixer":
        color, _, part = rest.partition(":")
        value = wish.direction * _slider(30.0, wish.amount)
        parts = {"saturation": round(value / 2), "luminance": -round(value / 2)} if part == "depth" else {part: value}
        return DevelopSettings(color_mixer={hue: HueShift(**parts) for hue in _BANDS_OF_COLOR[color]})
    if name == "grade":
        hue = 40.0 if wish.direction > 0 else 220.0
        return DevelopSettings(color_grading={cast(Tone, rest): Grade(hue, abs(_slider(20.0, wish.amount)))})
    if name == "cast":
        return _scaled(lexicon.casts[rest], wish)
    effect = lexicon.effects[name]
    halved = wish.amount.kind == "times" and wish.amount.number < 1 and wish.direction > 0
    if halved and "down" in effect:  # half the noise is less of it, and no grain that is taken away
        wish = replace(wish, direction=-1, amount=PLAIN)
    if wish.direction < 0:
        return _scaled(effect["down"], replace(wish, direction=1)) if "down" in effect else _scaled(effect["up"], wish)
    if wish.target == WHOLE:
        return _scaled(effect["up"], wish)
    part = wish.target.kind if isinstance(wish.target, Region) and not wish.target.invert else "part"
    return _scaled(effect.get(part) or effect.get("part") or effect["up"], wish)


def _scaled(usual: Mapping[str, Any], wish: Wish) -> DevelopSettings:
    changes: dict[str, Any] = {}
    for name, value in usual.items():
        if name == "color_grading":
            grades = {tone: Grade(**grade) for tone, grade in value.items()}
            changes[name] = DevelopSettings(color_grading=grades).scaled(_size(wish.amount)).color_grading
        elif name == "exposure_ev":
            changes[name] = _exposure(value * wish.direction, wish.amount)
        else:
            alone = len(usual) == 1
            changes[name] = _slider(value * wish.direction, wish.amount if alone else _usual(wish.amount))
    return DevelopSettings(**changes)


def _exposure(usual_ev: float, amount: Amount) -> float:
    sign = math.copysign(1.0, usual_ev)
    match amount.kind:
        case "ev":
            value = sign * amount.number
        case "percent":
            share = min(max(sign * amount.number / 100, -0.9), 9.0)
            value = math.log2(1 + share)
        case "times":
            value = sign * math.log2(amount.number)
        case "value":
            value = sign * amount.number if abs(amount.number) <= 5 else usual_ev * amount.number / 30
        case "usual":
            value = usual_ev * amount.number
    return round(round(value / 0.05) * 0.05, 2)


def _slider(usual: float, amount: Amount) -> float:
    sign = math.copysign(1.0, usual)
    if amount.kind in ("percent", "value"):
        return float(round(sign * amount.number))
    value = usual * _size(amount)
    if (amount.kind == "times" and amount.number < 1) or amount.number < 0:  # "half as saturated" is less of it
        value = -value
    return float(round(value / 5) * 5 if abs(value) >= 10 else round(value))


def _usual(amount: Amount) -> Amount:
    return Amount("usual", _size(amount))


def _size(amount: Amount) -> float:
    """Return an amount as a multiple of the usual one, to compare and to scale by."""
    match amount.kind:
        case "usual":
            return amount.number
        case "ev":
            return min(2.0, abs(amount.number) / 0.6)
        case "times":
            return LOT.number if amount.number >= 2 or amount.number <= 0.5 else PLAIN.number
        case _:
            return min(max(abs(amount.number) / 30, 0.1), 3.0)


def _added(one: DevelopSettings, other: DevelopSettings, notes: list[str]) -> DevelopSettings:
    """Return both settings together, each slider clipped to its range."""
    changes: dict[str, Any] = {}
    for name, rule in SETTINGS.items():
        first, second = getattr(one, name), getattr(other, name)
        value = max(first, second) if rule.group == "detail" else first + second - rule.neutral
        changes[name] = round(min(max(value, rule.low), rule.high), 4)
        if changes[name] != round(value, 4):
            notes.append(f"{name} is limited to {changes[name]:g}.")
    mixer = dict(one.color_mixer)
    for hue, shift in other.color_mixer.items():
        mixer[hue] = _both(mixer.get(hue, HueShift()), shift)
    grading = dict(one.color_grading) | dict(other.color_grading)
    return DevelopSettings(
        **changes,
        color_mixer={hue: _both(shift, HueShift()) for hue, shift in mixer.items()},
        color_grading={tone: replace(g, saturation=min(100.0, g.saturation)) for tone, g in grading.items()},
    )


def _both(one: HueShift, other: HueShift) -> HueShift:
    sums = (one.hue + other.hue, one.saturation + other.saturation, one.luminance + other.luminance)
    return HueShift(*(min(100.0, max(-100.0, value)) for value in sums))


def lessened(amount: Amount) -> Amount:
    """Return an amount that is one degree smaller; a measured one stays."""
    if amount.kind != "usual":
        return amount
    return PLAIN if amount.number > PLAIN.number else LITTLE

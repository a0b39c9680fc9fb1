"""A plan at another strength: every amount in it times a factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from ..develop.settings import DevelopSettings, Grade, HueShift
from ..errors import PlanInvalidError
from .schema import Adjust, Auto, Blur, EditPlan, Restyle, Step

MAX_STRENGTH_PERCENT = 150.0
_DECIMALS = 4


def scaled_plan(plan: EditPlan, percent: float) -> EditPlan:
    """Return the plan with its amounts at `percent` of what they are, each clipped to its range.

    0 leaves every adjustment neutral, 100 gives the plan back as it is. Amounts are the develop settings, the amount
    of a blur or of automatic settings, and the strength of a restyling. What has no amount stays: framing, removals,
    what is painted, the shape of a vignette or of grain, and which part of the photo is meant. Raises PlanInvalidError
    outside 0 to 150.
    """
    if not 0 <= percent <= MAX_STRENGTH_PERCENT:
        raise PlanInvalidError(f"Strength: expected 0 to {MAX_STRENGTH_PERCENT:g} %, found {percent:g}.")
    if percent == 100:
        return plan
    return replace(plan, steps=tuple(_scaled(step, percent / 100) for step in plan.steps))


def _scaled(step: Step, factor: float) -> Step:
    match step:
        case Adjust():
            return replace(step, settings=_rounded(step.settings.scaled(factor)))
        case Auto() | Blur():
            return replace(step, amount=_amount(step.amount, factor))
        case Restyle():
            return replace(step, strength=_amount(step.strength, factor))
        case _:
            return step


def _amount(value: float, factor: float) -> float:
    return round(min(100.0, value * factor), _DECIMALS)


def _rounded(settings: DevelopSettings) -> DevelopSettings:
    """Return the settings as a plan's file holds them: without tails of binary fractions, and bands that do nothing."""
    changes = {part.name: _round(getattr(settings, part.name)) for part in fields(settings)}
    changes["color_mixer"] = {hue: shift for hue, shift in changes["color_mixer"].items() if shift != HueShift()}
    return replace(settings, **changes)


def _round(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _round(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_round(part) for part in value)
    if isinstance(value, HueShift | Grade):
        return replace(value, **{part.name: _round(getattr(value, part.name)) for part in fields(value)})
    return round(value, _DECIMALS)

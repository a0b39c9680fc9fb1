"""Automatic steps, resolved for one photo: the numbers that they come to there, and what was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ..develop.auto import automatic
from ..develop.horizon import LEVEL_DEG, measure_tilt
from ..photo import Photo
from .describe import describe_step
from .reframe import reframed
from .schema import WHOLE, Adjust, Auto, Crop, EditPlan, Flip, Rotate, Step, Straighten

_SAY_ANGLE = "Say the angle, as in: straighten by 2 degrees."


class Concrete(NamedTuple):
    """A step with numbers only, None where the photo does not tell them, and what was measured or why not."""

    step: Step | None
    reason: str


def is_automatic(step: Step) -> bool:
    """Return whether the numbers of `step` depend on the photo."""
    return isinstance(step, Auto) or (isinstance(step, Straighten) and step.angle_deg is None)


def concrete_step(photo: Photo, step: Step) -> Concrete:
    """Return what `step` comes to on `photo` as the steps before left it; a step that has its numbers stays.

    Raises ModelMissingError where a horizon is to be measured without OpenCV.
    """
    match step:
        case Auto():
            found = automatic(photo, step.part, step.amount)
            return Concrete(Adjust(WHOLE, found.settings), found.reason)
        case Straighten(angle_deg=None):
            tilt = measure_tilt(photo)
            if not tilt.sure:
                return Concrete(None, f"Too little in it shows what is level. {_SAY_ANGLE}")
            level = abs(tilt.angle_deg) < LEVEL_DEG
            return Concrete(Straighten(0.0 if level else tilt.angle_deg), tilt.reason)
        case _:
            return Concrete(step, "")


def concrete_plan(photo: Photo, plan: EditPlan) -> tuple[EditPlan, tuple[str, ...]]:
    """Return the plan with the numbers that its automatic steps come to on `photo`, and a sentence on each.

    A step that the photo does not tell the numbers of is left out. Raises ModelMissingError as `concrete_step`.
    """
    steps: list[Step] = []
    notes: list[str] = []
    for number, step in enumerate(plan.steps, 1):
        concrete, reason = concrete_step(photo, step)
        if reason:
            said = f"Left out: {reason}" if concrete is None else f"{describe_step(concrete)} {reason}"
            notes.append(f"{number}. {describe_step(step)} {said}")
        if concrete is None:
            continue
        if isinstance(concrete, Crop | Straighten | Rotate | Flip):
            photo = photo.with_framing(reframed(photo.framing, photo.source.size, concrete))
        steps.append(concrete)
    return replace(plan, steps=tuple(steps)), tuple(notes)

"""Automatic steps, resolved for one photo: the numbers that they come to there, and what was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ..develop.auto import automatic
from ..develop.horizon import LEVEL_DEG, measure_tilt
from ..masks.mask import Mask
from ..masks.resolve import resolve
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


def concrete_step(photo: Photo, step: Step, mask: Mask | None = None) -> Concrete:
    """Return what `step` comes to on `photo` as the steps before left it; a step that has its numbers stays.

    mask: of the step's target, None where that is the whole photo. Raises ModelMissingError where a horizon is to be
    measured without OpenCV.
    """
    match step:
        case Auto():
            found = automatic(photo, step.part, step.amount, mask)
            return Concrete(Adjust(step.target, found.settings), found.reason)
        case Straighten(angle_deg=None):
            tilt = measure_tilt(photo)
            if not tilt.sure:
                return Concrete(None, f"Too little in it shows what is level. {_SAY_ANGLE}")
            level = abs(tilt.angle_deg) < LEVEL_DEG
            return Concrete(Straighten(0.0 if level else tilt.angle_deg), tilt.reason)
        case _:
            return Concrete(step, "")


def _resolved(photo: Photo, step: Step) -> Concrete:
    if not isinstance(step, Auto) or step.target == WHOLE:
        return concrete_step(photo, step)
    found, mask = resolve(photo, step.target)
    return concrete_step(photo, step, mask) if found.found else Concrete(None, found.reason)


def concrete_plan(photo: Photo, plan: EditPlan) -> tuple[EditPlan, tuple[str, ...]]:
    """Return the plan with the numbers that its automatic steps come to on `photo`, and a sentence on each.

    A step that the photo does not tell the numbers of, or whose target is not in it, is left out. Targets are looked
    for by the built-in engines. Raises ModelMissingError as `concrete_step`, and where a target needs a model.
    """
    steps: list[Step] = []
    notes: list[str] = []
    for number, step in enumerate(plan.steps, 1):
        concrete, reason = _resolved(photo, step)
        if reason:
            said = f"Left out: {reason}" if concrete is None else f"{describe_step(concrete)} {reason}"
            notes.append(f"{number}. {describe_step(step)} {said}")
        if concrete is None:
            continue
        if isinstance(concrete, Crop | Straighten | Rotate | Flip):
            photo = photo.with_framing(reframed(photo.framing, photo.source.size, concrete))
        steps.append(concrete)
    return replace(plan, steps=tuple(steps)), tuple(notes)

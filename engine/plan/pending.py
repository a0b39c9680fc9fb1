"""What direct editing leaves to a generative model: the steps, what they are to paint, and where."""

from __future__ import annotations

from typing import TypeAlias, TypeGuard

import numpy as np

from ..errors import ModelMissingError
from ..masks.mask import Mask
from ..masks.ops import rectangle
from ..masks.ports import BUILT_IN, Segmenters
from ..masks.refine import plain
from ..masks.resolve import resolve
from ..masks.view import PhotoView
from ..photo import Photo
from .schema import BoxTarget, EditPlan, Expand, Generate, Restyle, Step, Upscale

PendingStep: TypeAlias = Generate | Expand | Restyle | Upscale


def pending_plan(plan: EditPlan) -> EditPlan:
    """Return the plan with only the steps that need a generative model."""
    return EditPlan(summary=plan.summary, steps=pending_steps(plan))


def pending_steps(plan: EditPlan) -> tuple[PendingStep, ...]:
    """Return the steps that need a generative model, in order."""
    return tuple(step for step in plan.steps if _is_pending(step))


def prompt_of(step: PendingStep) -> str:
    """Return what the step is to paint, "" where it does not say."""
    return "" if isinstance(step, Upscale) else step.prompt or ""


def place_of(photo: Photo, step: PendingStep, segmenters: Segmenters = BUILT_IN) -> Mask:
    """Return where the step paints: its target, everything for a restyle, and nothing of the photo for the others.

    A box is painted as it is. What is not found, or needs a model to be found that is not there, is an empty mask.
    """
    if isinstance(step, Restyle):
        return plain(np.ones((2, 2), np.float32))
    nothing = plain(np.zeros((2, 2), np.float32))
    if not isinstance(step, Generate):
        return nothing
    target = step.target
    if isinstance(target, BoxTarget):
        view = PhotoView.of(photo)
        alpha = rectangle(view.shape, (target.left, target.top), (target.right, target.bottom))
        return plain(view.to_source(alpha))
    try:
        found, mask = resolve(photo, target, segmenters)
    except ModelMissingError:
        return nothing
    return mask if found.found else nothing


def _is_pending(step: Step) -> TypeGuard[PendingStep]:
    return isinstance(step, Generate | Expand | Restyle | Upscale)

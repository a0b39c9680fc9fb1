"""Applying a plan to a photo: targets become masks for this photo, and every step says what it did."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..develop.adjust import Adjust as AdjustEdit
from ..masks.mask import Mask
from ..masks.refine import invert
from ..masks.select import select
from ..photo import Photo
from ..tiles import Progress, no_progress
from .abilities import why_not
from .describe import describe_step, describe_target
from .schema import WHOLE, Adjust, Crop, EditPlan, Flip, Region, Rotate, Step, Straighten, Target, has_target

Outcome = Literal["done", "nothing found", "not possible"]
MAX_STRAIGHTEN_DEG = 45.0

_TOO_FAR = "A photo is straightened by at most 45 degrees in all."


@dataclass(frozen=True)
class StepReport:
    """What one step did. `coverage` and `confidence` are in [0, 1], None where no mask was looked for."""

    number: int
    op: str
    target: str
    outcome: Outcome
    coverage: float | None
    confidence: float | None
    engine: str
    reason: str
    milliseconds: float
    sentence: str


@dataclass(frozen=True)
class PlanReport:
    """What a plan did, step by step."""

    steps: tuple[StepReport, ...]

    @property
    def done(self) -> int:
        """How many steps changed the photo."""
        return sum(step.outcome == "done" for step in self.steps)

    def lines(self) -> list[str]:
        """Return the report in plain words, one line per step."""
        if not self.steps:
            return ["The plan has no steps: the photo stays as it is."]
        return [f"{step.number}. {step.sentence}" for step in self.steps]

    def to_json(self) -> list[dict[str, Any]]:
        """Return the report as JSON types."""
        return [asdict(step) for step in self.steps]


@dataclass(frozen=True)
class _Found:
    """A resolved target: a mask (None for the whole photo) or the reason why there is none."""

    outcome: Outcome
    mask: Mask | None = None
    coverage: float | None = None
    confidence: float | None = None
    engine: str = ""
    reason: str = ""


def apply_plan(photo: Photo, plan: EditPlan, progress: Progress = no_progress) -> tuple[Photo, PlanReport]:
    """Return the photo with the plan's edits on top, and what each step did.

    A step whose target is not in the photo, or that cannot be done here, is left out and the report says so.
    Masks are looked for in the unedited photo; `progress` counts steps and raises CancelledError to stop.
    """
    reports: list[StepReport] = []
    for number, step in enumerate(plan.steps, 1):
        progress(number - 1, len(plan.steps))
        started = time.perf_counter()
        photo, found = _apply(photo, step)
        reports.append(_report(number, step, found, (time.perf_counter() - started) * 1000))
    progress(len(plan.steps), len(plan.steps))
    return photo, PlanReport(tuple(reports))


def _apply(photo: Photo, step: Step) -> tuple[Photo, _Found]:
    if reason := why_not(step):
        return photo, _Found("not possible", reason=reason)
    match step:
        case Adjust():
            found = _resolve(photo, step.target)
            if found.outcome == "done" and not step.settings.neutral:
                photo = photo.with_edit(AdjustEdit(step.settings, found.mask))
            return photo, found
        case Crop() | Straighten() | Rotate() | Flip():
            return _frame(photo, step)
        case _:
            raise ValueError(f"{step.op} is not among the steps of direct editing")


def _resolve(photo: Photo, target: Target) -> _Found:
    if target == WHOLE:
        return _Found("done", coverage=1.0, confidence=1.0)
    assert isinstance(target, Region)
    assert target.kind != "person"
    selection, mask = select(photo, target.kind)
    if not selection.found:
        return _Found("nothing found", None, 0.0, selection.confidence, selection.engine, selection.reason)
    coverage = selection.coverage
    if target.invert:
        mask, coverage = invert(mask), 1.0 - coverage
    return _Found("done", mask, coverage, selection.confidence, selection.engine, selection.reason)


def _frame(photo: Photo, step: Crop | Straighten | Rotate | Flip) -> tuple[Photo, _Found]:
    framing, source = photo.framing, photo.source.size
    match step:
        case Crop():
            framing = framing.cropped(step.left, step.top, step.right, step.bottom)
            if step.ratio is not None:
                framing = framing.cropped_to_aspect(*step.ratio, source)
        case Straighten():
            assert step.angle_deg is not None
            if abs(framing.angle_deg + step.angle_deg) > MAX_STRAIGHTEN_DEG:
                return photo, _Found("not possible", reason=_TOO_FAR)
            framing = framing.straightened(step.angle_deg, source)
        case Rotate():
            framing = framing.turned(step.quarter_turns)
        case Flip():
            framing = framing.flipped(step.axis)
    return photo.with_framing(framing), _Found("done")


def _report(number: int, step: Step, found: _Found, milliseconds: float) -> StepReport:
    target = describe_target(step.target) if has_target(step) else "the frame"
    return StepReport(
        number,
        step.op,
        target,
        found.outcome,
        found.coverage,
        found.confidence,
        found.engine,
        found.reason,
        milliseconds,
        _sentence(step, found, milliseconds),
    )


def _sentence(step: Step, found: _Found, milliseconds: float) -> str:
    what = describe_step(step)
    if found.outcome == "not possible":
        return f"{what} Left out: {found.reason}"
    if found.outcome == "nothing found":
        return f"{what} Left out, nothing found: {found.reason}"
    if not found.engine or found.coverage is None or found.confidence is None:
        return f"{what} Done."
    where = f"{found.coverage * 100:.0f} % of the photo, confidence {found.confidence:.2f}, {found.engine} engine"
    return f"{what} Done on {where}, {milliseconds:.0f} ms. {found.reason}"

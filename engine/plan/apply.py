"""Applying a plan to a photo: targets become masks for this photo, and every step says what it did."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ..develop.adjust import Adjust as AdjustEdit
from ..develop.defocus import LensBlur
from ..engines import BUILT_IN, Engines
from ..errors import CancelledError, ModelMissingError, StillbytesError
from ..masks.mask import Mask
from ..masks.resolve import resolve
from ..photo import Photo
from ..tiles import Progress, no_progress
from .abilities import why_not
from .concrete import concrete_step
from .describe import describe_step, describe_target
from .guess import LEAST_SURE, TOO_UNSURE, is_guess
from .reframe import reframed
from .schema import (
    WHOLE,
    Adjust,
    Auto,
    Blur,
    Crop,
    EditPlan,
    Flip,
    Phrase,
    Region,
    Remove,
    Rotate,
    Step,
    Straighten,
    Target,
    has_target,
)
from .validate import step_to_json

Outcome = Literal["done", "nothing found", "not possible"]
_SURE = 0.5  # below it a warning
_UNSURE = " The built-in engine is unsure what to take: look at the result, or give a segmentation model."


@dataclass(frozen=True)
class StepReport:
    """What one step did. `coverage` and `confidence` are in [0, 1], None where no mask was looked for.

    `concrete` is what an automatic step came to on this photo, as a step of a plan in JSON; else None.
    """

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
    concrete: dict[str, Any] | None = None


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
    concrete: Step | None = None


def apply_plan(
    photo: Photo, plan: EditPlan, progress: Progress = no_progress, engines: Engines = BUILT_IN
) -> tuple[Photo, PlanReport]:
    """Return the photo with the plan's edits on top, and what each step did.

    A step whose target is not in the photo, or that cannot be done here, is left out and the report says so.
    What is to go goes first, so that all other masks are looked for in the cleaned, unedited photo; `progress` counts
    steps and raises CancelledError to stop.
    """
    reports: list[StepReport] = []
    numbered = sorted(enumerate(plan.steps, 1), key=lambda entry: not isinstance(entry[1], Remove))
    for done, (number, step) in enumerate(numbered):
        progress(done, len(numbered))
        started = time.perf_counter()
        photo, found = _apply(photo, step, engines, _within(progress, (done, len(numbered))))
        reports.append(_report(number, step, found, (time.perf_counter() - started) * 1000))
    progress(len(numbered), len(numbered))
    return photo, PlanReport(tuple(sorted(reports, key=lambda report: report.number)))


def _within(progress: Progress, steps: tuple[int, int]) -> Progress:
    """Return the progress inside a step, which shows how many steps are done and lets the user stop."""

    def tell(done: int, total: int) -> None:
        progress(*steps)

    return tell


def _apply(photo: Photo, step: Step, engines: Engines, progress: Progress) -> tuple[Photo, _Found]:
    if reason := why_not(step, bool(engines.segmenters)):
        return photo, _Found("not possible", reason=reason)
    match step:
        case Adjust():
            found = _resolve(photo, step.target, engines)
            if found.outcome == "done" and not step.settings.neutral:
                photo = photo.with_edit(AdjustEdit(step.settings, found.mask))
            return photo, found
        case Blur():
            found = _resolve(photo, step.target, engines)
            if found.outcome == "done" and step.amount:
                photo = photo.with_edit(LensBlur(step.amount, found.mask))
            return photo, replace(found, reason=found.reason + _doubt(found))
        case Remove():
            return _remove(photo, step, _resolve(photo, step.target, engines), engines, progress)
        case Auto() | Straighten(angle_deg=None):
            return _automatic(photo, step, engines, progress)
        case Crop() | Straighten() | Rotate() | Flip():
            return _frame(photo, step)
        case _:
            raise ValueError(f"{step.op} is not among the steps of direct editing")


def _resolve(photo: Photo, target: Target, engines: Engines) -> _Found:
    if target == WHOLE:
        return _Found("done", coverage=1.0, confidence=1.0)
    try:
        selection, mask = resolve(photo, target, engines.segmenters)
    except ModelMissingError as missing:
        return _Found("not possible", reason=missing.message)
    if not selection.found:
        return _Found("nothing found", None, 0.0, selection.confidence, selection.engine, selection.reason)
    return _Found("done", mask, selection.coverage, selection.confidence, selection.engine, selection.reason)


def _automatic(photo: Photo, step: Step, engines: Engines, progress: Progress) -> tuple[Photo, _Found]:
    """Return the photo after what the step comes to on it; the reason then says what was measured."""
    found = _resolve(photo, step.target, engines) if isinstance(step, Auto) else _Found("done")
    if found.outcome != "done":
        return photo, found
    try:
        concrete, reason = concrete_step(photo, step, found.mask)
    except ModelMissingError as missing:
        return photo, _Found("not possible", reason=missing.message)
    if concrete is None:
        return photo, _Found("not possible", reason=reason)
    if isinstance(concrete, Adjust):
        if not concrete.settings.neutral:
            photo = photo.with_edit(AdjustEdit(concrete.settings, found.mask))
        return photo, replace(found, reason=reason, concrete=concrete)
    photo, found = _apply(photo, concrete, engines, progress)
    return photo, _Found(found.outcome, reason=found.reason or reason, concrete=concrete)


def _remove(photo: Photo, step: Remove, found: _Found, engines: Engines, progress: Progress) -> tuple[Photo, _Found]:
    """Return the photo without what was found; the reason then also says how the place was filled."""
    from ..fill.fill import fill  # most plans remove nothing, and its kernels take a while to load

    if found.outcome != "done" or found.mask is None:
        return photo, found
    if is_guess(found.engine, found.confidence, LEAST_SURE) and isinstance(step.target, Region | Phrase):
        return photo, replace(found, outcome="not possible", mask=None, reason=TOO_UNSURE)
    try:
        photo, report = fill(photo, found.mask, painter=engines.painter, progress=progress)
    except CancelledError:
        raise
    except StillbytesError as error:
        return photo, _Found("not possible", reason=error.message)
    return photo, replace(found, reason=f"{found.reason} {report.sentence}{_doubt(found)}")


def _doubt(found: _Found) -> str:
    """Return the warning where a wrong mask would spoil the photo and the built-in engine is not sure of it."""
    return _UNSURE if found.outcome == "done" and is_guess(found.engine, found.confidence, _SURE) else ""


def _frame(photo: Photo, step: Crop | Straighten | Rotate | Flip) -> tuple[Photo, _Found]:
    try:
        framing = reframed(photo.framing, photo.source.size, step)
    except ValueError as error:
        return photo, _Found("not possible", reason=str(error))
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
        step_to_json(found.concrete) if found.concrete else None,
    )


def _sentence(step: Step, found: _Found, milliseconds: float) -> str:
    what = describe_step(step)
    if found.outcome == "not possible":
        return f"{what} Left out: {found.reason}"
    if found.outcome == "nothing found":
        return f"{what} Left out, nothing found: {found.reason}"
    if found.concrete is not None:
        return f"{what} Done: {describe_step(found.concrete)} {found.reason}"
    if not found.engine or found.coverage is None or found.confidence is None:
        return f"{what} Done."
    where = f"{found.coverage * 100:.0f} % of the photo, confidence {found.confidence:.2f}, {found.engine} engine"
    return f"{what} Done on {where}, {milliseconds:.0f} ms. {found.reason}"

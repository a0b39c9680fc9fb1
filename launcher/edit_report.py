"""What `edit` did, in plain words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import StillbytesError
from .inputs import Job
from .show import count, file_size
from .words import Understood, remarks

if TYPE_CHECKING:
    from ..engine.export.export import ExportReport
    from ..engine.plan.apply import PlanReport


_IDLE = "No step could be done: the photo is as it was. The exit status is 1."
_NAME_A_SEGMENTER = "Name a segmentation model with --segmenter, or the place: a box, a colour, the subject, the sky."
_COMPILE = "`plan compile` makes a ComfyUI workflow of a plan; there a diffusion model does what has to be painted."


@dataclass(frozen=True)
class Result:
    """What became of one photo: the files that were written, or the error for which there are none."""

    job: Job
    seconds: float
    report: PlanReport | None = None
    written: tuple[ExportReport, ...] = ()
    notes: tuple[str, ...] = ()
    error: StillbytesError | None = None

    @property
    def idle(self) -> bool:
        """True if there were steps and none of them could be done."""
        return self.report is not None and bool(self.report.steps) and not self.report.done


@dataclass(frozen=True)
class Intended:
    """What a dry run would do. saved: where the plan was written. segmenters: whether models that find things are
    named."""

    jobs: Sequence[Job]
    saved: Path | None
    segmenters: bool


def paragraph(result: Result) -> str:
    """Return what was done to one photo: its steps, and the files with their size and the time."""
    lines = [f"{result.job.photo}"]
    lines += [f"  {line}" for line in (result.report.lines() if result.report and result.report.steps else ())]
    lines += [f"  Note: {note}" for note in _notes(result)]
    for file in result.written:
        lines += [f"  Note: {note}" for note in file.notes]
        lines.append(f"  -> {file.path}  {file.size.width} x {file.size.height}, {file_size(file.bytes)}")
    return "\n".join([*lines, f"  {result.seconds:.1f} s"])


def _notes(result: Result) -> list[str]:
    return [*result.notes, *([_IDLE] if result.idle else [])]


def closing(results: Sequence[Result], understood: Understood, seconds: float) -> str:
    """Return the last lines: what was asked for and not done, and the total of several photos.

    The paragraph of a single photo has said already what was left out.
    """
    steps = [step for result in results if result.report for step in result.report.steps]
    lines = [
        *(left_out(results) if len(results) > 1 else ()),
        *_ways_out({step.reason for step in steps}),
        *remarks(understood),
    ]
    if len(results) > 1:
        failed = sum(result.error is not None for result in results)
        failures = f", {failed} failed" if failed else ""
        lines.append(f"{count(len(results) - failed, 'photo')} done{failures}, {seconds:.1f} s in all.")
    return "".join(f"{line}\n" for line in lines)


def left_out(results: Sequence[Result]) -> list[str]:
    """Return one line per step that was not done on some photo: its number, the reason, and on how many photos."""
    reports = [result.report for result in results if result.report is not None]
    found: dict[int, list[str]] = {}
    for step in (step for report in reports for step in report.steps if step.outcome != "done"):
        found.setdefault(step.number, []).append(step.sentence)
    lines: list[str] = []
    for number, sentences in sorted(found.items()):
        where = f" on {len(sentences)} of {count(len(reports), 'photo')}" if len(reports) > 1 else ""
        lines.append(f"Step {number} was left out{where}: {sentences[0]}")
    return lines


def intention(intended: Intended, understood: Understood, *, as_json: bool) -> str:
    """Return what would be done."""
    from ..engine.plan.abilities import why_not
    from ..engine.plan.describe import describe_plan
    from ..engine.plan.validate import plan_to_json

    if as_json:
        photos = [{"photo": str(job.photo), "output": _text(job.output)} for job in intended.jobs]
        return json.dumps({"dry_run": True, "photos": photos, **_read(understood, plan_to_json)}, ensure_ascii=False)
    reasons = {why_not(step, intended.segmenters) for step in understood.plan.steps}
    lines = [*describe_plan(understood.plan, intended.segmenters), *_ways_out(reasons), *remarks(understood)]
    lines += [f"{job.photo} -> {job.output or 'a preview'}" for job in intended.jobs]
    written = f"Only the plan was written: {intended.saved}." if intended.saved else "Nothing was written."
    return "\n".join([*lines, written])


def _ways_out(reasons: Collection[str]) -> list[str]:
    """Return what this command line offers against the reasons why steps were left out."""
    from ..engine.plan.abilities import NEEDS_GENERATOR, NEEDS_SEGMENTER

    ways = {NEEDS_SEGMENTER: _NAME_A_SEGMENTER, NEEDS_GENERATOR: _COMPILE}
    return [way for reason, way in ways.items() if reason in reasons]


def as_json(results: Sequence[Result], understood: Understood, seconds: float) -> dict[str, Any]:
    """Return everything that was done, as JSON types."""
    from ..engine.plan.validate import plan_to_json

    return {
        "photos": [_photo_json(result) for result in results],
        **_read(understood, plan_to_json),
        "left_out": left_out(results),
        "seconds": round(seconds, 3),
    }


def _photo_json(result: Result) -> dict[str, Any]:
    photo: dict[str, Any] = {"photo": str(result.job.photo), "ok": result.error is None}
    if result.error is not None:
        photo |= {"error": result.error.message, "hint": result.error.hint}
    photo["files"] = [
        {
            "path": str(file.path),
            "width": file.size.width,
            "height": file.size.height,
            "bytes": file.bytes,
            "notes": list(file.notes),
        }
        for file in result.written
    ]
    photo["steps"] = result.report.to_json() if result.report else []
    return {**photo, "notes": _notes(result), "seconds": round(result.seconds, 3)}


def _read(understood: Understood, to_json: Any) -> dict[str, Any]:
    return {
        "plan": to_json(understood.plan),
        "not_understood": list(understood.not_understood),
        "remarks": list(understood.notes),
    }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)

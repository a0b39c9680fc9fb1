"""From words, or a plan's file, to a plan."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.errors import ExportError, PlanInvalidError
from . import sidecar

if TYPE_CHECKING:
    from ..engine.plan.schema import EditPlan

EXAMPLES = 'For example: "warmer, lift the shadows on the subject, darken the sky a little".'
_MAX_PLAN_BYTES = 1 << 20


@dataclass(frozen=True)
class Understood:
    """A plan, and what the words said that is not in it."""

    plan: EditPlan
    not_understood: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read(words: str, plan_file: Path | None) -> Understood:
    """Return what `words` or the plan in `plan_file` ask for; without both, a plan that does nothing.

    `plan_file` may be `-`, standard input, or an XMP sidecar. Raises PlanInvalidError where nothing was understood or
    both are given.
    """
    from ..engine.plan.schema import EditPlan
    from ..engine.plan.validate import parse_plan

    if plan_file is not None:
        if words:
            raise PlanInvalidError("Words and --plan were both given.", "Give one of them.")
        if plan_file.suffix.lower() == ".xmp":
            return read_sidecar(plan_file)
        return Understood(parse_plan(_read_text(plan_file)))
    if not words:
        return Understood(EditPlan())
    return understand(words)


def read_sidecar(file: Path, photo: Path | None = None) -> Understood:
    """Return the plan that an XMP sidecar says, and notes on what of it a plan cannot say. Raises PlanInvalidError."""
    plan, left_out = sidecar.read(file, photo)
    return Understood(plan, notes=left_out)


def understand(words: str) -> Understood:
    """Return what `words` ask for. Raises PlanInvalidError where nothing was understood."""
    from ..engine.plan.rules import plan_from_words

    found = plan_from_words(words)
    if not found.plan.steps:
        if found.notes:
            raise PlanInvalidError(f'"{words}" is not clear enough to do anything.', " ".join(found.notes))
        raise PlanInvalidError(f'Nothing in "{words}" was understood.', EXAMPLES)
    return Understood(found.plan, tuple(found.not_understood), tuple(found.notes))


def remarks(understood: Understood) -> list[str]:
    """Return what the user should know about how the words were read."""
    lines = list(understood.notes)
    if understood.not_understood:
        quoted = ", ".join(f'"{part}"' for part in understood.not_understood)
        lines.append(f"Not understood, and left out: {quoted}.")
    return lines


def at_strength(understood: Understood, percent: float) -> Understood:
    """Return the same with every amount of the plan at `percent` of what it is, 0 to 150."""
    from ..engine.plan.scale import scaled_plan

    return replace(understood, plan=scaled_plan(understood.plan, percent))


def for_photo(understood: Understood, photo: Path) -> Understood:
    """Return the same with the numbers that automatic steps come to on `photo`. Raises PhotoReadError."""
    from ..engine.open import open_photo
    from ..engine.plan.concrete import concrete_plan, is_automatic

    if not any(map(is_automatic, understood.plan.steps)):
        return understood
    plan, notes = concrete_plan(open_photo(photo), understood.plan)
    return replace(understood, plan=plan, notes=(*understood.notes, *notes))


def percentage(text: str) -> float:
    """Return what `--strength` says, for example "80" or "80 %"; for argparse, which shows the ValueError."""
    return float(text.strip().removesuffix("%"))


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Raise ExportError where `write` would find a file, before long work is done for nothing."""
    if path.exists() and not overwrite:
        raise ExportError(f"{path} exists already.", "Choose another name, or add --overwrite.")


def write(path: Path, plan: EditPlan, overwrite: bool) -> None:
    """Write `plan` as JSON. Raises ExportError where it cannot be written, or exists and `overwrite` is not set."""
    from ..engine.plan.validate import plan_to_text

    write_text(path, plan_to_text(plan), overwrite)


def write_text(path: Path, text: str, overwrite: bool) -> None:
    """Write a small file. Raises ExportError where it cannot be written, or exists and `overwrite` is not set."""
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise ExportError(f"{path} exists already.", "Choose another name, or add --overwrite.") from error
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}.") from error


def _read_text(plan_file: Path) -> str:
    try:
        if str(plan_file) == "-":
            return sys.stdin.read(_MAX_PLAN_BYTES)
        with plan_file.open(encoding="utf-8") as file:
            return file.read(_MAX_PLAN_BYTES)
    except OSError as error:
        raise PlanInvalidError(f"{plan_file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise PlanInvalidError(f"{plan_file} is not a plan: it is not UTF-8 text.") from error

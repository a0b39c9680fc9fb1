"""`edit`: photos in, words or a plan applied, finished photos out."""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import CancelledError, ExportError, PlanInvalidError, StillbytesError
from . import asking, engines, words
from .inputs import FORMATS, SUFFIXES, Job, Wish, find_photos, keep_photos, plan_jobs, sort_arguments
from .show import Status, print_error

if TYPE_CHECKING:
    from ..engine.engines import Engines
    from ..engine.export.export import ExportOptions, Format
    from ..engine.plan.schema import EditPlan
    from .edit_report import Result

FORMAT_CHOICES = ("tiff", "png", "jpeg")
DEPTH_CHOICES = (8, 16, 32)
PROFILE_CHOICES = ("srgb", "display-p3", "adobe-rgb", "prophoto", "linear")
COMPRESSION_CHOICES = ("none", "deflate", "zstd")
WHITE_BALANCE_CHOICES = ("camera", "auto", "daylight")
KELVIN, TINT = (2000, 25000), 150
PREVIEW_SIDE_PX = 1600
PREVIEW_QUALITY = 88
_FOLDER_ENDS = ("/", os.sep)
_EPILOG = """\
PHOTO is a RAW file, an image or a folder; WORDS say what to do, in quotes:
  %(prog)s photo.nef "darken the sky a little, lift the shadows on the subject" -o out.tif
Without words and without --plan the photo is only developed."""


@dataclass(frozen=True)
class Order:
    """What is to be done to every photo of one call."""

    plan: EditPlan
    raw: dict[str, Any]
    kind: Format
    options: ExportOptions
    preview: Path | None
    makes_folder: bool
    engines: Engines | None = None


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    result = argparse.ArgumentParser(
        program,
        usage="%(prog)s PHOTO... [WORDS] [-o OUT] [options]",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = result.add_argument
    add("items", nargs="+", metavar="PHOTO, WORDS", help="photos and folders, then what to do in plain words")
    add("-o", "--output", help="a file; a folder for several, or ending in / (default: NAME-edited.tif, here)")
    add("--words", default="", help="the words, where they could be taken for a file")
    add("--recursive", action="store_true", help="look into the subfolders of folders as well")
    add("--plan", type=Path, metavar="PLAN.json", help="apply this plan; `-` reads it from standard input")
    add("--strength", type=words.percentage, default=100, metavar="PERCENT", help="of the edits, 0-150 (default: 100)")
    add("--save-plan", type=Path, metavar="PLAN.json", help="write the plan that was applied")
    add("--dry-run", action="store_true", help="say what would be done; write no photo")
    add(
        "--preview",
        type=Path,
        metavar="OUT.jpg",
        help=f"write a JPEG of {PREVIEW_SIDE_PX} px too; without -o only that",
    )
    add("--format", choices=FORMAT_CHOICES, help="default: as the output's name says, else tiff")
    add("--bit-depth", type=int, choices=DEPTH_CHOICES, help="default: 16, for JPEG 8; 32 is a float TIFF")
    add("--profile", choices=PROFILE_CHOICES, default="srgb", help="colour space (default: srgb)")
    add("--max-side", type=int, metavar="PX", help="make the longer side at most this long")
    add("--quality", type=int, default=95, metavar="1-100", help="of a JPEG (default: 95)")
    add("--compression", choices=COMPRESSION_CHOICES, default="deflate", help="of a TIFF (default: deflate)")
    add("--white-balance", choices=WHITE_BALANCE_CHOICES, default="camera", help="of a RAW file (default: camera)")
    add("--kelvin", type=float, metavar="K", help="white balance of a RAW file as a colour temperature, 2000-25000")
    add("--tint", type=float, metavar="T", help="with --kelvin: green below 0, magenta above, -150..150")
    asking.add_options(result)
    engines.add_options(result)
    add("--overwrite", action="store_true", help="replace outputs that exist; never the photo itself")
    add("--json", action="store_true", help="print one JSON object on standard output")
    return result


def run(arguments: argparse.Namespace) -> int:
    """Do the work and return the exit status: 1 if a photo failed, or no step could be done on it."""
    wish = sort_arguments(arguments.items)
    if arguments.dry_run:
        return _run(arguments, wish)
    from ..engine.raw.formats import is_raw
    from ..engine.raw.spares import SPARES

    if wish.paths and is_raw(wish.paths[0]):  # the decoding process starts while this one imports the engine
        SPARES.prepare(keep=False)
    from ..engine.raw import decode

    try:
        for path in wish.paths[:1]:
            _decode_ahead(path)
        return _run(arguments, wish)
    finally:
        decode.release()


def _run(arguments: argparse.Namespace, wish: Wish) -> int:
    from . import edit_report

    started = time.perf_counter()
    photos = find_photos(wish.paths, arguments.recursive, _is_photo)
    understood = words.at_strength(_understood(arguments, wish, photos), arguments.strength)
    several = len(photos) > 1 or any(path.is_dir() for path in wish.paths)
    as_folder = several or (arguments.output or "").endswith(_FOLDER_ENDS)
    arguments.output = Path(arguments.output) if arguments.output else None
    order = _order(arguments, understood.plan, several, as_folder)
    jobs = _jobs(arguments, photos, as_folder, order.kind)
    if arguments.save_plan:
        words.refuse_existing(arguments.save_plan, arguments.overwrite)
    if arguments.dry_run:
        engines.refuse_missing(arguments.segmenter, arguments.fill_model)
        _save_plan(arguments, understood.plan)
        intended = edit_report.Intended(jobs, arguments.save_plan, bool(arguments.segmenter))
        print(edit_report.intention(intended, understood, as_json=arguments.json))
        return 0
    order = replace(order, engines=engines.load(arguments.segmenter, arguments.fill_model))
    results = _edit_all(jobs, order, arguments.json)
    if not all(result.error for result in results):
        _save_plan(arguments, understood.plan)
    seconds = time.perf_counter() - started
    if arguments.json:
        print(json.dumps(edit_report.as_json(results, understood, seconds), ensure_ascii=False, allow_nan=False))
    else:
        print(edit_report.closing(results, understood, seconds), end="")
    return 1 if any(result.error or result.idle for result in results) else 0


def _understood(arguments: argparse.Namespace, wish: Wish, photos: Sequence[Path]) -> words.Understood:
    """Return what is to be done. A language model is told of the photo only where all of its plan is for that one."""
    said = " ".join(filter(None, (wish.words, arguments.words)))
    if arguments.llm and arguments.plan is None:
        return asking.understand(said, arguments.llm, arguments.llm_name, photos[0] if len(photos) == 1 else None)
    return words.read(said, arguments.plan)


def _save_plan(arguments: argparse.Namespace, plan: EditPlan) -> None:
    if arguments.save_plan:
        words.write(arguments.save_plan, plan, arguments.overwrite)


def _is_photo(path: Path) -> bool:
    from ..engine.open import PHOTO_SUFFIXES

    return path.suffix.lower() in PHOTO_SUFFIXES


def _decode_ahead(path: Path) -> None:
    """Begin to decode a RAW file in its own process, while this one imports the engine or edits another photo."""
    from ..engine.raw.decode import decode_ahead
    from ..engine.raw.formats import is_raw

    if path.is_file() and is_raw(path):
        decode_ahead(path)


def _edit_all(jobs: Sequence[Job], order: Order, as_json: bool) -> list[Result]:
    """Edit the photos one after the other; the next one is decoded meanwhile."""
    results: list[Result] = []
    warming = _warm_up(jobs[0], order)
    try:
        for job, following in zip(jobs, [*jobs[1:], None], strict=True):
            if following is not None:
                _decode_ahead(following.photo)
            results.append(_show(_edit(job, order), as_json))
    finally:
        if warming is not None:  # a thread that is inside compiled code when Python ends would abort the process
            warming.join()
    return results


def _warm_up(job: Job, order: Order) -> threading.Thread | None:
    from ..engine import jit
    from ..engine.raw.formats import is_raw
    from ..engine.warm import warm_up

    if not jit.compiled():
        Status().say("The engine compiles itself for this processor on its first use: half a minute, once.")
    return warm_up(order.plan, order.options.sample_type) if is_raw(job.photo) else None


def _order(arguments: argparse.Namespace, plan: EditPlan, several: bool, as_folder: bool) -> Order:
    from ..engine.export.export import ExportOptions

    name = arguments.output.suffix.lower() if arguments.output and not as_folder else ""
    if name and name not in FORMATS and not arguments.format:
        raise ExportError(
            f"{arguments.output} is not the name of a TIFF, PNG or JPEG file.", f"End it in {', '.join(FORMATS)}."
        )
    if arguments.preview and FORMATS.get(arguments.preview.suffix.lower()) != "jpeg":
        raise ExportError(f"{arguments.preview} is not the name of a JPEG file.", "End the preview's name in .jpg.")
    if arguments.preview and arguments.preview == arguments.output:
        raise ExportError(f"{arguments.preview} is both the preview and the output.", "Give them different names.")
    kind: Format = arguments.format or FORMATS.get(name, "tiff")
    if arguments.format and FORMATS.get(name, arguments.format) != arguments.format:
        raise ExportError(f"{arguments.output} is not the name of a {arguments.format.upper()} file.")
    options = ExportOptions(
        format=kind,
        bit_depth=arguments.bit_depth,
        profile=arguments.profile,
        compression=arguments.compression,
        quality=arguments.quality,
        max_side=arguments.max_side,
        overwrite=arguments.overwrite,
    )
    if arguments.preview and several:
        raise ExportError("--preview is one file and takes one photo.")
    return Order(plan, _raw_options(arguments), kind, options, arguments.preview, as_folder)


def _raw_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the white balance that was asked for, as RawOptions takes it."""
    kelvin, tint = arguments.kelvin, arguments.tint
    if kelvin is None and tint is None:
        return {"white_balance": arguments.white_balance}
    if kelvin is None:
        raise PlanInvalidError(
            "--tint needs --kelvin.", "To shift the tint of the camera's white balance, say it in words."
        )
    if not KELVIN[0] <= kelvin <= KELVIN[1]:
        raise PlanInvalidError(f"--kelvin: expected {KELVIN[0]} to {KELVIN[1]}, found {kelvin:g}.")
    if tint is not None and not -TINT <= tint <= TINT:
        raise PlanInvalidError(f"--tint: expected -{TINT} to {TINT}, found {tint:g}.")
    return {"white_balance": "custom", "kelvin": kelvin, "tint": tint or 0.0}


def _jobs(arguments: argparse.Namespace, photos: list[Path], as_folder: bool, kind: Format) -> list[Job]:
    if arguments.preview and arguments.output is None:
        return [Job(photos[0], None)]
    jobs = plan_jobs(photos, arguments.output, SUFFIXES[kind], as_folder)
    if arguments.overwrite:
        keep_photos(jobs)
    return jobs


def _edit(job: Job, order: Order) -> Result:
    """Return what became of one photo. Raises CancelledError; other errors of the user's are in the result."""
    from .edit_report import Result

    started = time.perf_counter()
    try:
        return _develop(job, order, started)
    except CancelledError:
        raise
    except StillbytesError as error:
        return Result(job, time.perf_counter() - started, error=error)


def _develop(job: Job, order: Order, started: float) -> Result:
    from ..engine.engines import BUILT_IN
    from ..engine.export.export import ExportReport, export
    from ..engine.open import open_photo
    from ..engine.plan.apply import apply_plan
    from ..engine.raw.formats import is_raw
    from ..engine.raw.source import RawOptions
    from .edit_report import Result

    status = Status()
    name = job.photo.name

    def progress(done: int, total: int) -> None:
        status.update(f"{name}: writing, {100 * done // max(total, 1)} %")

    try:
        status.update(f"{name}: reading")
        photo = open_photo(job.photo, RawOptions(**order.raw))
        notes = tuple(getattr(photo.source, "notes", ()))
        if order.raw["white_balance"] != "camera" and not is_raw(job.photo):
            notes = (*notes, "White balance options hold for RAW files only.")
        status.update(f"{name}: editing")
        photo, report = apply_plan(photo, order.plan, engines=order.engines or BUILT_IN)
        written: list[ExportReport] = []
        if order.preview is not None:
            written.append(export(photo, order.preview, _preview_options(order.options), progress))
        if job.output is not None:
            if order.makes_folder:
                _make_folder(job.output.parent)
            written.append(export(photo, job.output, order.options, progress))
    finally:
        status.clear()
    return Result(job, time.perf_counter() - started, report, tuple(written), notes)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def _preview_options(options: ExportOptions) -> ExportOptions:
    small = {"max_side": PREVIEW_SIDE_PX, "quality": PREVIEW_QUALITY, "profile": "srgb"}
    return replace(options, format="jpeg", bit_depth=8, **small)


def _show(result: Result, quiet: bool) -> Result:
    """Say at once what became of a photo."""
    from .edit_report import paragraph

    if result.error is not None:
        print_error(result.error)
    elif not quiet:
        print(paragraph(result), flush=True)
    return result

"""Which arguments are photos and which are words, which photos are meant, and what their results are called."""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.errors import ExportError, PhotoReadError, StillbytesError

if TYPE_CHECKING:
    from ..engine.export.export import Format

SUFFIXES: dict[Format, str] = {"tiff": ".tif", "png": ".png", "jpeg": ".jpg"}
FORMATS: dict[str, Format] = {".tif": "tiff", ".tiff": "tiff", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}
_FILE_NAME = re.compile(r"[^\s]*[^\s.]\.[A-Za-z][A-Za-z0-9]{1,4}$")


@dataclass(frozen=True)
class Wish:
    """What the positional arguments of `edit` say: files and folders in their order, and the words, "" if none."""

    paths: tuple[Path, ...]
    words: str


@dataclass(frozen=True)
class Job:
    """One photo and the file that its result goes to; None where no full-size result is wanted."""

    photo: Path
    output: Path | None


def sort_arguments(items: Sequence[str]) -> Wish:
    """Return photos and words apart.

    What exists is a photo or a folder; a pattern such as `*.nef` stands for what it matches; the rest are the words,
    which may have been typed without quotes. Raises PhotoReadError for what looks like a file and is not there.
    """
    paths: list[Path] = []
    words: list[tuple[int, str]] = []
    for position, item in enumerate(items):
        if not item.strip():
            continue
        if _exists(item):
            paths.append(Path(item))
        elif matches := _matches(item):
            paths.extend(matches)
        elif _looks_like_a_file(item):
            raise PhotoReadError(f"No such file: {item}.")
        else:
            words.append((position, item))
    positions = [position for position, _ in words]
    if positions and positions[-1] - positions[0] != len(positions) - 1:
        raise StillbytesError(f"The words are in several places: {', '.join(word for _, word in words)}.", _QUOTES)
    return Wish(tuple(paths), " ".join(word for _, word in words))


_QUOTES = 'Put the words in quotes, as in: edit photo.nef "darken the sky" -o out.tif'


def find_photos(paths: Sequence[Path], recursive: bool, is_photo: Callable[[Path], bool]) -> list[Path]:
    """Return the photos meant by `paths`: files as they are, folders as the photos in them by name, each once.

    Raises PhotoReadError where there is none.
    """
    if not paths:
        raise PhotoReadError("No photo was named.", _QUOTES)
    found: dict[Path, Path] = {}
    for path in paths:
        inside = _in_folder(path, recursive, is_photo) if path.is_dir() else [path]
        if not inside:
            hint = "" if recursive else "With --recursive its subfolders are looked at as well."
            raise PhotoReadError(f"There is no photo in the folder {path}.", hint)
        for photo in inside:
            found.setdefault(photo.resolve(), photo)
    return list(found.values())


def plan_jobs(photos: Sequence[Path], output: Path | None, suffix: str, several: bool) -> list[Job]:
    """Return where each photo's result goes.

    output: a file for one photo, which gets `suffix` where its name has none, or a folder that exists; for `several` a
    folder, made later; None for the current folder.
    suffix: also of names that are made up here, `<name>-edited<suffix>`. Raises ExportError for a file that should
    take several photos.
    """
    folder = output if output is not None else Path()
    if output is not None and not several and not output.is_dir():
        return [Job(photos[0], output if output.suffix else output.with_name(output.name + suffix))]
    if output is not None and (output.is_file() or (output.suffix.lower() in FORMATS and not output.is_dir())):
        raise ExportError(f"{output} is one file for {len(photos)} photos.", "Give a folder with -o.")
    stems = Counter(photo.stem.lower() for photo in photos)
    jobs: list[Job] = []
    taken: set[str] = set()
    for photo in photos:
        name = photo.stem if stems[photo.stem.lower()] == 1 else f"{photo.stem}-{photo.suffix.lstrip('.').lower()}"
        jobs.append(Job(photo, folder / _free_name(f"{name}-edited", suffix, taken)))
    return jobs


def keep_photos(jobs: Sequence[Job]) -> None:
    """Raise ExportError where a result would replace a photo of the same run."""
    photos = {job.photo.resolve() for job in jobs}
    for job in jobs:
        if job.output is not None and job.output.resolve() in photos:
            raise ExportError(
                f"{job.output} is one of the photos to edit, which are never overwritten.", "Use another -o."
            )


def _exists(item: str) -> bool:
    try:
        return Path(item).exists()
    except (OSError, ValueError):  # longer than a path can be, or with a NUL
        return False


def _matches(item: str) -> list[Path]:
    if not any(sign in item for sign in "*?[") or " " in item:
        return []
    return [Path(match) for match in sorted(glob.glob(item))]


def _looks_like_a_file(item: str) -> bool:
    if " " in item.strip():
        return item.startswith(("/", "./", "../", "~/")) or re.match(r"[A-Za-z]:\\", item) is not None
    return "/" in item or "\\" in item or _FILE_NAME.fullmatch(item) is not None


def _in_folder(folder: Path, recursive: bool, is_photo: Callable[[Path], bool]) -> list[Path]:
    entries = folder.rglob("*") if recursive else folder.iterdir()
    try:
        return sorted(e for e in entries if not e.name.startswith(".") and e.is_file() and is_photo(e))
    except OSError as error:
        raise PhotoReadError(f"The folder {folder} cannot be read: {error.strerror}.") from error


def _free_name(name: str, suffix: str, taken: set[str]) -> str:
    """Return a file name that no other photo of this run has; file systems may not tell capitals apart."""
    candidate, number = f"{name}{suffix}", 2
    while candidate.lower() in taken:
        candidate, number = f"{name}-{number}{suffix}", number + 1
    taken.add(candidate.lower())
    return candidate

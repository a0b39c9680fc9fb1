"""The files that nodes may touch: photos in the input folder, this pack's samples, results in the output folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import folder_paths

from ..engine.errors import ExportError, PhotoReadError
from .choices import PHOTO_SUFFIXES

_SAMPLES = Path(__file__).resolve().parents[1] / "samples"
_SAMPLE_MARK = " [sample]"


class OutputFile(NamedTuple):
    """A file to be written: its path, and how ComfyUI's pages address it."""

    path: Path
    subfolder: str


def photo_choices() -> list[str]:
    """Return the photos in ComfyUI's input folder and its subfolders, then the pack's own samples."""
    found: list[str] = []
    root = folder_paths.get_input_directory()
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        relative = Path(folder).relative_to(root)
        found += [(relative / name).as_posix() for name in names if _is_photo(name)]
    samples = [path.name + _SAMPLE_MARK for path in _SAMPLES.glob("*.dng")]
    return sorted(found, key=str.casefold) + sorted(samples)


def photo_path(choice: str) -> Path:
    """Return the file that `choice` names, inside the input folder, or another folder of ComfyUI's that it marks.

    Raises PhotoReadError if there is no such file.
    """
    if choice.endswith(_SAMPLE_MARK):
        path = _SAMPLES / Path(choice.removesuffix(_SAMPLE_MARK)).name
    else:
        try:
            path = Path(folder_paths.get_annotated_filepath(choice))
        except ValueError:
            raise PhotoReadError(f"{choice!r} lies outside ComfyUI's input folder.") from None
    if not path.is_file():
        raise PhotoReadError(f"There is no file {choice!r} in ComfyUI's input folder.", "Upload it or choose another.")
    return path


def fingerprint(path: Path) -> str:
    """Return what changes when the file does: its path, size and time of change."""
    facts = path.stat()
    return f"{path}|{facts.st_size}|{facts.st_mtime_ns}"


def output_file(prefix: str, suffix: str) -> OutputFile:
    """Return the next free numbered file for `prefix` in ComfyUI's output folder; its folder exists.

    `prefix` may name subfolders and hold ComfyUI's %year%, %month%, %day%, %hour%, %minute% and %second%.
    Raises ExportError if it leads out of the output folder.
    """
    root = folder_paths.get_output_directory()
    target = Path(root, prefix)
    if not prefix.strip() or prefix.endswith(("/", "\\")) or not folder_paths.is_within_directory(root, str(target)):
        raise ExportError(f"The file name {prefix!r} does not name a file inside ComfyUI's output folder.")
    folder, name, number, subfolder, _ = folder_paths.get_save_image_path(prefix, root)
    path = Path(folder, f"{name}_{number:05}{suffix}")
    while path.exists():
        number += 1
        path = path.with_name(f"{name}_{number:05}{suffix}")
    return OutputFile(path, subfolder)


def _is_photo(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in PHOTO_SUFFIXES

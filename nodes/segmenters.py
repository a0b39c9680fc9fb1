"""Segmentation models on disk and in memory: where they lie, what a SEGMENTER carries, and the inputs that take one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folder_paths
from comfy_api.latest import io

from ..engine.errors import ModelMissingError, StillbytesError
from .choices import MASK_ENGINES
from .sockets import SEGMENTER

if TYPE_CHECKING:
    from ..engine.masks.ports import Segmenters

FOLDERS = ("sam2", "sams", "grounding-dino", "ultralytics", "yolo", "semantic")
_SUFFIXES = {".safetensors", ".sft", ".pt", ".pth", ".onnx"}
WHERE = (
    "Copy one to ComfyUI's models folder: models/sam2 (SAM 2 or 2.1, for example sam2.1_hiera_tiny.safetensors), "
    "models/sams (SAM, EdgeTAM), models/grounding-dino, models/ultralytics (YOLO as .onnx) or models/semantic."
)


@dataclass(frozen=True, eq=False)
class LoadedSegmenter:
    """One model. `patcher` is what ComfyUI's memory manager knows it by, None for a model that it does not hold.

    A SEGMENTER is a tuple of these, in the order in which they were loaded.
    """

    segmenters: Segmenters
    patcher: Any


def register_folders() -> None:
    """Make ComfyUI look for segmentation models in their folders, and wherever its extra paths say."""
    for name in FOLDERS:
        usual = str(Path(folder_paths.models_dir) / name)
        paths = folder_paths.folder_names_and_paths.get(name, ([], set()))[0]
        folder_paths.folder_names_and_paths[name] = (list(dict.fromkeys([usual, *paths])), set(_SUFFIXES))


def model_choices() -> list[str]:
    """Return the models as "folder/name": weight files, and folders in transformers' layout."""
    found: set[str] = set()
    for kind in FOLDERS:
        for root in folder_paths.get_folder_paths(kind):
            for folder, subfolders, names in os.walk(root):
                relative = Path(kind) / Path(folder).relative_to(root)
                if "config.json" in names:
                    found.add(relative.as_posix())
                    subfolders.clear()
                else:
                    found |= {(relative / n).as_posix() for n in names if Path(n).suffix.lower() in _SUFFIXES}
    return sorted(found, key=str.casefold)


def model_path(choice: str) -> Path:
    """Return the file or folder that `choice` names, inside its models folder. Raises ModelMissingError if none is."""
    kind, _, name = choice.partition("/")
    for root in folder_paths.get_folder_paths(kind) if kind in FOLDERS and name else []:
        path = Path(root) / name
        if folder_paths.is_within_directory(root, str(path)) and path.exists():
            return path
    raise ModelMissingError(f"There is no segmentation model {choice!r}.", WHERE)


def model_fingerprint(choice: str | None) -> str:
    """Return what changes when the model does: path, size and time of change of its files."""
    try:
        path = model_path(choice or "")
    except ModelMissingError:
        return ""
    files = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    return "|".join(f"{p}:{p.stat().st_size}:{p.stat().st_mtime_ns}" for p in files)


def segmenters_of(value: Any) -> Segmenters:
    """Return the engines that an optional SEGMENTER input carries; of each kind the one loaded last comes first."""
    from ..engine.masks.learned.open import merged
    from ..engine.masks.ports import BUILT_IN

    if value is None:
        return BUILT_IN
    if not isinstance(value, tuple) or not all(isinstance(model, LoadedSegmenter) for model in value):
        raise StillbytesError(f"Expected a SEGMENTER, found {type(value).__name__}.", "Check what is connected.")
    engines = BUILT_IN
    for model in value:
        engines = merged(engines, model.segmenters)
    return engines


def segmenter_input() -> io.Input:
    """Return the optional input `segmenter`."""
    return SEGMENTER.Input(
        "segmenter",
        display_name="Segmenter",
        optional=True,
        tooltip="From Load Segmenter. Without it the built-in engines work, which need no model.",
    )


def engine_input() -> io.Input:
    """Return the optional input `engine`."""
    return io.Combo.Input(
        "engine",
        options=MASK_ENGINES,
        display_name="Engine",
        optional=True,
        default="auto",
        advanced=True,
        tooltip="auto: the best engine at hand for this target. built-in: no model. sam, detector, semantic: that "
        "kind of model alone, which must be among the segmenters.",
    )

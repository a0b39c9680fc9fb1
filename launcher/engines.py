"""The learned engines that a command line names: segmentation models and a fill model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.errors import ModelMissingError

if TYPE_CHECKING:
    from ..engine.engines import Engines


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add --segmenter and --fill-model to the parser of a command that edits photos."""
    parser.add_argument(
        "--segmenter",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="find things with this model: a SAM or YOLO (.onnx) file, a GroundingDINO or semantic folder; repeatable",
    )
    parser.add_argument(
        "--fill-model", type=Path, metavar="PATH", help="fill what is removed with this LaMa model (needs PyTorch)"
    )


def refuse_missing(segmenters: Sequence[Path], fill_model: Path | None) -> None:
    """Raise ModelMissingError for the first file or folder that is not there, without loading any."""
    for path in [*segmenters, *([] if fill_model is None else [fill_model])]:
        if not path.exists():
            raise ModelMissingError(f"There is no model file or folder {path}.")


def load(segmenters: Sequence[Path], fill_model: Path | None) -> Engines:
    """Return the engines in these files; of each kind the one named last is used.

    Raises ModelMissingError if a file or a package (torch, onnxruntime) is not there, ModelReadError if one is broken.
    """
    from ..engine.engines import BUILT_IN, Engines

    if not segmenters and fill_model is None:
        return BUILT_IN
    from ..engine.masks.learned.open import load_segmenter, merged

    engines = BUILT_IN.segmenters
    for path in segmenters:
        engines = merged(engines, load_segmenter(path))
    if fill_model is None:
        return Engines(engines)
    from ..engine.fill.lama import load_lama

    return Engines(engines, load_lama(fill_model))

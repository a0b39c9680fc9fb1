"""Any segmentation model from its file or folder: what kind it is, is read from what it holds, not from its name."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from ...errors import ModelMissingError
from ...models.load import read_config, read_weights
from ...models.residence import Host, Local
from ..ports import Segmenters

_SAM2_PARTS = "image_encoder.trunk."
_PICKLED_YOLO = b"ultralytics"
_PEEK_BYTES = 4 << 20


def load_segmenter(path: Path, host: Host = Local, allowed: Container[str] = ()) -> Segmenters:
    """Return the one engine at `path`: SAM 2, SAM, MobileSAM, EdgeTAM, YOLO, GroundingDINO or semantic segmentation.

    allowed: SHA-256 (hex) of the pickled YOLO files that may be read. Raises ModelMissingError if the file or a
    package is not there, ModelReadError if the file is broken or of no known kind.
    """
    if path.is_dir():
        return _load_folder(path, host)
    if not path.is_file():
        raise ModelMissingError(f"There is no model file or folder {path}.")
    if path.suffix.lower() == ".onnx" or _holds_yolo(path):
        from .yolo import load_yolo

        return Segmenters(detectors=(load_yolo(path, host, allowed),))
    if any(_SAM2_PARTS in name for name in read_weights(path)):
        from .sam2 import load_sam2

        return Segmenters(promptable=(load_sam2(path, host),))
    from .tiny import load_tiny

    return Segmenters(promptable=(load_tiny(path, host),))


def merged(first: Segmenters, second: Segmenters) -> Segmenters:
    """Return the engines of both; of each kind those of `second`, which was loaded later, come first."""
    return Segmenters(
        (*second.promptable, *first.promptable),
        (*second.detectors, *first.detectors),
        (*second.classifiers, *first.classifiers),
    )


def _load_folder(folder: Path, host: Host) -> Segmenters:
    kind = str(read_config(folder).get("model_type"))
    if kind.startswith("sam2"):
        from .sam2 import load_sam2

        return Segmenters(promptable=(load_sam2(folder, host),))
    if kind == "sam" or kind.startswith("edgetam"):
        from .tiny import load_tiny

        return Segmenters(promptable=(load_tiny(folder, host),))
    if kind == "grounding-dino":
        from .grounding import load_grounding

        return Segmenters(detectors=(load_grounding(folder, host),))
    from .semantic import load_semantic

    return Segmenters(classifiers=(load_semantic(folder, host),))


def _holds_yolo(path: Path) -> bool:
    """Return whether a pickle names ultralytics' classes; torch.save writes it, uncompressed, near the start."""
    if path.suffix.lower() != ".pt":
        return False
    with path.open("rb") as file:
        return _PICKLED_YOLO in file.read(_PEEK_BYTES)

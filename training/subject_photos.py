"""Make the folder that subject_net.py learns from: small copies of free photographs, and where their subject is.

    python training/subject_photos.py --sources DIR --out DIR

subject_photos.json names every photograph, its repository, licence and label. DIR of the sources holds a checkout of
each repository under its own name. A label is "none"; "trimap", a picture in the repository's annotations/trimaps
(1 subject, 2 not, 3 unsure); or rings of points in thousandths of width and height, around the subject and around what
is left out as unsure. A ring within a ring is a hole.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
if "stillbytes" not in sys.modules:
    runpy.run_path(str(ROOT / "launcher" / "package.py"))["load_package"](ROOT)

from stillbytes.training.pairs import Picture, at_side, run  # noqa: E402

SUBJECT, NONE, UNSURE = 255, 0, 128


def truth_of(label: Any, shape: tuple[int, int], trimap: Path | None = None) -> Picture:
    """Return 255 for subject, 0 for none, 128 for unsure, (h, w) of `shape`."""
    if label == "none":
        return np.full(shape, NONE, np.uint8)
    if trimap is not None:
        marks = cv2.imread(str(trimap), cv2.IMREAD_GRAYSCALE)
        return _from_shares(_share(marks == 1, shape), _share(marks == 3, shape))
    fine = (2 * shape[0], 2 * shape[1])
    drawn = [_share(_inside(label.get(key, []), fine), shape) for key in ("subject", "unsure")]
    return _from_shares(drawn[0], drawn[1])


def _inside(rings: list[list[list[int]]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    inside = np.zeros(shape, np.uint8)
    cv2.fillPoly(inside, [np.rint(np.array(ring) * shape[::-1] / 1000).astype(np.int32) for ring in rings], 1)
    return inside > 0


def _share(marked: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.float32]:
    small = cv2.resize(marked.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    return cast("NDArray[np.float32]", small)


def _from_shares(subject: NDArray[np.float32], unsure: NDArray[np.float32]) -> Picture:
    clear = np.where(subject > 0.6, SUBJECT, np.where(subject < 0.4, NONE, UNSURE))
    return np.where(unsure > 0.5, UNSURE, clear).astype(np.uint8)


def pair_of(picture: Picture, photo: dict[str, Any], folder: Path) -> tuple[Picture, Picture]:
    """Return the small picture and where it shows the subject."""
    small = at_side(picture)
    trimap = folder / "annotations" / "trimaps" / f"{Path(photo['path']).stem}.png"
    shape = small.shape[0], small.shape[1]
    return small, truth_of(photo["label"], shape, trimap if photo["label"] == "trimap" else None)


if __name__ == "__main__":
    run(Path(__file__), __doc__, pair_of)

"""Make the folder that sky_net.py learns from: small copies of free photographs, and where their sky is.

    python training/sky_photos.py --sources DIR --out DIR

sky_photos.json names every photograph, its repository, licence and label. DIR of the sources holds a checkout of each
repository under its own name. A label is "none", "all", a list of polygons around the sky (fractions of width and
height), or "outline": the sky as the built-in engine outlined it, which a person looked at and found right; where the
engine is unsure, the pixel is left out. "corners" are those of the upright photograph, from its top left clockwise, in
a file that holds it turned (fractions of width and height).
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
if "stillbytes" not in sys.modules:
    runpy.run_path(str(ROOT / "launcher" / "package.py"))["load_package"](ROOT)

from stillbytes.engine.masks.sky import outline_sky  # noqa: E402
from stillbytes.training.pairs import Picture, at_side, run  # noqa: E402

LOOKED_AT = 1024
SKY, NONE, UNSURE = 255, 0, 128


def upright(picture: Picture, corners: list[list[float]]) -> Picture:
    """Return the photograph inside `picture` whose corners, from its top left clockwise, are at these fractions."""
    size = np.array(picture.shape[1::-1], np.float32)
    given = np.array(corners, np.float32) * size
    width, height = (max(1, round(float(np.hypot(*(given[i] - given[0]))))) for i in (1, 3))
    wanted = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = cv2.getPerspectiveTransform(given, wanted)
    return cast("Picture", cv2.warpPerspective(picture, turn, (width, height), flags=cv2.INTER_LINEAR))


def truth_of(picture: Picture, label: Any, shape: tuple[int, int]) -> Picture:
    """Return 255 for sky, 0 for none, 128 for unsure, (h, w) of `shape`. `picture` is BGR at most LOOKED_AT px."""
    if label in ("none", "all"):
        return np.full(shape, SKY if label == "all" else NONE, np.uint8)
    if label == "outline":
        view = np.ascontiguousarray(picture[..., ::-1]).astype(np.float32) / np.float32(255)
        alpha = cv2.resize(outline_sky(view), shape[::-1], interpolation=cv2.INTER_AREA)
        return np.where(alpha > 2 / 3, SKY, np.where(alpha < 1 / 3, NONE, UNSURE)).astype(np.uint8)
    truth = np.zeros(shape, np.uint8)
    for polygon in label:
        cv2.fillPoly(truth, [np.rint(np.array(polygon) * shape[::-1]).astype(np.int32)], SKY)
    return truth


def pair_of(picture: Picture, photo: dict[str, Any], folder: Path) -> tuple[Picture, Picture]:
    """Return the small picture and where it shows sky."""
    picture = at_side(picture, LOOKED_AT)
    if "corners" in photo:
        picture = upright(picture, photo["corners"])
    small = at_side(picture)
    return small, truth_of(picture, photo["label"], (small.shape[0], small.shape[1]))


if __name__ == "__main__":
    run(Path(__file__), __doc__, pair_of)

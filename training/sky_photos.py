"""Make the folder that sky_net.py learns from: small copies of free photographs, and where their sky is.

    python training/sky_photos.py --sources DIR --out DIR

sky_photos.json names every photograph, its repository, licence and label. DIR of the sources holds a checkout of each
repository under its own name. A label is "none", "all", a list of polygons around the sky (fractions of width and
height), or "outline": the sky as the built-in engine outlined it, which a person looked at and found right; where the
engine is unsure, the pixel is left out. "corners" are those of the upright photograph, from its top left clockwise, in
a file that holds it turned (fractions of width and height).
"""

from __future__ import annotations

import argparse
import json
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

from stillbytes.engine.masks.sky import outline_sky  # noqa: E402

SIDE, LOOKED_AT = 256, 1024
SKY, NONE, UNSURE = 255, 0, 128


def at_side(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return `picture` with its longer side at most `side` px."""
    scale = min(1.0, side / max(picture.shape[:2]))
    return cast("NDArray[np.uint8]", cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def upright(picture: NDArray[np.uint8], corners: list[list[float]]) -> NDArray[np.uint8]:
    """Return the photograph inside `picture` whose corners, from its top left clockwise, are at these fractions."""
    size = np.array(picture.shape[1::-1], np.float32)
    given = np.array(corners, np.float32) * size
    width, height = (max(1, round(float(np.hypot(*(given[i] - given[0]))))) for i in (1, 3))
    wanted = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = cv2.getPerspectiveTransform(given, wanted)
    return cast("NDArray[np.uint8]", cv2.warpPerspective(picture, turn, (width, height), flags=cv2.INTER_LINEAR))


def truth_of(picture: NDArray[np.uint8], label: Any, shape: tuple[int, int]) -> NDArray[np.uint8]:
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


def main() -> None:
    """Write one small picture and one truth per photograph, and index.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=Path, required=True, help="a folder with the repositories' checkouts")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    listed = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    index: list[dict[str, str]] = []
    for number, photo in enumerate(listed["photos"]):
        folder = options.sources / listed["sources"][photo["source"]]["repository"].split("/")[1]
        if (picture := cv2.imread(str(folder / photo["path"]), cv2.IMREAD_COLOR)) is None:
            print(f"left out, cannot be read: {folder / photo['path']}")
            continue
        picture = at_side(cast("NDArray[np.uint8]", picture), LOOKED_AT)
        if "corners" in photo:
            picture = upright(picture, photo["corners"])
        small = at_side(picture, SIDE)
        truth = truth_of(picture, photo["label"], (small.shape[0], small.shape[1]))
        names = f"{number:03d}.png", f"{number:03d}_truth.png"
        cv2.imwrite(str(options.out / names[0]), small)
        cv2.imwrite(str(options.out / names[1]), truth)
        index.append({"file": names[0], "gt": names[1], "set": photo["source"]})
    (options.out / "index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")
    print(f"{len(index)} photographs in {options.out}")


if __name__ == "__main__":
    main()

"""The folder that a network learns from, made of the photographs that a list names."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 256
"""Of the longer side of what a network learns from, in px."""

Picture = NDArray[np.uint8]
PairOf = Callable[[Picture, dict[str, Any], Path], tuple[Picture, Picture]]
"""The small picture and its truth, of a photograph (BGR), its entry in the list and its repository's folder."""


def at_side(picture: Picture, side: int = SIDE) -> Picture:
    """Return `picture` with its longer side at most `side` px."""
    scale = min(1.0, side / max(picture.shape[:2]))
    return cast("Picture", cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def write_pairs(listed: dict[str, Any], sources: Path, out: Path, pair_of: PairOf) -> int:
    """Write into the folder `out` one small picture and one truth per photograph, and index.json; return how many.

    sources: a folder with the repositories' checkouts. A photograph that cannot be read is named and left out.
    """
    out.mkdir(parents=True, exist_ok=True)
    index: list[dict[str, str]] = []
    for number, photo in enumerate(listed["photos"]):
        folder = sources / listed["sources"][photo["source"]]["repository"].split("/")[1]
        if (picture := cv2.imread(str(folder / photo["path"]), cv2.IMREAD_COLOR)) is None:
            print(f"left out, cannot be read: {folder / photo['path']}")
            continue
        names = f"{number:04d}.png", f"{number:04d}_truth.png"
        for name, half in zip(names, pair_of(cast("Picture", picture), photo, folder), strict=True):
            cv2.imwrite(str(out / name), half)
        index.append({"file": names[0], "gt": names[1], "set": photo["source"]})
    (out / "index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")
    return len(index)


def run(script: Path, about: str | None, pair_of: PairOf) -> None:
    """Write the folder that the command line asks for; the list lies beside `script` and is named like it."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=Path, required=True, help="a folder with the repositories' checkouts")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    options = parser.parse_args()
    listed = json.loads(script.with_suffix(".json").read_text(encoding="utf-8"))
    print(f"{write_pairs(listed, options.sources, options.out, pair_of)} photographs in {options.out}")

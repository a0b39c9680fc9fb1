"""What our crop, detail, grain and blend cost around LaMa, as a share of the net's own time.

    python benchmarks/lama.py [--sides 512,1024]

Run it with a Python that has torch and spandrel, such as ComfyUI's. The net has the real size of big-lama and random
weights, so times are right and pictures are not. CPU seconds of all threads; the hole is a sixth of the crop.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from harness import note
from stillbytes.engine.errors import ModelMissingError
from stillbytes.engine.fill.fill import FillOptions, fill
from stillbytes.engine.fill.lama import Lama
from stillbytes.engine.models.packages import package, torch
from stillbytes.engine.models.residence import Local
from stillbytes.engine.photo import Photo
from stillbytes.engine.raster.source import ArraySource


class Timed:
    """A painter that measures its own CPU seconds."""

    def __init__(self, painter: Lama) -> None:
        self._painter, self.name, self.good_side = painter, painter.name, painter.good_side
        self.cpu_s = 0.0

    def paint(self, picture: Any, hole: Any) -> Any:
        start = time.process_time()
        painted = self._painter.paint(picture, hole)
        self.cpu_s += time.process_time() - start
        return painted


def random_lama() -> Lama:
    """Return a big-lama with random weights."""
    torch().manual_seed(0)
    net = package("spandrel.architectures.LaMa").LaMa(in_nc=4, out_nc=3).eval().requires_grad_(False)
    return Lama("random big-lama", Local(net), net)


def scene(side: int) -> tuple[Photo, Any]:
    """Return a textured photo that is all context of its hole, and the mask."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    light = 0.3 + 0.1 * np.sin(x / 9) * np.sin(y / 7)
    pixels = light[..., None] * rng.normal(1, 0.03, (side, side, 3))
    mask = np.zeros((side, side), np.float32)
    mask[side // 3 : side * 2 // 3, side // 4 : side * 3 // 4] = 1
    return Photo(ArraySource(pixels.astype(np.float32), "linear-rec2020")), mask


@contextmanager
def cpu() -> Iterator[list[float]]:
    """Fill a list with the CPU seconds of the block."""
    spent, start = [0.0], time.process_time()
    yield spent
    spent[0] = time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sides", default="512,1024", help="sides of the crop in px (default: 512,1024)")
    options = parser.parse_args()
    try:
        painter = Timed(random_lama())
    except ModelMissingError as missing:
        note(str(missing))
        return
    print("side px   net CPU s   ours CPU s   ours / net")
    for side in (int(text) for text in options.sides.split(",")):
        photo, mask = scene(side)
        fill(photo, mask, FillOptions("patches"))
        warm, small = scene(96)
        fill(warm, small, FillOptions("lama"), painter)
        painter.cpu_s = 0.0
        with cpu() as spent:
            fill(photo, mask, FillOptions("lama"), painter)
        own = spent[0] - painter.cpu_s
        print(f"{side:7d} {painter.cpu_s:11.2f} {own:12.2f} {own / painter.cpu_s:12.1%}")


if __name__ == "__main__":
    main()

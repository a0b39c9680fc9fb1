"""File to first 2 MP preview, warm, against LibRaw's unpacking alone.

    python benchmarks/preview.py [--rounds N]

Ours: open the RAW file and render the display-encoded preview of the whole frame, with the engine's spare decoder
ready, as a long-lived host has it. LibRaw: open and unpack in this process, no processing. The files lie in the page
cache.
"""

from __future__ import annotations

import argparse
import math
import time
from functools import partial
from pathlib import Path

import harness
import rawpy
from stillbytes.engine.develop.display import OutputSpec, render_display
from stillbytes.engine.open import open_photo
from stillbytes.engine.raw.decode import prepare

PREVIEW_PIXELS = 2_000_000
TARGET_S = 0.15
SPARE_READY_S = 1.5


def unpack(path: Path) -> None:
    with rawpy.imread(str(path)) as raw:
        raw.raw_image.max()


def preview(path: Path) -> harness.Cost:
    """Return the cost of opening and rendering, and leave time for the next spare decoder to start."""
    prepare()
    time.sleep(SPARE_READY_S)
    wall, cpu = time.perf_counter(), time.process_time()
    photo = open_photo(path)
    scale = min(1.0, math.sqrt(PREVIEW_PIXELS / photo.size.pixels))
    render_display(photo, OutputSpec(dtype="uint8"), scale=scale)
    return harness.Cost(time.perf_counter() - wall, time.process_time() - cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description="File to first 2 MP preview against LibRaw's unpacking.")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for megapixels in (24, 45):
        for compression in ("none", "lossless-jpeg"):
            path = harness.synthetic_dng(megapixels, compression)
            runs = {"LibRaw unpack": partial(unpack, path), "Stillbytes preview": partial(preview, path)}
            measured = harness.interleaved(runs, rounds)
            harness.costs(measured)
            extra = measured["Stillbytes preview"].wall_s - measured["LibRaw unpack"].wall_s
            name = f"first preview after LibRaw's unpack, {megapixels} MP, {compression}"
            harness.line(name, extra, TARGET_S, "s", "less")


if __name__ == "__main__":
    main()

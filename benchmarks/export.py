"""Exporting large photos: peak memory above the mosaic's own, and time against the encoder fed from memory.

    python benchmarks/export.py [--rounds N] [--only memory|time]

Memory: whole processes that export 24, 100 and 200 MP RAW files to 16-bit TIFF; the mosaic's own bytes (2 per pixel)
are taken off. Time: export of a 100 MP photo in this process against the same TIFF writer fed with finished strips.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import harness
import numpy as np
from numpy.typing import NDArray
from stillbytes.engine.develop.display import OutputSpec, photo_strips
from stillbytes.engine.export.export import ExportOptions, export
from stillbytes.engine.export.tiff import Compression, TiffWriter
from stillbytes.engine.export.writer import ImageSpec
from stillbytes.engine.open import open_photo
from stillbytes.engine.photo import Photo
from stillbytes.engine.profiles import icc_profile

ABOVE_MB, FLAT, SLOWER = 250.0, 1.15, 1.5
PLAN = Path(__file__).with_name("profiles") / "plan.json"


def memory(rounds: int) -> None:
    above: dict[int, float] = {}
    for megapixels, (width, height) in harness.SIZES.items():
        if megapixels == 45:
            continue
        raw = harness.synthetic_dng(megapixels, "none")
        with harness.scratch() as folder:
            command = harness.ours("edit", raw, "--plan", PLAN, "--overwrite", "-o", folder / "out.tif")
            name = f"{megapixels} MP"
            measured = harness.interleaved({name: partial(harness.run_process, command)}, rounds)
        harness.costs(measured)
        above[megapixels] = (measured[name].peak_bytes - 2 * width * height) / harness.MEGABYTE
        harness.note(f"{name}: {above[megapixels]:.0f} MB above the mosaic")
    harness.line("export of 100 MP, peak memory above the mosaic", above[100], ABOVE_MB, "MB", "less")
    flat = max(above.values()) / min(above.values())
    harness.line("export from 24 to 200 MP, largest over smallest", flat, FLAT, "x", "less")


def time_(rounds: int, compression: Compression) -> None:
    photo = open_photo(harness.synthetic_dng(100, "none"))
    spec = ImageSpec(photo.size, 16, icc_profile("srgb"))
    strips = list(photo_strips(photo, OutputSpec(dtype="uint16"), 1.0, spec.rows))
    with harness.scratch() as folder:
        runs = {
            "export": partial(_export, photo, folder / "export.tif", compression),
            "encoder from memory": partial(_encode, strips, spec, folder / "memory.tif", compression),
        }
        measured = harness.interleaved(runs, rounds)
    harness.costs(measured)
    whole, encoder = measured["export"], measured["encoder from memory"]
    if compression == ExportOptions().compression:
        ratio = whole.wall_s / encoder.wall_s
        harness.line(f"export of 100 MP over its encoder's time, {compression}", ratio, SLOWER, "x", "less")
    harness.note(f"{compression} in CPU seconds: {whole.cpu_s / encoder.cpu_s:.2f} x")


def _export(photo: Photo, path: Path, compression: Compression) -> None:
    export(photo, path, ExportOptions(compression=compression, overwrite=True))


def _encode(strips: list[NDArray[np.generic]], spec: ImageSpec, path: Path, compression: Compression) -> None:
    with path.open("wb") as file:
        writer = TiffWriter(file, spec, compression)
        for strip in strips:
            writer.write(strip)
        writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory and time of exporting large photos.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("memory", "time"))
    arguments = parser.parse_args()
    if arguments.only != "time":
        memory(max(1, arguments.rounds // 2))
    if arguments.only != "memory":
        for compression in ("deflate", "zstd", "none"):
            time_(arguments.rounds, compression)


if __name__ == "__main__":
    main()

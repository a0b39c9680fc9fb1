"""Demosaicing and colour against LibRaw: speed on 24 and 45 MP mosaics in memory, quality on mosaicked photographs.

    python benchmarks/demosaic.py [--photos DIR] [--rounds N] [--only speed|quality]

Speed: the whole frame as float32, scene-linear Rec.2020, against rawpy's postprocess (16 bit, sRGB), files unpacked
before. Quality: CPSNR of sRGB-encoded pixels against the photograph, the mean over photographs, 10 px border left out.
The photographs go through the linear model of a camera (colour matrix, white balance), without and with noise.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import harness
import numpy as np
import rawpy
from numpy.typing import NDArray
from stillbytes.engine.color import REC2020, SPACES, convert, encode
from stillbytes.engine.geometry import Grid
from stillbytes.engine.photo import Photo
from stillbytes.engine.raw.source import RawOptions, open_raw
from stillbytes.samples.dng import DngSpec, write_dng
from stillbytes.samples.sensor import Noise, mosaic_from_image

NATIVE = Grid(0.0, 0.0, 1.0, 1.0)
LIBRAW: dict[str, Any] = {"no_auto_bright": True, "use_camera_wb": True, "output_bps": 16, "adjust_maximum_thr": 0.0}
PEERS = {
    "AHD": rawpy.DemosaicAlgorithm.AHD,
    "DHT": rawpy.DemosaicAlgorithm.DHT,
}


def speed(rounds: int) -> None:
    for megapixels in (24, 45):
        path = harness.synthetic_dng(megapixels, "none")
        with rawpy.imread(str(path)) as raw:
            raw.unpack()
            source = open_raw(path, RawOptions(highlights="clip"))
            runs: dict[str, Callable[[], object]] = {
                "Stillbytes": Photo(source).render,
                "rawpy AHD": partial(raw.postprocess, demosaic_algorithm=PEERS["AHD"], **LIBRAW),
            }
            measured = harness.interleaved(runs, rounds)
        harness.costs(measured)
        us, ahd = measured["Stillbytes"], measured["rawpy AHD"]
        name = f"demosaic and colour, {megapixels} MP, rawpy AHD's time over ours"
        harness.line(f"{name}, wall", ahd.wall_s / us.wall_s, 8, "x", "more")
        harness.note(f"the same in CPU seconds: {ahd.cpu_s / us.cpu_s:.2f} x")


def quality(folder: Path | None) -> None:
    pictures = harness.photos(folder)
    harness.note(f"{len(pictures)} photographs")
    for title, noise, targets in (
        ("no noise", None, {"AHD": 4.0, "DHT": 2.0}),
        ("noise of ISO 800", Noise.at_iso(800), {"AHD": 0.0, "DHT": 0.0}),
        ("noise of ISO 6400", Noise.at_iso(6400), {"AHD": 0.0, "DHT": 0.0}),
    ):
        scores: dict[str, list[float]] = {name: [] for name in ("Stillbytes", "Stillbytes fast", *PEERS)}
        with harness.scratch() as scratch:
            for seed, picture in enumerate(pictures):
                mosaic = mosaic_from_image(harness.linear(picture), DngSpec(), noise, seed)
                write_dng(scratch / "photo.dng", mosaic, DngSpec())
                for name, score in _scores(scratch / "photo.dng", picture).items():
                    scores[name].append(score)
        means = {name: float(np.mean(of)) for name, of in scores.items()}
        harness.note(f"CPSNR, {title}: " + ", ".join(f"{name} {mean:.2f} dB" for name, mean in means.items()))
        for peer, target in targets.items():
            gain = means["Stillbytes"] - means[peer]
            harness.line(f"CPSNR above rawpy {peer}, {title}", gain, target, "dB", "more")


def _scores(path: Path, picture: NDArray[np.float64]) -> dict[str, float]:
    scores: dict[str, float] = {}
    with rawpy.imread(str(path)) as raw:
        for name, algorithm in PEERS.items():
            developed = raw.postprocess(demosaic_algorithm=algorithm, gamma=(1, 1), **LIBRAW) / 65535
            scores[name] = cpsnr(encode(developed, "srgb"), picture)
    matrix = convert(REC2020, SPACES["srgb"])
    for name, method in (("Stillbytes", "best"), ("Stillbytes fast", "fast")):
        rendered = Photo(open_raw(path, RawOptions(highlights="clip", demosaic=method))).render()
        scores[name] = cpsnr(encode(np.clip(rendered @ matrix.T, 0, 1), "srgb"), picture)
    return scores


def cpsnr(developed: NDArray[np.float64], picture: NDArray[np.float64], border: int = 10) -> float:
    """Return the peak signal-to-noise ratio over all channels in dB, peak 1.0."""
    inner = (slice(border, -border), slice(border, -border))
    return float(-10 * np.log10(np.mean((developed[inner] - picture[inner]) ** 2)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed and quality of demosaicing against LibRaw.")
    parser.add_argument("--photos", type=Path, help="a folder of photographs without compression")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("speed", "quality"))
    arguments = parser.parse_args()
    if arguments.only != "quality":
        speed(arguments.rounds)
    if arguments.only != "speed":
        quality(arguments.photos)


if __name__ == "__main__":
    main()

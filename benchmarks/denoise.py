"""Noise reduction of a RAW photo against LibRaw's FBDD and OpenCV's non-local means on top of our own demosaicing.

    python benchmarks/denoise.py [--photos DIR]

Photographs are mosaicked with a sensor's noise and developed without tone curve. Each method is given its best amount
of a few for each ISO, the mean over the photographs deciding. CPSNR as in demosaic.py, and CPU seconds for a megapixel.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import harness
import numpy as np
import rawpy
from demosaic import LIBRAW, cpsnr
from numpy.typing import NDArray
from stillbytes.engine.color import REC2020, SPACES, convert, encode
from stillbytes.engine.develop.adjust import Adjust
from stillbytes.engine.develop.settings import DevelopSettings
from stillbytes.engine.photo import Photo
from stillbytes.engine.raw.source import RawOptions, open_raw
from stillbytes.samples.dng import DngSpec, write_dng
from stillbytes.samples.sensor import Noise, mosaic_from_image

Picture = NDArray[Any]
TO_SRGB = convert(REC2020, SPACES["srgb"]).T


def ours(path: Path, amount: float) -> Picture:
    settings = DevelopSettings(noise_reduction=amount, color_noise_reduction=min(1.5 * amount, 100.0))
    photo = Photo(open_raw(path, RawOptions(highlights="clip"))).with_edit(Adjust(settings))
    return encode(np.clip(photo.render() @ TO_SRGB, 0, 1), "srgb")


def libraw(path: Path, fbdd: rawpy.FBDDNoiseReductionMode = rawpy.FBDDNoiseReductionMode.Off) -> Picture:
    with rawpy.imread(str(path)) as raw:
        light = raw.postprocess(
            demosaic_algorithm=rawpy.DemosaicAlgorithm.AHD, gamma=(1, 1), fbdd_noise_reduction=fbdd, **LIBRAW
        )
    return encode(light / 65535, "srgb")


def non_local_means(path: Path, amount: float) -> Picture:
    codes = np.round(ours(path, 0.0) * 255).astype(np.uint8)
    return cv2.fastNlMeansDenoisingColored(codes, None, amount, 2 * amount, 7, 21) / 255


METHODS: dict[str, list[Callable[[Path], Picture]]] = {
    "Stillbytes": [lambda path, a=a: ours(path, a) for a in (10.0, 20.0, 30.0, 45.0, 60.0, 80.0, 100.0)],
    "LibRaw FBDD": [lambda path, m=m: libraw(path, m) for m in rawpy.FBDDNoiseReductionMode],
    "non-local means": [lambda path, h=h: non_local_means(path, h) for h in (2.0, 4.0, 7.0, 10.0, 14.0)],
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Noise reduction against LibRaw and OpenCV.")
    parser.add_argument("--photos", type=Path, help="a folder of photographs without compression")
    pictures = harness.photos(parser.parse_args().photos)
    harness.note(f"{len(pictures)} photographs")
    for iso in (800, 3200, 12800):
        best = dict.fromkeys(METHODS, (-np.inf, 0.0))
        with harness.scratch() as folder:
            files = [folder / f"{number}.dng" for number in range(len(pictures))]
            for seed, (file, picture) in enumerate(zip(files, pictures, strict=True)):
                write_dng(
                    file, mosaic_from_image(harness.linear(picture), DngSpec(), Noise.at_iso(iso), seed), DngSpec()
                )
            for name, amounts in METHODS.items():
                best[name] = max(_score(method, files, pictures) for method in amounts)
        for name, (score, seconds) in best.items():
            harness.note(f"ISO {iso}, {name}: {score:.2f} dB, {seconds:.2f} CPU s for a megapixel")
        for peer in list(METHODS)[1:]:
            harness.line(f"ISO {iso}, CPSNR above {peer}", best["Stillbytes"][0] - best[peer][0], 0.0, "dB", "more")


def _score(method: Callable[[Path], Picture], files: list[Path], pictures: list[Picture]) -> tuple[float, float]:
    """Return the mean CPSNR and the CPU seconds for a megapixel."""
    start = time.process_time()
    scores = [cpsnr(method(file), picture) for file, picture in zip(files, pictures, strict=True)]
    return float(np.mean(scores)), (time.process_time() - start) / sum(p[..., 0].size for p in pictures) * 1e6


if __name__ == "__main__":
    main()

"""How much dust on the sensor is found, and how much that is none, on photographs with dust drawn into them.

    python benchmarks/dust.py [FOLDER ...] [--spots 12]

A speck of dust is a soft dark disc of 5 to 60 px across in a photo of 24 MP that takes 5 to 20 % of the light; its edge
is soft over a third of its radius. The photographs stand for the proxy of 1024 px on which spots are looked for: a disc
is 1 to 10 px across in them. Half of the specks lie where a photograph is calm (in the ring around them no
more than 1/100 of deviation), half anywhere. Recall is the share of specks found, precision the share of what is found
that is dust; real spots of the photographs count as wrong.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import harness
import numpy as np
from numpy.typing import NDArray
from stillbytes.engine.color import decode, encode
from stillbytes.engine.fill.spotting import find_spots
from stillbytes.engine.opencv import cv2

Picture = NDArray[np.float64]
REDUCTION = harness.SIZES[24][0] / 1024
DIAMETERS_PX, CONTRASTS = (5, 60), (0.05, 0.2)
CALM = 0.01
BANDS_PX = ((5, 12), (12, 25), (25, 60))
_LUMA = np.array([0.299, 0.587, 0.114])
_FINE = 6


class Speck(NamedTuple):
    """A disc of dust: its middle and radius in px of the picture, the share of light that it takes, its ground."""

    x: float
    y: float
    radius: float
    contrast: float
    calm: bool

    @property
    def diameter_px(self) -> float:
        """Its size in a photo of 24 MP."""
        return 2 * self.radius * REDUCTION


def dusted(picture: Picture, count: int, rng: np.random.Generator) -> tuple[Picture, list[Speck]]:
    """Return the picture, sRGB-encoded (h, w, 3), with `count` specks that keep apart, and the specks."""
    luma = picture @ _LUMA
    mean = cv2().GaussianBlur(luma, (0, 0), 6)
    spread = np.sqrt(np.maximum(cv2().GaussianBlur(luma * luma, (0, 0), 6) - mean * mean, 0))
    light, free = decode(picture, "srgb"), np.ones(luma.shape, bool)
    free[:20], free[-20:], free[:, :20], free[:, -20:] = False, False, False, False
    specks: list[Speck] = []
    for n in range(count):
        places = np.argwhere(free & (spread < CALM)) if n % 2 == 0 else np.argwhere(free)
        if not len(places):
            continue
        row, column = places[rng.integers(len(places))] + rng.uniform(0, 1, 2)
        radius = np.exp(rng.uniform(*np.log(DIAMETERS_PX))) / 2 / REDUCTION
        calm = bool(spread[int(row), int(column)] < CALM)
        speck = Speck(column, row, radius, rng.uniform(*CONTRASTS), calm)
        _darken_(light, speck)
        free[max(int(row) - 40, 0) : int(row) + 41, max(int(column) - 40, 0) : int(column) + 41] = False
        specks.append(speck)
    return encode(light, "srgb"), specks


def _darken_(light: Picture, speck: Speck) -> None:
    """Take light away under a speck, the mean of 6 x 6 points in each pixel."""
    reach = int(np.ceil(speck.radius * 1.5)) + 2
    top, left = int(speck.y) - reach, int(speck.x) - reach
    side = np.arange((2 * reach + 1) * _FINE) / _FINE + 0.5 / _FINE
    away = np.hypot(side[:, None] + top - speck.y, side + left - speck.x) / speck.radius
    t = np.clip((1.17 - away) / 0.34, 0, 1)
    cover = (t * t * (3 - 2 * t)).reshape(2 * reach + 1, _FINE, 2 * reach + 1, _FINE).mean(axis=(1, 3))
    light[top : top + 2 * reach + 1, left : left + 2 * reach + 1] *= 1 - speck.contrast * cover[..., None]


def main() -> None:
    """Measure recall by size and ground, and precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*", help="photographs; without it the Kodak set or the sample")
    parser.add_argument("--spots", type=int, default=12, help="specks drawn into each photograph")
    options = parser.parse_args()
    pictures = [p for folder in options.folders or [None] for p in harness.photos(folder)]
    hits: list[tuple[Speck, bool]] = []
    found = right = 0
    for n, picture in enumerate(pictures):
        picture, specks = dusted(picture, options.spots, np.random.default_rng([n, 11]))
        count, labels = cv2().connectedComponents(
            find_spots((picture @ _LUMA).astype(np.float32)).flags.astype(np.uint8), connectivity=8
        )
        touched = [_touched(labels, speck) for speck in specks]
        hits += [(speck, bool(labels_of)) for speck, labels_of in zip(specks, touched, strict=True)]
        found += count - 1
        right += len(set().union(*touched))
    for calm in (True, False):
        for low, high in BANDS_PX:
            of = [hit for speck, hit in hits if speck.calm == calm and low <= speck.diameter_px < high]
            ground = "calm" if calm else "textured"
            harness.note(f"recall on {ground} ground, {low} to {high} px: {np.mean(of or [0]):.0%} of {len(of)}")
    calm_hits = [hit for speck, hit in hits if speck.calm]
    harness.line(
        f"recall on calm ground, {len(pictures)} photographs", 100 * float(np.mean(calm_hits)), 80, "%", "more"
    )
    harness.line("recall anywhere", 100 * float(np.mean([hit for _, hit in hits])), 80, "%", "more")
    harness.line(f"precision, of {found} found", 100 * right / max(found, 1), 90, "%", "more")


def _touched(labels: NDArray[np.int32], speck: Speck) -> set[int]:
    """Return the labels of what was found within a speck, of 1 px at least."""
    reach = max(speck.radius, 1.0)
    rows, columns = np.indices(labels.shape)
    near = np.hypot(columns + 0.5 - speck.x, rows + 0.5 - speck.y) <= reach
    return set(labels[near].tolist()) - {0}


if __name__ == "__main__":
    main()

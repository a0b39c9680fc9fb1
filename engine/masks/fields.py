"""What the built-in engines share: colour models, neighbours that agree unless an edge parts them, components."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..fastmath import exp2
from ..jit import kernel
from ..opencv import cv2

Field = NDArray[np.float32]
"""float32 (h, w): a probability, a log-odds or a feature per pixel of a small picture."""

_BINS = (20, 24, 24)
_RARE = 2e-5


def resize(values: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return `values`, (h, w) or (h, w, n), at `shape`: averaged where it shrinks, bilinear where it grows."""
    shrinks = shape[0] * shape[1] < values.shape[0] * values.shape[1]
    how = cv2().INTER_AREA if shrinks else cv2().INTER_LINEAR
    return cv2().resize(values, (shape[1], shape[0]), interpolation=how)


def small_shape(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Return (height, width) with the longer side at most `side`, at least 8 px each."""
    scale = min(1.0, side / max(shape[:2]))
    return max(8, round(shape[0] * scale)), max(8, round(shape[1] * scale))


def to_lab(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return CIE L*a*b* (L* 0 to 100) of display-encoded sRGB, both float32 (h, w, 3)."""
    return cv2().cvtColor(picture, cv2().COLOR_RGB2Lab)


def squared(difference: NDArray[np.float32]) -> Field:
    """Return the squared length of the vectors of `difference`, (h, w, n)."""
    return np.einsum("hwn,hwn->hw", difference, difference)


def coupling(lab: NDArray[np.float32]) -> tuple[Field, Field]:
    """Return how strongly each pixel agrees with its right and its lower neighbour, 0.02 to 1.02.

    Boykov and Jolly (2001): exp(-difference² / 2 sigma²), sigma half the picture's own rms difference.
    """
    across, down = squared(lab[:, 1:] - lab[:, :-1]), squared(lab[1:] - lab[:-1])
    spread = max(4.0, float((across.mean() + down.mean()) / 2)) / 2
    right, below = np.zeros(lab.shape[:2], np.float32), np.zeros(lab.shape[:2], np.float32)
    right[:, :-1], below[:-1] = np.exp(-across / spread), np.exp(-down / spread)
    return right + np.float32(0.02), below + np.float32(0.02)


@kernel
def _settle(p: Field, odds: Field, right: Field, below: Field, rounds: int) -> None:
    height, width = p.shape
    one, two = np.float32(1), np.float32(2)
    limit, per_e = np.float32(30), np.float32(-1.442695)
    for sweep in range(2 * rounds):
        for y in range(height):
            for x in range((y + sweep) & 1, width, 2):
                pull = odds[y, x]
                if x > 0:
                    pull += right[y, x - 1] * (two * p[y, x - 1] - one)
                if x < width - 1:
                    pull += right[y, x] * (two * p[y, x + 1] - one)
                if y > 0:
                    pull += below[y - 1, x] * (two * p[y - 1, x] - one)
                if y < height - 1:
                    pull += below[y, x] * (two * p[y + 1, x] - one)
                p[y, x] = one / (one + exp2(min(max(pull, -limit), limit) * per_e))


def settle_(p: Field, odds: NDArray[np.floating], couplings: tuple[Field, Field], strength: float, rounds: int) -> None:
    """Move the probabilities `p` towards what their log-odds and their neighbours say (mean field, red-black).

    couplings: to the right and to the lower neighbour, see `coupling`; `strength` scales them.
    """
    weight = np.float32(strength)
    _settle(p, odds.astype(np.float32, copy=False), couplings[0] * weight, couplings[1] * weight, rounds)


def sigmoid(odds: NDArray[np.floating]) -> Field:
    """Return the probabilities of log-odds."""
    return (1 / (1 + np.exp(-odds))).astype(np.float32)


class Palette:
    """Colour histograms of a picture's parts, compared pixel by pixel."""

    def __init__(self, lab: NDArray[np.float32]) -> None:
        scaled = (lab - np.array([0, -60, -60], np.float32)) / np.array([100, 120, 120], np.float32)
        bins = np.rint(np.clip(scaled, 0, 1) * (np.array(_BINS, np.float32) - 1)).astype(np.int32)
        self._index = (bins[..., 0] * _BINS[1] + bins[..., 1]) * _BINS[2] + bins[..., 2]

    def odds(self, part: NDArray[np.floating], rest: NDArray[np.floating]) -> Field:
        """Return log(how common a pixel's colour is in `part` / in `rest`); both are weights per pixel."""
        ratio = np.log((self._share(part) + _RARE) / (self._share(rest) + _RARE)).astype(np.float32)
        return ratio.ravel()[self._index]

    def _share(self, weights: NDArray[np.floating]) -> NDArray[np.float64]:
        counts = np.bincount(self._index.ravel(), weights.ravel(), _BINS[0] * _BINS[1] * _BINS[2]).reshape(_BINS)
        for axis in range(3):
            edge = [(1, 1) if a == axis else (0, 0) for a in range(3)]
            padded, n = np.pad(counts, edge, mode="edge"), _BINS[axis]
            near = padded.take(range(n), axis) + padded.take(range(2, n + 2), axis)
            counts = 0.5 * padded.take(range(1, n + 1), axis) + 0.25 * near
        return counts / max(float(counts.sum()), 1e-9)


class Parts(NamedTuple):
    """The connected parts of a binary mask: labels (0 = outside) and, per label, left, top, width, height, area."""

    labels: NDArray[np.int32]
    boxes: NDArray[np.int32]


def parts(mask: NDArray[np.bool_]) -> Parts:
    """Return the 4-connected parts of `mask`."""
    _, labels, boxes, _ = cv2().connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    return Parts(labels, boxes)


def widen(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Return `mask` grown by a square of `pixels` on every side."""
    side = 2 * pixels + 1
    return cv2().dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0

"""What the built-in engines share: colour models, neighbours that agree unless an edge parts them, components."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..fastmath import exp2
from ..jit import kernel
from ..opencv import cv2
from ..tiles import for_each, thread_count

Field = NDArray[np.float32]
"""float32 (h, w): a probability, a log-odds or a feature per pixel of a small picture."""

_BINS = (20, 24, 24)
_RARE = 2e-5
_LEAST_SHARE_PX = 100_000
"""Below this many pixels a thread of its own costs more than it saves."""


def resize(values: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return `values`, (h, w) or (h, w, n), at `shape`: averaged where it shrinks, bilinear where it grows."""
    shrinks = shape[0] * shape[1] < values.shape[0] * values.shape[1]
    how = cv2().INTER_AREA if shrinks else cv2().INTER_LINEAR
    return cv2().resize(values, (shape[1], shape[0]), interpolation=how)


def small_shape(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Return (height, width) with the longer side at most `side`, at least 8 px each."""
    scale = min(1.0, side / max(shape[:2]))
    return max(8, round(shape[0] * scale)), max(8, round(shape[1] * scale))


def squared(difference: NDArray[np.float32]) -> Field:
    """Return the squared length of the vectors of `difference`, (h, w, n)."""
    return np.einsum("hwn,hwn->hw", difference, difference)


@kernel
def _differences(lab: NDArray[np.float32], right: Field, below: Field) -> tuple[float, float]:
    """Fill `right` and `below` with squared colour differences to the neighbours; return the means over all rows."""
    height, width = lab.shape[:2]
    rows = right.shape[0]
    across, down = 0.0, 0.0
    for y in range(height):
        for x in range(width):
            a, b = np.float32(0), np.float32(0)
            for c in range(3):
                here = lab[y, x, c]
                if x < width - 1:
                    a += (lab[y, x + 1, c] - here) ** 2
                if y < height - 1:
                    b += (lab[y + 1, x, c] - here) ** 2
            if y < rows:
                right[y, x], below[y, x] = a, b
            across += a
            down += b
    return across / max(height * (width - 1), 1), down / max((height - 1) * width, 1)


@kernel
def _agreement(right: Field, below: Field, per_e: float) -> None:
    """Replace squared differences by exp(difference * per_e / log2(e)) + 0.02; there is nobody beyond the border."""
    height, width = right.shape
    least, rate, lowest = np.float32(0.02), np.float32(per_e), np.float32(-100)
    for y in range(height):
        for x in range(width):
            right[y, x] = least + (exp2(max(right[y, x] * rate, lowest)) if x < width - 1 else np.float32(0))
            below[y, x] = least + (exp2(max(below[y, x] * rate, lowest)) if y < height - 1 else np.float32(0))


def coupling(lab: NDArray[np.float32], rows: int | None = None) -> tuple[Field, Field]:
    """Return how strongly each pixel agrees with its right and its lower neighbour, 0.02 to 1.02.

    rows: of how many rows from the top, as if the picture ended there; of all without.
    Boykov and Jolly (2001): exp(-difference² / 2 sigma²), sigma half the picture's own rms difference.
    """
    right, below = (np.empty(lab[:rows].shape[:2], np.float32) for _ in range(2))
    across, down = _differences(lab, right, below)
    spread = max(4.0, (across + down) / 2) / 2
    _agreement(right, below, -1.442695 / spread)
    return right, below


@kernel
def _settle(p: Field, odds: Field, couplings: tuple[Field, Field], strength: float, rounds: int) -> None:
    right, below = couplings
    height, width = p.shape
    one, two, weight = np.float32(1), np.float32(2), np.float32(strength)
    limit, per_e = np.float32(30), np.float32(-1.442695)
    for sweep in range(2 * rounds):
        for y in range(height):
            for x in range((y + sweep) & 1, width, 2):
                pull = np.float32(0)
                if x > 0:
                    pull += right[y, x - 1] * (two * p[y, x - 1] - one)
                if x < width - 1:
                    pull += right[y, x] * (two * p[y, x + 1] - one)
                if y > 0:
                    pull += below[y - 1, x] * (two * p[y - 1, x] - one)
                if y < height - 1:
                    pull += below[y, x] * (two * p[y + 1, x] - one)
                pull = odds[y, x] + weight * pull
                p[y, x] = one / (one + exp2(min(max(pull, -limit), limit) * per_e))


def settle_(p: Field, odds: NDArray[np.floating], couplings: tuple[Field, Field], strength: float, rounds: int) -> None:
    """Move the probabilities `p` towards what their log-odds and their neighbours say (mean field, red-black).

    couplings: to the right and to the lower neighbour, see `coupling`; `strength` scales them. A large field is worked
    on in strips that overlap by as far as news travels in `rounds`, so the strips do not show in the result.
    """
    odds = odds.astype(np.float32, copy=False)
    height, width = p.shape
    count = max(1, min(thread_count(), height * width // _LEAST_SHARE_PX))
    if count == 1:
        _settle(p, odds, couplings, strength, rounds)
        return
    reach, right, below = 2 * rounds, couplings[0], couplings[1]
    edges = [height * n // count // 2 * 2 for n in range(count)] + [height]
    rows = [(max(0, a - reach), a, b, min(height, b + reach)) for a, b in pairwise(edges)]
    copies = [p[top:bottom].copy() for top, _, _, bottom in rows]

    def work(strip: int) -> None:
        top, first, last, bottom = rows[strip]
        part = np.s_[top:bottom]
        _settle(copies[strip], odds[part], (right[part], below[part]), strength, rounds)
        p[first:last] = copies[strip][first - top : last - top]

    for_each(work, list(range(count)))


def sigmoid(odds: NDArray[np.floating]) -> Field:
    """Return the probabilities of log-odds."""
    p = np.negative(odds, dtype=np.float32)
    np.exp(p, out=p)
    p += np.float32(1)
    return np.divide(np.float32(1), p, out=p)


@kernel
def _bins(lab: NDArray[np.float32], out: NDArray[np.uint16]) -> None:
    zero = np.float32(0)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            index = 0
            for c in range(3):
                low, span = np.float32(0 if c == 0 else -60), np.float32(100 if c == 0 else 120)
                last = np.float32(_BINS[c] - 1)
                at = min(max((lab[y, x, c] - low) / span * last, zero), last)
                index = index * _BINS[c] + int(at + np.float32(0.5))
            out[y, x] = index


@kernel
def _count(index: NDArray[np.uint16], weights: Field, counts: NDArray[np.float64]) -> None:
    for y in range(index.shape[0]):
        for x in range(index.shape[1]):
            counts[index[y, x]] += weights[y, x]


class Palette:
    """Colour histograms of a picture's parts, compared pixel by pixel."""

    def __init__(self, lab: NDArray[np.float32]) -> None:
        self._index = np.empty(lab.shape[:2], np.uint16)
        _bins(lab, self._index)

    def odds(self, part: NDArray[np.floating], rest: NDArray[np.floating], rows: int | None = None) -> Field:
        """Return log(how common a pixel's colour is in `part` / in `rest`); both are weights per pixel.

        rows: of how many rows from the top; of all without.
        """
        ratio = np.log((self._share(part) + _RARE) / (self._share(rest) + _RARE)).astype(np.float32)
        return ratio.ravel()[self._index[:rows]]

    def _share(self, weights: NDArray[np.floating]) -> NDArray[np.float64]:
        total = np.zeros(_BINS[0] * _BINS[1] * _BINS[2])
        _count(self._index, weights.astype(np.float32, copy=False), total)
        counts = total.reshape(_BINS)
        for axis in range(3):
            counts = _blurred(counts, axis)
        return counts / max(float(counts.sum()), 1e-9)


def _blurred(counts: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return a quarter of each neighbour along `axis` plus half of each value, the border repeated."""
    given = np.moveaxis(counts, axis, 0)
    out = 0.5 * given
    out[1:] += 0.25 * given[:-1]
    out[:-1] += 0.25 * given[1:]
    out[0] += 0.25 * given[0]
    out[-1] += 0.25 * given[-1]
    return np.moveaxis(out, 0, axis)


class Parts(NamedTuple):
    """The connected parts of a binary mask: labels (0 = outside) and, per label, left, top, width, height, area."""

    labels: NDArray[np.int32]
    boxes: NDArray[np.int32]


def parts(mask: NDArray[np.bool_]) -> Parts:
    """Return the 4-connected parts of `mask`."""
    _, labels, boxes, _ = cv2().connectedComponentsWithStats(mask.view(np.uint8), connectivity=4)
    return Parts(labels, boxes)


@kernel
def _add_up(labels: NDArray[np.int32], values: Field, sums: NDArray[np.float64]) -> None:
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            sums[labels[y, x]] += values[y, x]


def sums(found: Parts, values: Field) -> NDArray[np.float64]:
    """Return the sum of `values`, (h, w), in every part, the outside first."""
    total = np.zeros(len(found.boxes))
    _add_up(found.labels, values, total)
    return total


def widen(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Return `mask` grown by a square of `pixels` on every side, shrunk where `pixels` is below 0."""
    side = 2 * abs(pixels) + 1
    change = cv2().dilate if pixels > 0 else cv2().erode
    return change(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0

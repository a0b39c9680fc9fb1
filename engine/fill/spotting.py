"""Finding dust, specks and blemishes: small faint blobs on ground that is smooth.

Blobs are extrema of the difference of Gaussians over place and scale (Lindeberg 1998, Lowe 2004). Each is then held
against the plane through the ring around it: it must stand out of a calm ring, be faint, round and alone. A missed
spot costs a click, a wrong one costs a detail of the photo, so every doubt speaks against a spot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2

Plane = NDArray[np.float32]
Flags = NDArray[np.bool_]

_SCALES_PX = (0.8, 1.2, 1.8, 2.7, 4.0, 6.0)
_RATIO = 1.6
_MOST_CANDIDATES = 1500
_BORDER_PX = 3
_STARLIGHT = 0.35
"""On ground darker than this a bright speck may be a star or a lamp."""


@dataclass(frozen=True)
class SpotSearch:
    """faintest, strongest: the difference from the ground, in encoded units, that a spot has; stronger things are
    objects. calm: the largest deviation of the ring around it, as a share of that difference. most: how many are
    taken, the clearest first."""

    faintest: float = 0.012
    strongest: float = 0.2
    calm: float = 0.35
    most: int = 100


class Spots(NamedTuple):
    """Where spots are, bool (h, w), and how many."""

    flags: Flags
    number: int


class _Blob(NamedTuple):
    """A found spot: its pixels as rows and columns, and how clearly it stands out."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    score: float


def find_spots(luma: Plane, search: SpotSearch = SpotSearch()) -> Spots:
    """Return the spots of `luma`, float32 (h, w), perceptually encoded in [0, 1].

    Spots are dark, or bright on ground that is not dark; from about 2 to 20 px wide. Deterministic.
    """
    flags = np.zeros(luma.shape, bool)
    blobs = [blob for place in _candidates(luma, search) if (blob := _judged(luma, place, search)) is not None]
    number = 0
    for blob in sorted(blobs, key=lambda blob: -blob.score):
        if number == search.most or flags[blob.rows, blob.columns].any():
            continue
        flags[blob.rows, blob.columns] = True
        number += 1
    return Spots(flags, number)


def _candidates(luma: Plane, search: SpotSearch) -> list[tuple[int, int, float]]:
    """Return (row, column, scale in px) of the strongest extrema over place and scale, the strongest first."""
    responses = np.stack([np.abs(_blurred(luma, s) - _blurred(luma, s * _RATIO)) for s in _SCALES_PX])
    square = np.ones((3, 3), np.uint8)
    highest = np.stack([cv2().dilate(plane, square) for plane in responses])
    beside = highest.copy()
    beside[1:] = np.maximum(beside[1:], highest[:-1])
    beside[:-1] = np.maximum(beside[:-1], highest[1:])
    scale, row, column = np.nonzero((responses >= beside) & (responses > search.faintest / 6))
    order = np.argsort(-responses[scale, row, column], kind="stable")[:_MOST_CANDIDATES]
    return [(int(row[n]), int(column[n]), _SCALES_PX[scale[n]]) for n in order]


def _blurred(plane: Plane, sigma_px: float) -> Plane:
    out: Plane = cv2().GaussianBlur(plane, (0, 0), sigma_px, borderType=cv2().BORDER_REPLICATE)
    return out


def _judged(luma: Plane, place: tuple[int, int, float], search: SpotSearch) -> _Blob | None:
    """Return the blob at a place, or None where what is there is no spot."""
    row, column, scale = place
    radius = max(1.5, 2.0 * scale)
    half = int(np.ceil(3.5 * radius))
    top, left = row - half, column - half
    if min(top, left) < 0 or row + half >= luma.shape[0] or column + half >= luma.shape[1]:
        return None
    window = luma[top : row + half + 1, left : column + half + 1]
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    away = np.hypot(y, x)
    ring = (away > 1.8 * radius) & (away <= half)
    rest = window - _ground(window, x, y, ring)
    depth = float(rest[away <= max(0.5 * radius, 1)].mean())
    if not search.faintest <= abs(depth) <= search.strongest:
        return None
    if depth > 0 and float(window[ring].mean()) < _STARLIGHT:
        return None
    unrest = float(np.percentile(np.abs(rest[ring]), 97))
    if unrest > search.calm * abs(depth):
        return None
    own = _connected(rest * np.sign(depth) > 0.35 * abs(depth), half)
    if own is None or (own & (away > 1.8 * radius)).any() or not _round(own, x, y):
        return None
    rows, columns = np.nonzero(own)
    return _Blob(rows + top, columns + left, abs(depth) / max(unrest, 1e-4))


def _ground(window: Plane, x: Plane, y: Plane, ring: Flags) -> Plane:
    """Return the plane of least squares through the ring of a window."""
    terms = np.stack([np.ones_like(x), x, y], axis=-1)
    solved = np.linalg.lstsq(terms[ring], window[ring], rcond=None)[0]
    return (terms @ solved).astype(np.float32)


def _connected(flags: Flags, half: int) -> Flags | None:
    """Return the part of a window's flags that is connected with its centre, None if that is not set."""
    _, labels = cv2().connectedComponents(flags.astype(np.uint8), connectivity=4)
    label = labels[half, half]
    return None if label == 0 else labels == label


def _round(own: Flags, x: Plane, y: Plane) -> bool:
    """Return whether a blob has some pixels and is less than twice as long as wide."""
    if np.count_nonzero(own) < 4:
        return False
    spread = np.cov(np.stack([x[own], y[own]]))
    low, high = np.linalg.eigvalsh(spread + np.eye(2) / 12)
    return bool(high < 4 * low)

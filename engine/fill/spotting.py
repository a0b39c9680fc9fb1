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
_AROUND, _SMOOTHED = 7.0, 0.5
_WIDE, _MOST_UNREST = 8.0, 0.065
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
    # Noise is averaged over a part of a spot's own size, so that a large faint one is seen in it.
    planes = {scale: _blurred(luma, _SMOOTHED * scale) for scale in _SCALES_PX}
    found = (_judged(planes[place[2]], place, search) for place in _candidates(luma, search))
    blobs = [blob for blob in found if blob is not None]
    number = 0
    for blob in sorted(blobs, key=lambda blob: -blob.score):
        if number == search.most or flags[blob.rows, blob.columns].any():
            continue
        flags[blob.rows, blob.columns] = True
        number += 1
    return Spots(flags, number)


def _candidates(luma: Plane, search: SpotSearch) -> list[tuple[int, int, float]]:
    """Return (row, column, scale in px) of extrema over place and scale, those first that stand out of what is around.

    A spot on calm ground is alone, while texture responds everywhere and more strongly: the mean response around tells
    them apart.
    """
    responses = np.stack([np.abs(_blurred(luma, s) - _blurred(luma, s * _RATIO)) for s in _SCALES_PX])
    square = np.ones((3, 3), np.uint8)
    highest = np.stack([cv2().dilate(plane, square) for plane in responses])
    beside = highest.copy()
    beside[1:] = np.maximum(beside[1:], highest[:-1])
    beside[:-1] = np.maximum(beside[:-1], highest[1:])
    around = np.stack([_mean(plane, _AROUND * s) for plane, s in zip(responses, _SCALES_PX, strict=True)])
    scale, row, column = np.nonzero((responses >= beside) & (responses > search.faintest / 6))
    clear = responses[scale, row, column] / np.maximum(around[scale, row, column], np.float32(1e-4))
    order = np.argsort(-clear, kind="stable")[:_MOST_CANDIDATES]
    return [(int(row[n]), int(column[n]), _SCALES_PX[scale[n]]) for n in order]


def _mean(plane: Plane, reach_px: float) -> Plane:
    """Return the mean of a square around each pixel that reaches `reach_px` far."""
    side = 2 * round(reach_px) + 1
    out: Plane = cv2().blur(plane, (side, side), borderType=cv2().BORDER_REPLICATE)
    return out


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
    if not _calm_around(luma, row, column, int(np.ceil(_WIDE * radius))):
        return None
    own = _connected(rest * np.sign(depth) > 0.35 * abs(depth), half)
    if own is None or (own & (away > 1.8 * radius)).any() or not _round(own, x, y):
        return None
    rows, columns = np.nonzero(own)
    return _Blob(rows + top, columns + left, abs(depth) / max(unrest, 1e-4))


def _calm_around(luma: Plane, row: int, column: int, reach: int) -> bool:
    """Return whether nine tenths of a wide square around a place are near its median: no edge, window or face."""
    square = luma[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
    away = np.abs(square - np.median(square))
    return float(np.percentile(away, 90)) <= _MOST_UNREST


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

"""Where a small convolutional network sees the subject: trained here, from scratch, on free photographs.

It looks at a copy of the photo of 96 x 96 px, whatever the photo's own sides, and answers for each of 48 x 48 cells;
at what is small it looks twice.
Beside the colours it sees two maps that no small window shows: barriers towards the border, and colours unlike the
sides (see `salience`).
It has 0.6 million weights and runs in numpy, in some hundredths of a second. Decision 67 says what it learned from and
what it is worth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from .fields import Field, resize, sigmoid
from .lab import to_lab
from .network import Array, convolve, joined, mixed, prepared, read_arrays
from .salience import barriers, unlike_sides

SIDE = 96
"""Of the network's picture, in px."""

_BLUR_PX, _CUE = 0.7, np.float32(0.3)
"""How soft the picture of the barriers is, and the mean and the spread of both maps."""
_LITTLE, _MARGIN, _LEAST_MARGIN_PX, _FEW_PX = 0.45, 0.25, 12, 20
"""How much of the picture a closer look takes in at most, how far around the subject, and of how many px at least."""
_FILE = Path(__file__).with_name("subject_net.safetensors")
_DOWN = {"c1": 2, "c2": 2, "c3": 1, "c4": 2, "c5": 1, "c6": 2, "c7": 1, "c8": 2, "c9": 1}
"""The convolutions on the way down and their strides."""


def recognise_subject(picture: Array) -> Field:
    """Return the probability of subject, (h, w), of display-encoded sRGB (h, w, 3) in [0, 1], longer side some 256 px.

    What takes up little of the picture is looked at once more, closer, and both answers count the same there.
    """
    odds = _looked_at(picture)
    if (part := _closer(sigmoid(odds))) is not None:
        odds[part] = (odds[part] + _looked_at(picture[part])) / 2
    return sigmoid(odds)


def _looked_at(picture: Array) -> Field:
    """Return the log-odds of subject, (h, w): the mean over the picture and its mirror image, so both look alike."""
    small = resize(picture, (SIDE, SIDE))
    odds = answer(seen(small), _weights())
    odds += answer(seen(np.ascontiguousarray(small[:, ::-1])), _weights())[:, ::-1]
    return resize(odds * np.float32(0.5), (picture.shape[0], picture.shape[1]))


def _closer(p: Field) -> tuple[slice, slice] | None:
    """Return the rows and columns around what is likely subject; None if they are much of the picture."""
    ranges: list[slice] = []
    likely = p > min(0.5, max(0.25, 0.6 * float(p.max())))
    if likely.sum() < _FEW_PX:
        return None
    for places, length in zip(np.nonzero(likely), p.shape, strict=True):
        first, last = (float(value) for value in np.percentile(places, (2, 98)))
        margin = max(_MARGIN * (last - first), _LEAST_MARGIN_PX)
        ranges.append(slice(max(0, math.floor(first - margin)), min(length, math.ceil(last + margin + 1))))
    rows, columns = ranges
    around = (rows.stop - rows.start) * (columns.stop - columns.start)
    return (rows, columns) if around < _LITTLE * p.size else None


def seen(small: Array) -> Array:
    """Return what the network sees, (SIDE, SIDE, 5), of display-encoded sRGB (SIDE, SIDE, 3) in [0, 1]."""
    lab = to_lab(small)
    cues = np.stack([barriers(lab, _BLUR_PX), unlike_sides(lab)], axis=2)
    return np.concatenate([prepared(small, SIDE), (cues - _CUE) / _CUE], axis=2)


def answer(x: Array, weights: Mapping[str, Array]) -> Field:
    """Return the log-odds per cell, (SIDE / 2, SIDE / 2), for what the network sees, (SIDE, SIDE, 5)."""
    passed: dict[str, Array] = {}
    for name, stride in _DOWN.items():
        passed[name] = x = convolve(x, weights[f"{name}.weight"], weights[f"{name}.bias"], stride)
    x = x + np.maximum(mixed(x.mean(axis=(0, 1)), "g", weights), 0)
    for level, beside in ((3, "c7"), (2, "c5"), (1, "c3")):
        x = joined(x, passed[beside], f"u{level}", weights)
        x = convolve(x, weights[f"d{level}.weight"], weights[f"d{level}.bias"])
    return mixed(joined(x, passed["c1"], "u0", weights), "out", weights)[..., 0]


@cache
def _weights() -> Mapping[str, Array]:
    return read_arrays(_FILE)

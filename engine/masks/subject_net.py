"""Where a small convolutional network sees the subject: trained here, from scratch, on free photographs.

It looks at a copy of the photo of 96 x 96 px, whatever the photo's own sides, and answers for each of 48 x 48 cells.
It has 0.6 million weights and runs in numpy, in some hundredths of a second. Decision 67 says what it learned from and
what it is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from .fields import Field, sigmoid
from .network import Array, convolve, joined, mixed, prepared, read_arrays

SIDE = 96
"""Of the network's picture, in px."""

_FILE = Path(__file__).with_name("subject_net.safetensors")
_DOWN = {"c1": 2, "c2": 2, "c3": 1, "c4": 2, "c5": 1, "c6": 2, "c7": 1, "c8": 2, "c9": 1}
"""The convolutions on the way down and their strides."""


def recognise_subject(picture: Array) -> Field:
    """Return the probability of subject per cell, float32 (48, 48), of display-encoded sRGB (h, w, 3) in [0, 1].

    The mean of the log-odds over the picture and its mirror image, so both get the same answer.
    """
    small = prepared(picture, SIDE)
    odds = answer(small, _weights())
    odds += answer(small[:, ::-1], _weights())[:, ::-1]
    return sigmoid(odds / 2)


def answer(x: Array, weights: Mapping[str, Array]) -> Field:
    """Return the log-odds per cell, (SIDE / 2, SIDE / 2), for a prepared picture, (SIDE, SIDE, 3)."""
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

"""Where a small convolutional network sees sky: trained here, from scratch, on free photographs.

It looks at a copy of the photo of 96 x 96 px, whatever the photo's own sides, and answers for 24 x 24 cells. It has 0.3
million weights and runs in numpy, in some milliseconds. Decision 32 says what it learned from and what it is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .fields import Field
from .network import Array, convolve, joined, mixed, prepared, read_arrays

SIDE = 96
"""Of the network's picture, in px."""

_FILE = Path(__file__).with_name("sky_net.safetensors")
_LAYERS = {"c1": 2, "c2": 2, "c3": 1, "c4": 2, "c5": 1, "c6": 2, "c7": 1}
"""The convolutions on the way down and their strides."""
_SUREST = 6


class Recognised(NamedTuple):
    """Log-odds of sky per cell of the picture, (24, 24), and of a sky anywhere: the mean of the surest cells."""

    cells: Field

    @property
    def anywhere(self) -> float:
        return float(np.sort(self.cells, axis=None)[-_SUREST:].mean())


def recognise_sky(picture: Array) -> Recognised:
    """Return what the network says of `picture`, display-encoded sRGB (h, w, 3) in [0, 1].

    The mean over the picture and its mirror image, so both get the same answer.
    """
    small = prepared(picture, SIDE)
    seen, mirrored = answer(small, _weights()), answer(small[:, ::-1], _weights())
    return Recognised((seen + mirrored[:, ::-1]) * np.float32(0.5))


def answer(x: Array, weights: Mapping[str, Array]) -> Field:
    """Return the log-odds of sky per cell, (24, 24), of a prepared picture, (SIDE, SIDE, 3)."""
    passed: dict[str, Array] = {}
    for name, stride in _LAYERS.items():
        passed[name] = x = convolve(x, weights[f"{name}.weight"], weights[f"{name}.bias"], stride)
    x += np.maximum(mixed(x.mean(axis=(0, 1)), "g", weights), 0)
    x = joined(x, passed["c5"], "u2", weights)
    x = joined(convolve(x, weights["d2.weight"], weights["d2.bias"], 1), passed["c3"], "u1", weights)
    return mixed(convolve(x, weights["d1.weight"], weights["d1.bias"], 1), "out", weights)[..., 0]


@cache
def _weights() -> Mapping[str, Array]:
    return read_arrays(_FILE)

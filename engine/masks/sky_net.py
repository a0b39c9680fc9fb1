"""What a small convolutional network says to "is there a sky?": trained here, from scratch, on free photographs.

It looks at a copy of the photo of 96 x 96 px, whatever the photo's own sides. It has 0.2 million weights and runs in
numpy, in some milliseconds. Decision 32 says what it learned from and what it is worth.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .fields import resize

SIDE = 96
"""Of the network's picture, in px."""
MEAN, SPREAD = 0.45, 0.27
"""What the network expects of display-encoded sRGB: (value - MEAN) / SPREAD."""

_FILE = Path(__file__).with_name("sky_net.safetensors")
_TYPES = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
_LAYERS = {"c1": 2, "c2": 2, "c3": 1, "c4": 2, "c5": 1, "c6": 2, "c7": 1}
"""The convolutions and their strides."""

Array = NDArray[np.float32]


def recognise_sky(picture: Array) -> float:
    """Return the network's log-odds of a sky anywhere in `picture`, display-encoded sRGB (h, w, 3) in [0, 1].

    The mean over the picture and its mirror image, so both get the same answer.
    """
    small = (resize(picture, (SIDE, SIDE)) - np.float32(MEAN)) / np.float32(SPREAD)
    return (answer(small, _weights()) + answer(small[:, ::-1], _weights())) / 2


def answer(x: Array, weights: Mapping[str, Array]) -> float:
    """Return the log-odds for a prepared picture, (SIDE, SIDE, 3)."""
    for name, stride in _LAYERS.items():
        x = convolve(x, weights[f"{name}.weight"], weights[f"{name}.bias"], stride)
    return float((x.mean(axis=(0, 1)) @ weights["any.weight"] + weights["any.bias"])[0])


def convolve(x: Array, taps: Array, bias: Array, stride: int) -> Array:
    """Return the 3 x 3 convolution of `x`, (h, w, n), with zeros around it, cut off below 0.

    taps: (9 * n, outputs), the rows of a window one after the other.
    """
    height, width = x.shape[0], x.shape[1]
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    shifted = [padded[j : j + height : stride, i : i + width : stride] for j in range(3) for i in range(3)]
    out = np.concatenate(shifted, axis=2) @ taps
    out += bias
    return np.maximum(out, 0, out=out)


def read_arrays(path: Path) -> dict[str, Array]:
    """Return the arrays of a safetensors file by name, in single precision (format: safetensors' README, "Format").

    For files of our own: half and single precision are read, ValueError is raised for anything else.
    """
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    arrays: dict[str, Array] = {}
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in _TYPES:
            raise ValueError(f"{path.name}: {name} is stored as {entry['dtype']}, expected F16 or F32")
        first, last = entry["data_offsets"]
        values = np.frombuffer(data[start + first : start + last], _TYPES[entry["dtype"]])
        arrays[name] = values.reshape(entry["shape"]).astype(np.float32)
    return arrays


@cache
def _weights() -> Mapping[str, Array]:
    return read_arrays(_FILE)

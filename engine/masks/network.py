"""What the small networks of our own share: their weights' file, their picture and their layers, in numpy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .fields import resize

MEAN, SPREAD = 0.45, 0.27
"""What the networks expect of display-encoded sRGB: (value - MEAN) / SPREAD."""

_TYPES = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}

Array = NDArray[np.float32]


def prepared(picture: Array, side: int) -> Array:
    """Return `picture`, display-encoded sRGB (h, w, 3) in [0, 1], as a network sees it: (side, side, 3)."""
    return (resize(picture, (side, side)) - np.float32(MEAN)) / np.float32(SPREAD)


def convolve(x: Array, taps: Array, bias: Array, stride: int = 1) -> Array:
    """Return the 3 x 3 convolution of `x`, (h, w, n), with zeros around it, cut off below 0.

    taps: (9 * n, outputs), the rows of a window one after the other.
    """
    height, width = x.shape[0], x.shape[1]
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    shifted = [padded[j : j + height : stride, i : i + width : stride] for j in range(3) for i in range(3)]
    out = np.concatenate(shifted, axis=2) @ taps
    out += bias
    return np.maximum(out, 0, out=out)


def mixed(x: Array, name: str, weights: Mapping[str, Array]) -> Array:
    """Return the linear mixtures of the last axis of `x` that the layer `name` makes."""
    return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]


def joined(x: Array, finer: Array, name: str, weights: Mapping[str, Array]) -> Array:
    """Return `x` at twice the size, as the layer `name` mixes it, plus `finer`, cut off below 0."""
    out = mixed(x, name, weights).repeat(2, axis=0).repeat(2, axis=1)
    out += finer
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

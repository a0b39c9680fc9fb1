"""LaMa (Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", 2022) as a painter.

The architecture is spandrel's; only the weights are taken from whatever form people have them in.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelMissingError, ModelReadError
from ..models.load import read_weights
from ..models.packages import package, torch
from ..models.residence import Host, Local, Residence
from .ports import Hole, Pixels

GOOD_SIDE = 1024
_MULTIPLE = 8
_BYTES_PER_PX = 1024
"""Activations of the big net in float32, measured at 512 and 1024 px."""
_FIRST = "model.1.ffc.convl2l.weight"
"""The name that the generator's first layer has in every form, after a prefix."""
_WHAT_WORKS = "Choose big-lama.pt, its state dict, a LaMa checkpoint with generator.* weights, or .safetensors."


class Lama:
    """The net in a residence's care, always in float32: its Fourier units overflow in half precision."""

    def __init__(self, name: str, residence: Residence, net: Any) -> None:
        self.name = name
        self.residence = residence
        self._net = net

    @property
    def good_side(self) -> int:
        return GOOD_SIDE

    def paint(self, picture: Pixels, hole: Hole) -> Pixels:
        """Return `picture`, float32 (h, w, 3) in [0, 1] sRGB-encoded, with `hole` (h, w) painted; the rest is kept."""
        if not hole.any():
            return picture.copy()
        height, width = hole.shape
        padding = ((0, -height % _MULTIPLE), (0, -width % _MULTIPLE))
        known = np.where(hole[..., None], np.float32(0), picture)
        image = np.pad(known, (*padding, (0, 0)), mode="symmetric")
        mask = np.pad(hole, padding, mode="symmetric").astype(np.float32)
        with self.residence.at_work(mask.size * _BYTES_PER_PX) as device:
            tensors = (torch().from_numpy(a).to(device)[None] for a in (image.transpose(2, 0, 1).copy(), mask[None]))
            painted = self._net(*tensors)[0, :, :height, :width].float().cpu().numpy()
        if not np.isfinite(painted).all():
            raise ModelReadError(f"{self.name}: the model painted values that are not numbers.", _WHAT_WORKS)
        light = np.clip(painted.transpose(1, 2, 0), 0.0, 1.0)
        return np.where(hole[..., None], light, picture).astype(np.float32)


def load_lama(path: Path, host: Host = Local) -> Lama:
    """Return the LaMa in `path`, its net handed to `host`.

    Taken are big-lama.pt (TorchScript), its state dict, a training checkpoint and safetensors, in any precision.
    Raises ModelMissingError if the file, torch or spandrel is missing, ModelReadError if the file is broken, would run
    code or holds something else.
    """
    if not path.is_file():
        raise ModelMissingError(f"There is no model file {path}.", _WHAT_WORKS)
    architecture = package("spandrel.architectures.LaMa").LaMaArch()
    weights = _generator(_of_torchscript(path) if _is_torchscript(path) else read_weights(path))
    if not weights:
        raise ModelReadError(f"{path.name}: this is not a LaMa model.", _WHAT_WORKS)
    try:
        net = architecture.load(weights).model
    except (RuntimeError, LookupError, ValueError) as error:
        raise ModelReadError(f"{path.name}: the weights do not fit LaMa: {_first_line(error)}", _WHAT_WORKS) from error
    net = net.eval().float().requires_grad_(False)
    return Lama(path.name, host(net), net)


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name for name in archive.namelist())


def _of_torchscript(path: Path) -> dict[str, Any]:
    """Return the weights of an archived program, which is unpacked and never called."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # PyTorch has no other reader for these files
            return dict(torch().jit.load(str(path), map_location="cpu").state_dict())
    except (RuntimeError, OSError, ValueError) as error:
        raise ModelReadError(f"{path.name}: the file is damaged: {_first_line(error)}", _WHAT_WORKS) from error


def _generator(weights: Mapping[str, Any]) -> dict[str, Any]:
    """Return the generator's weights alone, under the architecture's names; {} if there is no generator."""
    prefixes = [key.removesuffix(_FIRST) for key in weights if key == _FIRST or key.endswith("." + _FIRST)]
    if not prefixes:
        return {}
    prefix = min(prefixes, key=lambda name: ("generator" not in name, len(name)))
    start = f"{prefix}model."
    return {f"model.model.{key.removeprefix(start)}": value for key, value in weights.items() if key.startswith(start)}


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]

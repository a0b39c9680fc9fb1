"""YOLO (v8, 11, 26): things of a closed list of classes, with a mask each where the network segments."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelMissingError, ModelReadError
from ...geometry import Size
from ...models.residence import Host, Local
from ..ports import Candidate, Detector, Pixels
from .boxes import area_of, suppress
from .words import labels_for
from .yolo_decode import Found, Rows, letterbox, mask_of, read_rows
from .yolo_onnx import OnnxNet
from .yolo_pickle import PickledNet

_LEAST_SCORE, _MOST_OVERLAP = 0.25, 0.7  # what ultralytics predicts with unless told otherwise
_MOST_THINGS = 100


class Net(Protocol):
    """A network that looks at a picture (1, 3, H, W) of `size`, RGB in [0, 1], and knows the classes `labels`."""

    size: Size
    labels: tuple[str, ...]

    def run(self, picture: Pixels) -> tuple[Rows, Rows | None]: ...


class Yolo:
    """A Detector for the classes of its network."""

    def __init__(self, name: str, net: Net) -> None:
        self._name, self._net = name, net
        self._vocabulary = frozenset(net.labels)

    @property
    def name(self) -> str:
        return self._name

    @property
    def vocabulary(self) -> frozenset[str]:
        return self._vocabulary

    def detect(self, view: Pixels, phrase: str) -> list[Candidate]:
        """Return what `phrase` names, best first, with alpha if the network segments; [] for words it does not know."""
        wanted = labels_for(phrase.casefold().strip(), self._vocabulary)
        if not wanted:
            return []
        net = self._net
        picture, fit = letterbox(view, net.size)
        output, prototypes = net.run(picture)
        planes = 0 if prototypes is None else prototypes.shape[0]
        found = read_rows(output, len(net.labels), planes, fit, _LEAST_SCORE)
        numbers = [number for number, label in enumerate(net.labels) if label in wanted]
        found = _one_each(found.take(np.flatnonzero(np.isin(found.classes, numbers) & _sane(found))))
        return [
            Candidate(
                area_of(found.boxes[i], fit.view.width, fit.view.height),
                float(found.scores[i]),
                net.labels[found.classes[i]],
                None if prototypes is None else mask_of(found, i, prototypes, net.size, fit),
            )
            for i in range(len(found.scores))
        ]


def _one_each(found: Found) -> Found:
    """Return each thing once, best first: what is a car and a truck at one place is one of the wanted vehicles."""
    return found.take(np.array(suppress(found.boxes, found.scores, _MOST_OVERLAP, _MOST_THINGS), np.intp))


def _sane(found: Found) -> NDArray[np.bool_]:
    numbers = np.isfinite(found.boxes).all(axis=1) & np.isfinite(found.coefficients).all(axis=1)
    return numbers & (found.boxes[:, 2] > found.boxes[:, 0]) & (found.boxes[:, 3] > found.boxes[:, 1])


def load_yolo(path: Path, host: Host = Local, allowed: Container[str] = ()) -> Detector:
    """Return the YOLO network at `path`: an ONNX file, or ultralytics' .pt if its SHA-256 (hex) is in `allowed`.

    An ONNX network runs on the CPU and needs no residence. Raises ModelMissingError if the file or a package is not
    there, ModelReadError if the file is broken, not allowed or another network.
    """
    if not path.is_file():
        raise ModelMissingError(f"There is no model file {path}.")
    match path.suffix.lower():
        case ".onnx":
            net: Net = OnnxNet(path)
        case ".pt":
            net = PickledNet(path, host, allowed)
        case other:
            raise ModelReadError(f"{path.name}: expected a YOLO network as .onnx or .pt, found {other or 'no suffix'}.")
    return Yolo(path.stem, net)

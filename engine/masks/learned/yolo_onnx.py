"""YOLO networks as ONNX files, run by onnxruntime on the CPU. An ONNX file holds no Python code."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from ...errors import ModelReadError
from ...geometry import Size
from ...models.packages import package
from ..ports import Pixels
from .words import coco_labels
from .yolo_decode import Rows

_MOST_THREADS = 4
_SIDES_PX = (32, 2048)
_MOST_CLASSES = 10_000
_USUAL_SIDE_PX = 640
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_EXPORT = "Export the network with ultralytics (format onnx, task segment or detect)."


class OnnxNet:
    """One ONNX session: its input size in px, its classes in order, and how to run it."""

    def __init__(self, path: Path) -> None:
        """Open `path`. Raises ModelMissingError without onnxruntime, ModelReadError if it is no YOLO network."""
        self._name = path.name
        self._session = _open(path)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or inputs[0].type not in _TYPES or len(inputs[0].shape) != 4 or len(outputs) not in (1, 2):
            raise ModelReadError(f"{path.name}: expected a YOLO network with one picture as input.", _EXPORT)
        self._input, self._dtype = inputs[0].name, _TYPES[inputs[0].type]
        said: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        if said.get("task", "segment") not in ("segment", "detect"):
            raise ModelReadError(
                f"{path.name}: expected the task segment or detect, found {said['task'][:40]}.", _EXPORT
            )
        self.size = _size(path.name, inputs[0].shape, said)
        self.labels = _labels(path.name, said.get("names"))

    def run(self, picture: Pixels) -> tuple[Rows, Rows | None]:
        """Return the rows, and the prototypes (planes, h, w) if there are any, for a picture (1, 3, H, W)."""
        try:
            outputs = self._session.run(None, {self._input: picture.astype(self._dtype, copy=False)})
        except _broken() as error:
            raise ModelReadError(f"{self._name}: the network does not run: {_first_line(error)}") from error
        rows = [np.asarray(o, np.float32) for o in outputs if np.ndim(o) == 3]
        prototypes = [np.asarray(o, np.float32) for o in outputs if np.ndim(o) == 4]
        if len(rows) != 1:
            raise ModelReadError(f"{self._name}: expected one table of boxes, found {len(rows)}.", _EXPORT)
        return rows[0], prototypes[0][0] if prototypes else None


def _open(path: Path) -> Any:
    runtime = package("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = min(_MOST_THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Waiting threads that spin take the cores from the sampler that may run beside them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        # From memory, so that a model cannot name other files of this machine as its data.
        return runtime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except _broken() as error:
        raise ModelReadError(
            f"{path.name}: expected an ONNX network: {_first_line(error)}", "Download or export it again."
        ) from error


def _broken() -> tuple[type[Exception], ...]:
    """Return the errors of onnxruntime, which share no base class."""
    state = package("onnxruntime.capi.onnxruntime_pybind11_state")
    named = (getattr(state, name) for name in dir(state))
    kinds = [kind for kind in named if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*kinds, RuntimeError, ValueError)


def _size(name: str, shape: list[object], said: Mapping[str, str]) -> Size:
    """Return the picture that the network wants; where any will do, the one that it was trained with."""
    sides = [side for side in shape[2:] if isinstance(side, int)]
    if len(sides) != 2:
        given = _literal(said.get("imgsz"))
        sides = [s for s in cast("list[object]", given) if isinstance(s, int)] if isinstance(given, list) else []
    if len(sides) != 2:
        sides = [_USUAL_SIDE_PX, _USUAL_SIDE_PX]
    if shape[1] not in (3, "channels") or not all(_SIDES_PX[0] <= side <= _SIDES_PX[1] for side in sides):
        raise ModelReadError(f"{name}: expected a colour picture of 32 to 2048 px as input, found {shape}.", _EXPORT)
    return Size(sides[1], sides[0])


def _labels(name: str, names: str | None) -> tuple[str, ...]:
    """Return the class names in the file's metadata, those of COCO where it has none."""
    if names is None:
        return coco_labels()
    given = _literal(names)
    if isinstance(given, list):
        given = dict(enumerate(cast("list[object]", given)))
    if not isinstance(given, dict) or sorted(cast("dict[Any, Any]", given)) != list(range(len(cast("Any", given)))):
        raise ModelReadError(f"{name}: its class names cannot be read.", _EXPORT)
    return clean_labels(cast("dict[int, object]", given))


def clean_labels(names: Mapping[int, object]) -> tuple[str, ...]:
    """Return class names in order, lower case and at most 60 characters each."""
    return tuple(" ".join(str(names[number]).casefold().split())[:60] for number in range(len(names)))


def _literal(text: str | None) -> object:
    try:
        return ast.literal_eval(text) if text is not None and len(text) < 60 * _MOST_CLASSES else None
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__

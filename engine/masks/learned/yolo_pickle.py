"""YOLO networks as ultralytics' own .pt files, for those who have that package and trust the file.

Such a file is a pickle that names Python classes. It is read with torch's restricted unpickler and ultralytics' list of
model classes only; the network is run here, so that none of its trackers, downloads or installs is reached.
"""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Container, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from ...errors import ModelMissingError, ModelReadError
from ...geometry import Size
from ...jit import cache_directory
from ...models.packages import package, torch
from ...models.residence import Host
from ..ports import Pixels
from .yolo_decode import Rows
from .yolo_onnx import clean_labels

_SIDE_PX = 640
_WORK_BYTES = 1 << 30  # activations of the largest networks at 640 x 640 px, float32, rounded up
_NOT_A_NETWORK = (TypeError, AttributeError, ValueError, RuntimeError, OSError, EOFError, LookupError, ImportError)


class PickledNet:
    """A network of ultralytics, run as a plain torch module in its residence."""

    def __init__(self, path: Path, host: Host, allowed: Container[str]) -> None:
        """Read `path` if its SHA-256 is in `allowed`.

        Raises ModelReadError if it is not, or if the file is no YOLO network; ModelMissingError without the packages.
        """
        _check_allowed(path, allowed)
        net = _read(path)
        head = net.model[-1]
        head.export = head.dynamic = True  # the layout of an export; anchors made anew, on the device of each call
        self._name, self._net = path.name, net
        self.labels = clean_labels(dict(enumerate(_names(net))))
        stride = int(max(net.stride))
        self.size = Size(-(-_SIDE_PX // stride) * stride, -(-_SIDE_PX // stride) * stride)
        self._home = host(net)

    def run(self, picture: Pixels) -> tuple[Rows, Rows | None]:
        """Return the rows, and the prototypes (planes, h, w) if there are any, for a picture (1, 3, H, W)."""
        with self._home.at_work(_WORK_BYTES) as device:
            output = self._run(torch().from_numpy(picture).to(device))
            parts = [part.float().cpu().numpy() for part in (output if isinstance(output, list | tuple) else [output])]
        return parts[0], parts[1][0] if len(parts) > 1 else None

    def _run(self, picture: Any) -> Any:
        try:
            return self._net(picture)
        except (RuntimeError, TypeError, AttributeError, ValueError, LookupError) as error:
            raise ModelReadError(f"{self._name}: the network does not run: {error}") from error


def _check_allowed(path: Path, allowed: Container[str]) -> None:
    if not path.is_file():
        raise ModelMissingError(f"There is no model file {path}.")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest not in allowed:
        raise ModelReadError(
            f"{path.name}: a .pt file of YOLO names program code and is read only after you allow this very file.",
            f"Use its ONNX export instead, or allow SHA-256 {digest} if you trust its origin. Reading it takes the "
            "package ultralytics, whose licence (AGPL-3.0) also holds for networks trained with it.",
        )


def _read(path: Path) -> Any:
    """Return the network in the file, float32, in eval mode, on the CPU."""
    read = _reader()
    try:
        content: object = read(str(path.resolve()), safe_only=True)[0]
        held = cast("Mapping[str, Any]", content) if isinstance(content, Mapping) else {}
        net: Any = held.get("ema") or held.get("model")
        if not isinstance(net, torch().nn.Module) or held.get("modelopt") or not hasattr(net, "stride"):
            raise ValueError("it holds no YOLO network")
        return net.float().eval().requires_grad_(False)
    except _NOT_A_NETWORK as error:
        raise ModelReadError(
            f"{path.name}: expected a YOLO network by ultralytics: {str(error).splitlines()[0]}",
            "Use its ONNX export instead.",
        ) from error


def _reader() -> Any:
    """Return ultralytics' function that reads a file with the restricted unpickler.

    Raises ModelMissingError where ultralytics or torch is too old to have it.
    """
    package("torch")
    with _offline():
        tasks = package("ultralytics.nn.tasks")
    read = getattr(tasks, "torch_safe_load", None)
    restricted = hasattr(torch().serialization, "get_unsafe_globals_in_checkpoint")
    if read is None or "safe_only" not in inspect.signature(read).parameters or not restricted:
        raise ModelMissingError(
            "This version of ultralytics or of PyTorch cannot read .pt files without running the code in them.",
            "Update both, or use the ONNX export of the network.",
        )
    return read


@contextmanager
def _offline() -> Generator[None]:
    """Let the import of ultralytics reach no network, install nothing and keep its settings in our own folder."""
    folder = cache_directory().parent / "ultralytics"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {
        "YOLO_OFFLINE": "1",
        "ULTRALYTICS_SAFE_LOAD": "1",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_VERBOSE": "false",
        "YOLO_CONFIG_DIR": str(folder),
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        settings = package("ultralytics.utils").SETTINGS
        if str(getattr(settings, "file", "")).startswith(str(folder)):  # else another node's, which stay as they are
            settings.update({"sync": False})
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def _names(net: Any) -> list[object]:
    """Return the class names in order; ultralytics keeps a dictionary by number, older versions a list."""
    names = getattr(net, "names", None)
    if isinstance(names, Mapping):
        held = cast("Mapping[Any, object]", names)
        if sorted(held) == list(range(len(held))):
            return [held[number] for number in range(len(held))]
    if isinstance(names, list | tuple):
        return list(cast("list[object]", names))
    raise ModelReadError("The network does not name its classes.", "Use its ONNX export instead.")

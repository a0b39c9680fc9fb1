"""What `pins.json` says: the ComfyUI and the torch that Stillbytes is made for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).resolve().parent / "pins.json"


@dataclass(frozen=True)
class ComfyUIPin:
    """The ComfyUI that the workflows are made for and the tests run on."""

    version: str
    commit: str
    repository: str
    archive: str


@dataclass(frozen=True)
class Pins:
    """The pins; requirements are as pip reads them.

    `torch` belongs together: torchaudio fails to import beside another torch. `pack` is what the pack adds to
    ComfyUI's own requirements, without upper bounds, so that nothing there is downgraded. `opencv` is installed only
    where no OpenCV is: all its variants share one folder. `models` run language models and ONNX files; they go into our
    own environment only, since nodes do without them and say so.
    """

    comfyui: ComfyUIPin
    torch: tuple[str, ...]
    torch_cpu_index: str
    torch_windows_cuda_index: str
    pack: tuple[str, ...]
    opencv: str
    models: tuple[str, ...]


@cache
def pins() -> Pins:
    """Return the pins."""
    data = json.loads(_FILE.read_text(encoding="utf-8"))
    torch = data["torch"]
    return Pins(
        comfyui=ComfyUIPin(**data["comfyui"]),
        torch=tuple(torch["packages"]),
        torch_cpu_index=torch["cpu_index"],
        torch_windows_cuda_index=torch["windows_cuda_index"],
        pack=tuple(data["pack"]),
        opencv=data["opencv"],
        models=tuple(data["models"]),
    )

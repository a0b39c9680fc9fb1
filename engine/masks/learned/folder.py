"""What a folder in transformers' layout says besides the weights: how pictures and words are made ready."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from ...errors import ModelMissingError, ModelReadError
from ...geometry import Size
from ...models.load import read_config
from ...models.packages import package
from ...opencv import cv2
from ..ports import Pixels

_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, of nearly all these models
_SIDES_PX = (32, 2048)
_LIMIT_BYTES = 64 << 20


@dataclass(frozen=True)
class Preparation:
    """How a view becomes a network's input: squashed to `size`, or scaled so that its sides fit `shorter` and `longer`.

    Sides are rounded to multiples of `multiple` px; `mean` and `spread` are those of each channel in [0, 1], red first;
    `blue_first` turns the channels round after that.
    """

    size: Size | None = None
    shorter: int = 512
    longer: int = 2048
    multiple: int = 1
    mean: tuple[float, ...] = _MEAN
    spread: tuple[float, ...] = _SPREAD
    blue_first: bool = False

    def size_of(self, view: Size) -> Size:
        """Return the size of the input for a view of size `view`."""
        wanted = self.size
        if wanted is None:
            scale = min(self.shorter / min(view), self.longer / max(view))
            wanted = Size(round(view.width * scale), round(view.height * scale))
        return Size(*(max(1, round(side / self.multiple)) * self.multiple for side in wanted))

    def prepare(self, view: Pixels) -> Pixels:
        """Return `view`, sRGB in [0, 1], as float32 (1, 3, H, W) with the channels' mean 0 and spread 1."""
        height, width = view.shape[:2]
        size = self.size_of(Size(width, height))
        smaller = size.pixels < width * height
        how = cv2().INTER_AREA if smaller else cv2().INTER_LINEAR
        picture: Pixels = cv2().resize(np.ascontiguousarray(view), tuple(size), interpolation=how)
        picture = (picture - np.array(self.mean, np.float32)) / np.array(self.spread, np.float32)
        if self.blue_first:
            picture = picture[..., ::-1]
        return np.ascontiguousarray(picture.transpose(2, 0, 1)[None])


def read_settings(folder: Path, *kinds: str) -> dict[str, Any]:
    """Return the config.json of a folder whose model_type is one of `kinds` (any if there are none).

    Raises ModelMissingError or ModelReadError, also if the folder asks for weights from elsewhere.
    """
    if not folder.is_dir():
        raise ModelMissingError(
            f"There is no model folder {folder}.", "Copy the whole folder of the model there, in transformers' layout."
        )
    settings = read_config(folder)
    if kinds and settings.get("model_type") not in kinds:
        found = str(settings.get("model_type"))[:40]
        raise ModelReadError(f"{folder.name}: expected a model of type {kinds[0]}, found {found}.")
    if _asks_for_more(settings):
        raise ModelReadError(
            f"{folder.name}: its config.json wants a backbone from elsewhere.", "Take a folder with all weights in it."
        )
    return settings


def _asks_for_more(settings: Mapping[str, Any]) -> bool:
    if settings.get("use_pretrained_backbone"):
        return True
    return any(isinstance(part, dict) and _asks_for_more(cast("dict[str, Any]", part)) for part in settings.values())


def read_preparation(folder: Path, usual: Preparation) -> Preparation:
    """Return how the folder's preprocessor_config.json (or processor_config.json) makes pictures ready.

    What it does not say is taken from `usual`. Raises ModelReadError if it says something impossible.
    """
    said = _read_json(folder / "preprocessor_config.json")
    if said is None:
        said = (_read_json(folder / "processor_config.json") or {}).get("image_processor", {})
    try:
        return _preparation(cast("Mapping[str, Any]", said), usual)
    except (TypeError, ValueError, AttributeError) as error:
        raise ModelReadError(f"{folder.name}: its preprocessor_config.json does not make sense: {error}.") from error


def _preparation(said: Mapping[str, Any], usual: Preparation) -> Preparation:
    size, longer = said.get("size"), said.get("max_size", usual.longer)
    squashed, shorter = usual.size, usual.shorter
    if isinstance(size, int):
        squashed, shorter = (None, size) if "max_size" in said else (Size(size, size), shorter)
    elif isinstance(size, Mapping):
        sides = cast("Mapping[str, Any]", size)
        if "height" in sides:
            squashed = Size(int(sides["width"]), int(sides["height"]))
        else:
            squashed, shorter = None, int(sides.get("shortest_edge", shorter))
            longer = sides.get("longest_edge") or longer
    mean = tuple(float(v) for v in said.get("image_mean") or usual.mean)
    spread = tuple(float(v) for v in said.get("image_std") or usual.spread)
    blue_first = said.get("do_flip_channel_order") is True
    if said.get("do_normalize", not blue_first) is False:
        mean, spread = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    sides_px = (*(squashed or ()), shorter, int(longer))
    if not all(_SIDES_PX[0] <= side <= _SIDES_PX[1] for side in sides_px):
        raise ValueError(f"expected sides of {_SIDES_PX[0]} to {_SIDES_PX[1]} px, found {sides_px}")
    if len(mean) != 3 or len(spread) != 3 or min(spread) <= 0:
        raise ValueError("expected three channels")
    return Preparation(squashed, shorter, int(longer), usual.multiple, mean, spread, blue_first)


def _read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in `path`, None if there is no such file."""
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size < _LIMIT_BYTES else None
    except (ValueError, OSError) as error:
        raise ModelReadError(f"{path.parent.name}/{path.name}: the file is damaged.", "Copy it again.") from error
    if not isinstance(content, dict):
        raise ModelReadError(f"{path.parent.name}/{path.name}: expected a JSON object.", "Copy it again.")
    return cast("dict[str, Any]", content)


def first_line(error: Exception) -> str:
    """Return the first line of what `error` says, or its name if it says nothing."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def read_tokenizer(folder: Path) -> Any:
    """Return the tokenizer in the folder. Raises ModelMissingError or ModelReadError if it has none that loads."""
    files = ("tokenizer.json", "vocab.txt", "vocab.json")
    if not any((folder / name).is_file() for name in files):
        raise ModelMissingError(
            f"The model folder {folder} has no tokenizer.", "Copy its tokenizer.json (or vocab.txt) there as well."
        )
    for name in ("tokenizer.json", "tokenizer_config.json"):
        _read_json(folder / name)
    make = package("transformers").AutoTokenizer.from_pretrained
    try:
        return make(str(folder), local_files_only=True, trust_remote_code=False)
    except Exception as error:  # the tokenizers package raises Exception itself
        raise ModelReadError(f"{folder.name}: its tokenizer does not load: {first_line(error)}") from error

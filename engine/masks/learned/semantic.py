"""Semantic segmentation with any such model of transformers: what every pixel is (ADE20K: sky, water, tree...)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelReadError
from ...geometry import Size
from ...models.load import load_folder
from ...models.packages import torch
from ...models.residence import Host, Local, Residence
from ...opencv import cv2
from ..ports import Alpha, Classifier, Pixels
from .folder import Preparation, first_line, read_preparation, read_settings, read_tokenizer

_DENSE = re.compile(r"[A-Za-z0-9]{1,40}ForSemanticSegmentation")
_QUERIES = re.compile(r"[A-Za-z0-9]{1,40}ForUniversalSegmentation|MaskFormerForInstanceSegmentation")
_USUAL = Preparation(size=Size(512, 512))
_OF_FIXED_SIZE = frozenset({"beit", "data2vec-vision", "eomt", "eomt_dinov3"})
_MULTIPLE_PX = 32  # the coarsest step of the backbones
_NAMELESS = re.compile(r"label_\d+")
_CERTAIN = 0.5  # least total of all classes at a pixel that is stretched to 1
_WORK_BYTES_PER_PX = 2500  # activations, float32, measured with SegFormer-B2 and Mask2Former-tiny, and some more


@dataclass(frozen=True)
class _Ask:
    """What a model wants besides the picture, by name."""

    reader: Any = None
    most_tokens: int = 77

    def inputs(self, device: Any) -> dict[str, Any]:
        if self.reader is None:
            return {}
        words = self.reader(
            ["the task is semantic"], padding="max_length", max_length=self.most_tokens, truncation=True
        )  # OneFormer's own sentence
        return {"task_inputs": torch().tensor(words["input_ids"]).to(device)}


class Semantic:
    """A Classifier."""

    def __init__(self, name: str, home: Residence, net: Any, preparation: Preparation, ask: _Ask) -> None:
        self._name, self._home, self._net = name, home, net
        self._preparation, self._ask = preparation, ask
        self._numbers = class_numbers(name, net.config.id2label)

    @property
    def name(self) -> str:
        return self._name

    @property
    def vocabulary(self) -> frozenset[str]:
        return frozenset(self._numbers)

    def classify(self, view: Pixels, labels: Sequence[str]) -> dict[str, Alpha]:
        """Return for each of `labels` its probability, float32 (h, w) of the view; all classes sum to about 1."""
        if unknown := [label for label in labels if label not in self._numbers]:
            raise ValueError(f"{self._name} does not know {unknown[0]!r}")
        if not labels:
            return {}
        wanted = sorted({self._numbers[label] for label in labels})
        picture = self._preparation.prepare(view)
        with self._home.at_work(_WORK_BYTES_PER_PX * picture.size // 3) as device:
            seen = self._look(torch().from_numpy(picture).to(device), self._ask.inputs(device))
            small = _shares(seen, wanted).float().cpu().numpy()
        size = (view.shape[1], view.shape[0])
        grown = {number: _enlarged(small[place], size) for place, number in enumerate(wanted)}
        return {label: grown[self._numbers[label]] for label in labels}

    def _look(self, picture: Any, more: Mapping[str, Any]) -> Any:
        try:
            return self._net(pixel_values=picture, **more)
        except (RuntimeError, ValueError, IndexError) as error:
            raise ModelReadError(f"{self._name}: the model does not run: {first_line(error)}") from error


def _shares(seen: Any, wanted: list[int]) -> Any:
    """Return the probability of each class in `wanted`, (n, h, w), at the network's own resolution.

    Mask2Former, MaskFormer, OneFormer, EoMT: the sum over the queries of class probability times mask (Cheng et al.
    2021, section 3.4), divided by its total over all classes where that says that anything is there.
    """
    if "logits" in seen:
        return seen.logits[0].float().softmax(dim=0)[wanted]
    classes = seen.class_queries_logits[0].float().softmax(dim=-1)[:, :-1]
    masks = seen.masks_queries_logits[0].float().sigmoid()
    total = torch().einsum("q,qhw->hw", classes.sum(dim=1), masks)
    return torch().einsum("qc,qhw->chw", classes[:, wanted], masks) / total.clamp(min=_CERTAIN)


def _enlarged(share: NDArray[np.float32], size: tuple[int, int]) -> Alpha:
    alpha: Alpha = cv2().resize(share, size, interpolation=cv2().INTER_LINEAR)
    return np.clip(np.nan_to_num(alpha, nan=0.0), 0.0, 1.0)


def class_numbers(name: str, id2label: Mapping[int, str]) -> dict[str, int]:
    """Return the number of each class by its names, lower case; "door;double door" has two.

    Raises ModelReadError if the model does not name its classes.
    """
    numbers: dict[str, int] = {}
    for number, label in sorted(id2label.items()):
        for part in re.split(r"[;,]", str(label).casefold()):
            word = " ".join(part.replace("_", " ").split())[:60]
            if word and not _NAMELESS.fullmatch(word.replace(" ", "_")):
                numbers.setdefault(word, int(number))
    if not numbers:
        raise ModelReadError(
            f"{name}: its config.json does not name its classes (id2label).", "Take one trained on ADE20K."
        )
    return numbers


def load_semantic(path: Path, host: Host = Local) -> Classifier:
    """Return the semantic segmentation model in the folder `path`, in transformers' layout (SegFormer, OneFormer...).

    Raises ModelMissingError if the folder or a package lacks something, ModelReadError if it is another or broken.
    """
    settings = read_settings(path)
    architecture = _architecture(path.name, settings)
    preparation = read_preparation(path, replace(_USUAL, multiple=_MULTIPLE_PX))
    side = settings.get("image_size")
    if settings.get("model_type") in _OF_FIXED_SIZE and isinstance(side, int):
        preparation = replace(preparation, size=Size(side, side), multiple=1)
    ask = _Ask()
    if architecture.startswith("OneFormer"):
        ask = _Ask(read_tokenizer(path), int(settings.get("task_seq_len", 77)))
    net = load_folder(path, architecture)
    return Semantic(path.name, host(net), net, preparation, ask)


def _architecture(name: str, settings: Mapping[str, Any]) -> str:
    named = settings.get("architectures")
    architecture = str(cast("list[object]", named)[0]) if isinstance(named, list) and named else ""
    if not (_DENSE.fullmatch(architecture) or _QUERIES.fullmatch(architecture)):
        raise ModelReadError(
            f"{name}: expected a model for semantic segmentation, found {architecture[:60] or 'no architecture'}."
        )
    return architecture

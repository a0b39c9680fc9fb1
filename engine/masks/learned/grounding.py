"""GroundingDINO (Liu et al. 2023): boxes for any phrase, through transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelReadError
from ...models.load import load_folder
from ...models.packages import torch
from ...models.residence import Host, Local, Residence
from ..ports import Candidate, Detector, Pixels
from .boxes import area_of, suppress, surfaces
from .folder import Preparation, first_line, read_preparation, read_settings, read_tokenizer

_ARCHITECTURE = "GroundingDinoForObjectDetection"
_USUAL = Preparation(shorter=800, longer=1333)
_LEAST_SCORE = 0.3  # between the 0.25 and 0.35 that its authors use
_MOST_OVERLAP, _MOST_THINGS = 0.7, 50
_EVERYTHING = 0.9  # of the view
_WORK_BYTES_PER_PX = 1800  # activations, float32, measured with the tiny backbone


class Grounding:
    """A Detector that takes any phrase."""

    def __init__(self, name: str, home: Residence, net: Any, reader: Any, preparation: Preparation) -> None:
        self._name, self._home, self._net = name, home, net
        self._read, self._preparation = reader, preparation
        self._most_tokens = int(net.config.max_text_len)

    @property
    def name(self) -> str:
        return self._name

    @property
    def vocabulary(self) -> None:
        return None

    def detect(self, view: Pixels, phrase: str) -> list[Candidate]:
        """Return the boxes of what `phrase` names, best first, without alpha; [] if there is none.

        The score is that of the word which fits best.
        """
        caption = as_caption(phrase)
        if not caption:
            return []
        words = self._read(caption, return_tensors="pt", truncation=True, max_length=self._most_tokens)
        telling = self._telling(words["input_ids"][0].tolist())
        picture = self._preparation.prepare(view)
        with self._home.at_work(_WORK_BYTES_PER_PX * picture.size // 3) as device:
            seen = self._look(torch().from_numpy(picture).to(device), {k: v.to(device) for k, v in words.items()})
            scores = seen.logits[0].float().sigmoid()[:, telling].amax(dim=1).cpu().numpy()
            boxes = seen.pred_boxes[0].float().cpu().numpy()
        return _candidates(boxes, scores, phrase)

    def _look(self, picture: Any, words: dict[str, Any]) -> Any:
        named = ("input_ids", "token_type_ids", "attention_mask")
        try:
            return self._net(pixel_values=picture, **{name: words[name] for name in named if name in words})
        except (RuntimeError, ValueError, IndexError) as error:
            raise ModelReadError(f"{self._name}: the model does not run: {first_line(error)}") from error

    def _telling(self, tokens: list[int]) -> list[int]:
        """Return the places of the tokens that are words, not marks."""
        marks = {*self._read.all_special_ids, *self._read.convert_tokens_to_ids([".", "?", ","])}
        marks.discard(self._read.unk_token_id)
        return [place for place, token in enumerate(tokens) if token not in marks] or list(range(len(tokens)))


def as_caption(phrase: str) -> str:
    """Return `phrase` as the model was taught to read it: lower case, one full stop, at its end; "" if empty."""
    words = " ".join(phrase.casefold().replace(".", " ").split())
    return f"{words}." if words else ""


def _candidates(boxes: NDArray[np.float32], scores: NDArray[np.float32], label: str) -> list[Candidate]:
    """Return candidates of boxes (n, 4) given by centre and size in fractions of the view."""
    half = boxes[:, 2:] / 2
    corners = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1).clip(0, 1)
    real = np.isfinite(corners).all(axis=1) & (corners[:, 2] > corners[:, 0]) & (corners[:, 3] > corners[:, 1])
    kept = np.flatnonzero(real & (scores >= _LEAST_SCORE))
    corners, scores = corners[kept], scores[kept]
    numbers = suppress(corners, scores, _MOST_OVERLAP, _MOST_THINGS)
    # A box round nearly everything is how the model says that the phrase is somewhere; it counts only as its best.
    numbers = numbers[:1] + [i for i in numbers[1:] if surfaces(corners[i : i + 1])[0] < _EVERYTHING]
    return [Candidate(area_of(corners[i], 1, 1), float(scores[i]), label) for i in numbers]


def load_grounding(path: Path, host: Host = Local) -> Detector:
    """Return the GroundingDINO model in the folder `path`, in transformers' layout with its tokenizer.

    Raises ModelMissingError if the folder or a package lacks something, ModelReadError if it is another or broken.
    """
    read_settings(path, "grounding-dino")
    preparation = read_preparation(path, _USUAL)
    reader = read_tokenizer(path)
    net = load_folder(path, _ARCHITECTURE)
    return Grounding(path.name, host(net), net, reader, preparation)

"""The SAM family as `Promptable`: SAM 2, EdgeTAM and SAM are asked in the same way and differ in a few traits.

A view goes in as the model was trained on it: resized to a square (SAM 2, EdgeTAM), or fitted into one and padded
below and on the right (SAM); colours are normalised with ImageNet's mean and deviation. Logits come back at a quarter
of that size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...models.packages import torch
from ...models.residence import Residence
from ...tiles import Progress, no_progress
from ..ports import Alpha, Candidate, Pixels, Prompt
from .closer import bounds
from .sam_grid import GridRules, distinct, grid_prompts

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_LOOK_BYTES = 2 << 30
_PROMPT_BYTES = 48 << 20
# On a CPU larger batches are slower and cost memory.
_CPU_BATCH, _CUDA_BATCH = 16, 64


@dataclass(frozen=True)
class Traits:
    """How one model of the family wants to be asked.

    `side_px`: of the square that goes in. `squash`: the view is resized to the square, else fitted into it.
    """

    name: str
    side_px: int = 1024
    squash: bool = True
    rules: GridRules = field(default_factory=GridRules)


class Fit(NamedTuple):
    """Where a view of (height, width) lies in the model's square: the part from the top left that it covers, in px."""

    height: int
    width: int
    covered_height: int
    covered_width: int


@dataclass(frozen=True, eq=False)
class Looked:
    """What a model saw in a view: its features, on the CPU."""

    features: tuple[Any, ...] = field(repr=False)
    fit: Fit

    @property
    def size_bytes(self) -> int:
        return sum(f.numel() * f.element_size() for f in self.features)


class SamModel:
    """A model of the family; see engine/masks/ports.py `Promptable`. `net` is in the care of `residence`."""

    def __init__(self, net: Any, residence: Residence, traits: Traits) -> None:
        self._net, self._residence, self._traits = net, residence, traits

    @property
    def name(self) -> str:
        return self._traits.name

    def look(self, view: Pixels) -> Looked:
        """Return the embedding of `view`, for `ask` and `everything`. This is the slow part."""
        if view.ndim != 3 or view.shape[2] != 3 or 0 in view.shape:
            raise ValueError(f"a view is (h, w, 3), got {view.shape}")
        fit = _fit(view.shape[0], view.shape[1], self._traits)
        with self._residence.at_work(_LOOK_BYTES) as device:
            found = self._net.get_image_embeddings(self._square(view, fit, device))
            features = found if isinstance(found, (list, tuple)) else (found,)
            return Looked(tuple(f.to("cpu", torch().float32) for f in features), fit)

    def ask(self, looked: Any, prompts: Sequence[Prompt]) -> list[list[Candidate]]:
        """Return for each prompt what it may mean, with alpha, the best first; [] where the model sees nothing.

        A lone click may mean a part or the whole and gives up to three candidates; more than that means one thing and
        gives one, as the models were trained.
        """
        answers: list[list[Candidate]] = [[] for _ in prompts]
        with self._residence.at_work(_PROMPT_BYTES * min(len(prompts), _CUDA_BATCH)) as device:
            features = [f.to(device) for f in looked.features]
            for batch in _batches(prompts, _batch_size(device)):
                logits, scores = self._decode(features, [prompts[i] for i in batch], looked.fit)
                for i, layers, rated in zip(batch, logits, scores.tolist(), strict=True):
                    alphas = self._alphas(layers, looked.fit)
                    found = [_candidate(alpha, score) for alpha, score in zip(alphas, rated, strict=True)]
                    answers[i] = sorted((c for c in found if c), key=lambda c: -c.score)
        return answers

    def everything(self, looked: Any, points_per_side: int = 16, progress: Progress = no_progress) -> list[Candidate]:
        """Return the things in the view, found with a grid of points, duplicates removed, the largest first."""
        prompts = grid_prompts(points_per_side)
        layers: list[Any] = []
        scores: list[float] = []
        with self._residence.at_work(_PROMPT_BYTES * _CUDA_BATCH) as device:
            features = [f.to(device) for f in looked.features]
            size = _batch_size(device)
            for done, batch in enumerate(_batches(prompts, size)):
                progress(done * size, len(prompts))
                logits, rated = self._decode(features, [prompts[i] for i in batch], looked.fit)
                keep = self._worthy(logits.flatten(0, 1), rated.flatten(), looked.fit)
                layers += list(logits.flatten(0, 1)[keep].cpu())
                scores += rated.flatten()[keep].tolist()
            progress(len(prompts), len(prompts))
            masks = np.array([(self._shown(layer, looked.fit) > 0).numpy() for layer in layers])
            kept = distinct(masks, np.array(scores), self._traits.rules.overlap) if layers else []
            found = [_candidate(self._alphas(layers[i][None], looked.fit)[0], scores[i]) for i in kept]
        return sorted((c for c in found if c), key=lambda c: -float(_alpha(c).sum()))

    def _square(self, view: Pixels, fit: Fit, device: Any) -> Any:
        """Return the view as the model takes it, (1, 3, side, side)."""
        nn = torch().nn.functional
        pixels = torch().from_numpy(np.ascontiguousarray(view, np.float32)).to(device).permute(2, 0, 1)[None]
        covered = (fit.covered_height, fit.covered_width)
        pixels = nn.interpolate(pixels, covered, mode="bilinear", antialias=True, align_corners=False)
        mean, deviation = (torch().tensor(v, device=device).view(1, 3, 1, 1) for v in (_MEAN, _DEVIATION))
        side = self._traits.side_px
        return nn.pad((pixels - mean) / deviation, (0, side - fit.covered_width, 0, side - fit.covered_height))

    def _decode(self, features: list[Any], prompts: list[Prompt], fit: Fit) -> tuple[Any, Any]:
        """Return logits (n, masks, side / 4, side / 4) and predicted IoUs (n, masks) of prompts of one form."""
        device = features[0].device
        first = prompts[0]
        points = [[_place(c.x, c.y, fit) for c in p.clicks] for p in prompts]
        boxes = [
            [*_place(p.area.left, p.area.top, fit), *_place(p.area.right, p.area.bottom, fit)]
            for p in prompts
            if p.area
        ]
        labels = [[int(c.include) for c in p.clicks] for p in prompts]
        answer = self._net(
            image_embeddings=features if len(features) > 1 else features[0],
            input_points=torch().tensor([points], device=device) if first.clicks else None,
            input_labels=torch().tensor([labels], device=device, dtype=torch().int32) if first.clicks else None,
            input_boxes=torch().tensor([boxes], device=device) if first.area else None,
            multimask_output=_ambiguous(first),
        )
        return answer.pred_masks[0], answer.iou_scores[0]

    def _alphas(self, logits: Any, fit: Fit) -> NDArray[np.float32]:
        """Return logits (n, h, w) of the square as alpha (n, height, width) of the view.

        The ramp is the tangent of the logistic function at 0, so that what is sure is exactly 0 or 1.
        """
        side, stretched = self._traits.side_px, torch().nn.functional.interpolate
        full = logits[None].float()
        if (fit.covered_height, fit.covered_width) != (side, side):
            full = stretched(full, (side, side), mode="bilinear", align_corners=False)
            full = full[..., : fit.covered_height, : fit.covered_width]
        shown = stretched(full, (fit.height, fit.width), mode="bilinear", align_corners=False)[0]
        return (shown / 4 + 0.5).clamp(0, 1).cpu().numpy()

    def _shown(self, logits: Any, fit: Fit) -> Any:
        """Return the part of `logits`, (..., h, w) of the square, that the view covers, to a whole px of them."""
        rows, columns = logits.shape[-2:]
        side = self._traits.side_px
        return logits[..., : -(-fit.covered_height * rows // side), : -(-fit.covered_width * columns // side)]

    def _worthy(self, logits: Any, scores: Any, fit: Fit) -> Any:
        """Return for each mask whether it is sure, stable and not tiny.

        Stability is the IoU of the mask with the threshold one above and one below 0.
        """
        rules = self._traits.rules
        shown = self._shown(logits, fit)
        inner, middle, outer = ((shown > t).flatten(1).float().mean(1) for t in (1.0, 0.0, -1.0))
        return (scores >= rules.score) & (inner >= rules.stability * outer) & (middle >= rules.smallest)


def _fit(height: int, width: int, traits: Traits) -> Fit:
    side = traits.side_px
    if traits.squash:
        return Fit(height, width, side, side)
    scale = side / max(height, width)
    return Fit(height, width, max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5)))


def _place(x: float, y: float, fit: Fit) -> tuple[float, float]:
    """Return a point of the view in the model's px, where the centre of the first is 0: the models add the half."""
    return x * fit.covered_width - 0.5, y * fit.covered_height - 0.5


def _ambiguous(prompt: Prompt) -> bool:
    return len(prompt.clicks) == 1 and prompt.area is None


def _batches(prompts: Sequence[Prompt], size: int) -> Iterator[list[int]]:
    """Yield the numbers of prompts of one form, the same number of clicks and with or without a box, `size` at most.

    Raises ValueError for a prompt that points at nothing.
    """
    forms: dict[tuple[int, bool], list[int]] = {}
    for i, prompt in enumerate(prompts):
        if not prompt.clicks and prompt.area is None:
            raise ValueError("a prompt needs a click or a box")
        forms.setdefault((len(prompt.clicks), prompt.area is not None), []).append(i)
    for same in forms.values():
        for start in range(0, len(same), size):
            yield same[start : start + size]


def _batch_size(device: Any) -> int:
    return _CPU_BATCH if device.type == "cpu" else _CUDA_BATCH


def _candidate(alpha: Alpha, score: float) -> Candidate | None:
    """Return what the mask shows with the box around it; None if the mask is empty."""
    area = bounds(alpha)
    if area is None:
        return None
    return Candidate(area, float(np.clip(score, 0, 1)), "", alpha)


def _alpha(candidate: Candidate) -> Alpha:
    assert candidate.alpha is not None
    return candidate.alpha

"""Finding everything in a view with a grid of clicks: which masks to keep (Kirillov et al. 2023, B)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ports import Click, Prompt

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class GridRules:
    """What a mask must be to be kept, as Meta's automatic mask generator has it for SAM 2.

    `score` is the least predicted IoU, `stability` the least stability and `overlap` the largest IoU with a better
    mask; `smallest` is the least share of the view.
    """

    score: float = 0.8
    stability: float = 0.95
    overlap: float = 0.7
    smallest: float = 0.0005


def grid_prompts(per_side: int) -> list[Prompt]:
    """Return per_side² single clicks, evenly spread over the view, half a step from its border."""
    if per_side < 1:
        raise ValueError(f"a grid needs at least 1 point per side, got {per_side}")
    steps = [(i + 0.5) / per_side for i in range(per_side)]
    return [Prompt((Click(x, y),)) for y in steps for x in steps]


def distinct(masks: Bits, scores: NDArray[np.float64], overlap: float) -> list[int]:
    """Return which of `masks`, bool (n, h, w), to keep, the best first: none overlaps a better one by more.

    Greedy non-maximum suppression by the masks' own IoU, so that two things with the same box both stay.
    """
    flat = masks.reshape(len(masks), -1)
    areas = np.count_nonzero(flat, axis=1)
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        if kept:
            shared = np.count_nonzero(flat[kept] & flat[i], axis=1)
            if (shared > overlap * (areas[kept] + areas[i] - shared)).any():
                continue
        kept.append(int(i))
    return kept

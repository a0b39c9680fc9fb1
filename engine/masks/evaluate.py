"""How good a mask is, against one that a person made, and what an engine's confidence is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2

POSITIVE, IGNORED = 255, 128
RIGHT_IOU = 0.7
"""From this IoU a mask is one that a photographer would start from."""
_BINS = (0.0, 0.6, 0.7, 0.8, 0.9, 0.97, 1.0)


class Quality(NamedTuple):
    """iou: intersection over union at 0.5. boundary_f: F-score of the outline within 2 px. error: mean |difference|.

    iou and boundary_f are 1 where both masks are empty and 0 where only one is.
    """

    iou: float
    boundary_f: float
    error: float


def measure(alpha: NDArray[np.float32], truth: NDArray[np.uint8]) -> Quality:
    """Return the quality of `alpha` in [0, 1] against `truth`, both (h, w); 255 positive, 0 negative, 128 ignored."""
    if alpha.shape != truth.shape:
        raise ValueError(f"alpha is {alpha.shape} and truth {truth.shape}")
    seen = truth != IGNORED
    found, wanted = (alpha >= 0.5) & seen, (truth == POSITIVE) & seen
    union = int((found | wanted).sum())
    iou = 1.0 if union == 0 else float((found & wanted).sum()) / union
    error = float(np.abs(alpha - wanted)[seen].mean()) if seen.any() else math.nan
    return Quality(iou, _boundary_f(found, wanted, seen), error)


def measure_matte(alpha: NDArray[np.float32], matte: NDArray[np.float32]) -> Quality:
    """Return the quality of `alpha` against a soft `matte`, both (h, w) in [0, 1]."""
    hard = np.where(matte >= 0.5, np.uint8(POSITIVE), np.uint8(0))
    return measure(alpha, hard)._replace(error=float(np.abs(alpha - matte).mean()))


class Answer(NamedTuple):
    """How sure an engine said that it was, 0 to 1, and whether it was right."""

    confidence: float
    right: bool


class Bin(NamedTuple):
    """The answers with a confidence from `low` to `high`: how many, their mean confidence, the share that was right."""

    low: float
    high: float
    photos: int
    said: float
    was: float


class Reliability(NamedTuple):
    """Confidence against truth, in bins; `error` is the expected calibration error (Naeini et al. 2015)."""

    bins: tuple[Bin, ...]
    error: float


def is_right(quality: Quality, found: bool, exists: bool) -> bool:
    """Return whether an answer is right: nothing where there is nothing, else a mask with an IoU of RIGHT_IOU."""
    return found == exists and (not exists or quality.iou >= RIGHT_IOU)


def reliability(answers: Sequence[Answer]) -> Reliability:
    """Return how often answers of about the same confidence were right; bins without an answer are left out."""
    rows: list[Bin] = []
    for low, high in pairwise(_BINS):
        inside = [a for a in answers if low <= a.confidence < high or (high == _BINS[-1] == a.confidence)]
        if inside:
            said = sum(a.confidence for a in inside) / len(inside)
            rows.append(Bin(low, high, len(inside), said, sum(a.right for a in inside) / len(inside)))
    gaps = sum(row.photos * abs(row.said - row.was) for row in rows)
    return Reliability(tuple(rows), gaps / len(answers) if answers else 0.0)


def _boundary_f(found: NDArray[np.bool_], wanted: NDArray[np.bool_], seen: NDArray[np.bool_]) -> float:
    """Return the F-score of outline pixels that lie within 2 px of the other outline (Martin, Fowlkes, Malik 2004)."""
    mine, theirs = _outline(found) & seen, _outline(wanted) & seen
    if not mine.any() or not theirs.any():
        return 1.0 if bool(found.any()) == bool(wanted.any()) and not mine.any() and not theirs.any() else 0.0
    near = cv2().getStructuringElement(cv2().MORPH_ELLIPSE, (5, 5))
    precision = float((cv2().dilate(theirs.astype(np.uint8), near) > 0)[mine].mean())
    recall = float((cv2().dilate(mine.astype(np.uint8), near) > 0)[theirs].mean())
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of `mask` that touch its outside; the frame's border is not an outline."""
    inner = cv2().erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    return mask & (inner == 0)

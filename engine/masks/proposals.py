"""Outlines that the subject may have, and which of them looks most like a thing of its own.

Each map of what stands out is cut where its two groups of values part, and every cut settles into an outline: colour
histograms of inside and outside and agreeing neighbours. A thing stands out from the ring around it, and its outline
lies on edges: of the outlines, the one wins that does so most. What it has taken along from behind is trimmed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from .fields import Field, Palette, coupling, parts, settle_, sigmoid, widen

_EDGE, _SIZE = 0.5, 0.05
"""What edges along the outline, and the logarithm of the area, count beside the step of what stands out."""
_SMALLEST, _LARGEST = 0.004, 0.9
_RING = 0.25
_TRIMMED = 0.9
"""How much of an outline is kept at least where it is trimmed: less would be a part of the thing."""


class Scene:
    """A small picture, L*a*b* float32 (h, w, 3), with what all its proposals share."""

    def __init__(self, lab: NDArray[np.float32]) -> None:
        self.lab, self.near, self._palette = lab, coupling(lab), Palette(lab)

    @cached_property
    def edges(self) -> NDArray[np.bool_]:
        """Where the steps of colour are larger than the mean one, or a pixel beside such a place."""
        soft = cv2().GaussianBlur(self.lab, (0, 0), 1.0)
        steps = [cv2().Sobel(soft, cv2().CV_32F, *axes) for axes in ((1, 0), (0, 1))]
        size = cv2().dilate(np.sqrt(sum((step**2).sum(axis=2) for step in steps)), np.ones((3, 3), np.uint8))
        return size > size.mean()

    def settled(self, salience: Field, level: float) -> Field:
        """Return the probability of subject that colours and neighbours settle on from what lies above `level`."""
        odds = np.clip((salience - level) * 7, -2, 2)
        p = sigmoid(odds)
        settle_(p, odds, self.near, 1.0, 5)
        for _ in range(4):
            color = np.clip(self._palette.odds(p, 1 - p), -3, 3)
            settle_(p, 0.8 * (color + odds), self.near, 1.5, 6)
        return _tidy(p, salience)

    def on_edges(self, inside: NDArray[np.bool_]) -> float:
        """Return the share of the outline of `inside` that lies on edges; the frame's border is not an outline."""
        line = inside & (cv2().erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) == 0)
        return float(self.edges[line].mean()) if line.any() else 0.0


def propose(scene: Scene, maps: Sequence[Field]) -> Field:
    """Return the probability of subject, (h, w), of the proposal that is most like a thing; all 0 if none is.

    maps: what stands out, (h, w) from 0 to 1; the first is the one that proposals are judged by.
    """
    best, best_score = np.zeros_like(maps[0]), -math.inf
    for salience in maps:
        p = scene.settled(salience, _split(salience))
        if (score := _score(scene, p > 0.5, maps[0])) > best_score:
            best, best_score = p, score
    return best if best_score == -math.inf else _trimmed(scene, best, maps[0])


def _trimmed(scene: Scene, p: Field, salience: Field) -> Field:
    """Return what stands out within `p`, if that is nearly all of it and its outline lies on edges better."""
    inside = p > 0.5
    closer = scene.settled(salience, _split(salience[inside]))
    within = closer > 0.5
    kept = int((within & inside).sum())
    if kept < _TRIMMED * inside.sum() or within.sum() > inside.sum():
        return p
    return closer if scene.on_edges(within) > scene.on_edges(inside) else p


def _score(scene: Scene, inside: NDArray[np.bool_], salience: Field) -> float:
    """Return how much like a thing of its own `inside` is; -inf if it is next to nothing or nearly everything."""
    area = float(inside.mean())
    if not _SMALLEST <= area <= _LARGEST:
        return -math.inf
    step = float(salience[inside].mean() - salience[_ring(inside)].mean())
    return step + _EDGE * scene.on_edges(inside) + _SIZE * math.log(area)


def _split(values: Field) -> float:
    """Return the middle between the means of the two groups of `values`, 0 to 1, that differ most (Otsu 1979)."""
    codes = np.rint(values * 255).astype(np.uint8)
    level, _ = cv2().threshold(codes, 0, 255, cv2().THRESH_BINARY | cv2().THRESH_OTSU)
    above = codes > level
    if above.all() or not above.any():
        return float(values.mean())
    return float(values[above].mean() + values[~above].mean()) / 2


def _ring(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what lies around `inside`, as far as a quarter of the side of a square of its area."""
    reach = max(2, round(_RING * math.sqrt(inside.sum())))
    disc = cv2().getStructuringElement(cv2().MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return (cv2().dilate(inside.astype(np.uint8), disc) > 0) & ~inside


def _tidy(p: Field, salience: Field) -> Field:
    """Return `p` without its lesser parts and with its small holes filled."""
    labels, _ = parts(p > 0.5)
    weight = np.bincount(labels.ravel(), (p * salience).ravel())
    weight[0] = 0
    p = p * widen((weight > 0.25 * max(float(weight.max()), 1e-9))[labels], 1)
    labels, boxes = parts(p <= 0.5)
    right, bottom = boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    hole = (boxes[:, 0] > 0) & (boxes[:, 1] > 0) & (right < p.shape[1]) & (bottom < p.shape[0])
    hole &= boxes[:, 4] < 0.02 * p.size
    hole[0] = False
    return np.where(hole[labels], np.float32(0.95), p)

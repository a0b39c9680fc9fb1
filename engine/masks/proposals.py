"""Outlines that the subject may have, and which of them looks most like a thing of its own.

Each map of what stands out is cut at several levels, and every cut settles into an outline: colour histograms of inside
and outside and agreeing neighbours. A thing stands out from the ring around it, and its outline lies on edges. If the
best outline shares its colours with that ring, a clear thing within it is taken instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from .fields import Field, Palette, coupling, parts, settle_, sigmoid, widen

_LEVELS = ((1.0, 0.2), (1.45, 0.35))
"""Where a map is cut: at a multiple of its mean, and at least so high."""
_EDGE, _SIZE = 0.5, 0.05
"""What edges along the outline, and the logarithm of the area, count beside the step of what stands out."""
_SMALLEST, _LARGEST = 0.004, 0.9
_RING = 0.25
_MIXED = 0.65
"""Below this separation an outline holds more than one thing, or a thing and what is behind it."""
_CLEAR, _ALL_EDGE, _MORE_EDGE, _LEAST_PART = 0.93, 0.97, 0.05, 0.1
"""What a thing within a mixed outline has at least: separation, the share of its outline on edges and how much that
exceeds the mixed outline's, the share of the picture. Smaller clear parts are more often a coat than a thing."""


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
        odds = np.clip((salience - level) * 7, -3, 3)
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

    def separation(self, inside: NDArray[np.bool_]) -> float:
        """Return how well colours tell `inside` from the ring around it, 0 (not at all) to 1."""
        ring = _ring(inside)
        if not ring.any():
            return 0.0
        likely = sigmoid(np.clip(self._palette.odds(inside.astype(np.float32), ring.astype(np.float32)), -8, 8))
        return float(likely[inside].mean() - likely[ring].mean())


def propose(scene: Scene, maps: Sequence[Field]) -> Field:
    """Return the probability of subject, (h, w), of the proposal that is most like a thing; all 0 if none is.

    maps: what stands out, (h, w) from 0 to 1; the first is the one that proposals are judged by.
    """
    best, best_score = np.zeros_like(maps[0]), -math.inf
    for salience in maps:
        for times, least in _LEVELS:
            p = scene.settled(salience, max(least, times * float(salience.mean())))
            if (score := _score(scene, p > 0.5, maps[0])) > best_score:
                best, best_score = p, score
    inside = best > 0.5
    if best_score == -math.inf or scene.separation(inside) >= _MIXED:
        return best
    on_edges = max(_ALL_EDGE, scene.on_edges(inside) + _MORE_EDGE)
    within = [scene.settled(salience, _split(salience[inside])) for salience in maps]
    clear = [p for p in within if _is_clear(scene, p > 0.5, on_edges)]
    return max(clear, key=lambda p: _score(scene, p > 0.5, maps[0]), default=best)


def _score(scene: Scene, inside: NDArray[np.bool_], salience: Field) -> float:
    """Return how much like a thing of its own `inside` is; -inf if it is next to nothing or nearly everything."""
    area = float(inside.mean())
    if not _SMALLEST <= area <= _LARGEST:
        return -math.inf
    step = float(salience[inside].mean() - salience[_ring(inside)].mean())
    return step + _EDGE * scene.on_edges(inside) + _SIZE * math.log(area)


def _is_clear(scene: Scene, inside: NDArray[np.bool_], on_edges: float) -> bool:
    if not _LEAST_PART <= float(inside.mean()) <= _LARGEST:
        return False
    return scene.on_edges(inside) >= on_edges and scene.separation(inside) >= _CLEAR


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

"""Which of several things a phrase means, from their boxes: the same rules for every engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...opencv import cv2
from ..fields import parts
from ..ports import Alpha, Area, Candidate
from .phrase import Depth, Order, Side, Wanted

_PLAUSIBLE = 0.5  # of the best score; below it a candidate is more likely a mistake than what is meant
_SIMILAR = 0.85  # of the best score; among these the larger one is what a person sees first
_FAR_SIZE, _ALL_FAR_SIZE = 0.6, 0.2  # of the largest candidate's size; of the view's
_SMALLEST_PART, _MOST_PARTS = 0.0005, 64  # of the view; in number


def choose(candidates: Sequence[Candidate], wanted: Wanted) -> list[Candidate]:
    """Return those of `candidates` that `wanted` means, the best first; [] if none lies where it asks for.

    A singular keeps one. Where scores differ much, the place chooses only among those with good ones.
    """
    best = max((c.score for c in candidates), default=0.0)
    fitting = [c for c in candidates if c.score >= _PLAUSIBLE * best]
    fitting = _at_depth(fitting, wanted.depth)
    fitting = [c for c in fitting if _misplaced(c, wanted) <= _reach(wanted)]
    if not fitting:
        return []
    if wanted.order == "middle":
        ranked = sorted(fitting, key=lambda c: _centre(c)[0])
        ranked = ranked[len(ranked) // 2 :] + ranked[: len(ranked) // 2]
    elif wanted.order is not None:
        ranked = sorted(fitting, key=_KEYS[wanted.order])
    elif wanted.many:
        ranked = sorted(fitting, key=lambda c: -c.score)
    elif wanted.across or wanted.down:
        ranked = sorted(fitting, key=lambda c: (_misplaced(c, wanted), -c.score))
    else:
        ranked = _prominent(fitting)
    return _counted(ranked, wanted)


def _reach(wanted: Wanted) -> float:
    """Return how far from its side a thing may lie: all of one half are meant, one thing may lie past the middle."""
    if wanted.across and wanted.down:
        return 0.45
    return 0.5 if wanted.many else 0.6


def _counted(ranked: list[Candidate], wanted: Wanted) -> list[Candidate]:
    if wanted.many:
        if wanted.count is None and wanted.order is not None:
            return ranked[: max(1, len(ranked) // 2)]
        return ranked[: wanted.count]
    place = wanted.nth - 1 if wanted.nth > 0 else len(ranked) + wanted.nth
    return ranked[place : place + 1] if place >= 0 else []


def _prominent(candidates: list[Candidate]) -> list[Candidate]:
    best = max(c.score for c in candidates)
    return sorted(candidates, key=lambda c: (c.score < _SIMILAR * best, -_size(c), -c.score))


def _at_depth(candidates: list[Candidate], depth: Depth | None) -> list[Candidate]:
    if depth is None or not candidates:
        return candidates
    largest = max(map(_size, candidates))
    far = [largest < _ALL_FAR_SIZE or _size(c) < _FAR_SIZE * largest for c in candidates]
    return [c for c, is_far in zip(candidates, far, strict=True) if is_far == (depth == "background")]


def _misplaced(candidate: Candidate, wanted: Wanted) -> float:
    """Return how far the thing is from where it should be: 0 at that side, 0.5 in the middle, 1 at the other side."""
    x, y = _centre(candidate)
    return max(_away(x, wanted.across), _away(y, wanted.down))


def _away(at: float, side: Side | None) -> float:
    if side is None:
        return 0.0
    if side == "middle":
        return min(2 * abs(at - 0.5), 1.0)
    return at if side in ("left", "top") else 1 - at


def _centre(candidate: Candidate) -> tuple[float, float]:
    """Return where the thing is, (x, y) in fractions of the view: the centroid of its alpha, or of its box."""
    alpha, area = candidate.alpha, candidate.area
    if alpha is None or not (total := float(alpha.sum(dtype=np.float64))):
        return (area.left + area.right) / 2, (area.top + area.bottom) / 2
    rows, columns = alpha.sum(axis=1, dtype=np.float64), alpha.sum(axis=0, dtype=np.float64)
    x = float(columns @ (np.arange(columns.size) + 0.5)) / total / columns.size
    return x, float(rows @ (np.arange(rows.size) + 0.5)) / total / rows.size


def _size(candidate: Candidate) -> float:
    """Return the side of the square that is as large as the thing's box, in fractions of the view."""
    area = candidate.area
    return (max(area.right - area.left, 0.0) * max(area.bottom - area.top, 0.0)) ** 0.5


def _surface(candidate: Candidate) -> float:
    return _size(candidate) ** 2 if candidate.alpha is None else float(candidate.alpha.mean())


def _nearness(candidate: Candidate) -> float:
    """Return how near the thing seems: near things are large and stand low in the view."""
    return _size(candidate) + 0.5 * candidate.area.bottom


_KEYS: dict[Order, Callable[[Candidate], float]] = {
    "left": lambda c: _centre(c)[0],
    "right": lambda c: -_centre(c)[0],
    "top": lambda c: _centre(c)[1],
    "bottom": lambda c: -_centre(c)[1],
    "large": lambda c: -_surface(c),
    "small": _surface,
    "tall": lambda c: c.area.top - c.area.bottom,
    "short": lambda c: c.area.bottom - c.area.top,
    "wide": lambda c: c.area.left - c.area.right,
    "near": lambda c: -_nearness(c),
    "far": _nearness,
}


def separate(alpha: Alpha, label: str = "") -> list[Candidate]:
    """Return the connected parts of `alpha`, float32 (h, w) in [0, 1], the largest first, for `choose`.

    Parts are joined pixels of at least 0.5; softer pixels belong to the nearest part, so that it keeps its soft edge
    and all parts add up to `alpha`. Specks are left out. The score is the mean of alpha over the part's own pixels.
    """
    height, width = alpha.shape
    labels, boxes = parts(alpha >= 0.5)
    real = [n for n in range(1, len(boxes)) if boxes[n, 4] >= _SMALLEST_PART * alpha.size]
    real = sorted(real, key=lambda n: -int(boxes[n, 4]))[:_MOST_PARTS]
    if not real:
        return []
    nearest = _nearest(np.where(np.isin(labels, real), labels, 0))
    found: list[Candidate] = []
    for number in real:
        left, top, across, down = (int(v) for v in boxes[number, :4])
        area = Area(left / width, top / height, (left + across) / width, (top + down) / height)
        score = float(alpha[labels == number].mean())
        found.append(Candidate(area, score, label, np.where(nearest == number, alpha, np.float32(0))))
    return found


def _nearest(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the number of the nearest labelled pixel everywhere; 0 in `labels` is no label."""
    cv = cv2()
    outside = (labels == 0).astype(np.uint8)
    _, pixels = cv.distanceTransformWithLabels(outside, cv.DIST_L2, 5, labelType=cv.DIST_LABEL_PIXEL)
    of_pixel = np.zeros(int(pixels.max()) + 1, np.int32)
    of_pixel[pixels[labels > 0]] = labels[labels > 0]
    return of_pixel[pixels]

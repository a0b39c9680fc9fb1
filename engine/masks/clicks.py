"""What a person points at, without a model: graph cuts of a box and of clicks.

A box is cut by GrabCut (Rother, Kolmogorov and Blake 2004). Clicks first grow into a proposal: the photo's subject if
they lie on it, else what they reach along like colours sooner than the frame's border or an excluding click does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel
from ..opencv import cv2
from .fields import Palette, parts, resize, small_shape
from .lab import to_lab
from .mask import Selection
from .ports import Alpha, Area, Click, Pixels

_SIDE = 384
_ROUNDS = 4
_CLICK_RADIUS = 0.012
_STEP_COST = 0.3
_REACH = 0.8
_SAME_THING = 0.3
_STANDS_OUT = 0.95
_OUT, _IN, _MAYBE_OUT, _MAYBE_IN = 0, 1, 2, 3  # OpenCV's GC_BGD, GC_FGD, GC_PR_BGD, GC_PR_FGD
_ENGINE = "built-in"


def cut_box(view: Pixels, area: Area) -> Selection:
    """Return what stands in `area` of the view, float32 (h, w, 3) in [0, 1]; nothing if all of it looks alike outside.

    What reaches beyond the box is cut off at it.
    """
    small = _small(view)
    seeds = np.full(small.shape[:2], _OUT, np.uint8)
    seeds[_rows_and_columns(area, small.shape)] = _MAYBE_IN
    inside = _cut(small, seeds)
    return _selection(view, small, inside, "What stands in the box, by colour and edges.", "The box holds nothing")


def cut_clicks(view: Pixels, clicks: Sequence[Click], subject: Alpha | None = None) -> Selection:
    """Return what lies under the including `clicks` and not under the others.

    subject: the photo's subject, (h, w) of the view; None or all 0 if there is none. Raises ValueError if no click
    includes anything.
    """
    if not any(click.include for click in clicks):
        raise ValueError("at least one click must include something")
    small = _small(view)
    marks = _marks(clicks, small.shape)
    near = _near(small, marks)
    thing = None if subject is None else _clicked_subject(small, marks, subject, near)
    inside = _grown(small, marks, near)
    words = "What is like the clicked places and joins them."
    if thing is not None and _distinctness(small, inside) < _STANDS_OUT:
        inside, words = _grown(small, marks, thing), "The subject, which was clicked on."
        if _overlap(inside, thing) < _SAME_THING:
            inside = thing & ~marks.exclude | marks.include
    return _selection(view, small, inside, words, "Nothing but the clicked places was found")


class _Marks(NamedTuple):
    """The discs around clicks, bool (h, w)."""

    include: NDArray[np.bool_]
    exclude: NDArray[np.bool_]


def _small(view: Pixels) -> Pixels:
    return resize(view, small_shape(view.shape, _SIDE))


def _rows_and_columns(area: Area, shape: tuple[int, ...]) -> tuple[slice, slice]:
    height, width = shape[:2]
    top, left = int(area.top * height), int(area.left * width)
    return (
        slice(min(top, height - 1), max(top + 1, round(area.bottom * height))),
        slice(min(left, width - 1), max(left + 1, round(area.right * width))),
    )


def _marks(clicks: Sequence[Click], shape: tuple[int, ...]) -> _Marks:
    height, width = shape[:2]
    radius = max(1.0, _CLICK_RADIUS * max(height, width))
    y, x = np.mgrid[:height, :width] + 0.5
    discs = [np.zeros((height, width), bool), np.zeros((height, width), bool)]
    for click in clicks:
        discs[click.include] |= np.hypot(x - click.x * width, y - click.y * height) <= radius
    return _Marks(discs[True] & ~discs[False], discs[False])


def _near(small: Pixels, marks: _Marks) -> NDArray[np.bool_]:
    """Return what the including clicks reach along like colours sooner than the excluding ones and the border do."""
    lab = np.ascontiguousarray(cv2().GaussianBlur(to_lab(small), (0, 0), 1.0))
    reach = _distance(lab, marks.include)
    rim = _rim(reach.shape)
    other = rim & (reach > np.percentile(reach[rim], 35))  # a border near the clicks may belong to what they mean
    return reach < _REACH * _distance(lab, marks.exclude | other)


def _clicked_subject(small: Pixels, marks: _Marks, subject: Alpha, near: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return the subject, less what is nearer to excluding clicks, if the clicks lie on it; None if they do not."""
    thing = resize(subject, (small.shape[0], small.shape[1])) > 0.5
    if not thing.any() or not thing[marks.include].mean() > 0.5:
        return None
    return thing & near if (marks.exclude & thing).any() else thing


def _grown(small: Pixels, marks: _Marks, proposal: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the parts, joined to the including clicks, of what GrabCut makes of a proposal."""
    seeds = np.where(proposal, np.uint8(_MAYBE_IN), np.uint8(_MAYBE_OUT))
    seeds[marks.include], seeds[marks.exclude] = _IN, _OUT
    return _touching(_cut(small, seeds) | marks.include, marks.include)


def _rim(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    rim = np.zeros(shape, bool)
    rim[[0, -1]], rim[:, [0, -1]] = True, True
    return rim


def _distance(lab: Pixels, start: NDArray[np.bool_]) -> Alpha:
    distance = np.where(start, np.float32(0), np.float32(1e6))
    _spread(lab, distance, np.float32(_STEP_COST), 4)
    return distance


@kernel
def _spread(lab: Pixels, distance: Alpha, step: np.float32, sweeps: int) -> None:
    """Lower `distance` to the length of the cheapest path from where it is 0, by raster sweeps (Toivanen 1996).

    A step costs the difference of colour, in L*a*b*, and `step`.
    """
    height, width = distance.shape
    for sweep in range(sweeps):
        d = 1 if sweep % 2 == 0 else -1
        for j in range(height):
            y = j if d == 1 else height - 1 - j
            for i in range(width):
                x = i if d == 1 else width - 1 - i
                for turn in range(4):
                    ny = y if turn == 1 else y - d
                    nx = x if turn == 0 else x + d if turn == 3 else x - d
                    if 0 <= ny < height and 0 <= nx < width:
                        c0 = lab[y, x, 0] - lab[ny, nx, 0]
                        c1 = lab[y, x, 1] - lab[ny, nx, 1]
                        c2 = lab[y, x, 2] - lab[ny, nx, 2]
                        cost = distance[ny, nx] + np.sqrt(c0 * c0 + c1 * c1 + c2 * c2) + step
                        if cost < distance[y, x]:
                            distance[y, x] = cost


def _cut(small: Pixels, seeds: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return what GrabCut takes for the thing; the seeds as they are where there is nothing to tell apart."""
    wanted, rest = np.isin(seeds, (_IN, _MAYBE_IN)), np.isin(seeds, (_OUT, _MAYBE_OUT))
    if min(int(wanted.sum()), int(rest.sum())) < 8:  # its five-part colour models need samples
        return wanted
    cv2().setRNGSeed(0)  # its k-means draws starting points
    codes = np.ascontiguousarray((small * 255 + 0.5).astype(np.uint8))
    labels = seeds.copy()
    cv2().grabCut(codes, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2().GC_INIT_WITH_MASK)
    return np.isin(labels, (_IN, _MAYBE_IN))


def _touching(inside: NDArray[np.bool_], marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the connected parts of `inside` that hold a mark."""
    labels = parts(inside).labels
    held = np.unique(labels[marks & inside])
    return np.isin(labels, held[held > 0])


def _overlap(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return float((first & second).sum()) / max(int((first | second).sum()), 1)


def _selection(view: Pixels, small: Pixels, inside: NDArray[np.bool_], words: str, none: str) -> Selection:
    shape = view.shape[0], view.shape[1]
    if not inside.any():
        return Selection(np.zeros(shape, np.float32), 0.5, _ENGINE, f"{none} that differs from its surroundings.")
    alpha = np.clip(resize(inside.astype(np.float32), shape), 0, 1)
    return Selection(alpha, _distinctness(small, inside), _ENGINE, words)


def _distinctness(small: Pixels, inside: NDArray[np.bool_]) -> float:
    """Return how well colours tell the thing from the rest, 0 (not at all) to 1."""
    if inside.all():
        return 0.0
    weights = inside.astype(np.float32)
    odds = Palette(to_lab(small)).odds(weights, 1 - weights)
    likely = 1 / (1 + np.exp(-np.clip(odds, -8, 8)))
    return float(np.clip(likely[inside].mean() - likely[~inside].mean(), 0, 1))

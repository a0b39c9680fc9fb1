"""A second look at what was found: at its own part of the photo, larger, and so with finer edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...opencv import cv2
from ..ports import Alpha, Area, Candidate, Click, Pixels, Prompt, Promptable

Crop = Callable[[Area], Pixels]
"""Renders a part of the photo as a view of its own, longer side at most 1024 px, with the tones of the whole view."""

_MARGIN = 0.2
_LEAST_GAIN = 1.4
_LEAST_AGREEMENT = 0.6


class _Window(NamedTuple):
    """A part of the view, in whole px of it."""

    left: int
    top: int
    right: int
    bottom: int
    width: int
    height: int

    @property
    def area(self) -> Area:
        return Area(self.left / self.width, self.top / self.height, self.right / self.width, self.bottom / self.height)

    @property
    def gain(self) -> float:
        """How many times larger the part is seen alone."""
        return max(self.width, self.height) / max(self.right - self.left, self.bottom - self.top)

    def inside(self, x: float, y: float) -> tuple[float, float]:
        """Return a point of the view as one of the part."""
        left, top, right, bottom = self.area.left, self.area.top, self.area.right, self.area.bottom
        return (x - left) / (right - left), (y - top) / (bottom - top)


def look_closer(engine: Promptable, found: Candidate, prompt: Prompt, crop: Crop) -> Candidate:
    """Return `found` with the edges that `engine` sees when it looks at its part of the photo alone.

    prompt: what `found` answered. `found` itself comes back where the part is nearly the whole view, or where the
    second look sees another thing. The alpha stays that of the view, each pixel the mean of what was seen in it.
    """
    if found.alpha is None:
        raise ValueError("only what has an alpha can be looked at again")
    window = _window(found)
    if window.gain < _LEAST_GAIN:
        return found
    looked = engine.look(crop(window.area))
    (answers,) = engine.ask(looked, [_asked(found, prompt, window)])
    placed = [(_placed(a, window), a) for a in answers]
    rated = [(agreement(alpha, found.alpha), i) for i, (alpha, _) in enumerate(placed)]
    if not rated or max(rated)[0] < _LEAST_AGREEMENT:
        return found
    alpha, answer = placed[max(rated)[1]]
    return Candidate(bounds(alpha) or found.area, answer.score, found.label, alpha)


def prompt_for(alpha: Alpha) -> Prompt:
    """Return the prompt that points at what `alpha` covers: the box around it and a click at its innermost point.

    Raises ValueError if alpha is nowhere above 0.5.
    """
    area = bounds(alpha)
    if area is None:
        raise ValueError("the mask is empty")
    return Prompt((innermost(alpha),), area)


def innermost(alpha: Alpha) -> Click:
    """Return the point of the mask that lies farthest from its edge and from the view's."""
    depth = cv2().distanceTransform(np.pad((alpha > 0.5).astype(np.uint8), 1), cv2().DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return Click((float(column) + 0.5) / alpha.shape[1], (float(row) + 0.5) / alpha.shape[0])


def bounds(alpha: Alpha) -> Area | None:
    """Return the box around where `alpha` is above 0.5; None if it is nowhere."""
    inside = alpha > 0.5
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not len(rows):
        return None
    height, width = alpha.shape
    left, right = float(columns[0]) / width, float(columns[-1] + 1) / width
    return Area(left, float(rows[0]) / height, right, float(rows[-1] + 1) / height)


def agreement(first: Alpha, second: Alpha) -> float:
    """Return the soft IoU of two masks of one size, 0 if both are empty."""
    union = float(np.maximum(first, second).sum())
    return float(np.minimum(first, second).sum()) / union if union else 0.0


def _window(found: Candidate) -> _Window:
    assert found.alpha is not None
    height, width = found.alpha.shape
    area = found.area
    margin = max(_MARGIN * max(area.right - area.left, area.bottom - area.top), 0.01)
    return _Window(
        max(0, int((area.left - margin) * width)),
        max(0, int((area.top - margin) * height)),
        min(width, int(np.ceil((area.right + margin) * width))),
        min(height, int(np.ceil((area.bottom + margin) * height))),
        width,
        height,
    )


def _asked(found: Candidate, prompt: Prompt, window: _Window) -> Prompt:
    """Return the prompt for the part: the person's clicks that lie in it, and the box around the first find."""
    assert found.alpha is not None
    placed = [(window.inside(c.x, c.y), c.include) for c in prompt.clicks]
    clicks = tuple(Click(x, y, include) for (x, y), include in placed if 0 <= x <= 1 and 0 <= y <= 1)
    if not any(c.include for c in clicks):
        centre = innermost(found.alpha)
        clicks = (*clicks, Click(*window.inside(centre.x, centre.y)))
    left, top = window.inside(found.area.left, found.area.top)
    right, bottom = window.inside(found.area.right, found.area.bottom)
    return Prompt(clicks, Area(left, top, right, bottom))


def _placed(answer: Candidate, window: _Window) -> Alpha:
    """Return the answer's alpha as one of the whole view, 0 outside the part."""
    assert answer.alpha is not None
    size = (window.right - window.left, window.bottom - window.top)
    larger = answer.alpha.shape[1] >= size[0] and answer.alpha.shape[0] >= size[1]
    small: NDArray[np.float32] = cv2().resize(
        answer.alpha, size, interpolation=cv2().INTER_AREA if larger else cv2().INTER_LINEAR
    )
    alpha = np.zeros((window.height, window.width), np.float32)
    alpha[window.top : window.bottom, window.left : window.right] = small
    return alpha

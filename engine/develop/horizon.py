"""How far a photo is tilted, from the long straight edges in it that should lie level or stand upright."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from ..photo import Photo
from .display import OutputSpec, preview_scale, render_display

MOST_DEG = 10.0
LEVEL_DEG = 0.15
_SIDE = 1024
_SHORTEST, _LONGEST = 0.02, 0.5  # of the frame's diagonal: shorter edges are texture, longer ones count no more
_WIDTH_DEG = 0.3  # how well edges agree that belong together
_NEAR_DEG = 0.8
_ENOUGH, _AGREEING, _RIVAL = 0.5, 0.33, 0.65

Angles = NDArray[np.float64]
_GRID: Angles = np.arange(-MOST_DEG, MOST_DEG + 1e-9, 0.05)
_CONVERGING = tuple(range(-14, 15, 2))  # degrees by which upright edges turn from one side of the frame to the other
_LEAST_LIKELY = 50.0  # the more they converge, the more must speak for it


@dataclass(frozen=True)
class Tilt:
    """How to level a photo: turn it clockwise by `angle_deg`, if `sure`; `reason` says what that was seen by."""

    angle_deg: float
    sure: bool
    reason: str


class Edges(NamedTuple):
    """Straight edges: how many degrees each is turned clockwise from its axis, and its length in diagonals.

    places: where an upright edge stands, -0.5 left to 0.5 right; 0 for a level one.
    """

    angles: Angles
    lengths: Angles
    places: Angles


def measure_tilt(photo: Photo) -> Tilt:
    """Return how the finished frame is to be turned so that what is level lies level, within 10 degrees.

    The unedited photo is looked at, as it is framed. Raises ModelMissingError without OpenCV.
    """
    seen = replace(photo, edits=())
    picture = render_display(seen, OutputSpec(dtype="uint8"), None, preview_scale(seen, _SIDE))
    return judged(straight_edges(picture))


def straight_edges(picture: NDArray[np.uint8]) -> Edges:
    """Return the straight edges of an sRGB (h, w, 3) picture that are nearly level or upright.

    Edges are found by LSD (von Gioi and others, 2010); those along the border are left out.
    """
    gray = cv2().cvtColor(picture, cv2().COLOR_RGB2GRAY)
    found = cv2().createLineSegmentDetector().detect(gray)[0]
    lines = np.zeros((0, 4)) if found is None else found.reshape(-1, 4).astype(np.float64)
    across, down = lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]
    turned = (np.degrees(np.arctan2(down, across)) + 45.0) % 90.0 - 45.0
    lengths = np.hypot(across, down) / math.hypot(*gray.shape)
    places = np.where(np.abs(down) > np.abs(across), (lines[:, 0] + lines[:, 2]) / (2 * gray.shape[1]) - 0.5, 0.0)
    kept = (np.abs(turned) <= MOST_DEG) & (lengths >= _SHORTEST) & _inside(lines, gray.shape)
    return Edges(turned[kept], lengths[kept], places[kept])


def _inside(lines: Angles, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which lines do not run along the border, where scans and crops have edges of their own."""
    margin = 0.015 * max(shape)
    x, y = lines[:, 0::2], lines[:, 1::2]
    beside = (x.max(axis=1) < margin) | (x.min(axis=1) > shape[1] - margin)
    above_or_below = (y.max(axis=1) < margin) | (y.min(axis=1) > shape[0] - margin)
    return np.logical_not(beside | above_or_below)


def judged(edges: Edges) -> Tilt:
    """Return the tilt that most of the edges agree on; not sure where they are few or agree on nothing.

    A camera that looks up or down lets upright edges converge: the tilt is that of the frame's middle.
    """
    if not len(edges.angles):
        return Tilt(0.0, False, "No straight edge is nearly level or upright.")
    weights = np.minimum(edges.lengths, _LONGEST) ** 1.5
    converging = max(_CONVERGING, key=lambda deg: (1 - abs(deg) / _LEAST_LIKELY) * _votes(edges, weights, deg).max())
    angles, votes = edges.angles - converging * edges.places, _votes(edges, weights, converging)
    best = float(_GRID[votes.argmax()])
    near = np.abs(angles - best) <= _NEAR_DEG
    tilt = float((angles * weights)[near].sum() / weights[near].sum())
    rival = votes[np.abs(_GRID - best) > 2 * _NEAR_DEG].max() / votes.max()
    length, share = float(edges.lengths[near].sum()), float(weights[near].sum() / weights.sum())
    sure = length >= _ENOUGH and share >= _AGREEING and rival <= _RIVAL and abs(tilt) < MOST_DEG - _NEAR_DEG
    seen = f"{near.sum()} straight edges agree on a tilt of {abs(tilt):.1f} degrees"
    return Tilt(round(-tilt, 2) + 0.0, sure, f"{seen}, {share * 100:.0f} % of what is nearly level or upright.")


def _votes(edges: Edges, weights: Angles, converging: float) -> Angles:
    """Return how much speaks for each tilt of _GRID where upright edges turn by `converging` degrees per width."""
    angles = edges.angles - converging * edges.places
    return (weights * np.exp(-0.5 * ((_GRID[:, None] - angles) / _WIDTH_DEG) ** 2)).sum(axis=1)

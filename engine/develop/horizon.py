"""How far a photo is tilted, from the straight edges in it that should lie level or stand upright, and its horizon.

Upright edges, level edges, both together and one line across the frame are asked on their own; where those that are
sure disagree, none is believed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from ..photo import Photo
from .display import OutputSpec, preview_scale, render_display
from .level_line import LevelLine, strongest_line

MOST_DEG = 10.0  # that edges are looked at
MOST_SURE_DEG = 6.5  # a photo that seems tilted by more usually shows a slope, a stair or a thing that leans
LEVEL_DEG = 0.15
_SIDE, _SMALL_SIDE = 1024, 512
_SHORTEST, _SHORTEST_SMALL = 0.02, 0.03  # of the frame's diagonal: shorter edges are texture
_LONGEST = 0.5  # longer ones count no more
_WIDTH_DEG = 0.3  # how well edges agree that belong together
_NEAR_DEG = 0.8
_AGREE_DEG = 0.7
_LINE, _SOFT_LINE, _LINE_RIVAL = 0.8, 0.72, 0.945  # of the columns; how much a second line may have of it
_MIDDLE_GRAY = 0.45

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


class _Asked(NamedTuple):
    """What makes some edges sure: the length of those that agree, in diagonals, their share, and their rivals'."""

    length: float
    share: float
    rival: float


_BOTH, _UPRIGHT, _LEVEL = _Asked(0.75, 0.36, 0.6), _Asked(0.9, 0.42, 0.5), _Asked(0.75, 0.42, 0.5)
_WEIGHTY, _CONTRADICTS_DEG = _Asked(0.6, 0.35, 1.0), 1.5


class _Opinion(NamedTuple):
    """How far edges say that the photo is tilted, clockwise above 0, whether they are sure, and what was seen.

    weighty: whether others that contradict it are not believed, sure or not.
    """

    tilt_deg: float
    sure: bool
    seen: str
    weighty: bool = False


def measure_tilt(photo: Photo) -> Tilt:
    """Return how the finished frame is to be turned so that what is level lies level, within 6.5 degrees.

    The unedited photo is looked at, as it is framed. Raises ModelMissingError without OpenCV.
    """
    seen = replace(photo, edits=())
    picture = render_display(seen, OutputSpec(dtype="uint8"), None, preview_scale(seen, _SIDE))
    return judged(straight_edges(picture), strongest_line(picture, MOST_DEG))


def straight_edges(picture: NDArray[np.uint8]) -> Edges:
    """Return the straight edges of an sRGB (h, w, 3) picture that are nearly level or upright.

    Edges are found by LSD (von Gioi and others, 2010), sharp ones at full size, and soft and dark ones in a small
    copy with stretched tones; an edge that both show is there twice. Those along the border are left out.
    """
    gray = cv2().cvtColor(picture, cv2().COLOR_RGB2GRAY)
    found = _edges(gray, _SHORTEST)
    scale = _SMALL_SIDE / max(gray.shape)
    small = gray if scale >= 1 else cv2().resize(gray, None, fx=scale, fy=scale, interpolation=cv2().INTER_AREA)
    soft = _edges(_stretched(small), _SHORTEST_SMALL)
    return Edges(*(np.concatenate(both) for both in zip(found, soft, strict=True)))


def _edges(gray: NDArray[np.uint8], shortest: float) -> Edges:
    found = cv2().createLineSegmentDetector().detect(gray)[0]
    lines = np.zeros((0, 4)) if found is None else found.reshape(-1, 4).astype(np.float64)
    across, down = lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]
    turned = (np.degrees(np.arctan2(down, across)) + 45.0) % 90.0 - 45.0
    lengths = np.hypot(across, down) / math.hypot(*gray.shape)
    places = np.where(np.abs(down) > np.abs(across), (lines[:, 0] + lines[:, 2]) / (2 * gray.shape[1]) - 0.5, 0.0)
    kept = (np.abs(turned) <= MOST_DEG) & (lengths >= shortest) & _inside(lines, gray.shape)
    return Edges(turned[kept], lengths[kept], places[kept])


def _stretched(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture from black to white, a dark one with its median lifted: LSD looks past small steps."""
    low, high = (float(v) for v in np.percentile(gray, (1, 99)))
    tones = np.clip((gray.astype(np.float32) - low) / max(high - low, 1.0), 0.0, 1.0)
    middle = max(float(np.median(tones)), 1e-3)
    if middle < _MIDDLE_GRAY:
        tones **= max(math.log(_MIDDLE_GRAY) / math.log(middle), 0.4)
    return (tones * 255).astype(np.uint8)


def _inside(lines: Angles, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which lines do not run along the border, where scans and crops have edges of their own."""
    margin = 0.015 * max(shape)
    x, y = lines[:, 0::2], lines[:, 1::2]
    beside = (x.max(axis=1) < margin) | (x.min(axis=1) > shape[1] - margin)
    above_or_below = (y.max(axis=1) < margin) | (y.min(axis=1) > shape[0] - margin)
    return np.logical_not(beside | above_or_below)


def judged(edges: Edges, line: LevelLine | None = None) -> Tilt:
    """Return the tilt that edges and the line across the frame agree on; not sure where they are few or disagree.

    Level edges and lines may run into the depth: what many upright edges contradict is not believed.
    """
    is_upright = edges.places != 0
    upright = _opinion(edges, is_upright, _UPRIGHT)
    both = _opinion(edges, is_upright | True, _BOTH)
    level = _opinion(edges, ~is_upright, _LEVEL)
    strong, soft = _line_opinion(line, _LINE, 2.0), _line_opinion(line, _SOFT_LINE, _LINE_RIVAL)
    weak = both or soft
    if weak is None:
        return Tilt(0.0, False, "No straight edge is nearly level or upright.")
    believed = [one for one in (strong, upright, both, level, soft) if one is not None and one.sure]
    if not believed:
        return Tilt(round(-weak.tilt_deg, 2) + 0.0, False, weak.seen)
    first, tilts = believed[0], [one.tilt_deg for one in believed]
    if upright is not None and upright.weighty and abs(upright.tilt_deg - first.tilt_deg) > _CONTRADICTS_DEG:
        tilts.append(upright.tilt_deg)
    if max(tilts) - min(tilts) > _AGREE_DEG:
        between = f"between {min(tilts):.1f} and {max(tilts):.1f} degrees"
        return Tilt(round(-first.tilt_deg, 2) + 0.0, False, f"What should be level in it disagrees: {between}.")
    return Tilt(round(-first.tilt_deg, 2) + 0.0, abs(first.tilt_deg) <= MOST_SURE_DEG, first.seen)


def _line_opinion(line: LevelLine | None, support: float, rival: float) -> _Opinion | None:
    if line is None or not line.support:
        return None
    seen = f"A line across {line.support * 100:.0f} % of the frame is tilted by {abs(line.tilt_deg):.1f} degrees."
    return _Opinion(line.tilt_deg, line.support >= support and line.rival <= rival, seen)


def _opinion(edges: Edges, chosen: NDArray[np.bool_], asked: _Asked) -> _Opinion | None:
    """Return the tilt that most of the chosen edges agree on, None where there is no edge.

    A camera that looks up or down lets upright edges converge: the tilt is that of the frame's middle.
    """
    if not chosen.any():
        return None
    some = Edges(*(part[chosen] for part in edges))
    weights = np.minimum(some.lengths, _LONGEST) ** 1.5
    converging = max(_CONVERGING, key=lambda deg: (1 - abs(deg) / _LEAST_LIKELY) * _votes(some, weights, deg).max())
    angles, votes = some.angles - converging * some.places, _votes(some, weights, converging)
    best = float(_GRID[votes.argmax()])
    near = np.abs(angles - best) <= _NEAR_DEG
    tilt = float((angles * weights)[near].sum() / weights[near].sum())
    rival = votes[np.abs(_GRID - best) > 2 * _NEAR_DEG].max() / votes.max()
    length, share = float(some.lengths[near].sum()), float(weights[near].sum() / weights.sum())
    sure = length >= asked.length and share >= asked.share and rival <= asked.rival
    kind = "nearly level or upright" if chosen.all() else "nearly upright" if some.places.any() else "nearly level"
    seen = f"{near.sum()} straight edges agree on a tilt of {abs(tilt):.1f} degrees"
    weighty = length >= _WEIGHTY.length and share >= _WEIGHTY.share
    return _Opinion(tilt, sure, f"{seen}, {share * 100:.0f} % of what is {kind}.", weighty)


def _votes(edges: Edges, weights: Angles, converging: float) -> Angles:
    """Return how much speaks for each tilt of _GRID where upright edges turn by `converging` degrees per width."""
    angles = edges.angles - converging * edges.places
    return (weights * np.exp(-0.5 * ((_GRID[:, None] - angles) / _WIDTH_DEG) ** 2)).sum(axis=1)

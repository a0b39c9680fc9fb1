"""Is what was found a sky? Evidence for and against, in points, each with the words that report it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from .sky_scene import Scene

ENOUGH = 4.5
"""Points from which a candidate counts as sky."""
_ODDS_PER_POINT = 0.48
_POINTS_PER_ODDS = 2.0
"""Of what the network recognises. All three were fitted to free photographs, decision 31."""
_MOST_SURE = 3.0
_LOOKS = (-4.0, 8.0)
"""Limits of the network's log-odds, and of the points of look and outline together."""

_SAYS: dict[str, tuple[str, str]] = {
    "recognised": ("the network recognises one", "the network recognises none"),
    "blue": ("it is blue", ""),
    "bright": ("it is bright", ""),
    "smooth": ("it is smooth", "the top of the photo is too busy"),
    "solid": ("nothing interrupts it", "the smooth parts hang on other things"),
    "level": ("it ends at a level skyline", "the smooth part has no level lower edge"),
    "top": ("it fills the top edge", "little of the top edge is smooth"),
    "bottom": ("", "the smooth part runs down to the bottom edge"),
    "dark": ("it is as dark as the lit scene below it suggests at night", "the smooth part is a dark backdrop"),
    "plants": ("", "the smooth part is green or brown"),
    "above": ("it is brighter than what it touches", "the smooth part is darker than what it touches"),
    "warm": ("", "the smooth part is as warm as a wall"),
    "fade": ("it fades towards the horizon", ""),
    "size": ("", "the smooth part is small"),
    "edge": ("the skyline is sharp", "the smooth part has no clear edge"),
}


class Verdict(NamedTuple):
    """The points of a candidate, and what counted most for and against it."""

    points: float
    pro: str
    con: str

    @property
    def sky(self) -> bool:
        return self.points > ENOUGH

    @property
    def confidence(self) -> float:
        """How sure the verdict is, 0.5 to 1."""
        return 1 / (1 + math.exp(-_ODDS_PER_POINT * abs(self.points - ENOUGH)))


NOTHING = Verdict(-9.0, "", "nothing smooth reaches the top edge")


def judge(scene: Scene, sky: NDArray[np.bool_]) -> Verdict:
    """Return how much the candidate `sky` looks like one."""
    share = float(sky.mean())
    if share < 0.004:
        return NOTHING
    if share > 0.98:
        return _judge_all(scene)
    evidence = {**_look(scene, sky), **_shape(scene, sky)}
    looks = _clip(sum(evidence.values()), *_LOOKS)
    evidence["recognised"] = _recognised(scene)
    ranked = sorted((value, name) for name, value in evidence.items())
    pros = [_SAYS[name][0] for value, name in reversed(ranked) if value > 0.3 and _SAYS[name][0]]
    cons = [_SAYS[name][1] for value, name in ranked if value < 0 and _SAYS[name][1]]
    return Verdict(looks + evidence["recognised"], " and ".join(pros[:2]), cons[0] if cons else "")


def _judge_all(scene: Scene) -> Verdict:
    blue = float(scene.blue.mean())
    points = 4 * blue - 3 + _recognised(scene)  # grey or black alone may be anything, however sure the network is
    return Verdict(points, "the whole frame is blue and smooth", "nothing but one smooth colour fills the frame")


def _recognised(scene: Scene) -> float:
    return _POINTS_PER_ODDS * _clip(scene.recognised, -_MOST_SURE, _MOST_SURE)


def _look(scene: Scene, sky: NDArray[np.bool_]) -> dict[str, float]:
    """Return the evidence of the candidate's own light and of its surroundings."""
    lightness, median = scene.lightness, np.median
    inner = _grown(sky, -3)
    calm = float(median(scene.texture[inner if inner.sum() >= 20 else sky]))
    rim = _grown(sky, 1) & _grown(~sky, 1)
    near, beyond = _grown(~sky, 2) & sky, _grown(sky, 2) & ~sky
    contrast = float(scene.slope[rim].mean()) if rim.any() else 0.0
    blue, light = float(scene.blue[sky].mean()), float(median(lightness[sky]))
    fade_light, fade_blue = (_vertical_trend(scene, sky, channel) for channel in (0, 2))
    bright = _clip((light - 50) / 25, 0, 0.8)
    return {
        "blue": 2.5 * blue if blue >= bright else blue,
        "bright": 0.0 if blue >= bright else 1.5 * bright,
        "smooth": _clip(math.log(1.2 / (calm + 0.1)), -2, 1.2),
        "above": 0.7 * _clip(float(median(lightness[near]) - median(lightness[beyond])) / 12, -1, 1),
        "warm": -_clip((float(median(scene.lab[..., 2][sky])) - 6) / 6, 0, 1.5),
        "fade": 0.5 * _clip(fade_light / 25, -1, 1) + 0.3 * _clip(fade_blue / 20, -1, 1),
        "edge": 0.5 * _clip(math.log((contrast + 0.1) / (calm + 0.3)) - 1.5, -1, 1)
        - 3 * _clip(1 - contrast / 0.6, 0, 1),
        "plants": -3 * float(scene.green[sky].mean() + scene.brown[sky].mean()),
        "dark": _clip((46 - light) / 18, 0, 1) * (1 - min(1.0, 1.5 * blue)) * (1 if _night(scene, sky) else -3),
    }


def _shape(scene: Scene, sky: NDArray[np.bool_]) -> dict[str, float]:
    """Return the evidence of the candidate's outline."""
    columns = np.flatnonzero(sky.any(axis=0))
    filled = [float(sky[: end + 1, i].mean()) for i, end in zip(columns, _lower_ends(sky)[columns], strict=True)]
    return {
        "solid": _clip((float(np.mean(filled)) - 0.93) * 12, -2, 0.8),
        "level": _clip((0.13 - _skyline(sky)[1]) * 10, -1.2, 0.8),
        "top": _clip((float(sky[0].mean()) - 0.6) * 2, -1, 0.8),
        "bottom": -4 * float(sky[-max(1, sky.shape[0] // 40) :].any(axis=0).mean()),
        "size": 0.6 * _clip(math.log(float(sky.mean()) / 0.12), -2, 0.5),
    }


def _lower_ends(sky: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the lowest row of the candidate in every column; the last row in a column without any."""
    return sky.shape[0] - 1 - sky[::-1].argmax(axis=0)


def _skyline(sky: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the mean and the spread of the candidate's lower end, as shares of the frame's height."""
    ends = _lower_ends(sky)[sky.any(axis=0)] / sky.shape[0]
    return float(ends.mean()), float(ends.std())


def _night(scene: Scene, sky: NDArray[np.bool_]) -> bool:
    """True if the rest of the photo looks like a lit scene at night under a level skyline."""
    outside = scene.lightness[~sky]
    mean, spread = _skyline(sky)
    lit = np.median(outside) < 33 and np.percentile(scene.lightness, 99) > 65
    return bool(lit and 0.2 < mean < 0.8 and spread < 0.12 and sky[0].mean() > 0.85)


def _vertical_trend(scene: Scene, sky: NDArray[np.bool_], channel: int) -> float:
    """Return how much a channel of L*a*b* rises from the top of the frame to its bottom, from the candidate's part."""
    y = scene.y[sky] - scene.y[sky].mean()
    return float((y * scene.lab[..., channel][sky]).mean() / (float((y * y).mean()) + 1e-6))


def _grown(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Return `mask` grown by a square of `pixels` on every side, shrunk if below 0."""
    side = 2 * abs(pixels) + 1
    change = cv2().dilate if pixels > 0 else cv2().erode
    return change(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)

"""The cast of a photo's light, estimated from the photo alone, as the temperature and tint that take it away.

Four estimates of the light's colour, which fail on different photos, are compared: the mean of what is nearly neutral,
the brightest surfaces, shades of grey (Finlayson and Trezzi 2004) and the colour of edges (van de Weijer 2007).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..photo import Pixels
from .settings import DevelopSettings
from .tables import light_matrix

MOST_TEMPERATURE, MOST_TINT = 40.0, 25.0
_DARKEST, _BRIGHTEST = 0.02, 0.9  # light below is noise, above one channel may be clipped
_NEUTRAL = 0.35  # how far, in natural logarithms of red / green and blue / green, neutral things may seem from grey
_FEWEST = 200
_AGREEING = 0.16  # the spread of the estimates at which they are believed by half
_KEEP_WARM = 0.6  # how much of a warm cast is taken away: evening light is meant to be warm
_LEFT = 5.0  # temperature and tint that are always left: most photos are nearly right, and most scenes not quite grey

Colors = NDArray[np.float64]


class Cast(NamedTuple):
    """What takes a cast away: temperature and tint as develop settings, and how sure the estimates are, 0 to 1."""

    temperature: float
    tint: float
    confidence: float


def estimate_cast(pixels: Pixels) -> Cast:
    """Return the correction of the cast of `pixels` (h, w, 3), scene-linear Rec.2020, about 0.05 MP or more.

    The less the estimates agree, and the fewer neutral things there are, the smaller it is; it stays within
    MOST_TEMPERATURE and MOST_TINT, and a cast near nothing is left.
    """
    usable = (pixels.max(axis=2) < _BRIGHTEST) & (pixels.min(axis=2) > 1e-4) & (pixels.mean(axis=2) > _DARKEST)
    colors = pixels[usable].astype(np.float64)
    if len(colors) < _FEWEST:
        return Cast(0.0, 0.0, 0.0)
    neutral, share = _nearly_neutral(colors)
    estimates = np.stack([neutral, _brightest(colors), _shades_of_gray(colors), _edges(pixels, usable)])
    centre = 0.5 * neutral + 0.5 * np.median(estimates, axis=0)
    spread = float(np.hypot(*(estimates - centre).T).mean())
    confidence = min(1.0, share / 0.15) / (1.0 + (spread / _AGREEING) ** 2)
    temperature, tint = _correction(centre)
    wanted = confidence * np.array([temperature * (_KEEP_WARM if temperature < 0 else 1.0), tint])
    limits = np.array([MOST_TEMPERATURE, MOST_TINT])
    kept = np.round(np.clip(np.sign(wanted) * np.maximum(np.abs(wanted) - _LEFT, 0.0), -limits, limits)) + 0.0
    return Cast(float(kept[0]), float(kept[1]), confidence)


def _ratios(colors: Colors) -> Colors:
    """Return ln(red / green) and ln(blue / green), (..., 2)."""
    logs = np.log(np.maximum(colors, 1e-6))
    return logs[..., (0, 2)] - logs[..., 1:2]


def _nearly_neutral(colors: Colors) -> tuple[Colors, float]:
    """Return the mean of what lies near it, sought from grey on, and the share of the photo that is there."""
    ratios, centre = _ratios(colors), np.zeros(2)
    for radius in (_NEUTRAL, _NEUTRAL, 0.25, 0.2, 0.15, 0.15):
        near = np.hypot(*(ratios - centre).T) <= radius
        if near.sum() < _FEWEST:
            return centre, 0.0
        centre = np.median(ratios[near], axis=0)
    return centre, float((np.hypot(*(ratios - centre).T) <= 0.15).mean())


def _brightest(colors: Colors) -> Colors:
    luma = colors @ (0.2627, 0.6780, 0.0593)
    return _ratios(colors[luma >= np.quantile(luma, 0.97)].mean(axis=0))


def _shades_of_gray(colors: Colors) -> Colors:
    return _ratios((colors**6).mean(axis=0) ** (1 / 6))


def _edges(pixels: Pixels, usable: NDArray[np.bool_]) -> Colors:
    """Return the colour of what changes from px to px; an edge that takes part in something unusable is left out."""
    inside = usable[:-1, :-1] & usable[1:, :-1] & usable[:-1, 1:]
    if inside.sum() < _FEWEST:
        return np.zeros(2)
    down, across = pixels[1:, :-1] - pixels[:-1, :-1], pixels[:-1, 1:] - pixels[:-1, :-1]
    return _ratios(np.sqrt((down**2 + across**2)[inside].mean(axis=0, dtype=np.float64)))


def _correction(ratios: Colors) -> tuple[float, float]:
    """Return the temperature and tint, before any limit, that turn a light of these ratios grey."""
    light = np.exp([ratios[0], 0.0, ratios[1]])
    found = np.zeros(2)
    for _ in range(8):
        here = _after(light, found)
        steps = np.stack([_after(light, found + step) - here for step in np.eye(2)], axis=1)
        found = np.clip(found - np.linalg.solve(steps, here), -100.0, 100.0)
    return float(found[0]), float(found[1])


def _after(light: Colors, settings: Colors) -> Colors:
    matrix = light_matrix(DevelopSettings(temperature=float(settings[0]), tint=float(settings[1])))
    return _ratios(matrix.astype(np.float64) @ light)

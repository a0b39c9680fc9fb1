"""What a develop step learns from the whole photo: the tone around each pixel, and its haze."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import guided
from ..photo import Pixels, luminance
from . import kernels

Planes = NDArray[np.float32]

_BASE_RADIUS, _BASE_EPSILON = 0.030, 0.30  # of the guide's longer side; EV squared
_DARK_RADIUS = 0.008
_EV = (np.float32(math.log2(0.18)), np.float32(-14.0), np.float32(7.0))  # middle grey, darkest, brightest


@dataclass(frozen=True)
class Surroundings:
    """Coefficients over the whole source at guide size, to be read with guided.interpolate.

    base: (2, h, w), gain and offset of the surrounding tone in EV from middle grey as a function of a pixel's own.
    transmission: (2, h, w), gain and offset of the share of light that the haze lets through, as a function of the
    cube root of luminance relative to the air's. air: (3,), the colour of the haze, linear.
    """

    base: Planes | None
    transmission: Planes | None
    air: Planes


def look_around(guide: Pixels, light: NDArray[np.float32] | None, dehaze: float) -> Surroundings:
    """Return the surroundings of `guide`, (h, w, 3) linear, the whole photo.

    light: the matrix that the step applies before tone, or None where its tone stage is not used.
    dehaze: the setting, -100 to 100.
    """
    air = np.ones(3, np.float32)
    transmission = None
    if dehaze:
        air = air_light(guide)
    if dehaze > 0:
        transmission = _transmission(guide, air, dehaze)
    base = None if light is None else _base(guide, light)
    return Surroundings(base, transmission, air)


def _base(guide: Pixels, light: NDArray[np.float32]) -> Planes:
    """Return the self-guided coefficients of the tone in EV, edges of more than about half a stop kept."""
    ev = np.empty(guide.shape[:2], np.float32)
    kernels.tones(guide, light, _EV, ev)
    radius = max(1, round(_BASE_RADIUS * max(ev.shape)))
    return guided.smooth_coefficients(ev, radius, _BASE_EPSILON)


def _dark(pixels: Pixels, air: Planes) -> Planes:
    """Return the dark channel of He, Sun and Tang (2009): the smallest channel in a small window, relative to air."""
    smallest = (pixels / air).min(axis=2)
    radius = max(2, round(_DARK_RADIUS * max(smallest.shape)))
    for axis in (0, 1):
        padded = np.pad(smallest, [(radius, radius) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1, axis=axis)
        smallest = windows.min(axis=-1)
    return smallest


def air_light(pixels: Pixels) -> Planes:
    """Return the colour of the haze, (3,): the mean of the haziest 0.2 % of px, at least a tenth of white."""
    dark = _dark(pixels, np.ones(3, np.float32))
    count = min(max(8, dark.size // 500), dark.size)
    haziest = np.argpartition(dark.ravel(), -count)[-count:]
    return np.clip(pixels.reshape(-1, 3)[haziest].mean(axis=0), 0.1, 1.0).astype(np.float32)


def haziness(pixels: Pixels) -> Planes:
    """Return how much of the air's own light lies over each px, (h, w) in [0, 1]; grey things seem to have it too."""
    return np.clip(_dark(pixels, air_light(pixels)), 0.0, 1.0)


def air_gain(air: Planes) -> np.float32:
    """Return the factor that makes the air's luminance 1."""
    return np.float32(1.0 / float(air @ np.array([0.2627, 0.6780, 0.0593], np.float32)))


def _transmission(guide: Pixels, air: Planes, dehaze: float) -> Planes:
    clear = 1.0 - 0.0085 * dehaze * np.clip(_dark(guide, air), 0.0, 1.0)
    root = luminance((guide * air_gain(air)).astype(np.float32))
    radius = max(1, round(0.03 * max(root.shape)))
    return np.stack(guided.coefficients(root, clear.astype(np.float32), radius, 1e-3))

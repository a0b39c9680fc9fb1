"""Vignette and film grain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..jit import inline, kernel
from ..photo import View
from .settings import DevelopSettings

Plane = NDArray[np.float32]
_WORD = np.uint64(0xFFFFFFFF)


@inline
def _step(x: np.float32, start: np.float32, stop: np.float32) -> np.float32:
    t = min(max((x - start) / (stop - start), np.float32(0)), np.float32(1))
    return t * t * (np.float32(3) - np.float32(2) * t)


@kernel
def _vignette_(pixels: Plane, place: NDArray[np.float64], numbers: tuple[np.float32, np.float32, np.float32]) -> None:
    """Multiply by 2 ** (ev * f), where f goes from 0 at radius `start` to 1 at `stop`; a corner is at radius 1.

    place: 2x3, from tile px to (-1..1, -1..1) of the finished frame. numbers: ev, start, stop.
    """
    ev, start, stop = numbers
    for j in range(pixels.shape[0]):
        for i in range(pixels.shape[1]):
            x = place[0, 0] * (i + 0.5) + place[0, 1] * (j + 0.5) + place[0, 2]
            y = place[1, 0] * (i + 0.5) + place[1, 1] * (j + 0.5) + place[1, 2]
            radius = np.float32(np.sqrt(0.5 * (x * x + y * y)))
            gain = np.float32(2.0 ** np.float64(ev * _step(radius, start, stop)))
            for c in range(3):
                pixels[j, i, c] *= gain


def vignette_(pixels: Plane, settings: DevelopSettings, view: View) -> None:
    """Darken or brighten towards the corners of the finished frame, by up to 2.5 EV."""
    to_source = np.array(
        [
            [view.grid.step_x, 0.0, view.grid.left + view.box.left * view.grid.step_x],
            [0.0, view.grid.step_y, view.grid.top + view.box.top * view.grid.step_y],
            [0.0, 0.0, 1.0],
        ]
    )
    middle = 0.15 + 0.7 * settings.vignette_midpoint / 100
    spread = 0.05 + 0.55 * settings.vignette_feather / 100
    numbers = (np.float32(0.025 * settings.vignette), np.float32(middle - spread / 2), np.float32(middle + spread))
    _vignette_(pixels, view.to_frame @ to_source, numbers)


@inline
def _noise(x: int, y: int) -> np.float32:
    """Return a number in [-1, 1) that depends on the lattice point alone (an integer hash, after Wang 2007)."""
    h = (np.uint64(x) * np.uint64(0x9E3779B1) ^ np.uint64(y) * np.uint64(0x85EBCA77)) & _WORD
    h = ((h ^ (h >> np.uint64(15))) * np.uint64(0x2C1B3C6D)) & _WORD
    h = ((h ^ (h >> np.uint64(12))) * np.uint64(0x297A2D39)) & _WORD
    h = h ^ (h >> np.uint64(15))
    return np.float32(h >> np.uint64(8)) * np.float32(2.0 / 16777216.0) - np.float32(1)


@inline
def _value_noise(x: float, y: float) -> np.float32:
    """Return smooth noise with one lattice point per unit."""
    left, top = np.floor(x), np.floor(y)
    fx, fy = np.float32(x - left), np.float32(y - top)
    fx, fy = fx * fx * (np.float32(3) - np.float32(2) * fx), fy * fy * (np.float32(3) - np.float32(2) * fy)
    i, j = int(left), int(top)
    upper = _noise(i, j) + (_noise(i + 1, j) - _noise(i, j)) * fx
    lower = _noise(i, j + 1) + (_noise(i + 1, j + 1) - _noise(i, j + 1)) * fx
    return upper + (lower - upper) * fy


@kernel
def _grain_(pixels: Plane, place: tuple[float, float, float, float], amount: np.float32) -> None:
    """Modulate light by two octaves of noise, most in the midtones. place: x and y of the first px, steps."""
    left, top, step_x, step_y = place
    for j in range(pixels.shape[0]):
        y = top + j * step_y
        for i in range(pixels.shape[1]):
            x = left + i * step_x
            noise = np.float32(0.7) * _value_noise(x, y) + np.float32(0.5) * _value_noise(
                2.1 * x + 37.0, 2.1 * y + 91.0
            )
            luma = (
                np.float32(0.2627) * pixels[j, i, 0]
                + np.float32(0.6780) * pixels[j, i, 1]
                + np.float32(0.0593) * pixels[j, i, 2]
            )
            strength = amount * (np.float32(1) - np.float32(0.75) * _step(luma, np.float32(0.2), np.float32(1)))
            gain = np.float32(2.0 ** np.float64(strength * noise))
            for c in range(3):
                pixels[j, i, c] *= gain


def grain_(pixels: Plane, settings: DevelopSettings, view: View) -> None:
    """Add film grain, up to 0.6 EV deep, fixed to the source's px; its size follows the frame's size."""
    cell = (0.8 + 3.2 * settings.grain_size / 100) * max(view.source_size) / 6000
    cell = max(cell, 0.8)
    grid = view.grid
    place = (
        (grid.left + (view.box.left + 0.5) * grid.step_x) / cell,
        (grid.top + (view.box.top + 0.5) * grid.step_y) / cell,
        grid.step_x / cell,
        grid.step_y / cell,
    )
    _grain_(pixels, place, np.float32(settings.grain / 160))

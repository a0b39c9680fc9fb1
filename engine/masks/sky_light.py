"""How the light of a sky behaves: it changes slowly over the frame, has no sharp steps, and ends at a horizon."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel
from ..opencv import cv2
from .fields import Field, squared
from .sky_scene import Scene

_STRIDE = 4
_FLOOR = np.array([2.5, 1.5, 1.5])
_RIDGE = 1e-3 * np.array([0, 1, 1, 4, 4, 4, 4])
_CLOUDS = 0.4
_SLANTS = (-0.03, -0.02, -0.01, 0.0, 0.01, 0.02, 0.03)
_FAR = 5
_CLEAR_STEP = 2.0


class Gradient(NamedTuple):
    """A smooth sky: its colour as a polynomial of the place, and how far real sky strays from it (L*, a*, b*)."""

    color: NDArray[np.float32]
    spread: NDArray[np.float32]

    def odds(self, lab: NDArray[np.float32]) -> Field:
        """Return log-odds of sky, -3 to 1, from how far `lab` is from the smooth sky; brighter (clouds) costs less."""
        away = (lab - self.color) / self.spread
        distance = squared(away) / np.float32(3)
        distance = np.where(away[..., 0] > 0, np.float32(_CLOUDS) * distance, distance)
        return np.clip(np.float32(1) - np.float32(0.35) * distance, -3, 1)


def _basis(shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return 1, x, y, x², xy, y², y³ over the frame, (h, w, 7), x and y from -1 to 1."""
    height, width = shape
    y, x = np.meshgrid(
        (np.arange(height, dtype=np.float32) + 0.5) / height * 2 - 1,
        (np.arange(width, dtype=np.float32) + 0.5) / width * 2 - 1,
        indexing="ij",
    )
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y, y**3], axis=-1).astype(np.float32)


def fit_gradient(lab: NDArray[np.float32], weights: NDArray[np.floating]) -> Gradient | None:
    """Return the smooth sky under `weights`, fitted robustly (Cauchy weights); None if there is too little of it."""
    basis = _basis((lab.shape[0], lab.shape[1]))
    a = basis[::_STRIDE, ::_STRIDE].reshape(-1, basis.shape[2]).astype(np.float64)
    target = lab[::_STRIDE, ::_STRIDE].reshape(-1, 3).astype(np.float64)
    given = weights[::_STRIDE, ::_STRIDE].ravel().astype(np.float64)
    used = given > 0.02
    if used.sum() < 30:
        return None
    a, target, given = a[used], target[used], given[used]
    weight, ridge = given, np.diag(_RIDGE) * given.sum()
    factors, spread = np.zeros((a.shape[1], 3)), _FLOOR
    for _ in range(4):
        weighted = a * weight[:, None]
        factors = np.linalg.solve(weighted.T @ a + ridge, weighted.T @ target)
        rest = target - a @ factors
        spread = np.maximum([1.93 * weighted_median(np.abs(channel), given) for channel in rest.T], _FLOOR)
        weight = given / (1 + (rest**2 / spread**2).mean(axis=1)) ** 2
    return Gradient((basis @ factors.astype(np.float32)), spread.astype(np.float32))


def weighted_median(values: NDArray[np.floating], weights: NDArray[np.floating]) -> float:
    """Return the value below which half of the weight lies; 0 if there is none."""
    order = np.argsort(values)
    total = np.cumsum(weights[order], dtype=np.float64)
    if total.size == 0 or total[-1] <= 0:
        return 0.0
    return float(values[order][min(int(np.searchsorted(total, total[-1] / 2)), total.size - 1)])


@kernel
def _smallest_step(step: Field, start: NDArray[np.bool_], sweeps: int) -> Field:
    height, width = step.shape
    reach = np.where(start, np.float32(0), np.float32(1e6))
    for sweep in range(sweeps):
        d = 1 if sweep % 2 == 0 else -1
        for j in range(height):
            y = j if d == 1 else height - 1 - j
            for i in range(width):
                x = i if d == 1 else width - 1 - i
                best, here = reach[y, x], step[y, x]
                if 0 <= y - d < height:
                    best = min(best, max(reach[y - d, x], here))
                if 0 <= x - d < width:
                    best = min(best, max(reach[y, x - d], here))
                reach[y, x] = best
    return reach


def reach_odds(scene: Scene, sky: NDArray[np.bool_]) -> Field:
    """Return log-odds, -1.5 to 1.5: high where a path without a sharp step leads into `sky`."""
    core: NDArray[np.bool_] = cv2().erode(sky.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if not core.any():
        return np.zeros(scene.shape, np.float32)
    largest = _smallest_step(scene.step, core, 4)
    usual = 1.0 + 1.5 * float(np.median(scene.step[core]))
    return (3 * np.exp(-((largest / usual) ** 2)) - 1.5).astype(np.float32)


def below_horizon(scene: Scene, sky: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return what lies below a straight horizon inside `sky`, as above a sea; None if there is none.

    A horizon is a sharp step to darker that most columns share, at one height or slightly slanted, and what lies below
    is not much calmer.
    """
    line = _strongest_line(scene, sky)
    if line is None:
        return None
    rows = np.arange(scene.shape[0])[:, None]
    below = rows > line + 1
    water, air = below & sky, (rows < line - 4) & sky
    if water.mean() < 0.01 or air.mean() < 0.03:
        return None
    busier = float(np.median(scene.texture[water])) / max(float(np.median(scene.texture[air])), 0.05)
    return below if busier > 0.7 else None


def _strongest_line(scene: Scene, sky: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Return the height per column of the line where `sky` steps to darker, sharply and in most columns alike."""
    if scene.shape[0] < 6 * _FAR:
        return None
    x = np.arange(0, scene.shape[1], 2)
    light = cv2().GaussianBlur(scene.lab, (0, 0), 0.7)[:, ::2]
    sharp = light[_FAR + 1 : 1 - _FAR] - light[_FAR - 1 : -_FAR - 1]
    step = sharp - (light[2 * _FAR :] - light[: -2 * _FAR]) / _FAR
    inside = sky[2 * _FAR :, ::2] & sky[: -2 * _FAR, ::2]
    best, found = 0.0, None
    for slant in _SLANTS:
        shift = np.rint(slant * (x - scene.shape[1] / 2)).astype(int)
        rows = np.arange(step.shape[0])[:, None] + shift
        seen = np.clip(rows, 0, step.shape[0] - 1)
        valid = inside[seen, np.arange(x.size)] & (rows == seen)
        values = step[seen, np.arange(x.size)] * valid[..., None]
        count = np.maximum(valid.sum(axis=1), 1)
        mean = values.sum(axis=1) / count[:, None]
        strength = np.linalg.norm(mean, axis=1)
        alike = strength / np.maximum(np.linalg.norm(np.abs(values).sum(axis=1) / count[:, None], axis=1), 1e-3)
        clear = (strength > _CLEAR_STEP) & (alike > 0.93) & (mean[:, 0] < 0) & (count > 0.4 * x.size)
        row = int(np.argmax(np.where(clear, strength * alike, 0)))
        if clear[row] and strength[row] * alike[row] > best:
            best = float(strength[row] * alike[row])
            found = row + _FAR + slant * (np.arange(scene.shape[1], dtype=np.float64) - scene.shape[1] / 2)
    return found

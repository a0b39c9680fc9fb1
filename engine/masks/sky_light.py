"""How the light of a sky behaves: it changes slowly over the frame, has no sharp steps, and ends at a horizon."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..jit import inline, kernel
from ..opencv import cv2
from .fields import Field
from .sky_scene import Scene

_STRIDE = 4
_FLOOR = np.array([2.5, 1.5, 1.5])
_RIDGE = 1e-3 * np.array([0, 1, 1, 4, 4, 4, 4])
_CLOUDS = 0.4
_SLANTS = (-0.03, -0.02, -0.01, 0.0, 0.01, 0.02, 0.03)
_FAR = 5
_CLEAR_STEP = 2.0


class Gradient(NamedTuple):
    """A smooth sky: the factors of its colour over the place, (7, 3), and how far real sky strays from it (L*, a*, b*).

    The terms are 1, x, y, x², xy, y², y³ with x and y from -1 to 1 over the frame, whatever its resolution.
    """

    factors: NDArray[np.float64]
    spread: NDArray[np.float64]

    def odds(self, lab: NDArray[np.float32], rows: int | None = None) -> Field:
        """Return log-odds of sky, -3 to 1, from how far `lab` is from the smooth sky; brighter (clouds) costs less.

        rows: of how many rows from the top; of all without.
        """
        out = np.empty(lab[:rows].shape[:2], np.float32)
        _gradient_odds(lab, self.factors, 1 / self.spread, out)
        return out

    def above(self, lab: NDArray[np.float32], rows: int | None = None) -> Field:
        """Return by how much each pixel of `lab` is lighter than the smooth sky, in L*; `rows` as in `odds`."""
        out = np.empty(lab[:rows].shape[:2], np.float32)
        _lighter(lab, self.factors, out)
        return out


@inline
def _place(index: int, count: int) -> float:
    return (index + 0.5) / count * 2 - 1


@kernel
def _gradient_odds(
    lab: NDArray[np.float32], factors: NDArray[np.float64], sharp: NDArray[np.float64], out: Field
) -> None:
    rows, width = out.shape
    one, third, clouds = np.float32(1), np.float32(1 / 3), np.float32(_CLOUDS)
    for j in range(rows):
        y = _place(j, lab.shape[0])
        level = factors[0] + (factors[2] + (factors[5] + factors[6] * y) * y) * y
        slope = factors[1] + factors[4] * y
        for i in range(width):
            x = _place(i, width)
            distance, lighter = np.float32(0), False
            for c in range(3):
                away = np.float32((lab[j, i, c] - (level[c] + (slope[c] + factors[3, c] * x) * x)) * sharp[c])
                distance += away * away
                if c == 0:
                    lighter = away > np.float32(0)
            distance *= third * (clouds if lighter else one)
            out[j, i] = min(max(one - np.float32(0.35) * distance, np.float32(-3)), one)


@kernel
def _lighter(lab: NDArray[np.float32], factors: NDArray[np.float64], out: Field) -> None:
    rows, width = out.shape
    for j in range(rows):
        y = _place(j, lab.shape[0])
        level = factors[0, 0] + (factors[2, 0] + (factors[5, 0] + factors[6, 0] * y) * y) * y
        slope = factors[1, 0] + factors[4, 0] * y
        for i in range(width):
            x = _place(i, width)
            out[j, i] = lab[j, i, 0] - np.float32(level + (slope + factors[3, 0] * x) * x)


def _basis(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return the terms of a Gradient at every _STRIDE-th pixel of a frame of `shape`, (n, 7)."""
    y, x = ((np.arange(0, n, _STRIDE) + 0.5) / n * 2 - 1 for n in shape)
    x, y = (part.ravel() for part in np.meshgrid(x, y))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y, y**3], axis=-1)


def fit_gradient(lab: NDArray[np.float32], weights: NDArray[np.floating]) -> Gradient | None:
    """Return the smooth sky under `weights`, fitted robustly (Cauchy weights); None if there is too little of it."""
    given = weights[::_STRIDE, ::_STRIDE].ravel().astype(np.float64)
    used = given > 0.02
    if used.sum() < 30:
        return None
    a = _basis((lab.shape[0], lab.shape[1]))[used]
    target, given = lab[::_STRIDE, ::_STRIDE].reshape(-1, 3)[used].astype(np.float64), given[used]
    weight, ridge = given, np.diag(_RIDGE) * given.sum()
    factors, spread = np.zeros((a.shape[1], 3)), _FLOOR
    for _ in range(4):
        weighted = a * weight[:, None]
        factors = np.linalg.solve(weighted.T @ a + ridge, weighted.T @ target)
        rest = target - a @ factors
        spread = np.maximum([1.93 * weighted_median(np.abs(channel), given) for channel in rest.T], _FLOOR)
        weight = given / (1 + (rest**2 / spread**2).mean(axis=1)) ** 2
    return Gradient(factors, spread)


def weighted_median(values: NDArray[np.floating], weights: NDArray[np.floating], share: float = 0.5) -> float:
    """Return the value below which `share` of the weight lies; 0 if there is none."""
    order = np.argsort(values)
    total = np.cumsum(weights[order], dtype=np.float64)
    if total.size == 0 or total[-1] <= 0:
        return 0.0
    return float(values[order][min(int(np.searchsorted(total, total[-1] * share)), total.size - 1)])


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


@kernel
def _along(step: NDArray[np.float32], inside: NDArray[np.bool_], shift: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for every row, shifted per column, the sums of `step` and of its size where `inside`, and the count."""
    sums = np.zeros((step.shape[0], 7))
    for row in range(step.shape[0]):
        for x in range(step.shape[1]):
            y = row + shift[x]
            if 0 <= y < step.shape[0] and inside[y, x]:
                for c in range(3):
                    sums[row, c] += step[y, x, c]
                    sums[row, 3 + c] += abs(step[y, x, c])
                sums[row, 6] += 1
    return sums


def _strongest_line(scene: Scene, sky: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Return the height per column of the line where `sky` steps to darker, sharply and in most columns alike."""
    if scene.shape[0] < 6 * _FAR:
        return None
    x = np.arange(0, scene.shape[1], 2)
    light = cv2().GaussianBlur(scene.lab, (0, 0), 0.7)[:, ::2]
    sharp = light[_FAR + 1 : 1 - _FAR] - light[_FAR - 1 : -_FAR - 1]
    step = sharp - (light[2 * _FAR :] - light[: -2 * _FAR]) / np.float32(_FAR)
    inside = sky[2 * _FAR :, ::2] & sky[: -2 * _FAR, ::2]
    best, found = 0.0, None
    for slant in _SLANTS:
        sums = _along(step, inside, np.rint(slant * (x - scene.shape[1] / 2)).astype(np.int64))
        count = np.maximum(sums[:, 6], 1)
        strength = np.linalg.norm(sums[:, :3], axis=1) / count
        alike = strength / np.maximum(np.linalg.norm(sums[:, 3:6], axis=1) / count, 1e-3)
        clear = (strength > _CLEAR_STEP) & (alike > 0.93) & (sums[:, 0] < 0) & (count > 0.4 * x.size)
        row = int(np.argmax(np.where(clear, strength * alike, 0)))
        if clear[row] and strength[row] * alike[row] > best:
            best = float(strength[row] * alike[row])
            found = row + _FAR + slant * (np.arange(scene.shape[1], dtype=np.float64) - scene.shape[1] / 2)
    return found

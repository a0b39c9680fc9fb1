"""The subject, found by the built-in engine.

What differs from the frame's borders (minimum barrier distance and colour), is in focus and stands near the middle is
one half of the evidence, what a small network of our own takes for people, animals and things (see `subject_net`) the
other. From both, several outlines are proposed on a small copy (see `proposals`); colours and agreeing neighbours then
settle the best of them on the proxy.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel
from ..opencv import cv2
from .fields import Field, Palette, coupling, resize, settle_, sigmoid, small_shape
from .lab import to_lab
from .mask import Selection
from .proposals import Scene, propose
from .subject_net import recognise_subject

_SIDE = 256
_ENGINE = "built-in"
_CLEAR, _SMALLEST = 0.25, 0.004
"""Below these, nothing stands out: how clear a subject is, and its share of the picture."""
_EVEN, _SURE_PER_CLEAR = 0.49, 11.0
"""How clear a subject is when its mask is as often right as wrong, and how fast that changes: decision 67."""
_RARE_COST = 12.0
_NEAR = 14.0
"""How far apart in L*a*b* colours along the border may lie to count as the same."""


def find_subject(proxy: NDArray[np.float32]) -> Selection:
    """Return the subject of `proxy`, display-encoded sRGB float32 (h, w, 3) in [0, 1], longer side about 1024 px.

    Nothing standing out is a normal result: alpha is all 0. Raises ModelMissingError without OpenCV.
    """
    lab = to_lab(resize(proxy, small_shape(proxy.shape, _SIDE)))
    seen = resize(recognise_subject(proxy), (lab.shape[0], lab.shape[1]))
    evidence = [(salience + seen) * np.float32(0.5) for salience in _salience(proxy, lab)]
    p = propose(Scene(lab), evidence)
    clear = _clearness(evidence[0], p > 0.5)
    if clear < _CLEAR or (p > 0.5).mean() < _SMALLEST:
        empty = np.zeros(proxy.shape[:2], np.float32)
        return Selection(empty, 1 - max(clear, 0.0), _ENGINE, "Nothing stands out from the rest of this photo.")
    alpha = _at_full_size(proxy, p)
    return Selection(alpha, 1 / (1 + math.exp(_SURE_PER_CLEAR * (_EVEN - clear))), _ENGINE, _reason(p))


def _clearness(evidence: Field, inside: NDArray[np.bool_]) -> float:
    """Return how much more evidence there is inside than outside; 0 if everything or nothing is inside."""
    if inside.all() or not inside.any():
        return 0.0
    return float(evidence[inside].mean() - evidence[~inside].mean())


def _reason(p: Field) -> str:
    x, y = (float((p * line).sum() / p.sum()) for line in _centred((p.shape[0], p.shape[1])))
    across = "left" if x < -0.17 else "right" if x > 0.17 else "middle"
    down = "upper " if y < -0.17 else "lower " if y > 0.17 else ""
    return f"What stands out by colour, sharpness and shape, in the {down}{across} of the frame."


def _centred(shape: tuple[int, int]) -> tuple[Field, Field]:
    """Return x (1, w) and y (h, 1), each from -0.5 to 0.5."""
    y, x = ((np.arange(n, dtype=np.float32) + np.float32(0.5)) / np.float32(n) - np.float32(0.5) for n in shape)
    return x[None], y[:, None]


def _unit(values: NDArray[np.floating], least: float) -> Field:
    """Return `values` clipped to [0, 1] after a division by what 99 % of them stay below, or by `least`."""
    return np.clip(values / max(float(np.percentile(values, 99)), least), 0, 1).astype(np.float32)


def _salience(proxy: NDArray[np.float32], lab: NDArray[np.float32]) -> tuple[Field, Field]:
    """Return how much each pixel stands out, 0 to 1: by all cues, and by the barriers towards the border alone."""
    shape = lab.shape[0], lab.shape[1]
    soft = cv2().GaussianBlur(lab, (0, 0), 1.0)
    entry = _border_cost(lab)
    apart = sum(_barrier(np.ascontiguousarray(soft[..., channel]), entry, 4) for channel in range(3))
    grey = cv2().cvtColor(proxy, cv2().COLOR_RGB2GRAY)
    detail = resize(np.abs(grey - cv2().GaussianBlur(grey, (0, 0), 1.2)), shape)
    focus = cv2().GaussianBlur(detail, (0, 0), 0.03 * max(shape))
    x, y = _centred(shape)
    below = np.where(y > 0, 0.3 + 0.4 * _cut_at_the_bottom(lab), 0.3)
    far = y**2 / (2 * below**2)
    barriers = _unit(np.asarray(apart), 8.0)
    cues = barriers + 0.55 * _unit(_unlike_sides(lab), 0.5) + 0.7 * _unit(focus, 0.003)
    all_cues = _unit(_unit(cues, 0.5) * (0.15 + 0.85 * np.exp(-(x**2) / (2 * 0.2**2) - far)), 0.3)
    return all_cues, _unit(barriers * (0.3 + 0.7 * np.exp(-(x**2) / (2 * 0.25**2) - far)), 0.3)


def _border_cost(lab: NDArray[np.float32]) -> Field:
    """Return what it costs to enter the picture at each border pixel, (h, w), 0 inside.

    A border pixel whose colour is rare along the border may belong to a subject that the frame cuts.
    """
    height, width = lab.shape[:2]
    on_border = np.zeros((height, width), bool)
    on_border[[0, -1]], on_border[:, [0, -1]] = True, True
    colors = lab[on_border]
    cost = np.zeros((height, width), np.float32)
    cost[on_border] = _RARE_COST * np.clip(1 - _alike(colors, colors, 200) / 0.2, 0, 1)
    return cost


def _alike(colors: NDArray[np.float32], others: NDArray[np.float32], most: int) -> NDArray[np.float64]:
    """Return for each of `colors`, (n, 3), the share of about `most` of `others` that look nearly the same."""
    sample = others[:: max(1, len(others) // most)]
    return (np.linalg.norm(colors[:, None] - sample, axis=2) < _NEAR).mean(axis=1)


def _cut_at_the_bottom(lab: NDArray[np.float32]) -> float:
    """Return how sure it is, 0 to 1, that the frame's lower edge cuts the subject, as in a half-length portrait.

    It is the share of the lower edge's middle whose colours hardly occur along the rest of the border.
    """
    height, width = lab.shape[:2]
    thick, corner = max(2, height // 40), max(1, width // 8)
    strips = (lab[:, :thick], lab[:, -thick:], lab[:thick], lab[-thick:, :corner], lab[-thick:, -corner:])
    border = np.concatenate([strip.reshape(-1, 3) for strip in strips])
    middle = lab[-thick:, width // 4 : max(width // 4 + 1, 3 * width // 4)].reshape(-1, 3)
    middle = middle[:: max(1, len(middle) // 200)]
    return float((_alike(middle, border, 300) < 0.05).mean())


@kernel
def _barrier(values: Field, entry: Field, sweeps: int) -> Field:
    """Return the minimum barrier distance to the border (Zhang et al. 2015, "MBD at 80 FPS"), by raster sweeps.

    The distance is the range of values on the path that has the smallest one, plus the `entry` cost at its start.
    """
    height, width = values.shape
    distance = np.full((height, width), np.float32(1e6))
    high, low, start = values.copy(), values.copy(), entry.copy()
    for y in range(height):
        distance[y, 0], distance[y, width - 1] = entry[y, 0], entry[y, width - 1]
    for x in range(width):
        distance[0, x], distance[height - 1, x] = entry[0, x], entry[height - 1, x]
    for sweep in range(sweeps):
        d = 1 if sweep % 2 == 0 else -1
        for j in range(height):
            y = j if d == 1 else height - 1 - j
            for i in range(width):
                x = i if d == 1 else width - 1 - i
                for turn in range(2):
                    ny, nx = (y - d, x) if turn == 1 else (y, x - d)
                    if 0 <= ny < height and 0 <= nx < width:
                        top, bottom = max(high[ny, nx], values[y, x]), min(low[ny, nx], values[y, x])
                        reach = top - bottom + start[ny, nx]
                        if reach < distance[y, x]:
                            distance[y, x] = reach
                            high[y, x], low[y, x], start[y, x] = top, bottom, start[ny, nx]
    return distance


def _unlike_sides(lab: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how far each colour is from the colours of the frame's four sides, the farthest side left out."""
    height, width = lab.shape[:2]
    thick = max(2, int(0.06 * min(height, width)))
    sides: list[Field] = []
    for strip in (lab[:thick], lab[-thick:], lab[:, :thick], lab[:, -thick:]):
        colors = strip.reshape(-1, 3).astype(np.float64)
        inverse = np.linalg.inv(np.cov(colors.T) + np.eye(3) * 9)
        away = lab.reshape(-1, 3) - colors.mean(axis=0)
        sides.append(_unit(np.sqrt(((away @ inverse) * away).sum(axis=1)).reshape(height, width), 1.0))
    return np.sum(sides, axis=0) - np.max(sides, axis=0)


def _at_full_size(proxy: NDArray[np.float32], p: Field) -> Field:
    """Return the soft mask at the proxy's own size, from the small one and the proxy's own colours."""
    shape = proxy.shape[0], proxy.shape[1]
    lab, big = to_lab(proxy), resize(p, shape)
    near = cv2().GaussianBlur(big, (0, 0), 1.5 * max(shape) / max(p.shape))
    odds = 1.5 * np.clip(np.log((near + 0.02) / (1.02 - near)), -4, 4)
    odds += 0.7 * np.clip(Palette(lab).odds(big, 1 - big), -3, 3)
    big = sigmoid(odds)
    settle_(big, odds, coupling(lab), 1.0, 4)
    return np.clip((big - 0.05) / 0.9, 0, 1)

"""What stands out from the rest of a picture, by hand-made cues: maps that `subject` and `subject_net` start from.

Barriers towards the border and colours unlike those of the frame's sides say where the picture parts; sharpness and
place say which part is meant.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel
from ..opencv import cv2
from .fields import Field, resize

_RARE_COST = 12.0
_NEAR = 14.0
"""How far apart in L*a*b* colours along the border may lie to count as the same."""

Lab = NDArray[np.float32]


def salience(proxy: NDArray[np.float32], lab: Lab) -> tuple[Field, Field]:
    """Return how much each pixel of `lab` stands out, 0 to 1: by all cues, and by the barriers to the border alone.

    proxy: display-encoded sRGB (h, w, 3) of any size, for its sharpness; lab: a small copy in L*a*b*.
    """
    shape = lab.shape[0], lab.shape[1]
    grey = cv2().cvtColor(proxy, cv2().COLOR_RGB2GRAY)
    detail = resize(np.abs(grey - cv2().GaussianBlur(grey, (0, 0), 1.2)), shape)
    focus = cv2().GaussianBlur(detail, (0, 0), 0.03 * max(shape))
    x, y = centred(shape)
    below = np.where(y > 0, 0.3 + 0.4 * _cut_at_the_bottom(lab), 0.3)
    far = y**2 / (2 * below**2)
    parted = barriers(lab, 1.0)
    cues = parted + 0.55 * unlike_sides(lab) + 0.7 * _unit(focus, 0.003)
    all_cues = _unit(_unit(cues, 0.5) * (0.15 + 0.85 * np.exp(-(x**2) / (2 * 0.2**2) - far)), 0.3)
    return all_cues, _unit(parted * (0.3 + 0.7 * np.exp(-(x**2) / (2 * 0.25**2) - far)), 0.3)


def centred(shape: tuple[int, int]) -> tuple[Field, Field]:
    """Return x (1, w) and y (h, 1), each from -0.5 to 0.5."""
    y, x = ((np.arange(n, dtype=np.float32) + np.float32(0.5)) / np.float32(n) - np.float32(0.5) for n in shape)
    return x[None], y[:, None]


def barriers(lab: Lab, blur_px: float) -> Field:
    """Return the minimum barrier distances to the border of the blurred L*, a* and b* together, 0 to 1."""
    soft, entry = cv2().GaussianBlur(lab, (0, 0), blur_px), _border_cost(lab)
    apart = [_barrier(np.ascontiguousarray(soft[..., channel]), entry, 4) for channel in range(3)]
    return _unit(np.sum(apart, axis=0), 8.0)


def unlike_sides(lab: Lab) -> Field:
    """Return how far each colour is from those of the frame's four sides, the farthest side left out, 0 to 1."""
    height, width = lab.shape[:2]
    thick = max(2, int(0.06 * min(height, width)))
    sides: list[Field] = []
    for strip in (lab[:thick], lab[-thick:], lab[:, :thick], lab[:, -thick:]):
        colors = strip.reshape(-1, 3).astype(np.float64)
        inverse = np.linalg.inv(np.cov(colors.T) + np.eye(3) * 9)
        away = (lab.reshape(-1, 3) - colors.mean(axis=0).astype(np.float32)) @ _root(inverse)
        sides.append(_unit(np.sqrt(np.einsum("ij,ij->i", away, away)), 1.0))
    unlike = np.sum(sides, axis=0) - np.max(sides, axis=0)
    return _unit(unlike.reshape(height, width), 0.5)


def _root(inverse: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.linalg.cholesky(inverse).astype(np.float32)


def _unit(values: NDArray[np.floating], least: float) -> Field:
    """Return `values` clipped to [0, 1] after a division by what 99 % of them stay below, or by `least`."""
    last = max(1, values.size // 100)
    most = float(np.partition(values, values.size - last, axis=None)[values.size - last])
    return np.clip(values / max(most, least), 0, 1).astype(np.float32)


def _border_cost(lab: Lab) -> Field:
    """Return what it costs to enter the picture at each border pixel, (h, w), 0 inside.

    A border pixel whose colour is rare along the border may belong to a subject that the frame cuts.
    """
    height, width = lab.shape[:2]
    on_border = np.zeros((height, width), bool)
    on_border[[0, -1]], on_border[:, [0, -1]] = True, True
    colors = lab[on_border]
    cost = np.zeros((height, width), np.float32)
    cost[on_border] = _RARE_COST * np.clip(1 - _alike(colors, colors, 100) / 0.2, 0, 1)
    return cost


def _alike(colors: Lab, others: Lab, most: int) -> NDArray[np.float64]:
    """Return for each of `colors`, (n, 3), the share of about `most` of `others` that look nearly the same."""
    sample = others[:: max(1, len(others) // most)]
    squares = (colors**2).sum(axis=1)[:, None] + (sample**2).sum(axis=1) - 2 * (colors @ sample.T)
    return (squares < _NEAR**2).mean(axis=1)


def _cut_at_the_bottom(lab: Lab) -> float:
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

"""The smooth continuation of a picture into a hole, and how far a painting may lean on it.

Out of focus, on a wall or in a sky, and anywhere within a few px of the rim, nothing predicts a picture better than a
surface that goes on as it came: the thin plate, whose bending energy is least (Duchon 1977; "biharmonic" inpainting,
Damelin and Hoang 2018). Farther inside it is a blur. What patches paint errs independently of it, so that the mean of
both is nearer to the truth than either, wherever there is no texture to lose.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel
from ..opencv import cv2
from .blend import blurred

Pixels = NDArray[np.float32]
Plane = NDArray[np.float32]
Flags = NDArray[np.bool_]
Places = NDArray[np.int32]

_SMALLEST = 5
_FEWEST_SWEEPS, _MOST_SWEEPS, _WORK_PX, _OVER = 8, 40, 2_000_000, 1.6
_AGREEING, _MOST_SHARE = 20 / 255, 0.7
"""The difference, in encoded units, at which a quarter of the most is taken of the smooth surface, and that most."""
_AGREEING_AT_RIM, _RIM_SHARE, _RIM_PX = 48 / 255, 0.5, 2.0
_WINDOW_PX = 3.0


@kernel
def _bend_(plane: Pixels, rows: Places, columns: Places, sweeps: int, over: float) -> None:
    """Relax (h, w, 3) at the given places towards a bi-Laplacian of 0, up and down in turns; borders repeat."""
    height, width = plane.shape[0], plane.shape[1]
    factor = np.float32(over)
    for sweep in range(sweeps):
        for k in range(rows.size):
            n = k if sweep % 2 == 0 else rows.size - 1 - k
            row, column = rows[n], columns[n]
            up, up2, down, down2 = max(row - 1, 0), max(row - 2, 0), min(row + 1, height - 1), min(row + 2, height - 1)
            left, left2 = max(column - 1, 0), max(column - 2, 0)
            right, right2 = min(column + 1, width - 1), min(column + 2, width - 1)
            for c in range(plane.shape[2]):
                near = plane[up, column, c] + plane[down, column, c] + plane[row, left, c] + plane[row, right, c]
                across = plane[up, left, c] + plane[up, right, c] + plane[down, left, c] + plane[down, right, c]
                far = plane[up2, column, c] + plane[down2, column, c] + plane[row, left2, c] + plane[row, right2, c]
                goal = np.float32(0.4) * near - np.float32(0.1) * across - np.float32(0.05) * far
                plane[row, column, c] += factor * (goal - plane[row, column, c])


def thin_plate(values: Pixels, known: Flags) -> Pixels:
    """Return `values`, float32 (h, w, 3), where known, and elsewhere the smoothest surface that continues them.

    Slopes go on too, unlike those of a `membrane`, and overshoot is possible. Coarse levels are solved first; deep
    inside large holes the result is an approximation. 0 where nothing is known.
    """
    out = np.where(known[..., None], values, np.float32(0)).astype(np.float32)
    if known.all() or not known.any():
        return out
    height, width = known.shape
    if min(height, width) >= _SMALLEST:
        size = ((width + 1) // 2, (height + 1) // 2)
        weight = cv2().resize(known.astype(np.float32), size, interpolation=cv2().INTER_AREA)
        sums = cv2().resize(out, size, interpolation=cv2().INTER_AREA)
        coarse = thin_plate(sums / np.maximum(weight, np.float32(1e-6))[..., None], weight > 0)
        start = cv2().resize(coarse, (width, height), interpolation=cv2().INTER_CUBIC)
    else:
        start = np.broadcast_to(out[known].mean(axis=0), out.shape)
    out = np.where(known[..., None], out, start).astype(np.float32)
    rows, columns = (places.astype(np.int32) for places in np.nonzero(~known))
    _bend_(out, rows, columns, max(_FEWEST_SWEEPS, min(_MOST_SWEEPS, _WORK_PX // rows.size)), _OVER)
    return out


def leaned(painting: Pixels, smooth: Pixels, hole: Flags, busy: Plane) -> Pixels:
    """Return `painting` (h, w, 3) drawn towards `smooth` in the hole, as far as both agree and it is not `busy`.

    Both are in encoded units in [0, 1]; busy: (h, w) in [0, 1]. Where they differ by much there is texture, or an edge
    that the surface cannot know, and the painting stays as it is; at the rim, where the surface knows most, less so.
    """
    inside = hole[..., None].astype(np.float32)
    away = (np.clip(smooth, 0, 1) - painting) * inside
    norm = np.maximum(blurred(inside[..., 0], _WINDOW_PX), np.float32(1e-3))
    square = blurred((away * away).mean(axis=2), _WINDOW_PX) / norm
    share = _MOST_SHARE * (1 - busy) / (1 + square / _AGREEING**2) ** 2
    rim = _RIM_SHARE * np.exp((1 - _depth(hole)) / _RIM_PX) / (1 + square / _AGREEING_AT_RIM**2) ** 2
    share = np.maximum(share, rim).astype(np.float32)
    return (painting + share[..., None] * away).astype(np.float32)


def _depth(hole: Flags) -> Plane:
    """Return how far each pixel of the hole is inside it, in px from 1; 0 elsewhere."""
    depth: Plane = cv2().distanceTransform(hole.view(np.uint8), cv2().DIST_L2, 5)
    return depth

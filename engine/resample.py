"""Resampling by an affine map, for straightened photos."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .geometry import Box
from .jit import inline, kernel

REACH_PX = 3


@inline
def _catmull_rom(t: np.float32) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """Return the weights of the four samples around a point `t` past the second (Catmull and Rom 1974)."""
    half, one, two, three = np.float32(0.5), np.float32(1), np.float32(2), np.float32(3)
    t2 = t * t
    t3 = t2 * t
    return (
        half * (-t3 + two * t2 - t),
        half * (three * t3 - np.float32(5) * t2 + two),
        half * (-three * t3 + np.float32(4) * t2 + t),
        one
        - half * (-t3 + two * t2 - t)
        - half * (three * t3 - np.float32(5) * t2 + two)
        - half * (-three * t3 + np.float32(4) * t2 + t),
    )


@kernel
def _sample(
    pixels: NDArray[np.float32],
    matrix: NDArray[np.float64],
    start: tuple[int, int],
    origin: tuple[int, int],
    out: NDArray[np.float32],
) -> None:
    """Fill `out` with the pixels at matrix @ (x + 0.5, y + 0.5, 1); samples beyond the border repeat the border."""
    height, width = pixels.shape[:2]
    for j in range(out.shape[0]):
        y = j + start[1] + 0.5
        for i in range(out.shape[1]):
            x = i + start[0] + 0.5
            u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] - 0.5
            v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] - 0.5
            column, row = np.floor(u), np.floor(v)
            wx = _catmull_rom(np.float32(u - column))
            wy = _catmull_rom(np.float32(v - row))
            left, top = int(column) - origin[0], int(row) - origin[1]
            for c in range(3):
                total = np.float32(0)
                for dy in range(4):
                    r = min(max(top + dy - 1, 0), height - 1)
                    line = np.float32(0)
                    for dx in range(4):
                        line += wx[dx] * pixels[r, min(max(left + dx - 1, 0), width - 1), c]
                    total += wy[dy] * line
                out[j, i, c] = max(total, np.float32(0))


def sample_affine(pixels: NDArray[np.float32], box: Box, tile: Box, matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return float32 (h, w, 3) pixels of `tile`, each read by bicubic interpolation at matrix @ (x, y, 1).

    `pixels` lie at `box` of the grid that the 2x3 `matrix` leads to; it must reach REACH_PX beyond what is read,
    except at the frame's own border, which is repeated. Negative overshoot is cut off.
    """
    out = np.empty((tile.height, tile.width, 3), np.float32)
    _sample(pixels, matrix, (tile.left, tile.top), (box.left, box.top), out)
    return out

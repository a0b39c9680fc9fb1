"""The first guess at the coarsest level: the hole is peeled like an onion, and each layer continues what is known.

Newson et al., "Non-local patch-based image inpainting" (IPOL 2017): a patch at the rim is matched by those of its
pixels that are known, so that lines and edges grow into the hole instead of the average colour.
"""

from __future__ import annotations

import numpy as np

from ..jit import kernel
from ..opencv import cv2
from .patchmatch import RADIUS, WORST, Field, Flags, Planes
from .vote import Values, Voters, vote

WINDOW = 40
FADE = 0.8
_SCALE = 4e6


@kernel
def _match_known(
    planes: tuple[Values, Values],
    wanted: Flags,
    sources: Flags,
    window: int,
    field: Planes,
) -> None:
    """Give each wanted centre the source in its window whose patch differs least where it is known.

    planes: values (h, w, 4), and how well each pixel is known, (h, w), from 0.
    """
    values, weight = planes
    height, width = wanted.shape
    span = 2 * RADIUS + 1
    for row in range(height):
        for column in range(width):
            if not wanted[row, column]:
                continue
            norm = np.float32(0)
            for dy in range(-RADIUS, RADIUS + 1):
                for dx in range(-RADIUS, RADIUS + 1):
                    norm += weight[row + dy, column + dx]
            best = np.float32(np.inf)
            for y in range(max(row - window, RADIUS), min(row + window + 1, height - RADIUS)):
                for x in range(max(column - window, RADIUS), min(column + window + 1, width - RADIUS)):
                    if not sources[y, x]:
                        continue
                    total = np.float32(0)
                    for n in range(span * span):
                        dy, dx = n // span - RADIUS, n % span - RADIUS
                        w = weight[row + dy, column + dx]
                        if w > 0:
                            for c in range(4):
                                d = values[row + dy, column + dx, c] - values[y + dy, x + dx, c]
                                total += w * d * d
                        if total >= best:
                            break
                    if total < best:
                        best = total
                        field[0][row, column], field[1][row, column] = y, x
            if best < np.inf:
                field[2][row, column] = np.int32(min(best / norm * np.float32(_SCALE), np.float32(2e9)))


def peeled(values: Values, hole: Flags, targets: Flags, sources: Flags) -> tuple[Values, Field]:
    """Return `values`, float32 (h, w, 4), with the hole painted from its rim inwards, and the matches it came from."""
    values = values.copy()
    weight = (~hole).astype(np.float32)
    field = Field.empty((hole.shape[0], hole.shape[1]))
    depth = cv2().distanceTransform(hole.view(np.uint8), cv2().DIST_C, 3)
    window = WINDOW
    while not _reachable(targets, sources, window):
        window *= 2
    for layer in range(int(depth.max()) + 1):
        now = targets & (depth == layer)
        _match_known((values, weight), now, sources, window, field.planes())
        ring = (depth == layer) & hole
        if layer:
            trust = np.maximum(weight, np.float32(0.05))
            values = vote(values, ring, Voters(targets & (field.cost < WORST), field, trust), 4.0)
            weight[ring] = np.float32(FADE) ** layer
    return values, field


def _reachable(targets: Flags, sources: Flags, window: int) -> bool:
    """True if every target has a source within `window` px along both axes."""
    reach = cv2().dilate(sources.view(np.uint8), np.ones((2 * window + 1, 2 * window + 1), np.uint8)).view(bool)
    return bool((reach | ~targets).all())

"""What a learned fill offers (LaMa and its like)."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
Hole = NDArray[np.bool_]


class Painter(Protocol):
    """Paints holes in one picture of about its own good size."""

    @property
    def name(self) -> str: ...

    @property
    def good_side(self) -> int:
        """The longer side, in px, at which it sees structure best."""
        ...

    def paint(self, picture: Pixels, hole: Hole) -> Pixels:
        """Return `picture`, float32 (h, w, 3) in [0, 1] sRGB-encoded, any size, with `hole` (h, w) painted in."""
        ...

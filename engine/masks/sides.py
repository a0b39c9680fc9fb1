"""Parts of the frame that need nothing to be found: "the left side", "the bottom", "the top right corner"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .learned.phrase import Wanted
from .ops import linear_gradient

Alpha = NDArray[np.float32]
Point = tuple[float, float]

_FULL, _GONE = 0.2, 0.8
"""How far from its side a part is selected fully, and where it has faded out, as shares of the frame; half between."""
_RAMPS: dict[str, tuple[tuple[Point, Point], ...]] = {
    "left": (((_FULL, 0), (_GONE, 0)),),
    "right": (((1 - _FULL, 0), (1 - _GONE, 0)),),
    "top": (((0, _FULL), (0, _GONE)),),
    "bottom": (((0, 1 - _FULL), (0, 1 - _GONE)),),
}
_MIDDLE = {"across": (((0.6, 0), (0.9, 0)), ((0.4, 0), (0.1, 0))), "down": (((0, 0.6), (0, 0.9)), ((0, 0.4), (0, 0.1)))}


def means_side(wanted: Wanted) -> bool:
    """Return whether a phrase says where and names no thing: "the left half", "the bottom of the picture"."""
    return not wanted.noun and wanted.depth is None and (wanted.across is not None or wanted.down is not None)


def side_mask(shape: tuple[int, int], wanted: Wanted) -> Alpha:
    """Return the part of the frame that a phrase means, float32 (h, w): 1 at its side, fading to 0 towards the other.

    Half way between two sides it is 0.5, as a graduated filter there is; a corner is the product of its sides. "The
    middle" is the middle of both directions.
    """
    both = "middle" in (wanted.across, wanted.down) and None in (wanted.across, wanted.down)
    sides = {
        "across": wanted.across or ("middle" if both else None),
        "down": wanted.down or ("middle" if both else None),
    }
    alpha = np.ones(shape, np.float32)
    for axis, side in sides.items():
        for start, end in () if side is None else _MIDDLE[axis] if side == "middle" else _RAMPS[side]:
            alpha *= linear_gradient(shape, start, end)
    return alpha


def side_words(wanted: Wanted) -> str:
    """Return what `side_mask` selects, in words."""
    words = [word for word in (wanted.down, wanted.across) if word is not None]
    return f"The {' '.join(dict.fromkeys(words))} of the photo, fading out."

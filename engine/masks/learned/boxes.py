"""Boxes that a network proposes: how far they overlap, and which of them show one thing twice.

Boxes are float32 (n, 4), each (left, top, right, bottom), in any one unit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..ports import Area

Boxes = NDArray[np.float32]


def overlaps(box: Boxes, boxes: Boxes) -> NDArray[np.float32]:
    """Return the intersection over union of `box` (4,) with each of `boxes` (n, 4), in [0, 1]; 0 if both are empty."""
    width = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    height = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    common = np.maximum(width, 0) * np.maximum(height, 0)
    union = surfaces(box[None])[0] + surfaces(boxes) - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def surfaces(boxes: Boxes) -> NDArray[np.float32]:
    """Return the surface of each box, 0 for one that is turned inside out."""
    return np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)


def suppress(boxes: Boxes, scores: NDArray[np.float32], most_overlap: float, most: int) -> list[int]:
    """Return the numbers of the boxes to keep, best first, at most `most`: greedy non-maximum suppression.

    A box goes if it overlaps a better one by more than `most_overlap`.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size and len(kept) < most:
        best, order = int(order[0]), order[1:]
        kept.append(best)
        order = order[overlaps(boxes[best], boxes[order]) <= most_overlap]
    return kept


def area_of(box: Boxes, width: float, height: float) -> Area:
    """Return the box (4,) in px as a part of a view of `width` x `height` px, cut off at its border."""
    left, right = (min(max(float(x) / width, 0.0), 1.0) for x in (box[0], box[2]))
    top, bottom = (min(max(float(y) / height, 0.0), 1.0) for y in (box[1], box[3]))
    return Area(left, top, right, bottom)

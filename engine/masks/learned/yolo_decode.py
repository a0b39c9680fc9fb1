"""What a YOLO network's numbers mean: a view made to fit its input, its rows as boxes, its prototypes as masks.

The layouts are those that ultralytics exports. Segmentation networks also give prototypes, (planes, h, w), whose
sum, weighted by a thing's coefficients, is the logit of its mask (Bolya et al. 2019, "YOLACT").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelReadError
from ...geometry import Size
from ...opencv import cv2
from ..ports import Alpha, Pixels

_GREY = 114 / 255  # what the networks saw around the picture when they were trained
Rows = NDArray[np.float32]


class Fit(NamedTuple):
    """How a view of `view` px lies on a network's input: input px = view px * (scale_x, scale_y) + (left, top)."""

    view: Size
    scale_x: float
    scale_y: float
    left: int
    top: int


@dataclass(frozen=True, eq=False)
class Found:
    """Things in a view. boxes: (n, 4) in px of the view, not cut off. scores: (n,) in [0, 1]. classes: (n,) numbers.

    coefficients: (n, planes), the weights of the prototypes; no planes where the network gives boxes only.
    """

    boxes: Rows
    scores: NDArray[np.float32]
    classes: NDArray[np.intp]
    coefficients: Rows

    def take(self, which: NDArray[np.intp]) -> Found:
        return Found(self.boxes[which], self.scores[which], self.classes[which], self.coefficients[which])


def letterbox(view: Pixels, size: Size) -> tuple[Pixels, Fit]:
    """Return `view` (h, w, 3) as large as it fits in the middle of `size`, float32 (1, 3, H, W), and how it lies."""
    height, width = view.shape[:2]
    ratio = min(size.width / width, size.height / height)
    inner = Size(max(1, round(width * ratio)), max(1, round(height * ratio)))
    left, top = (size.width - inner.width) // 2, (size.height - inner.height) // 2
    canvas = np.full((size.height, size.width, 3), _GREY, np.float32)
    fitted = cv2().resize(np.ascontiguousarray(view), tuple(inner), interpolation=cv2().INTER_LINEAR)
    canvas[top : top + inner.height, left : left + inner.width] = fitted
    fit = Fit(Size(width, height), inner.width / width, inner.height / height, left, top)
    return np.ascontiguousarray(canvas.transpose(2, 0, 1)[None]), fit


def read_rows(output: Rows, classes: int, planes: int, fit: Fit, least: float) -> Found:
    """Return the things whose score is at least `least`, of one network output (1, a, b) with `planes` prototypes.

    Layouts: (1, 4 + classes + planes, n) with centre, size and a score per class in px of the input (v8, 11, 26), where
    one thing may have several rows; and (1, n, 6 + planes) with corners, score and class, sorted out by the network
    (26 end to end, or exported with its own suppression). Raises ModelReadError for another layout.
    """
    if output.ndim == 3 and output.shape[0] == 1 and output.shape[1] == 4 + classes + planes:
        found = _raw(output[0].T, classes, least)
    elif output.ndim == 3 and output.shape[0] == 1 and output.shape[2] == 6 + planes:
        found = _sorted_out(output[0], least)
    else:
        raise ModelReadError(
            f"Expected a YOLO output of {4 + classes + planes} x n or n x {6 + planes}, found {output.shape}.",
            "Export the network with ultralytics (task segment or detect).",
        )
    scale = np.array([fit.scale_x, fit.scale_y] * 2, np.float32)
    shift = np.array([fit.left, fit.top] * 2, np.float32)
    return Found(((found.boxes - shift) / scale).astype(np.float32), found.scores, found.classes, found.coefficients)


def _raw(rows: Rows, classes: int, least: float) -> Found:
    of_class = rows[:, 4 : 4 + classes]
    best = of_class.argmax(axis=1)
    scores = np.take_along_axis(of_class, best[:, None], axis=1)[:, 0]
    kept = np.flatnonzero(scores >= least)
    centre, half = rows[kept, :2], rows[kept, 2:4] * np.float32(0.5)
    boxes = np.concatenate([centre - half, centre + half], axis=1, dtype=np.float32)
    return Found(boxes, np.minimum(scores[kept], 1.0), best[kept], rows[kept, 4 + classes :])


def _sorted_out(rows: Rows, least: float) -> Found:
    kept = np.flatnonzero(rows[:, 4] >= least)
    numbers = np.nan_to_num(rows[kept, 5], nan=-1.0).astype(np.intp)
    return Found(rows[kept, :4], np.minimum(rows[kept, 4], 1.0), numbers, rows[kept, 6:])


def mask_of(found: Found, number: int, prototypes: Rows, size: Size, fit: Fit) -> Alpha:
    """Return the soft mask of one thing, float32 (h, w) of the view, 0 outside its box.

    prototypes: (planes, h, w) over the whole input of `size`. The logit, not the mask, is interpolated, so that the
    edge is as sharp at the view's size as the network is sure; at the box the mask falls over one prototype pixel.
    """
    height, width = prototypes.shape[1:]
    logit = np.tensordot(found.coefficients[number], prototypes, axes=1).astype(np.float32)
    step_x, step_y = size.width / width, size.height / height  # input px per prototype px
    soft_x, soft_y = step_x / fit.scale_x, step_y / fit.scale_y  # view px per prototype px
    box = found.boxes[number]
    left, right = _span(box[0] - soft_x, box[2] + soft_x, fit.view.width)
    top, bottom = _span(box[1] - soft_y, box[3] + soft_y, fit.view.height)
    alpha = np.zeros((fit.view.height, fit.view.width), np.float32)
    if left >= right or top >= bottom:
        return alpha
    # The centre of view pixel i lies at ((i + 0.5) * scale + left) / step - 0.5 of the prototypes.
    matrix = np.array(
        [
            [fit.scale_x / step_x, 0, ((left + 0.5) * fit.scale_x + fit.left) / step_x - 0.5],
            [0, fit.scale_y / step_y, ((top + 0.5) * fit.scale_y + fit.top) / step_y - 0.5],
        ]
    )
    flags = cv2().INTER_LINEAR | cv2().WARP_INVERSE_MAP
    seen: Alpha = cv2().warpAffine(
        logit, matrix, (right - left, bottom - top), flags=flags, borderMode=cv2().BORDER_REPLICATE
    )
    part = 1 / (1 + np.exp(np.clip(-seen, -30, 30)))
    part *= _window(left, right, box[0], box[2], soft_x)
    part *= _window(top, bottom, box[1], box[3], soft_y)[:, None]
    alpha[top:bottom, left:right] = part
    return alpha


def _span(low: float, high: float, limit: int) -> tuple[int, int]:
    return int(np.clip(np.floor(low), 0, limit)), int(np.clip(np.ceil(high), 0, limit))


def _window(start: int, end: int, low: float, high: float, soft: float) -> NDArray[np.float32]:
    """Return 1 for the px `start` to `end` inside [low, high], falling to 0 over `soft` px beyond."""
    at = np.arange(start, end, dtype=np.float32) + 0.5
    return np.clip(np.minimum(at - low, high - at) / soft + 1, 0, 1).astype(np.float32)

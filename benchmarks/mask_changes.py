"""Changes of a photo that leave what is in it as it is, so that a mask engine should answer as before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from stillbytes.engine.opencv import cv2

View = NDArray[np.float32]
Truth = NDArray[np.uint8]
Change = Callable[[View, Truth], tuple[View, Truth]]

_CUT = 0.15
_WARM = (1.25, 1.0, 0.75)
_JPEG_QUALITY = 60


def _flip(view: View, truth: Truth) -> tuple[View, Truth]:
    return np.ascontiguousarray(view[:, ::-1]), np.ascontiguousarray(truth[:, ::-1])


def _cut(top: float, left: float) -> Change:
    """Return the change that cuts off the shares `top` and `left`, and what is left of _CUT on the other sides."""

    def change(view: View, truth: Truth) -> tuple[View, Truth]:
        height, width = truth.shape
        rows = slice(round(top * height), height - round((_CUT - top) * height))
        columns = slice(round(left * width), width - round((_CUT - left) * width))
        return np.ascontiguousarray(view[rows, columns]), np.ascontiguousarray(truth[rows, columns])

    return change


def _gained(*gains: float) -> Change:
    """Return the change that multiplies the linear light of red, green and blue; what gets too bright clips."""

    def change(view: View, truth: Truth) -> tuple[View, Truth]:
        light = np.where(view <= 0.04045, view / 12.92, ((view + 0.055) / 1.055) ** 2.4)  # IEC 61966-2-1
        light = np.clip(light * np.array(gains), 0, 1)
        shown = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
        return shown.astype(np.float32), truth

    return change


def _as_jpeg(view: View, truth: Truth) -> tuple[View, Truth]:
    codes = np.rint(view[..., ::-1] * 255).astype(np.uint8)
    _, file = cv2().imencode(".jpg", codes, [cv2().IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    read = cv2().imdecode(file, cv2().IMREAD_COLOR)[..., ::-1]
    return np.ascontiguousarray(read.astype(np.float32) / np.float32(255)), truth


def _halved(view: View, truth: Truth) -> tuple[View, Truth]:
    size = (max(1, truth.shape[1] // 2), max(1, truth.shape[0] // 2))
    small = cv2().resize(view, size, interpolation=cv2().INTER_AREA)
    return small, cv2().resize(truth, size, interpolation=cv2().INTER_NEAREST)


CHANGES: dict[str, Change] = {
    "mirrored": _flip,
    "cut above and left": _cut(_CUT, _CUT),
    "cut below and right": _cut(0.0, 0.0),
    "1 EV brighter": _gained(2.0, 2.0, 2.0),
    "1 EV darker": _gained(0.5, 0.5, 0.5),
    "warmer": _gained(*_WARM),
    "cooler": _gained(*_WARM[::-1]),
    "JPEG, quality 60": _as_jpeg,
    "half the size": _halved,
}
"""By name: from a view, float32 (h, w, 3) in [0, 1], and its mask, (h, w), to both changed."""

"""Putting back what a diffusion model painted: in scene light, only where the mask is, without a step at the seam."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..color import REC2020, SPACES, convert, decode
from ..develop.display import untone
from ..geometry import Box, Size
from ..opencv import cv2
from ..photo import Photo, Pixels
from .crop import InpaintCrop, as_picture
from .patch import Patch
from .seam import match_seam

_SOFT_FROM, _SOFT_SCALE = 0.85, 0.20625
"""Of the display transform's gamut compression."""
_SAME = 1.5 / 255.0
"""A painted place that differs by less from what was shown counts more and more as unchanged."""


def stitch(photo: Photo, crop: InpaintCrop, painted: Pixels, *, match_color: bool = True) -> Photo:
    """Return `photo` with the painted crop on top of its edits.

    photo: the one that `crop` was cut from, or that photo with more edits. painted: float32 (h, w, 3), sRGB-encoded,
    of the crop's size or any other (resampled). Where the crop's alpha is 0, and where the model changed nothing,
    every pixel keeps its value, and so does light that the picture could not show, such as highlights above white.
    """
    if not crop.alpha.any():
        return photo
    painted = resized(painted, crop.size)
    light = crop.light()
    shown = as_picture(light, crop.photo)
    unchanged = _unchanged(painted, shown)
    if match_color:
        painted = match_seam(painted, shown, crop.alpha)
    result = scene_light(painted, crop.photo)
    result += (light - scene_light(shown, crop.photo)) * unchanged[..., None]
    return photo.with_edit(Patch(result, crop.alpha * (1 - unchanged), _to_crop(crop)))


def _unchanged(painted: Pixels, shown: Pixels) -> NDArray[np.float32]:
    """Return how surely nothing was painted at a pixel or beside it, float32 (h, w) in [0, 1]."""
    change = cv2().dilate(np.abs(painted - shown).max(axis=2), np.ones((3, 3), np.uint8))
    same: NDArray[np.float32] = np.exp(-((change / _SAME) ** 2)).astype(np.float32)
    return np.where(same > 0.999, np.float32(1), same)


def resized(picture: Pixels, size: Size) -> Pixels:
    """Return `picture` (h, w, 3) at `size`, area means where it gets smaller."""
    if picture.shape[:2] == (size.height, size.width):
        return picture.astype(np.float32, copy=False)
    smaller = size.pixels < picture.shape[0] * picture.shape[1]
    how = cv2().INTER_AREA if smaller else cv2().INTER_CUBIC
    return np.clip(cv2().resize(picture, size, interpolation=how), 0.0, 1.0)


def _to_crop(crop: InpaintCrop) -> NDArray[np.float64]:
    """Return the 2x3 matrix from px of the source to px of the crop."""
    frame, box = crop.photo.size, crop.box
    to_unit = np.vstack([crop.photo.framing.to_frame(crop.photo.source.size), [0.0, 0.0, 1.0]])
    to_px = np.array([[frame.width / 2, 0, frame.width / 2], [0, frame.height / 2, frame.height / 2], [0, 0, 1]])
    across, down = crop.size.width / box.width, crop.size.height / box.height
    to_crop = np.array([[across, 0, -box.left * across], [0, down, -box.top * down]])
    return to_crop @ to_px @ to_unit


def scene_light(picture: Pixels, photo: Photo) -> Pixels:
    """Return the light that `photo`'s rendering shows as `picture`: sRGB-encoded (h, w, 3) to scene-linear Rec.2020.

    The inverse of `crop.as_picture` for every colour that it does not have to clip.
    """
    linear = decode(np.clip(picture, 0.0, 1.0), "srgb")
    to_working = convert(SPACES["srgb"], REC2020).T
    if photo.source.kind == "display":
        return (linear @ to_working).astype(np.float32)
    baseline = 2.0 ** float(getattr(photo.source, "baseline_ev", 0.0))
    return (_unrender(_unsoften(linear) @ to_working) / baseline).astype(np.float32)


def _unsoften(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Undo the compression of very saturated colours, whose distance from the largest channel it shortened."""
    high = np.maximum(linear.max(axis=2, keepdims=True), 1e-9)
    beyond = np.maximum((high - linear) / high - _SOFT_FROM, 0.0)
    return linear - high * (beyond * _SOFT_SCALE / (_SOFT_SCALE - beyond) - beyond)


def _unrender(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Undo T, which acts on the largest and the smallest channel while the third keeps its place between them."""
    low, high = linear.min(axis=2, keepdims=True), linear.max(axis=2, keepdims=True)
    new_low, new_high = untone(low), untone(high)
    place = (linear - low) / np.maximum(high - low, 1e-12)
    return new_low + place * (new_high - new_low)


def redrawn(frame: Pixels, before: Photo, after: Photo, boxes: Iterable[Box]) -> Pixels:
    """Return `frame`, the sRGB-encoded picture of `before`, with the pixels that `after` changed; no others differ.

    boxes: where in the finished frame something may have changed. Both photos have the size of `frame`.
    """
    result = frame.copy()
    for box in boxes:
        part = box.intersect(Box.of(after.size))
        if part.empty:
            continue
        light = after.render(part)
        changed = (light != before.render(part)).any(axis=2)
        result[part.slices(Box.of(after.size))][changed] = as_picture(light, after)[changed]
    return result

"""Putting back what a diffusion model painted: in scene light, only where the mask is, without a step at the seam."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..color import REC2020, SPACES, convert, decode
from ..develop.display import untone
from ..geometry import Box, Size
from ..opencv import cv2
from ..photo import Photo, Pixels
from .crop import InpaintCrop, as_picture
from .grain import match_grain
from .patch import Patch
from .seam import match_seam

_SOFT_FROM, _SOFT_SCALE = 0.85, 0.20625
"""Of the display transform's gamut compression."""
_SAME = 1.5 / 255.0
"""A painted place that differs by less from what was shown counts more and more as unchanged."""
_GRAIN_AROUND_PX = 96
_MOST_NATIVE_PX = 16_000_000
"""What is larger stays at the crop's size and gets no grain: it would be held in memory at the photo's."""


@dataclass(frozen=True)
class StitchOptions:
    """match_color: take back the shift of colour and exposure that is seen around the mask. grain: give what was
    painted the grain of the photo around it, at the photo's own resolution."""

    match_color: bool = True
    grain: bool = True


def stitch(photo: Photo, crop: InpaintCrop, painted: Pixels, options: StitchOptions = StitchOptions()) -> Photo:
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
    if options.match_color:
        painted = match_seam(painted, shown, crop.alpha)
    alpha = crop.alpha * (1 - unchanged)
    if options.grain and (place := _native_place(crop, alpha)) is not None:
        painted, unchanged, alpha = (_enlarged(plane, crop, place) for plane in (painted, unchanged, alpha))
        crop = InpaintCrop(crop.photo, place, place.size, alpha)
        light = crop.light()
        shown = as_picture(light, crop.photo)
        painted = _with_grain(painted, shown, alpha)
    result = scene_light(painted, crop.photo)
    result += (light - scene_light(shown, crop.photo)) * unchanged[..., None]
    return photo.with_edit(Patch(result, alpha, _to_crop(crop)))


def _native_place(crop: InpaintCrop, alpha: NDArray[np.float32]) -> Box | None:
    """Return the box of the frame around all that was painted, None where that is nothing or too large to hold."""
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not rows.size:
        return None
    across, down = crop.box.width / crop.size.width, crop.box.height / crop.size.height
    box = Box(
        crop.box.left + int(columns[0] * across),
        crop.box.top + int(rows[0] * down),
        crop.box.left + int(np.ceil((columns[-1] + 1) * across)),
        crop.box.top + int(np.ceil((rows[-1] + 1) * down)),
    )
    box = box.grow(_GRAIN_AROUND_PX).intersect(crop.box)
    return box if box.size.pixels <= _MOST_NATIVE_PX else None


def _enlarged(plane: Pixels, crop: InpaintCrop, place: Box) -> Pixels:
    """Return the part of a crop's plane (h, w) or (h, w, 3) that shows `place`, a px for each px of the frame.

    Pictures are sampled bicubically, planes bilinearly, so that 0 stays 0.
    """
    across, down = crop.size.width / crop.box.width, crop.size.height / crop.box.height
    matrix = np.array(
        [[across, 0, (place.left - crop.box.left) * across], [0, down, (place.top - crop.box.top) * down]]
    )
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    flags = (cv2().INTER_CUBIC if plane.ndim == 3 else cv2().INTER_LINEAR) | cv2().WARP_INVERSE_MAP
    sampled = cv2().warpAffine(plane, matrix, place.size, flags=flags, borderMode=cv2().BORDER_REPLICATE)
    return np.clip(sampled, 0.0, 1.0).astype(np.float32)


def _with_grain(painted: Pixels, shown: Pixels, alpha: NDArray[np.float32]) -> Pixels:
    """Return `painted` with the grain of `shown` where it is seen, all (h, w, 3) in px of the frame."""
    mixed = (shown + alpha[..., None] * (painted - shown)).astype(np.float32)
    grained = match_grain(mixed, alpha > 0)
    return np.clip(painted + (grained - mixed), 0.0, 1.0).astype(np.float32)


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

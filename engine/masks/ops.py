"""Arithmetic of masks: float32 (h, w) in [0, 1], 1 = affected. Every function returns a new array."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2

Alpha = NDArray[np.float32]
Combination = Literal["add", "subtract", "intersect"]
COMBINATIONS: tuple[Combination, ...] = get_args(Combination)


def combine(first: Alpha, second: Alpha, how: Combination) -> Alpha:
    """Return the union, the difference or the intersection of two masks (Zadeh 1965: maximum and minimum)."""
    if first.shape != second.shape:
        raise ValueError(f"masks of {first.shape} and {second.shape}")
    if how == "add":
        return np.maximum(first, second)
    return np.minimum(first, invert(second) if how == "subtract" else second)


def invert(alpha: Alpha) -> Alpha:
    """Return 1 - alpha."""
    return np.float32(1) - alpha


def resized(alpha: Alpha, shape: tuple[int, ...]) -> Alpha:
    """Return the mask at `shape` (h, w): averaged along an axis that shrinks, linear along one that grows."""
    height, width = shape[:2]
    small = area_resample(area_resample(alpha, min(height, alpha.shape[0]), 0), min(width, alpha.shape[1]), 1)
    return small if small.shape == (height, width) else cv2().resize(small, (width, height))


def area_resample(values: Alpha, length: int, axis: int) -> Alpha:
    """Return `values` with `length` samples along `axis`, each the exact mean of the part that it covers."""
    count = values.shape[axis]
    if length == count:
        return values
    total = np.cumsum(values, axis=axis, dtype=np.float64)
    total = np.concatenate([np.zeros_like(total.take([0], axis)), total], axis=axis)
    edges = np.linspace(0, count, length + 1)
    below = np.minimum(edges.astype(int), count - 1)
    part = (edges - below).reshape([-1 if a == axis else 1 for a in range(values.ndim)])
    at_edges = total.take(below, axis) * (1 - part) + total.take(below + 1, axis) * part
    return (np.diff(at_edges, axis=axis) * (length / count)).astype(np.float32)


def feather(alpha: Alpha, radius_px: float) -> Alpha:
    """Return the mask blurred by a Gaussian of standard deviation `radius_px / 2`, which reaches about radius_px."""
    if radius_px <= 0:
        return alpha.copy()
    blurred: Alpha = cv2().GaussianBlur(alpha, (0, 0), radius_px / 2, borderType=cv2().BORDER_REPLICATE)
    return np.clip(blurred, 0.0, 1.0, out=blurred)


def grow(alpha: Alpha, pixels: float) -> Alpha:
    """Return the mask with its edges moved outwards by `pixels`, or inwards where `pixels` is below 0.

    The shape is a disc; fractions of a pixel count, and a soft edge stays as soft.
    """
    if pixels == 0:
        return alpha.copy()
    operation = cv2().dilate if pixels > 0 else cv2().erode
    whole = int(abs(pixels))
    near: Alpha = operation(alpha, _disc(whole), borderType=cv2().BORDER_REPLICATE) if whole else alpha
    if (part := abs(pixels) - whole) == 0:
        return near
    far: Alpha = operation(alpha, _disc(whole + 1), borderType=cv2().BORDER_REPLICATE)
    return (near + (far - near) * np.float32(part)).astype(np.float32)


def _disc(radius: int) -> NDArray[np.uint8]:
    x = np.arange(-radius, radius + 1)
    return (x * x + x[:, None] ** 2 <= (radius + 0.3) ** 2).astype(np.uint8)


def remove_specks(alpha: Alpha, smallest_px: float) -> Alpha:
    """Return the mask without its separate parts whose area, the sum of alpha, is below `smallest_px`."""
    count, labels = cv2().connectedComponents((alpha > 0).astype(np.uint8), connectivity=8)
    area = np.bincount(labels.ravel(), alpha.ravel().astype(np.float64), count)
    keep = area >= smallest_px
    keep[0] = True
    return np.where(keep[labels], alpha, np.float32(0))


def fill_holes(alpha: Alpha, largest_px: float) -> Alpha:
    """Return the mask with its holes filled whose area, the sum of 1 - alpha, is below `largest_px`.

    A gap at the border of the frame counts as a hole.
    """
    return invert(remove_specks(invert(alpha), largest_px))


def luminance_range(luma: Alpha, low: float, high: float, softness: float) -> Alpha:
    """Return 1 where `luma` lies in [low, high], falling smoothly to 0 over `softness` (in units of luma) beyond."""
    width = np.float32(max(softness, 1e-6))
    rise = np.clip((luma - np.float32(low)) / width + np.float32(1), 0, 1)
    fall = np.clip((np.float32(high) - luma) / width + np.float32(1), 0, 1)
    return _smooth(np.minimum(rise, fall))


def linear_gradient(shape: tuple[int, int], start: tuple[float, float], end: tuple[float, float]) -> Alpha:
    """Return a mask of `shape` that is 1 up to `start` and falls smoothly to 0 at `end`.

    Points are (x, y) in fractions of the frame's width and height.
    """
    height, width = shape
    x, y = _centres(shape)
    dx, dy = (end[0] - start[0]) * width, (end[1] - start[1]) * height
    if (length := dx * dx + dy * dy) == 0:
        raise ValueError("the gradient starts where it ends")
    along = ((x - start[0] * width) * dx + (y - start[1] * height) * dy) / length
    return _smooth(np.clip(1 - along, 0, 1).astype(np.float32))


def rectangle(shape: tuple[int, int], start: tuple[float, float], end: tuple[float, float]) -> Alpha:
    """Return a mask of `shape` that is 1 between `start`, the top left corner, and `end`, the bottom right one, else 0.

    Points are (x, y) in fractions of the frame's width and height; a pixel that is cut is selected by its share.
    """
    if not (start[0] < end[0] and start[1] < end[1]):
        raise ValueError("the rectangle ends above or left of its start")
    down, across = (
        np.clip(
            np.minimum(np.arange(count) + 1, end[axis] * count) - np.maximum(np.arange(count), start[axis] * count),
            0,
            1,
        )
        for axis, count in ((1, shape[0]), (0, shape[1]))
    )
    return np.outer(down, across).astype(np.float32)


def radial_gradient(
    shape: tuple[int, int], centre: tuple[float, float], radii: tuple[float, float], feather: float
) -> Alpha:
    """Return a mask of `shape` that is 1 inside an ellipse and falls smoothly to 0 at its rim.

    centre and radii: x and y in fractions of the frame's width and height. feather: the share of the radius, 0 to 1,
    over which the mask falls.
    """
    height, width = shape
    if min(radii) <= 0:
        raise ValueError(f"radii must be above 0, got {radii}")
    x, y = _centres(shape)
    distance = np.hypot((x / width - centre[0]) / radii[0], (y / height - centre[1]) / radii[1])
    return _smooth(np.clip((1 - distance) / max(feather, 1e-6), 0, 1).astype(np.float32))


def _centres(shape: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.arange(shape[1], dtype=np.float64) + 0.5, (np.arange(shape[0], dtype=np.float64) + 0.5)[:, None]


def _smooth(t: Alpha) -> Alpha:
    """Return the cubic step 3t² - 2t³."""
    return (t * t * (3 - 2 * t)).astype(np.float32)

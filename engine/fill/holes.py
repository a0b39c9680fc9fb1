"""From a mask to holes: the separate places of a photo that are to be painted, in upright source px.

A mask is looked at twice: small and whole, to find where something is selected, then at full resolution in one box
after the other, so that memory depends on the holes and not on the photo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Grid, Size
from ..masks.mask import Mask
from ..masks.refine import evaluate, render_alpha
from ..opencv import cv2
from ..photo import Photo, Source, luminance, read_parallel, source_proxy

Alpha = NDArray[np.float32]
Flags = NDArray[np.bool_]

SELECTED = 0.1
"""Where a mask is above this, something of what is to go may still be seen."""
_LOOK_SIDE = 2048
_NATIVE = Grid(0.0, 0.0, 1.0, 1.0)


class Selected(Protocol):
    """A mask that can be read at full resolution wherever it is asked for."""

    def boxes(self) -> list[Box]:
        """Return boxes, in source px and maybe beyond its border, that hold all connected places above SELECTED."""
        ...

    def alpha(self, box: Box) -> Alpha:
        """Return the mask in `box` of the source, float32 (h, w) in [0, 1]."""
        ...


def selected(mask: Mask | Alpha, photo: Photo) -> Selected:
    """Return `mask`, one of the engine's or float32 (h, w) over the finished frame of `photo`, as a `Selected`."""
    return _OfMask(mask, photo.source) if isinstance(mask, Mask) else _OfFrame(mask, photo)


@dataclass(frozen=True, eq=False)
class _OfMask:
    mask: Mask
    source: Source

    def boxes(self) -> list[Box]:
        small = render_alpha(self.mask, luminance(source_proxy(self.source)))
        size = self.source.size
        step_x, step_y = size.width / small.shape[1], size.height / small.shape[0]
        # Finer detail of the photo moves the mask's edges by about a px of the proxy.
        return [scaled(box.grow(2), step_x, step_y) for box in components(small > SELECTED)]

    def alpha(self, box: Box) -> Alpha:
        luma = luminance(read_parallel(self.source, box, _NATIVE))
        return evaluate(self.mask, luma, box, _NATIVE, self.source.size)


class _OfFrame:
    """A mask over the finished frame. What the framing cut off is not selected."""

    def __init__(self, alpha: Alpha, photo: Photo) -> None:
        self._alpha = np.ascontiguousarray(alpha, np.float32)
        height, width = alpha.shape
        to_unit = np.vstack([photo.framing.to_frame(photo.source.size), [0.0, 0.0, 1.0]])
        to_mask = np.array([[width / 2, 0.0, width / 2], [0.0, height / 2, height / 2], [0.0, 0.0, 1.0]])
        self._to_mask = to_mask @ to_unit

    def boxes(self) -> list[Box]:
        hit, factor = pooled(self._alpha > SELECTED)
        back = np.linalg.inv(self._to_mask)
        return [_mapped(scaled(box.grow(1), factor, factor), back) for box in components(hit)]

    def alpha(self, box: Box) -> Alpha:
        # cv2 counts from the centre of a pixel, the matrix from its corner.
        matrix = self._to_mask.copy()
        matrix[:2, 2] += matrix[:2, :2] @ (box.left + 0.5, box.top + 0.5) - 0.5
        flags = cv2().INTER_LINEAR | cv2().WARP_INVERSE_MAP
        sampled = cv2().warpAffine(self._alpha, matrix[:2], box.size, flags=flags, borderMode=cv2().BORDER_REPLICATE)
        return np.where(self._inside(box), np.clip(sampled, 0.0, 1.0), np.float32(0))

    def _inside(self, box: Box) -> Flags:
        """Return where the centres of the box's px lie on the frame."""
        x = np.arange(box.left, box.right) + 0.5
        y = (np.arange(box.top, box.bottom) + 0.5)[:, None]
        height, width = self._alpha.shape
        across, down = (row[0] * x + row[1] * y + row[2] for row in self._to_mask[:2])
        return (across > 0) & (across < width) & (down > 0) & (down < height)


def pooled(hit: Flags) -> tuple[Flags, int]:
    """Return `hit` shrunk to at most _LOOK_SIDE px, true where any px of a block is, and the block's side."""
    factor = -(-max(hit.shape) // _LOOK_SIDE)
    if factor == 1:
        return hit, 1
    height, width = (-(-length // factor) for length in hit.shape)
    whole = np.zeros((height * factor, width * factor), bool)
    whole[: hit.shape[0], : hit.shape[1]] = hit
    blocks: Flags = np.logical_or.reduce(whole.reshape(height, factor, width, factor), axis=(1, 3))
    return blocks, factor


def components(hit: Flags) -> list[Box]:
    """Return the boxes of the connected places of `hit`, touching corners connected."""
    count, _, stats, _ = cv2().connectedComponentsWithStats(hit.astype(np.uint8), connectivity=8)
    boxes = [(int(x), int(y), int(width), int(height)) for x, y, width, height, _ in stats[1:count]]
    return [Box(x, y, x + width, y + height) for x, y, width, height in boxes]


def scaled(box: Box, step_x: float, step_y: float) -> Box:
    """Return the smallest box of whole px around `box` times the steps."""
    return Box(
        int(np.floor(box.left * step_x)),
        int(np.floor(box.top * step_y)),
        int(np.ceil(box.right * step_x)),
        int(np.ceil(box.bottom * step_y)),
    )


def _mapped(box: Box, matrix: NDArray[np.float64]) -> Box:
    """Return the box around `box` after the 3x3 affine `matrix`."""
    corners = np.array([(x, y, 1) for x in (box.left, box.right) for y in (box.top, box.bottom)], np.float64)
    points = (corners @ matrix.T)[:, :2]
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    return Box(int(left), int(top), int(right), int(bottom))


def joined(boxes: list[Box], apart_px: int, size: Size) -> list[Box]:
    """Return `boxes` grown by `apart_px`, cut to the source, those that touch united; from top to bottom."""
    frame = Box.of(size)
    waiting = [cut for box in boxes if not (cut := box.grow(apart_px).intersect(frame)).empty]
    done: list[Box] = []
    while waiting:
        box = waiting.pop()
        touching = [other for other in done if not other.intersect(box).empty]
        if touching:
            done = [other for other in done if other not in touching]
            waiting.append(around([box, *touching]))
        else:
            done.append(box)
    return sorted(done, key=lambda box: (box.top, box.left))


def around(boxes: list[Box]) -> Box:
    """Return the smallest box that contains all of `boxes`, of which there must be one."""
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def grown(hole: Flags, pixels: float) -> Flags:
    """Return `hole` with its edge moved outwards by `pixels`, the shape a disc."""
    if pixels <= 0 or not hole.any():
        return hole
    return distance_to(hole) <= np.float32(pixels)


def distance_to(hole: Flags) -> Alpha:
    """Return how far every pixel is from the nearest one of `hole`, in px, 0 inside; `hole` must not be empty."""
    away: Alpha = cv2().distanceTransform((~hole).astype(np.uint8), cv2().DIST_L2, cv2().DIST_MASK_PRECISE)
    return away


def fade(hole: Flags, reach_px: float) -> Alpha:
    """Return alpha that is 1 on `hole`, falls smoothly and is 0 beyond `reach_px`, float32 (h, w)."""
    if not hole.any():
        return hole.astype(np.float32)
    away = distance_to(hole)
    t = np.where(away <= reach_px, 1 - away / np.float32(reach_px + 1.0), 0).astype(np.float32)
    return t * t * (3 - 2 * t)

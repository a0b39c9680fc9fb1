"""How a photo is framed: turned, straightened and cropped. Framing never changes a colour."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import geometry
from .geometry import Box, Grid, Size
from .resample import REACH_PX, sample_affine

Matrix = NDArray[np.float64]


class Crop(NamedTuple):
    """A rectangle in fractions of the turned frame, about whose centre the photo is straightened."""

    left: float
    top: float
    right: float
    bottom: float


WHOLE = Crop(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Placement:
    """Where the pixels of a finished frame come from: a grid on the source, a turn and maybe a rotation.

    `stored` is the size of the frame before it is turned, in px of `grid`. `rotation`, a 2x3 matrix, takes a point of
    the finished frame to the turned grid, both in px; None means that the two are the same.
    """

    grid: Grid
    stored: Size
    orientation: int
    rotation: Matrix | None

    @property
    def straight(self) -> bool:
        """True if the finished frame's pixels are the grid's, in the same order."""
        return self.orientation == 1 and self.rotation is None

    def source_box(self, tile: Box) -> Box:
        """Return the box on `grid` that `tile` of the finished frame is made from."""
        return geometry.stored_box(self._turned_box(tile), self.stored, self.orientation)

    def finish(self, pixels: NDArray[np.float32], tile: Box) -> NDArray[np.float32]:
        """Return `tile` of the finished frame, made from the pixels of its source box."""
        turned = geometry.upright(pixels, self.orientation)
        if self.rotation is None:
            return turned
        turned = np.ascontiguousarray(turned)
        return sample_affine(turned, self._turned_box(tile), tile, self.rotation)

    def _turned_box(self, tile: Box) -> Box:
        if self.rotation is None:
            return tile
        corners = np.array([(x, y, 1) for x in (tile.left, tile.right) for y in (tile.top, tile.bottom)], np.float64)
        points = corners @ self.rotation.T
        left, top = np.floor(points.min(axis=0)).astype(int)
        right, bottom = np.ceil(points.max(axis=0)).astype(int)
        frame = Box.of(geometry.upright_size(self.stored, self.orientation))
        return Box(int(left), int(top), int(right), int(bottom)).grow(REACH_PX).intersect(frame)


@dataclass(frozen=True)
class Framing:
    """Turned by `orientation` (as EXIF's 1 to 8), then straightened clockwise by `angle_deg`, then cropped."""

    orientation: int = 1
    angle_deg: float = 0.0
    crop: Crop = WHOLE

    @property
    def whole(self) -> bool:
        return self == Framing()

    def turned(self, quarters: int) -> Framing:
        """Return this framing turned clockwise by `quarters` times 90 degrees."""
        framing = self
        for _ in range(quarters % 4):
            left, top, right, bottom = framing.crop
            framing = Framing(
                geometry.then_orientation(framing.orientation, 6),
                framing.angle_deg,
                Crop(1 - bottom, left, 1 - top, right),
            )
        return framing

    def flipped(self, axis: Literal["horizontal", "vertical"]) -> Framing:
        """Return this framing mirrored: "horizontal" swaps left and right."""
        left, top, right, bottom = self.crop
        if axis == "horizontal":
            return Framing(
                geometry.then_orientation(self.orientation, 2), -self.angle_deg, Crop(1 - right, top, 1 - left, bottom)
            )
        return Framing(
            geometry.then_orientation(self.orientation, 4), -self.angle_deg, Crop(left, 1 - bottom, right, 1 - top)
        )

    def cropped(self, left: float, top: float, right: float, bottom: float) -> Framing:
        """Return the part of the finished frame between these fractions of its width and height."""
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise ValueError(f"crop fractions must rise inside 0..1, got {(left, top, right, bottom)}")
        l0, t0, r0, b0 = self.crop
        width, height = r0 - l0, b0 - t0
        return replace(self, crop=Crop(l0 + left * width, t0 + top * height, l0 + right * width, t0 + bottom * height))

    def cropped_to_aspect(self, width: float, height: float, source: Size) -> Framing:
        """Return the largest centred crop of the finished frame with the aspect width : height."""
        size = self.size(source)
        keep = (width / height) / (size.width / size.height)
        if keep < 1:
            return self.cropped(0.5 - keep / 2, 0.0, 0.5 + keep / 2, 1.0)
        return self.cropped(0.0, 0.5 - 0.5 / keep, 1.0, 0.5 + 0.5 / keep)

    def straightened(self, angle_deg: float, source: Size) -> Framing:
        """Return this framing rotated clockwise by `angle_deg` more, cropped so that no empty corner shows.

        The crop keeps its centre and its aspect. Raises ValueError beyond 45 degrees in all.
        """
        angle = self.angle_deg + angle_deg
        if abs(angle) > 45:
            raise ValueError(f"straighten by at most 45 degrees, got {angle:g}")
        return replace(self, angle_deg=angle, crop=_fit(self.crop, angle, self._turned(source)))

    def _turned(self, source: Size) -> Size:
        return geometry.upright_size(source, self.orientation)

    def _crop_box(self, source: Size) -> Box:
        """Return the crop in px of the turned frame, at least 1 px in each direction."""
        size = self._turned(source)
        left = min(round(self.crop.left * size.width), size.width - 1)
        top = min(round(self.crop.top * size.height), size.height - 1)
        return Box(
            left,
            top,
            max(left + 1, round(self.crop.right * size.width)),
            max(top + 1, round(self.crop.bottom * size.height)),
        )

    def size(self, source: Size) -> Size:
        """Return the size of the finished photo at full resolution."""
        return self._crop_box(source).size

    def place(self, source: Size, frame: Size) -> Placement:
        """Return where the pixels of a finished photo rendered at `frame` px come from."""
        crop = self._crop_box(source)
        undo = geometry.inverse_orientation(self.orientation)
        if self.angle_deg == 0.0:
            box = geometry.stored_box(crop, source, self.orientation)
            stored = geometry.upright_size(frame, undo)
            grid = Grid(float(box.left), float(box.top), box.width / stored.width, box.height / stored.height)
            return Placement(grid, stored, self.orientation, None)
        step = math.sqrt((crop.width / frame.width) * (crop.height / frame.height))
        stored = Size(max(1, round(source.width / step)), max(1, round(source.height / step)))
        turned, turned_grid = self._turned(source), geometry.upright_size(stored, self.orientation)
        shrink = np.diag([turned_grid.width / turned.width, turned_grid.height / turned.height])
        rotation = self._to_turned(source)
        rotation[:, 0] *= crop.width / frame.width
        rotation[:, 1] *= crop.height / frame.height
        return Placement(Grid.whole(source, stored), stored, self.orientation, shrink @ rotation)

    def _to_turned(self, source: Size) -> Matrix:
        """Return the 2x3 matrix from px of the finished full-resolution frame to px of the turned frame."""
        turned, crop = self._turned(source), self._crop_box(source)
        angle = math.radians(self.angle_deg)
        back = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        centre = np.array([turned.width / 2, turned.height / 2])
        return np.column_stack([back, centre + back @ (np.array([crop.left, crop.top]) - centre)])

    def to_frame(self, source: Size) -> Matrix:
        """Return the 2x3 matrix from source px to the finished frame, whose corners are (-1, -1) and (1, 1)."""
        transpose, flip_x, flip_y = geometry.turning(self.orientation)
        turned, size = self._turned(source), self.size(source)
        turn = np.eye(3)
        if transpose:
            turn = turn[[1, 0, 2]]
        if flip_x:
            turn = np.array([[-1.0, 0, turned.width], [0, 1, 0], [0, 0, 1]]) @ turn
        if flip_y:
            turn = np.array([[1.0, 0, 0], [0, -1, turned.height], [0, 0, 1]]) @ turn
        finished = np.linalg.inv(np.vstack([self._to_turned(source), [0, 0, 1]]))
        unit = np.array([[2 / size.width, 0, -1], [0, 2 / size.height, -1]])
        return unit @ finished @ turn


def _fit(crop: Crop, angle_deg: float, size: Size) -> Crop:
    """Return `crop` shrunk about its centre until it lies inside the rotated frame of `size`."""
    angle = math.radians(angle_deg)
    centre = np.array([(crop.left + crop.right) / 2 * size.width, (crop.top + crop.bottom) / 2 * size.height])
    half = np.array([(crop.right - crop.left) / 2 * size.width, (crop.bottom - crop.top) / 2 * size.height])
    back = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    middle = np.array([size.width, size.height]) / 2
    pivot = back @ (centre - middle)
    keep = 1.0
    for sign in ((1, 1), (1, -1)):
        reach = np.abs(back @ (half * sign))
        room = middle - np.abs(pivot)
        keep = min(keep, *(room / np.maximum(reach, 1e-9)))
    if keep <= 0:
        raise ValueError("the crop lies outside the straightened photo")
    half = half * keep
    low, high = (centre - half) / [size.width, size.height], (centre + half) / [size.width, size.height]
    return Crop(float(low[0]), float(low[1]), float(high[0]), float(high[1]))

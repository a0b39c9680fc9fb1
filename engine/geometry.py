"""Boxes, sizes, sampling grids and the eight EXIF orientations."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

_T = TypeVar("_T", bound=np.generic)


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height

    def fit(self, max_side: int) -> Size:
        """Return this size scaled down so that its longer side is at most `max_side`; never scaled up."""
        longest = max(self)
        if longest <= max_side:
            return self
        return Size(max(1, round(self.width * max_side / longest)), max(1, round(self.height * max_side / longest)))


class Box(NamedTuple):
    """A half-open rectangle in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, size: Size) -> Box:
        return cls(0, 0, size.width, size.height)

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    @property
    def empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top

    def grow(self, pixels: int) -> Box:
        return Box(self.left - pixels, self.top - pixels, self.right + pixels, self.bottom + pixels)

    def shift(self, dx: int, dy: int) -> Box:
        return Box(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    def intersect(self, other: Box) -> Box:
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def contains(self, other: Box) -> bool:
        return self.intersect(other) == other

    def slices(self, origin: Box) -> tuple[slice, slice]:
        """Return the (row, column) slices of this box in an array whose pixels lie at `origin`."""
        return (
            slice(self.top - origin.top, self.bottom - origin.top),
            slice(self.left - origin.left, self.right - origin.left),
        )


class Grid(NamedTuple):
    """Where the pixels of a rendering lie on the full-resolution source.

    Pixel (column i, row j) is the mean of the source over
    [left + i * step_x, left + (i + 1) * step_x) x [top + j * step_y, top + (j + 1) * step_y), in source px.
    The native grid has integer origin and step 1. Column and row numbers may be negative: a crop starts at 0 and
    filters look beyond its edge.
    """

    left: float
    top: float
    step_x: float
    step_y: float

    @classmethod
    def whole(cls, source: Size, frame: Size) -> Grid:
        """Return the grid that covers a `source` of full size with a `frame` of pixels."""
        return cls(0.0, 0.0, source.width / frame.width, source.height / frame.height)

    @property
    def native(self) -> bool:
        return self.step_x == 1.0 and self.step_y == 1.0 and self.left.is_integer() and self.top.is_integer()

    @property
    def scale(self) -> float:
        """Rendered px per source px, the geometric mean of both axes."""
        return float((self.step_x * self.step_y) ** -0.5)

    def domain(self, source: Size) -> Box:
        """Return the box of grid pixels whose centres lie inside the source."""
        first_x = int(np.ceil(-self.left / self.step_x - 0.5))
        first_y = int(np.ceil(-self.top / self.step_y - 0.5))
        last_x = int(np.ceil((source.width - self.left) / self.step_x - 0.5))
        last_y = int(np.ceil((source.height - self.top) / self.step_y - 0.5))
        return Box(first_x, first_y, max(last_x, first_x + 1), max(last_y, first_y + 1))


# EXIF orientation -> (transpose, flip the columns, flip the rows), applied in this order to stored pixels
# so that the photo stands upright (Exif 2.32, tag 0x0112).
_UPRIGHT: dict[int, tuple[bool, bool, bool]] = {
    1: (False, False, False),
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}


def turning(orientation: int) -> tuple[bool, bool, bool]:
    """Return (transpose, flip the columns, flip the rows), in this order, that makes stored pixels upright."""
    return _UPRIGHT[orientation]


def upright(pixels: NDArray[_T], orientation: int) -> NDArray[_T]:
    """Return stored pixels (H, W, ...) as they stand upright; a view. `orientation` is EXIF's, 1 to 8."""
    transpose, flip_x, flip_y = _UPRIGHT[orientation]
    if transpose:
        pixels = pixels.swapaxes(0, 1)
    if flip_x:
        pixels = pixels[:, ::-1]
    if flip_y:
        pixels = pixels[::-1]
    return pixels


def upright_size(stored: Size, orientation: int) -> Size:
    """Return the upright size of a frame that is stored as `stored`."""
    return Size(stored.height, stored.width) if _UPRIGHT[orientation][0] else stored


def stored_box(box: Box, stored: Size, orientation: int) -> Box:
    """Return where the upright `box` lies in a frame stored as `stored`, so that upright(stored[box]) is it."""
    transpose, flip_x, flip_y = _UPRIGHT[orientation]
    size = upright_size(stored, orientation)
    left, top, right, bottom = box
    if flip_y:
        top, bottom = size.height - bottom, size.height - top
    if flip_x:
        left, right = size.width - right, size.width - left
    if transpose:
        left, top, right, bottom = top, left, bottom, right
    return Box(left, top, right, bottom)


def inverse_orientation(orientation: int) -> int:
    """Return the orientation that undoes `orientation`."""
    return {6: 8, 8: 6}.get(orientation, orientation)


def then_orientation(first: int, second: int) -> int:
    """Return the one orientation that equals `first` followed by `second`."""
    probe = np.arange(6).reshape(2, 3)
    wanted = upright(upright(probe, first), second)
    return next(o for o in range(1, 9) if np.array_equal(upright(probe, o), wanted))

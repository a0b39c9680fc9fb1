"""Points and a box on the finished frame of a photo, as nodes and other programs hand them over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import numpy as np

from ..errors import PlanInvalidError
from ..geometry import Size
from ..photo import Photo
from ..plan.schema import BoxTarget, Points
from .frame import view_point
from .mask import Mask, Selection
from .ops import combine
from .ports import BUILT_IN, Segmenters
from .refine import snap
from .resolve import resolve
from .view import PhotoView

_MOST_POINTS = 64
_POINT_HINT = 'Write [{"x": 0.5, "y": 0.5}, {"x": 0.9, "y": 0.2, "include": false}].'


class PlacedPoint(NamedTuple):
    """A point, and whether it belongs to what is wanted."""

    x: float
    y: float
    include: bool


class PlacedBox(NamedTuple):
    """A box in px of the finished full-size frame."""

    left: float
    top: float
    right: float
    bottom: float


class Area(NamedTuple):
    """A box in fractions of the finished frame."""

    left: float
    top: float
    right: float
    bottom: float

    def on(self, size: Size) -> PlacedBox:
        """Return the box on a frame of `size`."""
        return PlacedBox(
            self.left * size.width, self.top * size.height, self.right * size.width, self.bottom * size.height
        )


@dataclass(frozen=True)
class Pointing:
    """What a person points at. Points are fractions of the finished frame, or px of it where `in_px`."""

    points: tuple[PlacedPoint, ...] = ()
    box: PlacedBox | None = None
    in_px: bool = False


def read_points(text: str) -> tuple[PlacedPoint, ...]:
    """Return the points in a JSON list of {"x", "y", "include"?} or [x, y]; () for an empty text.

    Raises PlanInvalidError if it is something else.
    """
    if not text.strip():
        return ()
    try:
        values = json.loads(text)
        entries = cast("Sequence[Any]", values if isinstance(values, list) else [values])
        points = tuple(_point(entry) for entry in entries)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise PlanInvalidError("Expected points as a JSON list.", _POINT_HINT) from error
    if len(points) > _MOST_POINTS:
        raise PlanInvalidError(f"Expected at most {_MOST_POINTS} points, found {len(points)}.")
    return points


def _point(entry: Any) -> PlacedPoint:
    if isinstance(entry, Mapping):
        named = cast("Mapping[str, Any]", entry)
        x, y, include = named["x"], named["y"], named.get("include", True)
    else:
        x, y = entry
        include = True
    if not isinstance(include, bool) or not np.isfinite([float(x), float(y)]).all():
        raise ValueError("a point is two finite numbers")
    return PlacedPoint(float(x), float(y), include)


def read_area(text: str) -> Area | None:
    """Return the box in a text "left, top, right, bottom" of fractions from 0 to 1, None for an empty text.

    Raises PlanInvalidError if it is something else.
    """
    if not text.strip():
        return None
    try:
        area = Area(*(float(part) for part in text.replace(",", " ").split()))
    except (ValueError, TypeError) as error:
        raise PlanInvalidError("Expected an area of four fractions.", "As in: 0.2, 0.1, 0.6, 0.9") from error
    if not (0 <= area.left < area.right <= 1 and 0 <= area.top < area.bottom <= 1):
        raise PlanInvalidError("Expected an area whose fractions rise from 0 to 1.", "As in: 0.2, 0.1, 0.6, 0.9")
    return area


def read_box(value: Any) -> PlacedBox | None:
    """Return the first box of a BOUNDING_BOX value: {"x", "y", "width", "height"}, or lists of such; None for none.

    Raises PlanInvalidError if it is something else.
    """
    while isinstance(value, list | tuple):
        value = cast("Sequence[Any]", value)[0] if value else None
    if value is None:
        return None
    try:
        named = cast("Mapping[str, Any]", value)
        x, y, width, height = (float(named[name]) for name in ("x", "y", "width", "height"))
    except (ValueError, TypeError, KeyError) as error:
        raise PlanInvalidError("Expected a box with x, y, width and height in px.") from error
    if not (np.isfinite([x, y, width, height]).all() and width > 0 and height > 0):
        raise PlanInvalidError(f"Expected a box of some size, found {width:g} x {height:g} px.")
    return PlacedBox(x, y, x + width, y + height)


def resolve_pointing(
    photo: Photo, pointing: Pointing, segmenters: Segmenters = BUILT_IN, engine: str = "auto"
) -> tuple[Selection, Mask]:
    """Return what lies under the points, what stands in the box, or, given both, the first as far as the box goes.

    See `resolve`. Raises PlanInvalidError if nothing is pointed at, or if a point or the box lies outside the photo.
    """
    box = None if pointing.box is None else _box_target(photo, pointing.box)
    points = _points_target(photo, pointing) if pointing.points else None
    if points is None:
        if box is None:
            raise PlanInvalidError("Nothing is pointed at.", "Give a point or a box.")
        return resolve(photo, box, segmenters, engine)
    found, mask = resolve(photo, points, segmenters, engine)
    if box is None or not found.found:
        return found, mask
    view = PhotoView.of(photo)
    height, width = view.shape
    inside = np.zeros((height, width), np.float32)
    rows = slice(int(box.top * height), round(box.bottom * height))
    inside[rows, int(box.left * width) : round(box.right * width)] = 1
    alpha = combine(found.alpha, view.to_source(inside), "intersect")
    return replace(found, alpha=alpha), snap(alpha, view.luma, faithful=1.0)


def _points_target(photo: Photo, pointing: Pointing) -> Points:
    width, height = photo.size if pointing.in_px else (1.0, 1.0)
    for x, y, _ in pointing.points:
        if not (0 <= x <= width and 0 <= y <= height):
            raise PlanInvalidError(
                f"The point ({x:g}, {y:g}) lies outside the photo, which reaches to ({width:g}, {height:g}).",
                "Points are fractions from 0 to 1, or px if the units say so.",
            )
    placed = [(view_point(photo, x / width, y / height), include) for x, y, include in pointing.points]
    include = tuple(point for point, wanted in placed if wanted)
    if not include:
        raise PlanInvalidError("No point includes anything.", "Give at least one point without include: false.")
    return Points(include=include, exclude=tuple(point for point, wanted in placed if not wanted))


def _box_target(photo: Photo, box: PlacedBox) -> BoxTarget:
    width, height = photo.size
    left, right = (min(max(x / width, 0.0), 1.0) for x in (box.left, box.right))
    top, bottom = (min(max(y / height, 0.0), 1.0) for y in (box.top, box.bottom))
    if right <= left or bottom <= top:
        raise PlanInvalidError(f"The box lies outside the photo of {width} x {height} px.")
    corners = [view_point(photo, x, y) for x in (left, right) for y in (top, bottom)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return BoxTarget(left=min(xs), top=min(ys), right=max(xs), bottom=max(ys))

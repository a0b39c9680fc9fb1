"""Crop, angle and turn as XMP says them: in the frame of the sensor, before any turn.

CropLeft, CropTop and CropRight, CropBottom are opposite corners of the finished rectangle, in fractions of the sensor's
width and height; CropAngle, in degrees, is how far that rectangle is turned clockwise. tiff:Orientation turns what is
cut (1 to 8 as EXIF's). With a mirrored orientation the angle counts the other way round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ... import geometry
from ...framing import WHOLE, Crop, Framing
from ...geometry import Size
from .. import schema

_MIRRORED = (2, 4, 5, 7)


@dataclass(frozen=True)
class Sensor:
    """The photo as its file holds it: its size in px before it is turned, and EXIF's orientation.

    light: of a RAW file, kelvin and tint of the white balance that the camera chose; None for other files.
    """

    size: Size
    orientation: int = 1
    light: tuple[float, float] | None = None

    @property
    def upright(self) -> Size:
        """The size of the photo as people see it before any edit."""
        return geometry.upright_size(self.size, self.orientation)


class SensorCrop(NamedTuple):
    """What XMP says of the frame: fractions of the sensor, degrees, and the orientation of the finished photo."""

    left: float
    top: float
    right: float
    bottom: float
    angle_deg: float
    orientation: int


def to_sensor(framing: Framing, sensor: Sensor) -> SensorCrop:
    """Return `framing` of the upright photo as XMP says it."""
    orientation = geometry.then_orientation(sensor.orientation, framing.orientation)
    turned = geometry.upright_size(sensor.size, orientation)
    corners = [_turned(corner, orientation) for corner in ((0.0, 0.0), (1.0, 1.0))]
    crop, placed = framing.crop, list[tuple[float, float]]()
    for x, y in corners:
        inside = (crop.left + x * (crop.right - crop.left), crop.top + y * (crop.bottom - crop.top))
        placed.append(_unturned(_rotated(inside, turned, -framing.angle_deg), orientation))
    angle = framing.angle_deg if orientation in _MIRRORED else -framing.angle_deg
    return SensorCrop(*placed[0], *placed[1], angle + 0.0, orientation)


def from_sensor(crop: SensorCrop, sensor: Sensor) -> Framing:
    """Return what XMP says as framing of the upright photo; a crop that reaches beyond the photo is cut there."""
    turned = geometry.upright_size(sensor.size, crop.orientation)
    angle = crop.angle_deg if crop.orientation in _MIRRORED else -crop.angle_deg
    placed = [
        _rotated(_turned(corner, crop.orientation), turned, angle)
        for corner in ((crop.left, crop.top), (crop.right, crop.bottom))
    ]
    (left, right), (top, bottom) = (sorted(values) for values in zip(*placed, strict=True))
    inside = Crop(*(min(max(value, 0.0), 1.0) for value in (left, top, right, bottom)))
    orientation = geometry.then_orientation(geometry.inverse_orientation(sensor.orientation), crop.orientation)
    return Framing(orientation, angle + 0.0, inside)


def framing_steps(framing: Framing, digits: int = 6) -> list[schema.Step]:
    """Return steps that frame a photo so: turned, cropped, then straightened, which cuts nothing off what fits."""
    turns = {6: 1, 3: 2, 8: 3}
    mirrored = framing.orientation in _MIRRORED
    upright = geometry.then_orientation(2, framing.orientation) if mirrored else framing.orientation
    steps: list[schema.Step] = [schema.Flip(axis="horizontal")] if mirrored else []
    if upright in turns:
        steps.append(schema.Rotate(quarter_turns=turns[upright]))
    if framing.crop != WHOLE:
        left, top, right, bottom = (round(value, digits) for value in framing.crop)
        steps.append(schema.Crop(left=left, top=top, right=right, bottom=bottom))
    if framing.angle_deg:
        steps.append(schema.Straighten(angle_deg=round(framing.angle_deg, 4)))
    return [step for step in steps if step != schema.Crop()]


def _turned(point: tuple[float, float], orientation: int) -> tuple[float, float]:
    """Return a point of the sensor, in fractions of it, in fractions of the photo turned by `orientation`."""
    transpose, flip_x, flip_y = geometry.turning(orientation)
    x, y = (point[1], point[0]) if transpose else point
    return (1 - x if flip_x else x), (1 - y if flip_y else y)


def _unturned(point: tuple[float, float], orientation: int) -> tuple[float, float]:
    return _turned(point, geometry.inverse_orientation(orientation))


def _rotated(point: tuple[float, float], size: Size, angle_deg: float) -> tuple[float, float]:
    """Return a point, in fractions of `size`, turned clockwise by `angle_deg` about the centre."""
    angle = math.radians(angle_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    extent = np.array(size, np.float64)
    x, y = (turn @ ((np.array(point) - 0.5) * extent)) / extent + 0.5
    return float(x), float(y)

"""White balance: which multipliers make the light of a scene neutral, and which matrix then gives its colours."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import color
from .camera import CameraColor, Vector
from .temperature import KELVIN_RANGE, TINT_RANGE, Xy, temperature_of, xy_of

WhiteBalance = Literal["camera", "auto", "daylight", "custom"]

DAYLIGHT = (5500.0, 10.0)  # kelvin and tint of noon daylight
_AUTO_KELVIN = (2800.0, 9000.0)
_AUTO_TINT = (-25.0, 35.0)
_AUTO_DARKEST, _AUTO_BRIGHTEST = 0.02, 0.9


class Balance(NamedTuple):
    """Multipliers of red, green and blue, float64 (3,), the smallest 1; and the light they make neutral."""

    multipliers: Vector
    kelvin: float
    tint: float


def from_temperature(camera: CameraColor, kelvin: float, tint: float) -> Balance:
    """Return the balance for a light of `kelvin` and `tint`, both clipped to their ranges."""
    kelvin, tint = float(np.clip(kelvin, *KELVIN_RANGE)), float(np.clip(tint, *TINT_RANGE))
    neutral = camera.at(kelvin).xyz_to_camera @ color.white_xyz(xy_of(kelvin, tint))
    return Balance(_normalised(1.0 / np.maximum(neutral, 1e-6)), kelvin, tint)


def from_multipliers(camera: CameraColor, multipliers: Vector) -> Balance:
    """Return the balance of given multipliers with the temperature and tint that they mean for this camera.

    Two calibrations depend on the temperature that they give, so it is iterated (DNG 1.7, chapter 6).
    """
    kelvin, tint = DAYLIGHT
    for _ in range(30):
        before = kelvin
        kelvin, tint = temperature_of(_seen_xy(camera, multipliers, kelvin))
        if abs(kelvin - before) < 1e-3 * before:
            break
    return Balance(_normalised(multipliers), kelvin, tint)


def daylight(camera: CameraColor) -> Balance:
    """Return the balance for noon daylight."""
    return from_temperature(camera, *DAYLIGHT)


def auto(camera: CameraColor, light: NDArray[np.float32]) -> Balance:
    """Return the balance that makes the more neutral half of a picture grey, kept among lights that exist.

    light: (n, 3), samples as the sensor saw them, white level = 1. Without usable samples it is daylight.
    """
    usable = light[
        (light.max(axis=1) < _AUTO_BRIGHTEST) & (light.min(axis=1) > 0) & (light.mean(axis=1) > _AUTO_DARKEST)
    ]
    start = daylight(camera)
    if len(usable) < 16:
        return start
    logs = np.log(usable.astype(np.float64))
    ratios = logs[:, (0, 2)] - logs[:, 1:2]
    centre = -np.log(start.multipliers[[0, 2]] / start.multipliers[1])
    for _ in range(6):
        distance = np.hypot(*(ratios - centre).T)
        centre = ratios[distance <= np.quantile(distance, 0.5)].mean(axis=0)
    found = from_multipliers(camera, np.exp([-centre[0], 0.0, -centre[1]]))
    return from_temperature(camera, np.clip(found.kelvin, *_AUTO_KELVIN), np.clip(found.tint, *_AUTO_TINT))


def camera_to_working(camera: CameraColor, balance: Balance) -> color.Matrix:
    """Return the matrix from balanced camera colours to linear Rec.2020; (1, 1, 1) stays (1, 1, 1).

    The light of the calibration plays the white of the working space, and the balance takes the place of what is left
    of an adaptation, as in dcraw and LibRaw.
    """
    calibration = camera.at(balance.kelvin)
    seen = calibration.xyz_to_camera @ color.adapt(color.D65, calibration.white) @ color.REC2020_TO_XYZ
    return np.linalg.inv(seen / seen.sum(axis=1, keepdims=True))


def _normalised(multipliers: Vector) -> Vector:
    return multipliers / multipliers.min()


def _seen_xy(camera: CameraColor, multipliers: Vector, kelvin: float) -> Xy:
    xyz = np.linalg.solve(camera.at(kelvin).xyz_to_camera, 1.0 / multipliers)
    xyz = np.maximum(xyz, 1e-9)
    return float(xyz[0] / xyz.sum()), float(xyz[1] / xyz.sum())

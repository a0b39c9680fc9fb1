"""Colour spaces: primaries, white points, matrices and transfer functions.

Matrices are float64 (3, 3) and act on column vectors; "XYZ" is CIE 1931 with Y = 1 for white.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Profile = Literal["srgb", "display-p3", "adobe-rgb", "prophoto", "linear"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
Transfer = Literal["srgb", "adobe-rgb", "prophoto", "linear"]

D65 = (0.3127, 0.3290)
D50 = (0.34567, 0.35850)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


class ColorSpace(NamedTuple):
    """CIE xy chromaticities of red, green, blue and white, and how values are encoded."""

    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float]
    transfer: Transfer


REC2020 = ColorSpace((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65, "linear")  # ITU-R BT.2020
SPACES: dict[Profile, ColorSpace] = {
    "srgb": ColorSpace((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65, "srgb"),  # IEC 61966-2-1
    "display-p3": ColorSpace((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65, "srgb"),  # SMPTE EG 432-1, D65
    "adobe-rgb": ColorSpace((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65, "adobe-rgb"),  # Adobe RGB (1998)
    "prophoto": ColorSpace((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), D50, "prophoto"),  # ISO 22028-2
    "linear": REC2020,
}


def white_xyz(white: tuple[float, float]) -> NDArray[np.float64]:
    """Return the XYZ of a white point given as CIE xy, with Y = 1."""
    x, y = white
    return np.array([x / y, 1.0, (1.0 - x - y) / y])


def to_xyz(space: ColorSpace) -> Matrix:
    """Return the matrix from linear RGB of `space` to XYZ (SMPTE RP 177-1993)."""
    primaries = np.array([[x / y, 1.0, (1.0 - x - y) / y] for x, y in (space.red, space.green, space.blue)]).T
    return np.asarray(primaries * np.linalg.solve(primaries, white_xyz(space.white)), np.float64)


def adapt(source: tuple[float, float], target: tuple[float, float]) -> Matrix:
    """Return the XYZ matrix that takes colours seen under `source` to `target` white (Bradford, ICC.1:2022 E.3)."""
    gain = (_BRADFORD @ white_xyz(target)) / (_BRADFORD @ white_xyz(source))
    return np.asarray(np.linalg.solve(_BRADFORD, gain[:, None] * _BRADFORD), np.float64)


def convert(source: ColorSpace, target: ColorSpace) -> Matrix:
    """Return the matrix from linear RGB of `source` to linear RGB of `target`, white to white."""
    through_xyz = np.linalg.solve(to_xyz(target), adapt(source.white, target.white) @ to_xyz(source))
    return np.asarray(through_xyz, np.float64)


REC2020_TO_XYZ = to_xyz(REC2020)
XYZ_TO_REC2020 = np.linalg.inv(REC2020_TO_XYZ)
LUMINANCE = REC2020_TO_XYZ[1]


def encode(linear: NDArray[np.floating], transfer: Transfer) -> NDArray[np.float64]:
    """Return linear light in [0, 1] as encoded values; odd-symmetric below 0, so that nothing is lost."""
    x = np.abs(np.asarray(linear, np.float64))
    if transfer == "srgb":  # IEC 61966-2-1
        y = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    elif transfer == "adobe-rgb":  # Adobe RGB (1998), 4.3.1.2
        y = x ** (256 / 563)
    elif transfer == "prophoto":  # ISO 22028-2
        y = np.where(x < 2**-9, 16.0 * x, x ** (1 / 1.8))
    else:
        y = x
    return np.copysign(y, linear)


def decode(encoded: NDArray[np.floating], transfer: Transfer) -> NDArray[np.float64]:
    """Return the linear light of encoded values; the inverse of `encode`."""
    x = np.abs(np.asarray(encoded, np.float64))
    if transfer == "srgb":
        y = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    elif transfer == "adobe-rgb":
        y = x ** (563 / 256)
    elif transfer == "prophoto":
        y = np.where(x < 16 * 2**-9, x / 16.0, x**1.8)
    else:
        y = x
    return np.copysign(y, encoded)

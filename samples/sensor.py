"""What a sensor records of a picture: colour matrix, white balance, noise and rounding to codes.

The same arguments give the same codes on every machine: arithmetic is float64 before it is rounded, and the noise
comes from PCG64's raw words, whose stream NumPy guarantees.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .dng import DngSpec


class Noise(NamedTuple):
    """Sensor noise: electrons at the white level (shot noise), and read noise in electrons."""

    electrons_at_white: float
    read_electrons: float

    @classmethod
    def at_iso(cls, iso: float) -> "Noise":
        """Return the noise of a typical full-frame sensor: 60 000 electrons at ISO 100."""
        return cls(6_000_000 / iso, 1.5 + 200 / iso)


def mosaic_from_image(
    image: NDArray[np.floating], spec: "DngSpec", noise: Noise | None = None, seed: int = 0
) -> NDArray[np.uint16]:
    """Return what a sensor records of `image`: (H, W) uint16 codes, even sizes or not.

    image: (H, W, 3) linear sRGB; 1.0 in green reaches the white level, more is clipped as on a sensor.
    """
    camera = _camera_planes(image, spec)
    height, width = image.shape[:2]
    light = np.empty((height, width))
    for row in range(2):
        for column in range(2):
            light[row::2, column::2] = camera[spec.channels[row, column]][row::2, column::2]
    black = np.tile(np.reshape(spec.black_levels(4), (2, 2)), (-(-height // 2), -(-width // 2)))[:height, :width]
    return _codes(light, black, spec, noise, seed)


def linear_from_image(
    image: NDArray[np.floating], spec: "DngSpec", noise: Noise | None = None, seed: int = 0
) -> NDArray[np.uint16]:
    """Return `image` as the (H, W, 3) uint16 codes of a linear DNG; arguments as in `mosaic_from_image`."""
    camera = np.stack(_camera_planes(image, spec), axis=-1)
    return _codes(camera, np.array(spec.black_levels(3)), spec, noise, seed)


def _camera_planes(image: NDArray[np.floating], spec: "DngSpec") -> list[NDArray[np.float64]]:
    red, green, blue = (image[..., channel].astype(np.float64) for channel in range(3))
    rows = spec.camera_from_srgb * np.array(spec.as_shot_neutral)[:, None]
    return [np.clip(row[0] * red + row[1] * green + row[2] * blue, 0.0, None) for row in rows]


def _codes(
    light: NDArray[np.float64], black: NDArray[np.float64], spec: "DngSpec", noise: Noise | None, seed: int
) -> NDArray[np.uint16]:
    if noise is not None:
        electrons = light * noise.electrons_at_white
        spread = np.sqrt(electrons + noise.read_electrons**2)
        light = (electrons + spread * _bell(light.shape, seed)) / noise.electrons_at_white
    codes = black + light * (spec.white_level - black)
    return np.clip(np.floor(codes + 0.5), 0, spec.white_level).astype(np.uint16)


def _bell(shape: tuple[int, ...], seed: int) -> NDArray[np.float64]:
    """Return nearly normal numbers, mean 0, variance 1: the sum of the four 16-bit parts of each raw word."""
    words = np.random.PCG64(seed).random_raw(math.prod(shape))
    total = np.zeros(words.shape)
    for shift in (0, 16, 32, 48):
        total += (words >> np.uint64(shift)) & np.uint64(0xFFFF)
    return ((total - 4 * 32767.5) / math.sqrt(4 * (65536.0**2 - 1) / 12)).reshape(shape)

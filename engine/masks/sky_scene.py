"""What each pixel of a small picture says about being sky: place, smoothness, colour, brightness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from .fields import Field, coupling, resize, squared
from .lab import to_lab
from .sky_net import recognise_sky


@dataclass(frozen=True, eq=False)
class Scene:
    """Features of a small picture, each float32 (h, w).

    lab: CIE L*a*b*, (h, w, 3). slope: lightness change per px. step: colour change per px. texture: mean slope nearby.
    rank: the share of the picture that is darker. y: 0 at the top to 1 at the bottom.
    smooth: -2.5 (busy) to 1.5. blue, green, brown: 0 to 1; green and brown allow for a colour cast.
    recognised, cells: the network's log-odds of a sky anywhere in the picture, and of sky at each place.
    """

    lab: NDArray[np.float32]
    couplings: tuple[Field, Field]
    slope: Field
    step: Field
    texture: Field
    rank: Field
    y: Field
    smooth: Field
    blue: Field
    green: Field
    brown: Field
    recognised: float
    cells: Field

    @property
    def shape(self) -> tuple[int, int]:
        return self.lab.shape[0], self.lab.shape[1]

    @property
    def lightness(self) -> Field:
        return self.lab[..., 0]

    @property
    def place(self) -> Field:
        """Log-odds of sky from the height in the frame alone."""
        return (1.6 - 4 * self.y).astype(np.float32)

    @property
    def color(self) -> Field:
        """Log-odds of sky from the colour alone."""
        return (1.5 * self.blue - 2.5 * self.green - 1.5 * self.brown).astype(np.float32)

    @classmethod
    def of(cls, picture: NDArray[np.float32]) -> Scene:
        """Return the features of a display-encoded sRGB `picture`, float32 (h, w, 3)."""
        lab = to_lab(picture)
        lightness = lab[..., 0]
        gradient_x, gradient_y = _gradients(lab)
        slope = np.hypot(gradient_x[..., 0], gradient_y[..., 0])
        texture = cv2().boxFilter(slope, -1, (7, 7), borderType=cv2().BORDER_REFLECT)
        order = np.sort(lightness.ravel()[::7])
        height, width = lightness.shape
        y = (np.arange(height, dtype=np.float32) + np.float32(0.5)) / np.float32(height)
        blue, green, brown = _hues(lab)
        recognised = recognise_sky(picture)
        return cls(
            lab,
            coupling(lab),
            slope,
            np.sqrt(squared(gradient_x) + squared(gradient_y)),
            texture,
            (np.searchsorted(order, lightness) / order.size).astype(np.float32),
            np.broadcast_to(y[:, None], (height, width)),
            np.clip(1.5 * np.log(1.6 / (texture + 0.15)), -2.5, 1.5).astype(np.float32),
            blue,
            green,
            brown,
            recognised.anywhere,
            resize(recognised.cells, (height, width)),
        )


def _gradients(lab: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    soft = cv2().GaussianBlur(lab, (0, 0), 0.8)
    return cv2().Scharr(soft, -1, 1, 0) / 16, cv2().Scharr(soft, -1, 0, 1) / 16


def _hues(lab: NDArray[np.float32]) -> tuple[Field, Field, Field]:
    """Return how blue, how green and how brown each pixel is.

    Most of the tint of the brightest 4 % counts as a cast and is taken off before green and brown are judged.
    """
    lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    bright = lightness >= np.percentile(lightness, 96)
    cast_a, cast_b = (float(np.clip(0.7 * v[bright].mean(), -8, 8)) for v in (a, b))
    blue = _ramp(-b, 4, 14) * _ramp(lightness, 15, 30)
    a, b = a - cast_a, b - cast_b
    green = _ramp(-a, 6, 14) * _ramp(b, 2, 10)
    brown = _ramp(np.hypot(a, b), 18, 30) * _ramp(-lightness, -60, -40) * (b > 0)
    return blue, green, brown


def _ramp(values: Field, low: float, high: float) -> Field:
    """Return 0 below `low`, 1 above `high` and a straight line between."""
    return np.clip((values - low) / (high - low), 0, 1).astype(np.float32)

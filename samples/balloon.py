"""A hot-air balloon, drawn: an unmistakable subject, lit by a low sun behind it and by the sky and the ground.

The envelope is a surface of revolution with bulging gores, shaded from its normals in linear light; everything is
drawn at twice the size and averaged. Numbers are float64, so the picture rounds to the same codes everywhere.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]
Colour = tuple[float, float, float]

SUN = np.array([-0.62, -0.66, -0.42])  # towards the sun: left, up (y points down), behind the balloon
GORES = 24
WIDEST, MOUTH = 0.42, 0.13  # where the envelope is widest, from its top; the mouth's radius over the widest one
RED, YELLOW, ORANGE, MAROON = (0.42, 0.016, 0.012), (0.62, 0.30, 0.016), (0.62, 0.11, 0.008), (0.13, 0.008, 0.013)
SKY, GROUND = np.array([0.075, 0.092, 0.125]), np.array([0.026, 0.024, 0.011])


class Place(NamedTuple):
    """Where the balloon hangs in a picture, in px: the top of the envelope, its height and its widest radius."""

    x: float
    y: float
    height: float
    radius: float


def draw_balloon(picture: Plane, place: Place) -> Plane:
    """Return linear sRGB `picture` (H, W, 3) with the balloon and its shadow on the ground drawn over it."""
    left, right = int(place.x - 1.05 * place.radius), int(place.x + 1.05 * place.radius)
    top, bottom = int(place.y) - 4, int(place.y + 1.27 * place.height)
    height, width = bottom - top, right - left
    x, y = np.meshgrid(np.arange(2 * width) / 2 + left + 0.25, np.arange(2 * height) / 2 + top + 0.25)
    layers = np.zeros((2 * height, 2 * width, 4))
    centre = slice(2 * int(place.x - left - 0.2 * place.radius), 2 * int(place.x - left + 0.2 * place.radius))
    low = slice(2 * int(0.98 * place.height), 2 * height)
    for paint, box in (
        (_ropes, (low, centre)),
        (_basket, (low, centre)),
        (_envelope, (slice(2 * int(place.height + 8)),)),
    ):
        color, alpha = paint(x[box] - place.x, y[box] - place.y, place)
        layers[box] = layers[box] * (1 - alpha[..., None]) + np.dstack([color * alpha[..., None], alpha])
    small = _soften(layers.reshape(height, 2, width, 2, 4).mean(axis=(1, 3)))
    finished = picture * (1 - _shadow(picture.shape[:2], place))[..., None]
    under = finished[top:bottom, left:right]
    finished[top:bottom, left:right] = under * (1 - small[..., 3:]) + small[..., :3]
    return finished


def _shadow(shape: tuple[int, int], place: Place) -> Plane:
    """Return how much of the sun the balloon takes from the meadow: a soft ellipse to the right of the basket."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    far = ((x - place.x - 1.25 * place.radius) / (0.95 * place.radius)) ** 2
    far = far + ((y - place.y - 1.37 * place.height) / (0.17 * place.radius)) ** 2
    return 0.6 / (1 + far**3)


def _soften(layers: Plane) -> Plane:
    """Return the layers as sharp as the photograph: blurred with (1, 6, 1) / 8 both ways."""
    for axis in (0, 1):
        layers = (6 * layers + np.roll(layers, 1, axis) + np.roll(layers, -1, axis)) / 8
    return layers


def _radius(t: Plane) -> tuple[Plane, Plane]:
    """Return the envelope's radius and its slope at `t` from 0 (top) to 1 (mouth), in widest radii."""
    above = np.clip((WIDEST - t) / WIDEST, 0, 0.9999)
    below = np.clip((t - WIDEST) / (1 - WIDEST), 0, 1)
    round_top = np.sqrt(1 - above**2)
    cone = 1 - (1 - MOUTH) * below**1.75
    slope = np.where(t < WIDEST, above / round_top / WIDEST, -(1 - MOUTH) * 1.75 * below**0.75 / (1 - WIDEST))
    return np.where(t < WIDEST, round_top, cone), slope


def _envelope(x: Plane, y: Plane, place: Place) -> tuple[Plane, Plane]:
    t = y / place.height
    radius, slope = _radius(t)
    side = x / (place.radius * radius)
    inside = (t > 0) & (t < 1) & (np.abs(side) < 1)
    angle = np.arcsin(np.clip(side, -1, 1))
    gore = (angle + 0.11) * GORES / (2 * np.pi)
    across = gore - np.floor(gore) - 0.5
    turned = angle + 0.36 * across * np.clip(1.4 - t, 0.3, 1)
    normal = np.stack([np.sin(turned), -slope * place.radius / place.height, np.cos(turned)], axis=-1)
    normal /= np.sqrt((normal**2).sum(axis=-1, keepdims=True))
    cloth = _cloth(np.floor(gore).astype(int), t, across)
    seams = 1 - 0.35 * np.exp(-(((np.abs(across) - 0.5) / 0.035) ** 2))
    seams *= 1 - 0.18 * np.exp(-(((t * 13) % 1 - 0.5) ** 2) / 0.0012)
    facing = normal[..., 0] * SUN[0] + normal[..., 1] * SUN[1] + normal[..., 2] * SUN[2]
    light = _around(normal) + 2.0 * np.clip(facing, 0, None)[..., None]
    through = 0.12 * np.clip(-facing, 0, None)[..., None] * np.sqrt(cloth)
    color = cloth * (light + through) * seams[..., None] * (1 - 0.25 * np.clip(t - 0.8, 0, 1) / 0.2)[..., None]
    return color, inside.astype(float)


def _cloth(gore: NDArray[np.int_], t: Plane, across: Plane) -> Plane:
    """Return the cloth's colour: red and yellow gores, a band in zigzag, maroon at the crown and the mouth."""
    even = (gore % 2 == 0)[..., None]
    color = np.where(even, np.array(RED), np.array(YELLOW))
    zigzag = 0.47 + 0.075 * (1 - 2 * np.abs(across)) * np.where(gore % 2 == 0, 1, -1)
    band = np.abs(t - zigzag) < 0.055
    color = np.where(band[..., None], np.where(even, np.array(ORANGE), np.array(MAROON)), color)
    return np.where(((t < 0.07) | (t > 0.9))[..., None], np.array(MAROON), color)


def _around(normal: Plane) -> Plane:
    """Return the light of the sky above and of the meadow below that falls on a surface."""
    up = (0.5 - 0.5 * normal[..., 1])[..., None]
    return SKY * up + GROUND * (1 - up)


def _ropes(x: Plane, y: Plane, place: Place) -> tuple[Plane, Plane]:
    low, high = place.height * 0.99, place.height * 1.17
    down = np.clip((y - low) / (high - low), 0, 1)
    alpha = np.zeros(x.shape)
    for start in (-0.95, -0.45, 0.45, 0.95):
        at = place.radius * (MOUTH * start * (1 - down) + 0.085 * np.sign(start) * down)
        alpha = np.maximum(alpha, (np.abs(x - at) < 0.9) * (y > low) * (y < high))
    return np.full((*x.shape, 3), 0.012), alpha * 0.8


def _basket(x: Plane, y: Plane, place: Place) -> tuple[Plane, Plane]:
    top, tall, half = place.height * 1.16, place.height * 0.085, place.radius * 0.1
    u, v = x / half, (y - top) / tall
    inside = (np.abs(u) < 1 - 0.1 * np.clip(v, 0, 1)) & (v > 0) & (v < 1)
    weave = 0.75 + 0.25 * np.sign(np.sin(v * 38)) * np.sign(np.sin(u * 34))
    shade = (0.05 + 0.16 * np.exp(-(((u + 1) / 0.25) ** 2))) * weave * (1.25 - 0.5 * v)
    color = shade[..., None] * np.array([1.0, 0.55, 0.24])
    color = np.where(((v < 0.13) & (v > 0))[..., None], np.array([0.03, 0.012, 0.006]), color)
    alpha = inside.astype(float)
    for at, coat in ((-0.45, (0.012, 0.03, 0.09)), (0.4, (0.10, 0.014, 0.012))):
        head = ((u - at) * half) ** 2 + ((v + 0.52) * tall) ** 2 < (0.155 * tall) ** 2
        body = (np.abs(u - at) < 0.26 * np.sqrt(np.clip((v + 0.4) / 0.16, 0, 1))) & (v <= 0.02)
        for part, tint in ((body, coat), (head, (0.09, 0.05, 0.035))):
            color = np.where(part[..., None], np.array(tint), color)
            alpha = np.maximum(alpha, part)
    return color, alpha

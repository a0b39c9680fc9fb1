"""Noise reduction, texture and sharpening: the stages that look at a pixel's neighbours.

All of them work on the cube root of light, in which noise and detail look alike bright or dark. Radii are in px of
the full frame and shrink with the rendering's scale, so a preview shows what the export will do.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .. import fastmath
from ..geometry import Size
from ..jit import kernel
from ..photo import luminance
from .settings import DevelopSettings

Plane = NDArray[np.float32]
_LEVELS_LUMA, _LEVELS_COLOUR = 3, 4
_B3 = np.array(
    [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16], np.float32
)  # B3 spline, for the à trous wavelets (Starck and Murtagh 1998)
_MEAN = np.full(5, 1 / 5, np.float32)
_NOISE_BY_LEVEL = (0.889, 0.200, 0.086, 0.041)  # deviation of unit white noise in each wavelet level, 2-D B3


def gaussian(sigma_px: float) -> Plane:
    """Return the weights of a Gaussian cut off at 3 sigma; they sum to 1."""
    radius = max(1, math.ceil(3 * sigma_px))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma_px) ** 2)
    return (weights / weights.sum()).astype(np.float32)


@kernel
def _filter(plane: Plane, weights: Plane, spacing: int, out: Plane) -> None:
    """Fill `out` with `plane` filtered along both axes by `weights` whose taps lie `spacing` px apart.

    The border is repeated. Every pixel adds its taps in the same order, so tiles agree to the last bit.
    """
    height, width = plane.shape
    reach = weights.shape[0] // 2
    rows = np.empty((height, width), np.float32)
    for j in range(height):
        for i in range(width):
            rows[j, i] = np.float32(0)
        for k in range(weights.shape[0]):
            source = min(max(j + (k - reach) * spacing, 0), height - 1)
            weight = weights[k]
            for i in range(width):
                rows[j, i] += weight * plane[source, i]
    margin = min(reach * spacing, width)
    for j in range(height):
        for i in range(width):
            out[j, i] = np.float32(0)
        for k in range(weights.shape[0]):
            shift = (k - reach) * spacing
            weight = weights[k]
            for i in range(margin):
                out[j, i] += weight * rows[j, min(max(i + shift, 0), width - 1)]
            for i in range(margin, width - margin):
                out[j, i] += weight * rows[j, i + shift]
            for i in range(max(width - margin, margin), width):
                out[j, i] += weight * rows[j, min(max(i + shift, 0), width - 1)]


def blur(plane: Plane, weights: Plane, spacing: int = 1) -> Plane:
    """Return `plane` (h, w) filtered along both axes by odd `weights` with taps `spacing` px apart."""
    out = np.empty_like(plane)
    _filter(plane, weights, spacing, out)
    return out


@kernel
def _power(smooth: Plane, coarse: Plane, out: Plane) -> None:
    """Fill `out` with the square of the band smooth - coarse."""
    for j in range(out.shape[0]):
        for i in range(out.shape[1]):
            band = smooth[j, i] - coarse[j, i]
            out[j, i] = band * band


@kernel
def _shrink_(total: Plane, smooth: Plane, coarse: Plane, power: Plane, threshold: np.float32) -> None:
    """Add the band smooth - coarse to `total`, less the share of its local `power` that the noise accounts for."""
    square = threshold * threshold
    for j in range(total.shape[0]):
        for i in range(total.shape[1]):
            if power[j, i] > square:
                total[j, i] += (smooth[j, i] - coarse[j, i]) * (np.float32(1) - square / power[j, i])


def _denoise(plane: Plane, threshold: float, levels: int) -> Plane:
    """Return `plane` without noise whose deviation at the finest wavelet level is `threshold`.

    Each band is scaled by Wiener's (power - noise) / power, the power being the mean over 5 x 5 coefficients around a
    pixel (Chen, Bui and Krzyzak 2005, neighbour dependent shrinkage): a single bright speck does not look like detail.
    """
    smooth, total = plane, np.zeros_like(plane)
    power = np.empty_like(plane)
    for level in range(levels):
        spacing = 2**level
        coarse = blur(smooth, _B3, spacing)
        _power(smooth, coarse, power)
        _shrink_(total, smooth, coarse, blur(power, _MEAN, spacing), np.float32(threshold * _NOISE_BY_LEVEL[level]))
        smooth = coarse
    return total + smooth


@kernel
def _split(pixels: Plane, luma: Plane, first: Plane, second: Plane) -> None:
    """Fill luma with cbrt(green-weighted light) and first, second with cbrt(red) - luma, cbrt(blue) - luma."""
    for j in range(pixels.shape[0]):
        for i in range(pixels.shape[1]):
            r, g, b = (
                fastmath.cbrt(pixels[j, i, 0]),
                fastmath.cbrt(pixels[j, i, 1]),
                fastmath.cbrt(pixels[j, i, 2]),
            )
            value = np.float32(0.25) * r + np.float32(0.5) * g + np.float32(0.25) * b
            luma[j, i], first[j, i], second[j, i] = value, r - value, b - value


@kernel
def _join_(pixels: Plane, luma: Plane, first: Plane, second: Plane) -> None:
    """Write into `pixels` the light whose _split is (luma, first, second)."""
    for j in range(pixels.shape[0]):
        for i in range(pixels.shape[1]):
            value = luma[j, i]
            r, b = value + first[j, i], value + second[j, i]
            g = np.float32(2) * (value - np.float32(0.25) * (r + b))
            r, g, b = max(r, np.float32(0)), max(g, np.float32(0)), max(b, np.float32(0))
            pixels[j, i, 0], pixels[j, i, 1], pixels[j, i, 2] = r * r * r, g * g * g, b * b * b


def denoise_(pixels: Plane, settings: DevelopSettings, scale: float) -> None:
    """Reduce luminance and colour noise; amounts 0 to 100 stand for noise of up to 0.04 and 0.06 in cube-root light.

    Averaging to a smaller size has already removed noise: the thresholds shrink with `scale`.
    """
    shape = pixels.shape[:2]
    luma, first, second = (np.empty(shape, np.float32) for _ in range(3))
    _split(pixels, luma, first, second)
    if settings.noise_reduction:
        luma = _denoise(luma, 0.0004 * settings.noise_reduction * scale, _LEVELS_LUMA)
    if settings.color_noise_reduction:
        threshold = 0.0006 * settings.color_noise_reduction * scale
        first, second = (_denoise(p, threshold, _LEVELS_COLOUR) for p in (first, second))
    _join_(pixels, luma, first, second)


@kernel
def _gain_by_(pixels: Plane, old: Plane, new: Plane) -> None:
    """Multiply each pixel so that its cube-root luminance goes from `old` to `new`."""
    for j in range(pixels.shape[0]):
        for i in range(pixels.shape[1]):
            before = old[j, i]
            if before > np.float32(1e-4):
                ratio = max(new[j, i], np.float32(0)) / before
                gain = min(ratio * ratio * ratio, np.float32(8))
                for c in range(3):
                    pixels[j, i, c] *= gain


@kernel
def _add_texture_(luma: Plane, fine: Plane, coarse: Plane, amount: np.float32) -> None:
    """Add `amount` of the band fine - coarse to `luma`; strong edges are left alone."""
    for j in range(luma.shape[0]):
        for i in range(luma.shape[1]):
            band = fine[j, i] - coarse[j, i]
            luma[j, i] += amount * band / (np.float32(1) + np.float32(400) * band * band)


@kernel
def _sharpen(luma: Plane, soft: Plane, amount: np.float32, out: Plane) -> None:
    """Fill `out` with luma + amount * (luma - soft), kept within a little of the nine neighbours' range."""
    height, width = luma.shape
    for j in range(height):
        above, below = max(j - 1, 0), min(j + 1, height - 1)
        for i in range(width):
            left, right = max(i - 1, 0), min(i + 1, width - 1)
            low = high = luma[j, i]
            for row in (above, j, below):
                for column in (left, i, right):
                    low, high = min(low, luma[row, column]), max(high, luma[row, column])
            detail = luma[j, i] - soft[j, i]
            cored = detail * detail / (detail * detail + np.float32(9e-6))
            room = np.float32(0.35) * (high - low)
            out[j, i] = min(max(luma[j, i] + amount * detail * cored, low - room), high + room)


def _texture_sigmas(source: Size, scale: float) -> tuple[float, float]:
    """Return the two blurs, in rendered px, between which texture lies: about 1 and 5 px of a 24 MP frame."""
    unit = max(source) / 6000 * scale
    return max(1.0 * unit, 0.4), max(5.0 * unit, 0.8)


def enhance_(pixels: Plane, settings: DevelopSettings, source: Size, scale: float) -> None:
    """Apply texture and sharpening to the luminance of `pixels`."""
    luma = luminance(pixels)
    new = luma.copy()
    if settings.texture:
        fine, coarse = _texture_sigmas(source, scale)
        _add_texture_(new, blur(luma, gaussian(fine)), blur(luma, gaussian(coarse)), np.float32(settings.texture / 70))
    radius = settings.sharpen_radius_px * scale
    if settings.sharpening and radius >= _SMALLEST_RADIUS:
        sharp = np.empty_like(new)
        _sharpen(new, blur(new, gaussian(radius)), np.float32(settings.sharpening / 40), sharp)
        new = sharp
    _gain_by_(pixels, luma, new)


_SMALLEST_RADIUS = 0.25


def halo_px(settings: DevelopSettings, source: Size, scale: float) -> int:
    """Return how far, in rendered px, these settings look around a pixel."""
    halo = 0
    if settings.noise_reduction or settings.color_noise_reduction:
        levels = _LEVELS_COLOUR if settings.color_noise_reduction else _LEVELS_LUMA
        halo += sum(2 * 2**level for level in range(levels)) + 2 * 2 ** (levels - 1)
    if settings.texture:
        halo += len(gaussian(_texture_sigmas(source, scale)[1])) // 2
    if settings.sharpening and settings.sharpen_radius_px * scale >= _SMALLEST_RADIUS:
        halo += len(gaussian(settings.sharpen_radius_px * scale)) // 2 + 1
    return halo

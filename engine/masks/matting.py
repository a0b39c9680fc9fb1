"""Soft edges: how much of a pixel hair, fur, leaves or a blurred outline cover.

Levin, Lischinski and Weiss, "A Closed-Form Solution to Natural Image Matting" (PAMI 2008): in every 3 x 3 window the
mask is an affine function of colour. Only a band around the outline is solved for; what lies inside and outside of it
is taken as known, which bounds memory and time. The band's linear system is symmetric, so conjugate gradients with a
diagonal preconditioner solve it, first at half the size, whose answer is the start.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel
from ..opencv import cv2
from .fields import resize

Alpha = NDArray[np.float32]
Picture = NDArray[np.float32]

_EPSILON = 1e-5
_PRIOR = 0.01
_PRIOR_GROWTH = 6.0
_ROUNDS = 60
_TOLERANCE = 2e-3
_SMALLEST = 192


class _Windows(NamedTuple):
    """3 x 3 windows that touch the band: rows and columns of their centres, mean colours, inverse covariances.

    inverse: float32 (n, 6), the upper triangle of (covariance + epsilon / 9) ^ -1.
    """

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    mean: NDArray[np.float32]
    inverse: NDArray[np.float32]


class _System(NamedTuple):
    """What is solved: the matting Laplacian of `picture` in `band`, held to `prior` with the weight `trust`."""

    picture: Picture
    prior: Alpha
    band: NDArray[np.bool_]
    trust: Alpha
    windows: _Windows


def soften_edge(picture: Picture, alpha: Alpha, band_px: float) -> Alpha:
    """Return `alpha` with the edge that the colours of `picture` say, within `band_px` of where alpha is 0.5.

    picture: float32 (h, w, 3) in [0, 1], display-encoded. alpha: float32 (h, w) in [0, 1]; outside the band it is
    returned as it is. A mask without an edge, or a band below 1 px, comes back unchanged.
    """
    if alpha.shape != picture.shape[:2]:
        raise ValueError(f"alpha is {alpha.shape} and the picture {picture.shape[:2]}")
    inside = (alpha >= 0.5).astype(np.uint8)
    if band_px < 1 or not inside.any() or inside.all():  # no pixel lies nearer to an edge than 1 px
        return alpha.copy()
    away = _distance(inside) + _distance(1 - inside)
    band = away <= band_px
    trust = np.float32(_PRIOR) * (1 + np.float32(_PRIOR_GROWTH) * (away / np.float32(band_px)) ** 2)
    box = _around(band, 2)
    out = alpha.copy()
    out[box] = _solve(np.ascontiguousarray(picture[box]), np.ascontiguousarray(alpha[box]), band[box], trust[box])
    return out


def _distance(inside: NDArray[np.uint8]) -> Alpha:
    """Return how far, in px, each pixel of 1 is from the nearest pixel of 0."""
    return cv2().distanceTransform(inside, cv2().DIST_L2, 5)


def _around(band: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(band.any(axis=1)), np.flatnonzero(band.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def _solve(picture: Picture, alpha: Alpha, band: NDArray[np.bool_], trust: Alpha) -> Alpha:
    """Return alpha solved in the band; a coarser solution is the start where the picture is large enough."""
    height, width = alpha.shape
    if min(height, width) < 3:
        return alpha
    start = np.where(band, alpha, np.where(alpha >= 0.5, np.float32(1), np.float32(0)))
    system = _System(picture, start, band, trust, _windows(picture, band))
    if max(height, width) > _SMALLEST:
        half = (max(3, (height + 1) // 2), max(3, (width + 1) // 2))
        near = resize(band.astype(np.float32), half) > 0
        rough = _solve(resize(picture, half), resize(start, half), near, resize(trust, half))
        start = np.where(band, resize(rough, (height, width)), start)
    return np.where(band, np.clip(_conjugate_gradients(system, start), 0, 1), alpha).astype(np.float32)


def _windows(picture: Picture, band: NDArray[np.bool_]) -> _Windows:
    touched = cv2().dilate(band.astype(np.uint8), np.ones((3, 3), np.uint8))
    touched[[0, -1]], touched[:, [0, -1]] = 0, 0
    rows, columns = (axis.astype(np.int32) for axis in np.nonzero(touched))
    mean, inverse = np.empty((len(rows), 3), np.float32), np.empty((len(rows), 6), np.float32)
    _statistics(picture, rows, columns, mean, inverse)
    return _Windows(rows, columns, mean, inverse)


@kernel
def _statistics(
    picture: Picture,
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    mean: NDArray[np.float32],
    inverse: NDArray[np.float32],
) -> None:
    """Fill in the mean and the inverse of the regularised covariance of every window."""
    for k in range(rows.shape[0]):
        y, x = rows[k], columns[k]
        s0 = s1 = s2 = c00 = c01 = c02 = c11 = c12 = c22 = 0.0
        for j in range(y - 1, y + 2):
            for i in range(x - 1, x + 2):
                r, g, b = float(picture[j, i, 0]), float(picture[j, i, 1]), float(picture[j, i, 2])
                s0, s1, s2 = s0 + r, s1 + g, s2 + b
                c00, c01, c02 = c00 + r * r, c01 + r * g, c02 + r * b
                c11, c12, c22 = c11 + g * g, c12 + g * b, c22 + b * b
        m0, m1, m2 = s0 / 9, s1 / 9, s2 / 9
        c00, c11, c22 = c00 / 9 - m0 * m0, c11 / 9 - m1 * m1, c22 / 9 - m2 * m2
        c00, c11, c22 = c00 + _EPSILON / 9, c11 + _EPSILON / 9, c22 + _EPSILON / 9
        c01, c02, c12 = c01 / 9 - m0 * m1, c02 / 9 - m0 * m2, c12 / 9 - m1 * m2
        i00, i01, i02 = c11 * c22 - c12 * c12, c02 * c12 - c01 * c22, c01 * c12 - c02 * c11
        determinant = c00 * i00 + c01 * i01 + c02 * i02
        mean[k, 0], mean[k, 1], mean[k, 2] = m0, m1, m2
        inverse[k, 0], inverse[k, 1], inverse[k, 2] = i00 / determinant, i01 / determinant, i02 / determinant
        inverse[k, 3] = (c00 * c22 - c02 * c02) / determinant
        inverse[k, 4] = (c01 * c02 - c00 * c12) / determinant
        inverse[k, 5] = (c00 * c11 - c01 * c01) / determinant


@kernel
def _laplacian(picture: Picture, values: Alpha, windows: _Windows, out: Alpha) -> None:
    """Fill `out` with the matting Laplacian of `values`: what is no affine function of colour, window by window."""
    out[:] = 0
    ninth = np.float32(1 / 9)
    for k in range(windows.rows.shape[0]):
        y, x = windows.rows[k], windows.columns[k]
        m0, m1, m2 = windows.mean[k, 0], windows.mean[k, 1], windows.mean[k, 2]
        total = t0 = t1 = t2 = np.float32(0)
        for j in range(y - 1, y + 2):
            for i in range(x - 1, x + 2):
                value = values[j, i]
                total += value
                t0 += picture[j, i, 0] * value
                t1 += picture[j, i, 1] * value
                t2 += picture[j, i, 2] * value
        average = total * ninth
        t0, t1, t2 = t0 * ninth - m0 * average, t1 * ninth - m1 * average, t2 * ninth - m2 * average
        v = windows.inverse[k]
        a0 = v[0] * t0 + v[1] * t1 + v[2] * t2
        a1 = v[1] * t0 + v[3] * t1 + v[4] * t2
        a2 = v[2] * t0 + v[4] * t1 + v[5] * t2
        level = average - a0 * m0 - a1 * m1 - a2 * m2
        for j in range(y - 1, y + 2):
            for i in range(x - 1, x + 2):
                line = a0 * picture[j, i, 0] + a1 * picture[j, i, 1] + a2 * picture[j, i, 2] + level
                out[j, i] += values[j, i] - line


@kernel
def _diagonal(picture: Picture, windows: _Windows, out: Alpha) -> None:
    out[:] = 0
    for k in range(windows.rows.shape[0]):
        y, x = windows.rows[k], windows.columns[k]
        v = windows.inverse[k]
        for j in range(y - 1, y + 2):
            for i in range(x - 1, x + 2):
                d0 = picture[j, i, 0] - windows.mean[k, 0]
                d1 = picture[j, i, 1] - windows.mean[k, 1]
                d2 = picture[j, i, 2] - windows.mean[k, 2]
                shape = v[0] * d0 * d0 + v[3] * d1 * d1 + v[5] * d2 * d2
                shape += np.float32(2) * (v[1] * d0 * d1 + v[2] * d0 * d2 + v[4] * d1 * d2)
                out[j, i] += np.float32(1) - (np.float32(1) + shape) * np.float32(1 / 9)


def _conjugate_gradients(system: _System, start: Alpha) -> Alpha:
    """Return `start` moved in the band towards the least energy (Hestenes and Stiefel 1952)."""
    picture, prior, band, trust, windows = system
    free = band.astype(np.float32)
    x: Alpha = start.astype(np.float32)
    product, diagonal = np.empty(x.shape, np.float32), np.empty(x.shape, np.float32)
    _diagonal(picture, windows, diagonal)
    precondition = free / (np.maximum(diagonal, 0) + trust)
    _laplacian(picture, x, windows, product)
    residual = (trust * (prior - x) - product) * free
    step = (precondition * residual).astype(np.float32, copy=False)
    power = float(np.vdot(residual, step))
    enough = max(power * _TOLERANCE**2, 1e-12)
    for _ in range(_ROUNDS):
        if power <= enough:
            break
        _laplacian(picture, step, windows, product)
        product += trust * step
        product *= free
        length = np.float32(power / max(float(np.vdot(step, product)), 1e-20))
        x += length * step
        residual -= length * product
        shaped = precondition * residual
        before, power = power, float(np.vdot(residual, shaped))
        step *= np.float32(power / before)
        step += shaped
    return x

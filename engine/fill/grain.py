"""Grain: the noise of a photo, measured around a hole and given to what was painted too clean.

Noise is what a photo differs from its own smooth parts by. It depends on the light (more electrons, more shot noise;
Foi et al., "Practical Poissonian-Gaussian noise modeling", 2008) and it is correlated between neighbours and channels
after demosaicing. So its strength is measured by brightness, and its pattern is not invented but taken from flat
places of the photo itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2

Pixels = NDArray[np.float32]
Flags = NDArray[np.bool_]
_T = TypeVar("_T", bound=np.generic)

BANDS = 12
_SIGMA_PX = 2.0
_BLOCK = 8
_TILE = 128
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Grain:
    """The noise of a photo, in the units of its pixels.

    levels: luma at which it was measured, rising. strength: standard deviation there, (n, 3) by channel.
    tile: float32 (k, k, 3), a pattern of standard deviation 1 by channel, whose edges meet when repeated.
    """

    levels: NDArray[np.float32]
    strength: NDArray[np.float32]
    tile: Pixels

    def at(self, luma: Pixels) -> Pixels:
        """Return the standard deviation by channel, (h, w, 3), at `luma`, (h, w)."""
        columns = [np.interp(luma, self.levels, self.strength[:, c]) for c in range(3)]
        return np.stack(columns, axis=-1).astype(np.float32)


def _residual(picture: Pixels) -> Pixels:
    """Return what a Gaussian of 2 px takes away: grain, and edges, which the flattest blocks have not."""
    return picture - cv2().GaussianBlur(picture, (0, 0), _SIGMA_PX, borderType=cv2().BORDER_REFLECT_101)


def _blocks(plane: NDArray[_T]) -> NDArray[_T]:
    """Return `plane` (h, w, ...) as (rows, columns, 8, 8, ...) of whole blocks."""
    rows, columns = plane.shape[0] // _BLOCK, plane.shape[1] // _BLOCK
    cut = plane[: rows * _BLOCK, : columns * _BLOCK]
    return cut.reshape(rows, _BLOCK, columns, _BLOCK, *plane.shape[2:]).swapaxes(1, 2)


def measure_grain(picture: Pixels, known: Flags, seed: int = 0) -> Grain | None:
    """Return the grain of the known pixels of `picture`, float32 (h, w, 3); None where too few blocks are known.

    In each band of brightness the flattest quarter of the 8 x 8 px blocks counts, and of those the median.
    """
    whole = _blocks(known).all(axis=(2, 3))
    if np.count_nonzero(whole) < 4 * BANDS:
        return None
    residual = _blocks(_residual(picture))[whole]
    luma = (_blocks(picture)[whole] @ _LUMA).mean(axis=(1, 2))
    spread = residual.std(axis=(1, 2))
    order = np.argsort(luma, kind="stable")
    levels, strength, flat = [], [], []
    for band in np.array_split(order, BANDS):
        busy = spread[band].mean(axis=1)
        calm = band[np.argsort(busy, kind="stable")[: max(len(band) // 4, 1)]]
        levels.append(luma[calm].mean())
        strength.append(np.median(spread[calm], axis=0))
        flat.append(calm)
    rising = np.maximum.accumulate(np.array(levels, np.float32))
    pattern = _pattern(residual, spread, np.concatenate(flat), seed)
    return Grain(rising, np.array(strength, np.float32), pattern)


def _pattern(residual: Pixels, spread: Pixels, flat: NDArray[np.intp], seed: int) -> Pixels:
    """Return a pattern of 128 x 128 px: noise with the mean spectrum and the channels' correlation of flat blocks."""
    blocks = residual[flat] / np.maximum(spread[flat], np.float32(1e-7))[:, None, None, :]
    window = np.hanning(_BLOCK + 2)[1:-1]
    spectra = np.fft.fft2(
        blocks * (window[:, None] * window)[None, :, :, None], s=(2 * _BLOCK, 2 * _BLOCK), axes=(1, 2)
    )
    correlation = np.fft.ifft2((np.abs(spectra) ** 2).mean(axis=(0, 3))).real
    wide = np.zeros((_TILE, _TILE))
    near = np.arange(1 - _BLOCK, _BLOCK)
    wide[np.ix_(near, near)] = correlation[np.ix_(near, near)]
    power = np.sqrt(np.maximum(np.fft.fft2(wide).real, 0))
    mixing = np.linalg.cholesky(np.corrcoef(blocks.reshape(-1, 3).T) + 1e-4 * np.eye(3))
    white = np.random.default_rng(seed).normal(size=(_TILE, _TILE, 3))
    shaped = np.fft.ifft2(np.fft.fft2(white, axes=(0, 1)) * power[..., None], axes=(0, 1)).real @ mixing.T
    return ((shaped - shaped.mean(axis=(0, 1))) / shaped.std(axis=(0, 1))).astype(np.float32)


def match_grain(picture: Pixels, hole: Flags, seed: int = 0) -> Pixels:
    """Return `picture`, float32 (h, w, 3), with grain added in `hole` (h, w) where it is cleaner than the rest.

    Pixels outside the hole are unchanged, and so is a hole whose grain is that of the photo: what is missing is the
    difference of the variances, at each place's brightness. Deterministic for a seed.
    """
    if hole.shape != picture.shape[:2]:
        raise ValueError(f"picture {picture.shape}, hole {hole.shape}")
    grain = measure_grain(picture, ~hole, seed) if hole.any() else None
    out = picture.copy()
    if grain is None:
        return out
    luma = cv2().GaussianBlur(picture @ _LUMA, (0, 0), _SIGMA_PX)
    wanted = grain.at(luma)
    there = _local_spread(picture, hole)
    missing = np.sqrt(np.maximum(wanted**2 - there**2, 0))
    repeats = (-(-hole.shape[0] // grain.tile.shape[0]), -(-hole.shape[1] // grain.tile.shape[1]), 1)
    pattern = np.tile(grain.tile, repeats)[: hole.shape[0], : hole.shape[1]]
    out[hole] += (missing * pattern)[hole]
    return out


def _local_spread(picture: Pixels, hole: Flags) -> Pixels:
    """Return the standard deviation of the residual in the hole around each pixel, (h, w, 3)."""
    weight = hole.astype(np.float32)
    norm = np.maximum(cv2().GaussianBlur(weight, (0, 0), 4), np.float32(1e-3))[..., None]
    square = _residual(picture) ** 2 * weight[..., None]
    return np.sqrt(cv2().GaussianBlur(square, (0, 0), 4) / norm)

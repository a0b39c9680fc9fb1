"""Putting a painted hole into a photo so that no edge and no step of colour shows where it begins.

Perez, Gangnet and Blake, "Poisson image editing" (SIGGRAPH 2003): the painting keeps its slopes and takes its level
from the photo around it. That is the painting plus a membrane: the smooth plane that is the difference of both along
the rim and harmonic inside. The membrane is solved in a pyramid, so its time is proportional to the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel
from ..opencv import cv2

Pixels = NDArray[np.float32]
Flags = NDArray[np.bool_]
Alpha = NDArray[np.float32]


@dataclass(frozen=True)
class BlendOptions:
    """ring_px: how far from the rim both are compared. limit: the largest step, as a share of the local brightness,
    that counts as one of exposure or colour; a larger one is an edge of the scene and is left alone.
    soften_px: over how many px the painting fades out beyond the hole."""

    ring_px: int = 4
    limit: float = 0.12
    soften_px: int = 3


@kernel
def _relax_(plane: Pixels, unknown: Flags, sweeps: int) -> None:
    """Make the unknown values of (h, w, 3) the mean of their neighbours, red and black in turn; borders reflect."""
    height, width = unknown.shape
    for sweep in range(2 * sweeps):
        for row in range(height):
            for column in range((row + sweep) % 2, width, 2):
                if not unknown[row, column]:
                    continue
                up, down = max(row - 1, 0), min(row + 1, height - 1)
                left, right = max(column - 1, 0), min(column + 1, width - 1)
                for c in range(plane.shape[2]):
                    near = plane[up, column, c] + plane[down, column, c]
                    near += plane[row, left, c] + plane[row, right, c]
                    plane[row, column, c] = np.float32(0.25) * near


def membrane(values: Pixels, known: Flags, sweeps: int = 12) -> Pixels:
    """Return `values`, float32 (h, w, 3), where known, and elsewhere the harmonic plane between them.

    Coarse levels are solved first (a cascadic multigrid, Bornemann and Deuflhard 1996). 0 where nothing is known.
    """
    out = np.where(known[..., None], values, np.float32(0)).astype(np.float32)
    if known.all() or not known.any():
        return out
    height, width = known.shape
    if min(height, width) > 2:
        size = ((width + 1) // 2, (height + 1) // 2)
        weight = cv2().resize(known.astype(np.float32), size, interpolation=cv2().INTER_AREA)
        sums = cv2().resize(out, size, interpolation=cv2().INTER_AREA)
        coarse = membrane(sums / np.maximum(weight, np.float32(1e-6))[..., None], weight > 0, sweeps)
        start = cv2().resize(coarse, (width, height), interpolation=cv2().INTER_LINEAR)
    else:
        start = np.broadcast_to(out[known].mean(axis=0), out.shape)
    out = np.where(known[..., None], out, start).astype(np.float32)
    _relax_(out, ~known, sweeps)
    return out


def blend(photo: Pixels, painting: Pixels, hole: Flags, options: BlendOptions = BlendOptions()) -> Pixels:
    """Return `photo` with `painting` in the hole: both float32 (h, w, 3) in linear light, hole (h, w).

    The painting must have something to say around the hole too: a fill that is the photo there changes nothing but
    its rim. Pixels farther than `soften_px` from the hole are those of the photo, bit for bit.
    """
    if photo.shape != painting.shape or hole.shape != photo.shape[:2]:
        raise ValueError(f"photo {photo.shape}, painting {painting.shape}, hole {hole.shape}")
    if not hole.any():
        return photo.copy()
    alpha = soft_alpha(hole, options.soften_px)
    ring = (cv2().dilate(hole.view(np.uint8), _square(options.ring_px)) > 0) & ~hole
    corrected = painting + _step(photo, painting, ring, hole, options)
    mixed = photo + alpha[..., None] * (corrected - photo)
    return np.where((alpha > 0)[..., None], mixed, photo).astype(np.float32)


def _step(photo: Pixels, painting: Pixels, ring: Flags, hole: Flags, options: BlendOptions) -> Pixels:
    """Return the smooth difference of both along the rim, carried into the hole, 0 far outside."""
    difference = photo - painting
    level = np.maximum(cv2().blur(photo, (9, 9), borderType=cv2().BORDER_REPLICATE), np.float32(1e-4))
    bound = np.float32(options.limit) * level
    # Noise differs from pixel to pixel and must not be carried inside, so the rim is averaged along its length.
    weight = ring.astype(np.float32)
    reach = (2 * options.ring_px + 1, 2 * options.ring_px + 1)
    norm = np.maximum(cv2().blur(weight, reach, borderType=cv2().BORDER_CONSTANT), np.float32(1e-6))[..., None]
    mean = cv2().blur(difference * weight[..., None], reach, borderType=cv2().BORDER_CONSTANT) / norm
    # A step beyond the bound is drawn back to 0: it is a line of the scene that the painting continues otherwise.
    shrunk = mean * np.clip(2 - np.abs(mean) / bound, 0, 1)
    return membrane(np.where(ring[..., None], shrunk, np.float32(0)), ~hole)


def soft_alpha(hole: Flags, soften_px: int) -> Alpha:
    """Return 1 in the hole, falling smoothly to 0 at `soften_px` px outside it."""
    if soften_px <= 0:
        return hole.astype(np.float32)
    away = cv2().distanceTransform((~hole).view(np.uint8), cv2().DIST_L2, 5)
    t = np.clip(1 - away / np.float32(soften_px + 1), 0, 1)
    return np.where(hole, np.float32(1), t * t * (3 - 2 * t)).astype(np.float32)


def blurred(values: Pixels, sigma_px: float) -> Pixels:
    """Return `values`, float32 (h, w) or (h, w, c), under a Gaussian of this width; borders reflect."""
    out: Pixels = cv2().GaussianBlur(values, (0, 0), sigma_px, borderType=cv2().BORDER_REFLECT_101)
    return out


def _square(radius: int) -> NDArray[np.uint8]:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)

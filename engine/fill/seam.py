"""Making painted pixels meet their surroundings: what a model shifted around the hole is taken back inside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from .blend import membrane

Pixels = NDArray[np.float32]
Alpha = NDArray[np.float32]

LIMIT = 0.12
"""A larger difference, in display-encoded units, is a change of content and not a shift of colour."""
_SMOOTH_SHARE = 0.006


def match_seam(painted: Pixels, shown: Pixels, alpha: Alpha) -> Pixels:
    """Return `painted` with its colour and exposure moved so that it continues `shown` without a step.

    Both are float32 (h, w, 3), display-encoded; alpha (h, w) is above 0 where `painted` will be used. The difference
    that is seen where alpha is 0 (a VAE's shift, a sampler's exposure) is continued smoothly into the hole.
    Without such a place, `painted` comes back unchanged.
    """
    known = alpha <= 0
    if not known.any() or known.all():
        return painted.copy()
    difference = np.clip(shown - painted, -LIMIT, LIMIT)
    radius = max(1.0, _SMOOTH_SHARE * max(alpha.shape))
    smooth = _known_mean(difference, known.astype(np.float32), radius)
    return np.where(known[..., None], painted, painted + membrane(smooth, known)).astype(np.float32)


def _known_mean(values: Pixels, weight: Alpha, radius_px: float) -> Pixels:
    """Return `values` blurred by a Gaussian, known pixels only."""
    total = cv2().GaussianBlur(values * weight[..., None], (0, 0), radius_px, borderType=cv2().BORDER_REPLICATE)
    share = cv2().GaussianBlur(weight, (0, 0), radius_px, borderType=cv2().BORDER_REPLICATE)
    return (total / np.maximum(share, np.float32(1e-6))[..., None]).astype(np.float32)

"""The last vote at the finest level: sharp where there is texture, calm where there is none.

A mean of patches loses the contrast in which they differ (the law of total variance), and a single patch brings detail
that nobody can know to places that are smooth. So textured places are painted from the best patches and get the
contrast back that averaging took; smooth places are painted from all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from .patchmatch import Flags

Values = NDArray[np.float32]

SHARP, SOFT = 10.0, 0.3
"""Sharpness of the votes that `finished` wants."""
CALM, BUSY = 6 / 255, 14 / 255
"""Standard deviation of luma, in encoded units, up to which a place is smooth, and from which it is textured."""
_WINDOW_PX, _DETAIL_PX = 3.0, 4.0
_RESTORE = 3.0  # coarser levels have averaged too, and what they took is not in these votes
_MOST_GAIN = np.float32(1.5)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def luma(values: Values) -> Values:
    """Return the luma (h, w) of encoded values whose first three channels are red, green and blue."""
    return values[..., :3] @ _LUMA


def finished(sharp: Values, soft: Values, busy: Values, wide: Flags) -> Values:
    """Return the two votes mixed by how busy each place is, float32 (h, w, 4), the last channel that of `soft`.

    sharp: its last channel is the mean of squared luma, which tells the contrast that the mean lost. busy: of
    `busyness`; where it is 1, the colours of `soft` do not count. wide: (h, w), what was voted on; elsewhere both are
    the picture.
    """
    detail = sharp[..., :3] - _blurred(sharp[..., :3], _DETAIL_PX)
    gain = _gain(np.maximum(sharp[..., 3] - luma(sharp) ** 2, 0), detail, wide)
    share = busy[..., None]
    out = soft.copy()
    out[..., :3] = (1 - share) * soft[..., :3] + share * (sharp[..., :3] + (gain[..., None] - 1) * detail)
    return np.where(wide[..., None], out, soft)


def busyness(votes: Values) -> Values:
    """Return 0 where `votes` (h, w, 4) are smooth, 1 where they are textured, and a soft step between, (h, w)."""
    plane = luma(votes)
    variance = _blurred(plane * plane, _WINDOW_PX) - _blurred(plane, _WINDOW_PX) ** 2
    t = np.clip((np.sqrt(np.maximum(variance, 0)) - CALM) / (BUSY - CALM), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _gain(lost: Values, detail: Values, wide: Flags) -> Values:
    """Return by how much detail is to be raised, (h, w) from 1 on: `lost` is the variance that averaging took."""
    weight = wide.astype(np.float32)
    norm = np.maximum(_blurred(weight, _DETAIL_PX), np.float32(1e-3))
    left = _blurred((detail * detail).mean(axis=2) * weight, _DETAIL_PX) / norm
    missing = _blurred(lost * weight, _DETAIL_PX) / norm
    gain = np.sqrt(1 + np.float32(_RESTORE) * missing / np.maximum(left, np.float32(1e-6)))
    return np.minimum(gain, _MOST_GAIN)


def _blurred(values: Values, sigma_px: float) -> Values:
    out: Values = cv2().GaussianBlur(values, (0, 0), sigma_px, borderType=cv2().BORDER_REFLECT_101)
    return out

"""The last vote at the finest level: what all patches say, with the contrast that their mean took from textures.

A single patch paints detail that nobody can know, and the mean of all loses the contrast in which they differ (the law
of total variance). So every place is painted with the mean, which is nearest to the truth, and textured places get
contrast back: what the mean still shows of their detail is raised, within what the patches themselves differ by.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .blend import blurred
from .patchmatch import Flags

Values = NDArray[np.float32]

SHARP = 1.0
"""Sharpness of the votes that `finished` wants."""
CALM, BUSY = 8 / 255, 17 / 255
"""Deviation of luma, in encoded units, up to which a place counts as smooth, and from which as textured."""
_WINDOW_PX, _DETAIL_PX = 1.5, 4.0
_RESTORE = 8.0  # coarser levels have averaged too, and what they took is not in these votes
_MOST_GAIN = np.float32(4)
_MOST_SPREADS = np.float32(1.2)
"""How far detail may be raised at most, in standard deviations of the patches' luma at the place."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def luma(values: Values) -> Values:
    """Return the luma (h, w) of encoded values whose first three channels are red, green and blue."""
    return values[..., :3] @ _LUMA


def finished(votes: Values, busy: Values, wide: Flags) -> Values:
    """Return votes with the contrast that averaging took from them, as far as places are `busy`, float32 (h, w, 3).

    votes: (h, w, 4), the last channel the mean of squared luma. busy: (h, w) of `busyness`. wide: (h, w), what was
    voted on; elsewhere votes are the picture on its own squares, and stay as they are.
    """
    lost = np.maximum(votes[..., 3] - luma(votes) ** 2, 0)
    detail = votes[..., :3] - blurred(votes[..., :3], _DETAIL_PX)
    raised = (_gain(lost, detail, wide) - 1)[..., None] * detail
    most = (_MOST_SPREADS * np.sqrt(blurred(lost, 1.0)) + np.float32(1e-4))[..., None]
    share = (busy * wide)[..., None]
    return (votes[..., :3] + share * most * np.tanh(raised / most)).astype(np.float32)


def busyness(votes: Values) -> Values:
    """Return 0 where what is voted for is smooth, 1 where it is textured, and a soft step between, (h, w).

    votes: as `finished` wants them. Both what their mean shows and what it lost count as texture.
    """
    plane = luma(votes)
    lost = np.maximum(votes[..., 3] - plane**2, 0)
    variance = blurred(plane * plane, _WINDOW_PX) - blurred(plane, _WINDOW_PX) ** 2
    deviation = np.sqrt(np.maximum(variance, 0) + blurred(lost, _WINDOW_PX))
    t = np.clip((deviation - CALM) / (BUSY - CALM), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _gain(lost: Values, detail: Values, wide: Flags) -> Values:
    """Return by how much detail is to be raised, (h, w) from 1 on: `lost` is the variance that averaging took."""
    weight = wide.astype(np.float32)
    norm = np.maximum(blurred(weight, _DETAIL_PX), np.float32(1e-3))
    left = blurred((detail * detail).mean(axis=2) * weight, _DETAIL_PX) / norm
    missing = blurred(lost * weight, _DETAIL_PX) / norm
    gain = np.sqrt(1 + np.float32(_RESTORE) * missing / np.maximum(left, np.float32(1e-6)))
    return np.minimum(gain, _MOST_GAIN)

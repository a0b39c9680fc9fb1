"""The subject, found by the built-in engine.

What differs from the frame's borders (minimum barrier distance and colour), is in focus and stands near the middle is
one half of the evidence, what a small network of our own takes for people, animals and things (see `subject_net`) the
other. From both, several outlines are proposed on a small copy (see `proposals`); colours and agreeing neighbours then
settle the best of them on the proxy.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from .fields import Field, Palette, coupling, resize, settle_, sigmoid, small_shape
from .lab import to_lab
from .mask import Selection
from .proposals import Scene, propose
from .salience import centred, salience
from .subject_net import recognise_subject

_SIDE = 256
_ENGINE = "built-in"
_CLEAR, _SMALLEST = 0.25, 0.004
"""Below these, nothing stands out: how clear a subject is, and its share of the picture."""
_EVEN, _SURE_PER_CLEAR = 0.55, 11.0
"""How clear a subject is when its mask is as often right as wrong, and how fast that changes: decision 67."""


def find_subject(proxy: NDArray[np.float32]) -> Selection:
    """Return the subject of `proxy`, display-encoded sRGB float32 (h, w, 3) in [0, 1], longer side about 1024 px.

    Nothing standing out is a normal result: alpha is all 0. Raises ModelMissingError without OpenCV.
    """
    small = resize(proxy, small_shape(proxy.shape, _SIDE))
    lab, seen = to_lab(small), recognise_subject(small)
    evidence = [(standing_out + seen) * np.float32(0.5) for standing_out in salience(proxy, lab)]
    p = propose(Scene(lab), evidence)
    clear = _clearness(evidence[0], p > 0.5)
    if clear < _CLEAR or (p > 0.5).mean() < _SMALLEST:
        empty = np.zeros(proxy.shape[:2], np.float32)
        return Selection(empty, 1 - max(clear, 0.0), _ENGINE, "Nothing stands out from the rest of this photo.")
    alpha = _at_full_size(proxy, p)
    return Selection(alpha, 1 / (1 + math.exp(_SURE_PER_CLEAR * (_EVEN - clear))), _ENGINE, _reason(p))


def _clearness(evidence: Field, inside: NDArray[np.bool_]) -> float:
    """Return how much more evidence there is inside than outside; 0 if everything or nothing is inside."""
    if inside.all() or not inside.any():
        return 0.0
    return float(evidence[inside].mean() - evidence[~inside].mean())


def _reason(p: Field) -> str:
    x, y = (float((p * line).sum() / p.sum()) for line in centred((p.shape[0], p.shape[1])))
    across = "left" if x < -0.17 else "right" if x > 0.17 else "middle"
    down = "upper " if y < -0.17 else "lower " if y > 0.17 else ""
    return f"What stands out by colour, sharpness and shape, in the {down}{across} of the frame."


def _at_full_size(proxy: NDArray[np.float32], p: Field) -> Field:
    """Return the soft mask at the proxy's own size, from the small one and the proxy's own colours."""
    shape = proxy.shape[0], proxy.shape[1]
    lab, big = to_lab(proxy), resize(p, shape)
    near = cv2().GaussianBlur(big, (0, 0), 1.5 * max(shape) / max(p.shape))
    odds = 1.5 * np.clip(np.log((near + 0.02) / (1.02 - near)), -4, 4)
    odds += 0.7 * np.clip(Palette(lab).odds(big, 1 - big), -3, 3)
    big = sigmoid(odds)
    settle_(big, odds, coupling(lab), 1.0, 4)
    return np.clip((big - 0.05) / 0.9, 0, 1)

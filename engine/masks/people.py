"""People without a model: the photo's subject, if it shows enough skin to be one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from .mask import Selection

_LEAST_SKIN = 0.02
_UNSURE = 0.5


def person_of(subject: Selection, picture: NDArray[np.float32]) -> Selection:
    """Return `subject` as a person, with half its confidence, or nothing if it shows hardly any skin.

    picture: display-encoded sRGB, float32 (h, w, 3) in [0, 1], at the size of the subject's alpha. Fur and wood have
    the colours of skin too, so this cannot tell a person from every other subject, and says so.
    """
    if not subject.found:
        return subject
    inside = subject.alpha > 0.5
    skin = float((_skin(picture) & inside).sum()) / max(int(inside.sum()), 1)
    if skin < _LEAST_SKIN:
        empty = np.zeros_like(subject.alpha)
        return Selection(empty, subject.confidence, subject.engine, "The subject shows no skin, so it is no person.")
    reason = "The subject; it has colours of skin, but the built-in engine cannot tell people from other subjects."
    return replace(subject, confidence=_UNSURE * subject.confidence, reason=reason)


def _skin(picture: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where colours are those of skin, light to dark (Chai and Ngan 1999: bounds of Cb and Cr)."""
    ycrcb = cv2().cvtColor(picture, cv2().COLOR_RGB2YCrCb) * np.float32(255)
    red_chroma, blue_chroma = ycrcb[..., 1], ycrcb[..., 2]
    skin = (red_chroma > 136) & (red_chroma < 173) & (blue_chroma > 80) & (blue_chroma < 125)
    solid = cv2().morphologyEx(skin.astype(np.uint8), cv2().MORPH_OPEN, np.ones((3, 3), np.uint8))
    return solid > 0

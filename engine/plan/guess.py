"""When a mask is hardly more than a guess, so that nothing is removed by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..masks.mask import Mask, Selection

LEAST_SURE = 0.3
TOO_UNSURE = "The built-in engine is too unsure of what that is: say where, or give a segmentation model."


def is_guess(engine: str, confidence: float | None, least: float) -> bool:
    """Return whether the built-in engine made a mask with less confidence than `least`; models are believed."""
    return engine == "built-in" and (confidence or 0.0) < least


def unless_guessed(selection: Selection, mask: Mask, least: float) -> tuple[Selection, Mask]:
    """Return what was found, or nothing, with the reason, where it is a guess."""
    if not selection.found or not is_guess(selection.engine, selection.confidence, least):
        return selection, mask
    nothing = replace(selection, alpha=np.zeros_like(selection.alpha), reason=TOO_UNSURE)
    return nothing, Mask(np.zeros_like(mask.gain), np.zeros_like(mask.offset))

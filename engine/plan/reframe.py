"""The steps that frame a photo, as framing."""

from __future__ import annotations

from ..framing import Framing
from ..geometry import Size
from .schema import Crop, Flip, Rotate, Straighten

MAX_STRAIGHTEN_DEG = 45.0
TOO_FAR = "A photo is straightened by at most 45 degrees in all."


def reframed(framing: Framing, source: Size, step: Crop | Straighten | Rotate | Flip) -> Framing:
    """Return `framing` after `step`; `source` is the size of the upright, unframed photo.

    Raises ValueError for a straighten step without an angle, or beyond 45 degrees in all.
    """
    match step:
        case Crop():
            framing = framing.cropped(step.left, step.top, step.right, step.bottom)
            return framing if step.ratio is None else framing.cropped_to_aspect(*step.ratio, source)
        case Straighten():
            if step.angle_deg is None:
                raise ValueError("The angle is not measured yet.")
            if abs(framing.angle_deg + step.angle_deg) > MAX_STRAIGHTEN_DEG:
                raise ValueError(TOO_FAR)
            return framing.straightened(step.angle_deg, source)
        case Rotate():
            return framing.turned(step.quarter_turns)
        case Flip():
            return framing.flipped(step.axis)

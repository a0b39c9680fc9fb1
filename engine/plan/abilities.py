"""What direct editing can carry out. Imports nothing heavy, so that a plan can be explained before it is applied."""

from __future__ import annotations

from .schema import WHOLE, Adjust, Blur, Crop, Flip, Region, Rotate, Step, Straighten, Target

_NEEDS_MODEL = "This kind of step needs a generative model; direct editing has none."
_NO_LENS = "Lens blur is not among the adjustments of direct editing."
_NO_ANGLE = "Direct editing does not measure the horizon; say the angle, as in: straighten by 2 degrees."
_NO_FINDER = "Finding this target needs a segmentation model; the built-in finder knows sky, subject and background."


def why_not(step: Step) -> str:
    """Return why direct editing cannot carry out `step` on any photo, in one sentence; "" if it can."""
    match step:
        case Adjust():
            return "" if _is_findable(step.target) else _NO_FINDER
        case Straighten():
            return _NO_ANGLE if step.angle_deg is None else ""
        case Crop() | Rotate() | Flip():
            return ""
        case Blur():
            return _NO_LENS
        case _:
            return _NEEDS_MODEL


def _is_findable(target: Target) -> bool:
    return target == WHOLE or (isinstance(target, Region) and target.kind != "person")

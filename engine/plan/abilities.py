"""What direct editing can carry out. Imports nothing heavy, so that a plan can be explained before it is applied."""

from __future__ import annotations

from ..masks.wording import names_side, needs_no_model
from .schema import Adjust, Auto, Blur, Crop, Flip, Phrase, Remove, Rotate, Step, Straighten, Target

NEEDS_GENERATOR = "This kind of step needs a generative model; direct editing has none."
NEEDS_SEGMENTER = (
    "Finding this needs a segmentation model; the built-in engines know sky, subject, background, people, colours, "
    "tones, dust spots, sides of the frame, boxes and points."
)
NEEDS_THING = "A side of the photo has no outline to remove: name a thing, or crop."


def why_not(step: Step, segmenters: bool = False) -> str:
    """Return why direct editing cannot carry out `step` on any photo, in one sentence; "" if it can.

    segmenters: whether a segmentation model is at hand, which then decides what it can find.
    """
    if reason := why_never(step):
        return reason
    match step:
        case Adjust() | Auto() | Blur() | Remove():
            return "" if segmenters or _is_findable(step.target) else NEEDS_SEGMENTER
        case Crop() | Straighten() | Rotate() | Flip():
            return ""
        case _:
            return NEEDS_GENERATOR


def why_never(step: Step) -> str:
    """Return why neither a model nor a workflow can carry out `step`, in one sentence; "" if one can."""
    match step:
        case Remove(target=Phrase(text=text)) if names_side(text):
            return NEEDS_THING
        case _:
            return ""


def needs_segmenter(step: Step) -> bool:
    """Return whether the target of `step` is found by a segmentation model alone."""
    target = getattr(step, "target", None)
    return target is not None and not _is_findable(target)


def _is_findable(target: Target) -> bool:
    return not isinstance(target, Phrase) or needs_no_model(target.text)

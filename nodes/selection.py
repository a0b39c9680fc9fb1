"""What the nodes that select share: finding a target in every photo, the picture in red, the outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from comfy_api.latest import io

from . import convert, exact
from .preview import render_frames, shown, tinted
from .settings import check_range
from .sockets import PREVIEW_SIDE
from .work import Work, work

if TYPE_CHECKING:
    from ..engine.masks.mask import Mask, Selection
    from ..engine.masks.ports import Segmenters
    from ..engine.photo import Photo
    from ..engine.plan.schema import Target
    from ..engine.tiles import Progress
    from .convert import Frame, Photos

    Finder = Callable[[Photo, Progress], tuple[Selection, Mask]]

_SEARCH = (0.0, 0.5)
"""The search's part of the progress; drawing the preview is the rest."""


def mask_side_input() -> io.Input:
    """Return the input `mask_side`, the size of the mask of a PHOTO."""
    return io.Int.Input(
        "mask_side",
        display_name="Mask size",
        optional=True,
        default=PREVIEW_SIDE,
        min=0,
        max=65536,
        advanced=True,
        tooltip="Longer side of the mask of a PHOTO, in px; 0 gives the photo's size. "
        "The mask of an IMAGE always has the image's size.",
    )


def selection_outputs() -> list[io.Output]:
    """Return the outputs mask, confidence and report."""
    return [
        io.Mask.Output("mask", display_name="mask", tooltip="1 = selected; all 0 where nothing was found."),
        io.Float.Output("confidence", display_name="confidence", tooltip="0 to 1; the lowest of a batch."),
        io.String.Output("report", display_name="report", tooltip="What was found, one line per photo."),
    ]


def selected(photo: Any, label: str, find: Finder, mask_side: int) -> io.NodeOutput:
    """Return mask, confidence and report of what `find` finds in every photo, and show it in red."""
    photos = convert.photos_of(photo)
    with work(len(photos)) as job:
        found = [_found(find, p, job.part(index, _SEARCH)) for index, p in enumerate(photos)]
        masks = [mask for _, mask in found]
        alphas, seen = rendered(photos, masks, mask_side if photo is photos else 0, job)
    report = "\n".join(_line(label, selection) for selection, _ in found)
    confidence = min(selection.confidence for selection, _ in found)
    return io.NodeOutput(exact.keep(convert.mask_of(alphas), masks, photos), confidence, report, ui=shown(seen, report))


def rendered(photos: Photos, masks: Sequence[Mask], side: int, job: Work) -> tuple[list[Frame], list[Frame]]:
    """Return the masks at `side` px (0: the photos' own size), and the photos with what is selected in red."""
    from ..engine.develop.display import frame_size
    from ..engine.masks.frame import render_mask

    alphas = [render_mask(p, m, frame_size(p, side)[1]) for p, m in zip(photos, masks, strict=True)]
    small = [render_mask(p, m, frame_size(p, PREVIEW_SIDE)[1]) for p, m in zip(photos, masks, strict=True)]
    frames = render_frames(photos, PREVIEW_SIDE, job, (_SEARCH[1], 1.0))
    return alphas, [tinted(frame, alpha) for frame, alpha in zip(frames, small, strict=True)]


def least_confidence_input() -> io.Input:
    """Return the input `least_confidence`, below which the built-in engines found nothing."""
    return io.Float.Input(
        "least_confidence",
        display_name="Least confidence",
        optional=True,
        default=0.0,
        min=0.0,
        max=1.0,
        step=0.05,
        advanced=True,
        tooltip="What the built-in engines find with less confidence counts as not found; 0 takes every guess. "
        "Before a Fill 0.3 is a good value: a wrong mask spoils a removal.",
    )


def finder(
    target: Target, segmenters: Segmenters | None = None, engine: str = "auto", least_confidence: float = 0.0
) -> Finder:
    """Return what looks for `target` in a photo, with the built-in engines if `segmenters` is None."""
    check_range("least_confidence", least_confidence, 0.0, 1.0)

    def find(photo: Photo, progress: Progress) -> tuple[Selection, Mask]:
        from ..engine.masks.ports import BUILT_IN
        from ..engine.masks.resolve import resolve
        from ..engine.plan.guess import unless_guessed

        found, mask = resolve(photo, target, segmenters or BUILT_IN, engine, progress)
        return unless_guessed(found, mask, least_confidence)

    return find


def _found(find: Finder, photo: Photo, progress: Progress) -> tuple[Selection, Mask]:
    """Return what `find` finds; the user's wish to stop is heard before it begins, too."""
    progress(0, 1)
    return find(photo, progress)


def grey(alphas: Sequence[Frame]) -> list[Frame]:
    """Return masks as pictures, for nodes that have no photo to show them on."""
    return [np.repeat(alpha[..., None], 3, axis=2) for alpha in alphas]


def _line(label: str, selection: Selection) -> str:
    if not selection.found:
        return f"No {label} found. {selection.reason}"
    return (
        f"{label[:1].upper()}{label[1:]}: {selection.coverage * 100:.0f} % of the photo, "
        f"confidence {selection.confidence:.2f}, {selection.engine} engine. {selection.reason}"
    )

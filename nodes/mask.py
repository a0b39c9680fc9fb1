"""The node that selects a part of a photo."""

from __future__ import annotations

from typing import Any, get_args

from comfy_api.latest import io

from ..engine.masks.mask import Target
from . import convert
from .preview import render_frames, shown, tinted
from .sockets import PREVIEW_SIDE, photo_or_image_input
from .work import work


class StillbytesPickMask(io.ComfyNode):
    """A mask of the sky, the subject or the background."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesPickMask",
            display_name="Pick Mask (Stillbytes)",
            category="Stillbytes/mask",
            description="Selects the sky, the subject or the background in one step, without a model.",
            search_aliases=["select sky", "select subject", "select background", "segment"],
            is_output_node=True,
            inputs=[
                photo_or_image_input(),
                io.Combo.Input(
                    "target",
                    options=list(get_args(Target)),
                    display_name="Target",
                    default="sky",
                    tooltip="What to select. The background is everything but the subject.",
                ),
                io.Int.Input(
                    "mask_side",
                    display_name="Mask size",
                    optional=True,
                    default=PREVIEW_SIDE,
                    min=0,
                    max=65536,
                    advanced=True,
                    tooltip="Longer side of the mask of a PHOTO, in px; 0 gives the photo's size. "
                    "The mask of an IMAGE always has the image's size.",
                ),
            ],
            outputs=[
                io.Mask.Output("mask", display_name="mask", tooltip="1 = selected; all 0 where nothing was found."),
                io.Float.Output("confidence", display_name="confidence", tooltip="0 to 1; the lowest of a batch."),
                io.String.Output("report", display_name="report", tooltip="What was found, one line per photo."),
            ],
        )

    @classmethod
    def execute(cls, photo: Any, target: str, mask_side: int = PREVIEW_SIDE) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        side = mask_side if photo is photos else 0
        with work(len(photos)) as job:
            from ..engine.develop.display import frame_size
            from ..engine.masks.frame import render_mask
            from ..engine.masks.select import select

            found = [select(p, target) for p in photos]
            alphas = [render_mask(p, m, frame_size(p, side)[1]) for p, (_, m) in zip(photos, found, strict=True)]
            small = [render_mask(p, m, frame_size(p, PREVIEW_SIDE)[1]) for p, (_, m) in zip(photos, found, strict=True)]
            seen = [tinted(f, a) for f, a in zip(render_frames(photos, PREVIEW_SIDE, job), small, strict=True)]
        report = "\n".join(_line(target, selection) for selection, _ in found)
        confidence = min(selection.confidence for selection, _ in found)
        return io.NodeOutput(convert.mask_of(alphas), confidence, report, ui=shown(seen, report))


def _line(target: str, selection: Any) -> str:
    if not selection.found:
        return f"No {target} found. {selection.reason}"
    return (
        f"{target.capitalize()}: {selection.coverage * 100:.0f} % of the photo, "
        f"confidence {selection.confidence:.2f}, {selection.engine} engine. {selection.reason}"
    )

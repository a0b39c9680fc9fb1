"""The node with the sliders."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from . import convert, exact
from .preview import render_frames, shown
from .settings import curve_inputs, develop_settings, setting_inputs
from .sockets import (
    COLOR_GRADING,
    COLOR_MIXER,
    PHOTO,
    PREVIEW_SIDE,
    photo_input,
    preview_output,
    preview_side_input,
)
from .work import work


class StillbytesDevelop(io.ComfyNode):
    """Develop settings on a whole photo, or on the part that a mask selects."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesDevelop",
            display_name="Develop (Stillbytes)",
            category="Stillbytes/develop",
            description="Exposure, tone, colour, detail and effects, on the whole photo or where a mask is.",
            search_aliases=["exposure", "contrast", "shadows", "adjust", "lightroom", "colour grading"],
            is_output_node=True,
            inputs=[
                photo_input(),
                io.Mask.Input(
                    "mask",
                    display_name="Mask",
                    optional=True,
                    tooltip="Where the settings act, on the photo as it comes in; any size. Without it, everywhere.",
                ),
                COLOR_MIXER.Input("color_mixer", display_name="Colour mixer", optional=True),
                COLOR_GRADING.Input("color_grading", display_name="Colour grading", optional=True),
                *curve_inputs(),
                *setting_inputs(),
                preview_side_input(),
            ],
            outputs=[PHOTO.Output("photo", display_name="photo"), preview_output()],
        )

    @classmethod
    def execute(cls, photo: Any, mask: Any = None, preview_side: int = PREVIEW_SIDE, **values: Any) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        settings = develop_settings(values)
        with work(len(photos)) as job:
            from ..engine.develop.adjust import Adjust

            masks = exact.masks_of(mask, photos)
            developed = tuple(p.with_edit(Adjust(settings, m)) for p, m in zip(photos, masks, strict=True))
            frames = render_frames(developed, preview_side, job)
        return io.NodeOutput(developed, convert.image_of(frames), ui=shown(frames))

"""The node that selects a part of a photo that has a name."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .choices import MASK_TARGETS
from .segmenters import engine_input, segmenter_input, segmenters_of
from .selection import finder, least_confidence_input, mask_side_input, selected, selection_outputs
from .sockets import PREVIEW_SIDE, photo_or_image_input


class StillbytesPickMask(io.ComfyNode):
    """A mask of the sky, the subject, the background or the people."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesPickMask",
            display_name="Pick Mask (Stillbytes)",
            category="Stillbytes/mask",
            description="Selects the sky, the subject, the background or people in one step; no model is needed.",
            search_aliases=["select sky", "select subject", "select background", "select people", "segment"],
            is_output_node=True,
            inputs=[
                photo_or_image_input(),
                io.Combo.Input(
                    "target",
                    options=MASK_TARGETS,
                    display_name="Target",
                    default="sky",
                    tooltip="What to select. The background is everything but the subject; person means all people.",
                ),
                mask_side_input(),
                segmenter_input(),
                engine_input(),
                least_confidence_input(),
            ],
            outputs=selection_outputs(),
        )

    @classmethod
    def execute(
        cls,
        photo: Any,
        target: str,
        mask_side: int = PREVIEW_SIDE,
        segmenter: Any = None,
        engine: str = "auto",
        least_confidence: float = 0.0,
    ) -> io.NodeOutput:
        from ..engine.plan.schema import WHOLE, Region

        wanted = WHOLE if target == "whole" else Region(target)
        find = finder(wanted, segmenters_of(segmenter), engine, least_confidence)
        return selected(photo, target, find, mask_side)

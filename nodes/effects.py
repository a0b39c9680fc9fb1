"""Nodes for what a photo's own figures ask for, and for lens blur."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..engine.develop.settings import AUTO_PARTS, AutoPart
from ..engine.errors import StillbytesError
from . import convert, exact
from .preview import render_frames, shown
from .settings import check_range
from .sockets import PHOTO, PREVIEW_SIDE, photo_or_image_input, preview_output, preview_side_input
from .work import work


def _amount_input(default: float, tooltip: str) -> io.Input:
    return io.Float.Input(
        "amount",
        display_name="Amount",
        optional=True,
        default=default,
        min=0.0,
        max=100.0,
        step=1.0,
        display_mode=io.NumberDisplay.slider,
        tooltip=tooltip,
    )


class StillbytesAuto(io.ComfyNode):
    """Automatic white balance and tone."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesAuto",
            display_name="Auto (Stillbytes)",
            category="Stillbytes/develop",
            description="White balance and tone that each photo's own figures ask for, within bounds; with a mask, "
            "tone by the figures of what it selects.",
            search_aliases=["auto tone", "auto white balance", "auto exposure", "enhance"],
            is_output_node=True,
            inputs=[
                photo_or_image_input(),
                io.Combo.Input(
                    "part",
                    options=list(AUTO_PARTS),
                    display_name="Part",
                    optional=True,
                    default="all",
                    tooltip="tone is exposure, highlights, shadows, whites, blacks and contrast; all adds white "
                    "balance and vibrance.",
                ),
                _amount_input(100.0, "How much of what was found, in percent."),
                preview_side_input(),
                io.Mask.Input(
                    "mask",
                    display_name="Mask",
                    optional=True,
                    tooltip="A part, for example the subject, that is measured and set alone, but for its white "
                    "balance. Without it, everything.",
                ),
            ],
            outputs=[
                PHOTO.Output("photo", display_name="photo"),
                preview_output(),
                io.String.Output("report", display_name="report", tooltip="What was measured and set, photo by photo."),
            ],
        )

    @classmethod
    def execute(
        cls,
        photo: Any,
        part: AutoPart = "all",
        amount: float = 100.0,
        preview_side: int = PREVIEW_SIDE,
        mask: Any = None,
    ) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        check_range("amount", amount, 0.0, 100.0)
        if mask is not None and part == "white_balance":
            raise StillbytesError(
                "White balance is for the whole photo.", "Disconnect the mask, or choose another part."
            )
        with work(len(photos)) as job:
            from ..engine.develop.adjust import Adjust
            from ..engine.develop.auto import automatic
            from ..engine.plan.describe import describe_settings

            masks = exact.masks_of(mask, photos)
            found = [automatic(p, part, amount, m) for p, m in zip(photos, masks, strict=True)]
            developed = tuple(
                p if one.settings.neutral else p.with_edit(Adjust(one.settings, m))
                for p, m, one in zip(photos, masks, found, strict=True)
            )
            frames = render_frames(developed, preview_side, job)
        changes = [", ".join(describe_settings(one.settings)) or "no change" for one in found]
        report = "\n".join(f"{said.capitalize()}. {one.reason}" for said, one in zip(changes, found, strict=True))
        return io.NodeOutput(developed, convert.image_of(frames), report, ui=shown(frames, report))


class StillbytesLensBlur(io.ComfyNode):
    """A part of a photo out of focus."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesLensBlur",
            display_name="Lens Blur (Stillbytes)",
            category="Stillbytes/develop",
            description="Blurs a photo, or the part that a mask selects, as a lens that is out of focus does: points "
            "of light become discs, and what stays sharp does not bleed into the blur.",
            search_aliases=["bokeh", "defocus", "background blur", "portrait mode"],
            is_output_node=True,
            inputs=[
                photo_or_image_input(),
                io.Mask.Input(
                    "mask",
                    display_name="Mask",
                    optional=True,
                    tooltip="What is blurred, for example the background, on the photo as it comes in; any size. "
                    "Without it, everything.",
                ),
                _amount_input(50.0, "At 100 a point of light becomes a disc of 4 % of the longer side across."),
                preview_side_input(),
            ],
            outputs=[PHOTO.Output("photo", display_name="photo"), preview_output()],
        )

    @classmethod
    def execute(
        cls, photo: Any, mask: Any = None, amount: float = 50.0, preview_side: int = PREVIEW_SIDE
    ) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        check_range("amount", amount, 0.0, 100.0)
        with work(len(photos)) as job:
            from ..engine.develop.defocus import LensBlur

            masks = exact.masks_of(mask, photos)
            blurred = tuple(p.with_edit(LensBlur(amount, m)) for p, m in zip(photos, masks, strict=True))
            frames = render_frames(blurred, preview_side, job)
        return io.NodeOutput(blurred, convert.image_of(frames), ui=shown(frames))

"""Nodes around any sampler: cut out what is to be repainted, and put it back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from comfy_api.latest import io

from ..engine.errors import StillbytesError
from . import convert
from .choices import CROP_MULTIPLES, HOLE_MODES
from .fill import FillModel, model_input, painter_of, redrawn_image
from .preview import render_frames, shown
from .sockets import CROP, PHOTO_OR_IMAGE, PREVIEW_SIDE, photo_or_image_input
from .work import work

if TYPE_CHECKING:
    from ..engine.fill.crop import CropOptions, InpaintCrop, Margins
    from .convert import Frame, Photos
    from .work import Work

_SIDES = ("left", "top", "right", "bottom")
_PREFILLS = ["none", "fill"]
_EDGES = ["soft", "hard"]


@dataclass(frozen=True, eq=False)
class Crops:
    """What was cut: the photos with their margins, the IMAGE where one came in, and (photo's number, crop) in order."""

    photos: Photos
    image: torch.Tensor | None
    entries: tuple[tuple[int, InpaintCrop], ...]


class StillbytesCropForInpaint(io.ComfyNode):
    """A hole with its surroundings, at a model's size."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesCropForInpaint",
            display_name="Crop for Inpaint (Stillbytes)",
            category="Stillbytes/fill",
            description="Cuts out the masked place with its surroundings at the size that a diffusion model likes. "
            "Sample it with any model, then put it back with Stitch.",
            search_aliases=["inpaint crop", "outpaint", "generative fill", "expand image"],
            inputs=[
                photo_or_image_input(),
                io.Mask.Input(
                    "mask",
                    display_name="Mask",
                    optional=True,
                    tooltip="What is to be repainted, on the photo as it comes in; any size. Not needed for margins.",
                ),
                model_input(),
                *_crop_inputs(),
                *[_margin_input(side) for side in _SIDES],
            ],
            outputs=[
                io.Image.Output("image", display_name="image", tooltip="The crops, all of one size, sRGB."),
                io.Mask.Output("mask", display_name="mask", tooltip="Where the crops are to be repainted."),
                CROP.Output("crop", display_name="crop", tooltip="For Stitch."),
            ],
        )

    @classmethod
    def execute(cls, photo: Any, mask: Any = None, fill_model: FillModel | None = None, **values: Any) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        alphas = [np.zeros((1, 1), np.float32)] * len(photos) if mask is None else convert.alphas_of(mask, len(photos))
        with work(len(photos)) as job:
            from ..engine.fill.crop import CropOptions, Margins

            margins = Margins(*(values.get(f"margin_{side}", 0) for side in _SIDES))
            options = CropOptions(
                values.get("holes", "union"),
                values.get("context", 1.5),
                values.get("megapixels", 1.0),
                int(values.get("multiple", "64")),
                values.get("feather_px", 12.0),
            )
            crops, alphas = _cut(photo, photos, alphas, margins, options)
            seen = crops.photos
            if values.get("prefill", "none") == "fill":
                seen = _filled(crops.photos, alphas, painter_of(fill_model), job)
            pictures = [replace(crop, photo=seen[index]).picture() for index, crop in crops.entries]
            masks = [crop.alpha for _, crop in crops.entries]
            if values.get("mask_edge", "soft") == "hard":
                masks = [(alpha > 0).astype(np.float32) for alpha in masks]
        return io.NodeOutput(convert.image_of(pictures), convert.mask_of(masks), crops)


def _crop_inputs() -> list[io.Input]:
    return [
        io.Combo.Input(
            "holes",
            options=HOLE_MODES,
            display_name="Holes",
            optional=True,
            default="union",
            tooltip="union: one crop around everything. each hole: a batch with one crop for each separate place.",
        ),
        io.Float.Input(
            "context",
            display_name="Context",
            optional=True,
            default=1.5,
            min=1.0,
            max=10.0,
            step=0.1,
            tooltip="Side of the crop as a multiple of the hole's. More shows the model more of the photo.",
        ),
        io.Float.Input(
            "megapixels",
            display_name="Megapixels",
            optional=True,
            default=1.0,
            min=0.05,
            max=16.0,
            step=0.05,
            tooltip="Size of the crop; 1.0 is 1024 x 1024 px, for SDXL; 0.25 suits SD 1.5.",
        ),
        io.Combo.Input(
            "multiple",
            options=CROP_MULTIPLES,
            display_name="Multiple of",
            optional=True,
            default="64",
            advanced=True,
            tooltip="What the crop's width and height divide by, in px.",
        ),
        io.Float.Input(
            "feather_px",
            display_name="Feather (px)",
            optional=True,
            default=12.0,
            min=0.0,
            max=256.0,
            step=1.0,
            tooltip="How far the mask reaches beyond the hole and fades out, in px of the crop.",
        ),
        io.Combo.Input(
            "mask_edge",
            options=_EDGES,
            display_name="Mask edge",
            optional=True,
            default="soft",
            tooltip="Of the mask for the sampler: soft suits differential diffusion, hard an inpainting model.",
        ),
        io.Combo.Input(
            "prefill",
            options=_PREFILLS,
            display_name="Prefill",
            optional=True,
            default="none",
            tooltip="fill: show the model the hole filled, by the fill model or built in, for a low denoise.",
        ),
    ]


def _margin_input(side: str) -> io.Input:
    return io.Int.Input(
        f"margin_{side}",
        display_name=f"Expand {side} (px)",
        optional=True,
        default=0,
        min=0,
        max=16384,
        step=8,
        advanced=True,
        tooltip=f"Outpainting: new space on the {side}, in px of the full photo. "
        "The edits of a PHOTO become part of its pixels, which are held in memory.",
    )


def _cut(
    given: Any, photos: Photos, alphas: list[Frame], margins: Margins, options: CropOptions
) -> tuple[Crops, list[Frame]]:
    """Return the crops of all photos, of one size, and the masks over the photos with their margins."""
    from ..engine.fill.crop import cut, expanded, expanded_alpha, pad

    image: torch.Tensor | None = None
    alphas = [expanded_alpha(a, p.size, margins) for p, a in zip(photos, alphas, strict=True)]
    if isinstance(given, torch.Tensor):
        image = given
        if any(margins):
            image = torch.from_numpy(np.stack([pad(frame.float().cpu().numpy(), margins) for frame in given]))
        photos = convert.photos_of(image)
    else:
        photos = tuple(expanded(p, margins) for p in photos)
    entries: list[tuple[int, InpaintCrop]] = []
    for index, (photo, alpha) in enumerate(zip(photos, alphas, strict=True)):
        size = entries[0][1].size if entries else None
        entries += [(index, crop) for crop in cut(photo, alpha, options, size)]
    return Crops(photos, image, tuple(entries)), alphas


def _filled(photos: Photos, alphas: list[Frame], painter: Any, job: Work) -> Photos:
    """Return the photos as the model is to see them: what it will repaint is filled first."""
    from ..engine.fill.fill import fill

    return tuple(
        fill(photo, alpha, None, painter, job.part(index))[0]
        for index, (photo, alpha) in enumerate(zip(photos, alphas, strict=True))
    )


class StillbytesStitch(io.ComfyNode):
    """Sampled crops back into the photo."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesStitch",
            display_name="Stitch (Stillbytes)",
            category="Stillbytes/fill",
            description="Puts repainted crops back where they were cut, only where the mask is. "
            "Every other pixel of the photo keeps its value.",
            search_aliases=["inpaint stitch", "paste back", "uncrop"],
            is_output_node=True,
            inputs=[
                CROP.Input("crop", display_name="Crop", tooltip="From Crop for Inpaint."),
                io.Image.Input("image", display_name="Image", tooltip="The crops after sampling, in the same order."),
                io.Boolean.Input(
                    "match_color",
                    display_name="Match colour",
                    optional=True,
                    default=True,
                    tooltip="Take back the shift of colour and exposure that the model caused around the mask.",
                ),
                io.Boolean.Input(
                    "match_grain",
                    display_name="Match grain",
                    optional=True,
                    default=True,
                    tooltip="Give what was painted the grain of the photo around it, at the photo's own resolution.",
                ),
            ],
            outputs=[PHOTO_OR_IMAGE.Output("photo", display_name="photo", tooltip="A PHOTO or an IMAGE, as was cut.")],
        )

    @classmethod
    def execute(
        cls, crop: Crops, image: torch.Tensor, match_color: bool = True, match_grain: bool = True
    ) -> io.NodeOutput:
        pictures = [frame[..., :3].float().cpu().numpy() for frame in image]
        count = len(crop.entries)
        if len(pictures) % count:
            raise StillbytesError(
                f"Stitch got {len(pictures)} images for {count} crops.", "Give one image for each crop, in order."
            )
        with work(len(pictures) // count) as job:
            from ..engine.fill.stitch import StitchOptions, stitch

            options = StitchOptions(match_color, match_grain)
            before, after = list(crop.photos), list[Any]()
            for start in range(0, len(pictures), count):
                photos = list(crop.photos)
                for (index, cut), picture in zip(crop.entries, pictures[start : start + count], strict=True):
                    photos[index] = stitch(photos[index], cut, picture, options)
                after += photos
            before *= len(pictures) // count
            frames = render_frames(tuple(after), PREVIEW_SIDE, job)
        if crop.image is None:
            return io.NodeOutput(tuple(after), ui=shown(frames))
        repeated = crop.image.repeat(len(pictures) // count, 1, 1, 1)
        boxes = [[cut.box for at, cut in crop.entries if at == n % len(crop.photos)] for n in range(len(after))]
        return io.NodeOutput(redrawn_image(repeated, tuple(before), tuple(after), boxes), ui=shown(frames))

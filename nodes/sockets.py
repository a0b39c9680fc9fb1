"""The types that travel between Stillbytes nodes, and the inputs that several of them share."""

from __future__ import annotations

from comfy_api.latest import io

PHOTO = io.Custom("PHOTO")
"""A batch of photos: a tuple of engine.photo.Photo, see convert.Photos."""
EDIT_PLAN = io.Custom("EDIT_PLAN")
"""An engine.plan EditPlan."""
COLOR_MIXER = io.Custom("COLOR_MIXER")
"""A mapping of hue to engine.develop.settings.HueShift."""
COLOR_GRADING = io.Custom("COLOR_GRADING")
"""A mapping of tonal range to engine.develop.settings.Grade."""
SEGMENTER = io.Custom("SEGMENTER")
"""A tuple of nodes.segmenters LoadedSegmenter: the models that select, in the order in which they were loaded."""
LLM = io.Custom("LLM")
"""An engine.plan.llm LanguageModel."""
FILL_MODEL = io.Custom("FILL_MODEL")
"""A nodes.fill FillModel: a painter of holes, in the care of the memory manager."""
CROP = io.Custom("CROP")
"""A nodes.inpaint Crops: what Crop for Inpaint cut out, for Stitch."""
PHOTO_OR_IMAGE = io.Custom("PHOTO,IMAGE")
"""An output that is the one or the other, as something earlier decided."""

PREVIEW_SIDE = 1536


def photo_input() -> io.Input:
    """Return the input `photo` that takes photos only."""
    return PHOTO.Input("photo", display_name="Photo", tooltip="A photo or a batch of photos.")


def photo_or_image_input() -> io.Input:
    """Return the input `photo` that takes photos or plain images."""
    return io.MultiType.Input(
        "photo", types=[PHOTO, io.Image], display_name="Photo", tooltip="A photo or an image, or a batch of them."
    )


def preview_side_input() -> io.Input:
    """Return the input `preview_side`, the size of a node's small IMAGE output."""
    return io.Int.Input(
        "preview_side",
        display_name="Preview size",
        optional=True,
        default=PREVIEW_SIDE,
        min=256,
        max=4096,
        step=64,
        advanced=True,
        tooltip="Longer side of the preview, in px. The photo itself keeps its full size.",
    )


def preview_output() -> io.Output:
    """Return the output that carries a node's preview."""
    return io.Image.Output("preview", display_name="preview", tooltip="The photo at preview size, sRGB.")


def same_type() -> io.MatchType.Template:
    """Return the template of a node that gives back a PHOTO for a PHOTO and an IMAGE for an IMAGE."""
    return io.MatchType.Template("photo", [PHOTO, io.Image])

"""Nodes for selecting with models: their loader, selection by words, and selection by points and boxes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from ..engine.errors import StillbytesError
from .choices import POINT_UNITS
from .segmenters import (
    LoadedSegmenter,
    engine_input,
    model_choices,
    model_fingerprint,
    model_path,
    register_folders,
    segmenter_input,
    segmenters_of,
)
from .selection import finder, least_confidence_input, mask_side_input, selected, selection_outputs
from .sockets import PREVIEW_SIDE, SEGMENTER, photo_or_image_input
from .work import work

if TYPE_CHECKING:
    from ..engine.masks.mask import Mask, Selection
    from ..engine.photo import Photo
    from ..engine.tiles import Progress

_POINTS = '[{"x": 0.5, "y": 0.5}]'


class StillbytesLoadSegmenter(io.ComfyNode):
    """A segmentation model, beside those that were loaded before."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        register_folders()
        return io.Schema(
            node_id="StillbytesLoadSegmenter",
            display_name="Load Segmenter (Stillbytes)",
            category="Stillbytes/mask",
            description="Loads a model that selects: SAM 2, SAM, EdgeTAM, YOLO, GroundingDINO or a semantic one. "
            "Chain several: a detector finds by name, SAM draws the outline.",
            search_aliases=["sam2", "segment anything", "yolo", "grounding dino", "segformer"],
            inputs=[
                io.Combo.Input(
                    "model",
                    options=model_choices(),
                    display_name="Model",
                    tooltip="A file or folder in models/sam2, sams, grounding-dino, ultralytics, yolo or semantic.",
                ),
                SEGMENTER.Input(
                    "others",
                    display_name="Others",
                    optional=True,
                    tooltip="Models loaded before, which travel along; of one kind the last one loaded is used.",
                ),
                io.String.Input(
                    "trusted_sha256",
                    display_name="Trusted SHA-256",
                    optional=True,
                    default="",
                    advanced=True,
                    tooltip="Only for YOLO as .pt, a file that could hold a program: its SHA-256, if you trust it.",
                ),
            ],
            outputs=[SEGMENTER.Output("segmenter", display_name="segmenter")],
        )

    @classmethod
    def fingerprint_inputs(cls, model: str | None, others: Any = None, trusted_sha256: str = "") -> str:
        return model_fingerprint(model)

    @classmethod
    def execute(cls, model: str, others: Any = None, trusted_sha256: str = "") -> io.NodeOutput:
        segmenters_of(others)  # complains about what is no SEGMENTER
        with work():
            loaded = _load(model_path(model), trusted_sha256)
        return io.NodeOutput((*(others or ()), loaded))


class StillbytesSelectByText(io.ComfyNode):
    """A mask of what a phrase names."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesSelectByText",
            display_name="Select by Text (Stillbytes)",
            category="Stillbytes/mask",
            description="Selects what a phrase names: “the sign on the left”, “all dogs”, “the sky and the red parts”.",
            search_aliases=["text to mask", "grounding dino", "find by name", "segment by prompt"],
            is_output_node=True,
            inputs=[
                photo_or_image_input(),
                io.String.Input(
                    "text",
                    display_name="Text",
                    default="the sky",
                    tooltip="What to select, in English. Things need a detector or a semantic model; sky, subject, "
                    "background, people, colours, tones and sides of the frame do not.",
                ),
                segmenter_input(),
                engine_input(),
                mask_side_input(),
                least_confidence_input(),
            ],
            outputs=selection_outputs(),
        )

    @classmethod
    def execute(
        cls,
        photo: Any,
        text: str,
        segmenter: Any = None,
        engine: str = "auto",
        mask_side: int = PREVIEW_SIDE,
        least_confidence: float = 0.0,
    ) -> io.NodeOutput:
        from ..engine.plan.schema import Phrase

        words = " ".join(text.split())
        if not 1 <= len(words) <= 200:
            raise StillbytesError("Expected 1 to 200 characters that name what to select.", "Type a few words.")
        find = finder(Phrase(text=words), segmenters_of(segmenter), engine, least_confidence)
        return selected(photo, words, find, mask_side)


class StillbytesSelectByPoints(io.ComfyNode):
    """A mask of what points and a box point at."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesSelectByPoints",
            display_name="Select by Points (Stillbytes)",
            category="Stillbytes/mask",
            description="Selects what lies under points, what stands in a box, or what lies under points in a box.",
            search_aliases=["click to mask", "box to mask", "sam points", "select object"],
            is_output_node=True,
            inputs=[
                photo_or_image_input(),
                io.String.Input(
                    "points",
                    display_name="Points",
                    optional=True,
                    default=_POINTS,
                    tooltip='JSON: [{"x": 0.4, "y": 0.5}, {"x": 0.9, "y": 0.9, "include": false}], at most 64. '
                    "Empty: only the box.",
                ),
                io.BoundingBox.Input(
                    "box",
                    display_name="Box",
                    optional=True,
                    force_input=True,
                    tooltip="In px of the photo, from a detector or a box node; of several the first is used.",
                ),
                io.Combo.Input(
                    "units",
                    options=POINT_UNITS,
                    display_name="Units of points",
                    optional=True,
                    default="fraction",
                    tooltip="fraction: 0 to 1 of width and height, from the top left. pixel: px of the photo.",
                ),
                segmenter_input(),
                engine_input(),
                mask_side_input(),
                io.String.Input(
                    "area",
                    display_name="Area",
                    optional=True,
                    default="",
                    advanced=True,
                    tooltip="A box in words: left, top, right, bottom as fractions of the photo, as in "
                    "0.2, 0.1, 0.6, 0.9. Counts where no box is connected.",
                ),
            ],
            outputs=selection_outputs(),
        )

    @classmethod
    def execute(
        cls,
        photo: Any,
        points: str = _POINTS,
        box: Any = None,
        units: str = "fraction",
        segmenter: Any = None,
        engine: str = "auto",
        mask_side: int = PREVIEW_SIDE,
        area: str = "",
    ) -> io.NodeOutput:
        from ..engine.masks.pointing import Pointing, read_area, read_box, read_points, resolve_pointing

        placed, fractions, chosen = read_points(points), read_area(area), segmenters_of(segmenter)

        def find(one: Photo, _: Progress) -> tuple[Selection, Mask]:
            where = read_box(box) or (fractions and fractions.on(one.size))
            return resolve_pointing(one, Pointing(placed, where, units == "pixel"), chosen, engine)

        return selected(photo, "thing", find, mask_side)


def _load(path: Path, trusted_sha256: str) -> LoadedSegmenter:
    from ..engine.masks.learned.open import load_segmenter
    from .memory import Managed

    patchers: list[Any] = []

    def host(net: Any) -> Managed:
        managed = Managed(net)
        patchers.append(managed.patcher)
        return managed

    allowed = {word.lower() for word in trusted_sha256.split()}
    return LoadedSegmenter(load_segmenter(path, host, allowed), patchers[0] if patchers else None)

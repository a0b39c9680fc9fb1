"""Nodes for edit plans: from words, from JSON, and onto a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from comfy_api.latest import io, ui

from . import convert
from .preview import render_frames, shown
from .sockets import EDIT_PLAN, PHOTO, PREVIEW_SIDE, photo_or_image_input, preview_output, preview_side_input
from .work import work

if TYPE_CHECKING:
    from ..engine.plan.schema import EditPlan
    from .convert import Frame, Photos

_EXAMPLE = '{"version": 1, "steps": [{"op": "adjust", "target": {"kind": "sky"}, "settings": {"exposure_ev": -0.5}}]}'


def _plan_outputs() -> list[io.Output]:
    return [
        EDIT_PLAN.Output("plan", display_name="plan"),
        io.String.Output("text", display_name="text", tooltip="What the plan will do, in plain words."),
        io.String.Output("json", display_name="json", tooltip="The plan itself, to keep or to change."),
    ]


class StillbytesPlanEdit(io.ComfyNode):
    """Words to an edit plan."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesPlanEdit",
            display_name="Plan Edit (Stillbytes)",
            category="Stillbytes/plan",
            description="Turns a wish in plain English into an edit plan, and says which words it did not understand.",
            search_aliases=["edit by words", "prompt to edit", "instruction"],
            is_output_node=True,
            inputs=[
                io.String.Input(
                    "words",
                    display_name="Words",
                    multiline=True,
                    default="",
                    placeholder="darken the sky a little, warm it up, lift the shadows on the subject",
                    tooltip="What to change, in English, at most 2,000 characters.",
                )
            ],
            outputs=_plan_outputs(),
        )

    @classmethod
    def execute(cls, words: str) -> io.NodeOutput:
        with work():
            from ..engine.plan.rules import plan_from_words

            understanding = plan_from_words(words)
            unclear = ", ".join(understanding.not_understood)
            notes = [*understanding.notes, *([f"Not understood: {unclear}."] if unclear else [])]
            return _plan_output(understanding.plan, notes)


class StillbytesEditPlan(io.ComfyNode):
    """JSON to an edit plan."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesEditPlan",
            display_name="Edit Plan (Stillbytes)",
            category="Stillbytes/plan",
            description="Reads an edit plan from JSON and checks every value in it.",
            search_aliases=["json plan", "recipe", "preset"],
            is_output_node=True,
            inputs=[
                io.String.Input(
                    "plan_json",
                    display_name="Plan",
                    multiline=True,
                    default=_EXAMPLE,
                    tooltip="An edit plan, version 1, as the command line and Plan Edit write it.",
                )
            ],
            outputs=_plan_outputs(),
        )

    @classmethod
    def execute(cls, plan_json: str) -> io.NodeOutput:
        with work():
            from ..engine.plan.validate import parse_plan

            return _plan_output(parse_plan(plan_json), [])


class StillbytesApplyPlan(io.ComfyNode):
    """An edit plan onto photos."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesApplyPlan",
            display_name="Apply Plan (Stillbytes)",
            category="Stillbytes/plan",
            description="Does what an edit plan says: finds its targets in this photo and reports every step.",
            is_output_node=True,
            inputs=[
                photo_or_image_input(),
                EDIT_PLAN.Input("plan", display_name="Plan", tooltip="From Plan Edit or Edit Plan."),
                preview_side_input(),
            ],
            outputs=[
                PHOTO.Output("photo", display_name="photo"),
                preview_output(),
                io.Mask.Output(
                    "masks",
                    display_name="masks",
                    tooltip="One mask at preview size for each step on a part of the photo, photo by photo; "
                    "one empty mask if there is no such step.",
                ),
                io.String.Output("report", display_name="report", tooltip="What each step did, or why it did nothing."),
            ],
        )

    @classmethod
    def execute(cls, photo: Any, plan: EditPlan, preview_side: int = PREVIEW_SIDE) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        with work(len(photos)) as job:
            from ..engine.plan.apply import apply_plan

            results = [apply_plan(p, plan, job.part(index, (0.0, 0.5))) for index, p in enumerate(photos)]
            edited = tuple(result for result, _ in results)
            frames = render_frames(edited, preview_side, job, (0.5, 1.0))
            masks = convert.mask_of(_step_masks(photos, edited, preview_side))
        report = "\n".join(line for _, steps in results for line in steps.lines())
        return io.NodeOutput(edited, convert.image_of(frames), masks, report, ui=shown(frames, report))


def _plan_output(plan: EditPlan, notes: list[str]) -> io.NodeOutput:
    from ..engine.plan.describe import describe_plan
    from ..engine.plan.validate import plan_to_text

    text = "\n".join([*describe_plan(plan), *notes])
    return io.NodeOutput(plan, text, plan_to_text(plan), ui=ui.PreviewText(text))


def _step_masks(before: Photos, after: Photos, side: int) -> list[Frame]:
    """Return the masks of the edits that a plan added, on the finished frames."""
    from ..engine.develop.display import frame_size
    from ..engine.masks.frame import render_mask

    masks: list[Frame] = []
    for old, new in zip(before, after, strict=True):
        added = [edit.mask for edit in new.edits[len(old.edits) :] if getattr(edit, "mask", None) is not None]
        masks += [render_mask(new, mask, frame_size(new, side)[1]) for mask in added]
    if not masks:
        size, _ = frame_size(after[0], side)
        masks.append(np.zeros((size.height, size.width), np.float32))
    return masks

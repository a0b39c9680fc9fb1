"""Nodes for edit plans: from words, from JSON, and onto a photo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from comfy_api.latest import io, ui

from . import convert, exact
from .fill import FillModel, model_input, painter_of
from .llm import listener_of, llm_input, seed_input
from .preview import render_frames, shown
from .segmenters import segmenter_input, segmenters_of
from .sockets import EDIT_PLAN, PHOTO, PREVIEW_SIDE, photo_or_image_input, preview_output, preview_side_input
from .work import work

if TYPE_CHECKING:
    import torch

    from ..engine.masks.ports import Segmenters
    from ..engine.plan.schema import EditPlan
    from .convert import Frame, Photos

_EXAMPLE = '{"version": 1, "steps": [{"op": "adjust", "target": {"kind": "sky"}, "settings": {"exposure_ev": -0.5}}]}'


def _answer_inputs() -> list[io.Input]:
    return [
        seed_input(),
        io.Int.Input(
            "max_tokens",
            display_name="Answer limit (tokens)",
            optional=True,
            default=1024,
            min=128,
            max=8192,
            advanced=True,
            tooltip="A longer answer is cut; its complete steps are kept.",
        ),
        io.Float.Input(
            "time_limit_s",
            display_name="Time limit (s)",
            optional=True,
            default=180.0,
            min=5.0,
            max=3600.0,
            advanced=True,
            tooltip="For all answers together, without loading the model.",
        ),
        io.Int.Input(
            "retries",
            display_name="Retries",
            optional=True,
            default=1,
            min=0,
            max=5,
            advanced=True,
            tooltip="How often the model is told what was wrong with its plan.",
        ),
        io.Boolean.Input(
            "look_again",
            display_name="Look again",
            optional=True,
            default=False,
            advanced=True,
            tooltip="Apply the plan, measure the photo and let the model correct itself once. Needs Photo.",
        ),
    ]


def plan_outputs() -> list[io.Output]:
    """Return the outputs of a node that makes a plan."""
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
            description="Turns a wish in plain words into an edit plan, and says which words it did not understand. "
            "Without a language model it understands English by rules.",
            search_aliases=["edit by words", "prompt to edit", "instruction"],
            is_output_node=True,
            inputs=[
                io.String.Input(
                    "words",
                    display_name="Words",
                    multiline=True,
                    default="",
                    placeholder="darken the sky a little, warm it up, lift the shadows on the subject",
                    tooltip="What to change, at most 2,000 characters; in English where no model is connected.",
                ),
                llm_input(optional=True),
                io.MultiType.Input(
                    "photo",
                    types=[PHOTO, io.Image],
                    display_name="Photo",
                    optional=True,
                    tooltip="For a model: the photo whose figures it is told, the first one of a batch.",
                ),
                *_answer_inputs(),
            ],
            outputs=plan_outputs(),
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, words: str, llm: Any = None, photo: Any = None, **asking: Any) -> io.NodeOutput:
        with work() as job:
            if llm is None:
                from ..engine.plan.rules import plan_from_words

                understanding = plan_from_words(words)
                unclear, notes = understanding.not_understood, understanding.notes
                return plan_output(understanding.plan, _remarks(unclear, notes))
            from ..engine.plan.llm.planner import plan_with_model
            from ..engine.plan.llm.settings import AskSettings

            settings = AskSettings(looks=int(asking.pop("look_again", False)), **asking)
            listener = listener_of(job, (0.0, 1.0), cls.hidden.unique_id, settings.max_tokens)
            first = None if photo is None else convert.photos_of(photo)[0]
            answer = plan_with_model(words, first, llm, settings, listener)
            source = f"Understood by {answer.source} in {answer.seconds:.1f} s."
            return plan_output(answer.plan, [*_remarks(answer.not_understood, answer.notes), source])


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
            outputs=plan_outputs(),
        )

    @classmethod
    def execute(cls, plan_json: str) -> io.NodeOutput:
        with work():
            from ..engine.plan.validate import parse_plan

            return plan_output(parse_plan(plan_json), [])


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
                model_input(),
                segmenter_input(),
                preview_side_input(),
                io.Int.Input(
                    "pending_step",
                    display_name="Pending step",
                    optional=True,
                    default=1,
                    min=1,
                    max=100,
                    advanced=True,
                    tooltip="Which of the steps that need a generative model the outputs prompt and pending_mask hand "
                    "out.",
                ),
                io.Float.Input(
                    "strength",
                    display_name="Strength (%)",
                    optional=True,
                    default=100.0,
                    min=0.0,
                    max=150.0,
                    step=5.0,
                    tooltip="Every amount in the plan times this: 0 changes no tone or colour, 100 is the plan as it "
                    "is. What has no amount stays: a crop, a removal.",
                ),
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
                EDIT_PLAN.Output("pending", display_name="pending", tooltip="The steps that need a generative model."),
                io.String.Output("prompt", display_name="prompt", tooltip="What the pending step is to paint."),
                io.Mask.Output(
                    "pending_mask",
                    display_name="pending_mask",
                    tooltip="Where the pending step paints on the edited photo, for Crop for Inpaint; all 0 where "
                    "there is no such step, or nothing was found.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        photo: Any,
        plan: EditPlan,
        fill_model: FillModel | None = None,
        preview_side: int = PREVIEW_SIDE,
        segmenter: Any = None,
        pending_step: int = 1,
        strength: float = 100.0,
    ) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        with work(len(photos)) as job:
            from ..engine.engines import Engines
            from ..engine.plan.apply import apply_plan
            from ..engine.plan.scale import scaled_plan

            plan = scaled_plan(plan, strength)
            engines = Engines(segmenters_of(segmenter), painter_of(fill_model))
            results = [apply_plan(p, plan, job.part(index, (0.0, 0.5)), engines) for index, p in enumerate(photos)]
            edited = tuple(result for result, _ in results)
            frames = render_frames(edited, preview_side, job, (0.5, 1.0))
            masks = convert.mask_of(_step_masks(photos, edited, preview_side))
            pending = _pending(edited, plan, pending_step, engines.segmenters, preview_side)
        report = "\n".join(line for _, steps in results for line in steps.lines())
        return io.NodeOutput(edited, convert.image_of(frames), masks, report, *pending, ui=shown(frames, report))


def _remarks(unclear: Sequence[str], notes: Sequence[str]) -> list[str]:
    return [*notes, *([f"Not understood: {', '.join(unclear)}."] if unclear else [])]


def plan_output(plan: EditPlan, notes: list[str]) -> io.NodeOutput:
    """Return what such a node gives: the plan, what it will do with `notes` below, and its JSON."""
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


def _pending(
    photos: Photos, plan: EditPlan, number: int, segmenters: Segmenters, side: int
) -> tuple[EditPlan, str, torch.Tensor]:
    """Return the steps that are left to a generative model, and prompt and mask of the one with this number, from 1."""
    from ..engine.develop.display import frame_size
    from ..engine.masks.frame import render_mask
    from ..engine.plan.pending import pending_plan, pending_steps, place_of, prompt_of

    steps = pending_steps(plan)
    if number > len(steps):
        sizes = [frame_size(photo, side)[0] for photo in photos]
        empty = [np.zeros((size.height, size.width), np.float32) for size in sizes]
        return pending_plan(plan), "", convert.mask_of(empty)
    step = steps[number - 1]
    masks = [place_of(photo, step, segmenters) for photo in photos]
    alphas = [render_mask(p, m, frame_size(p, side)[1]) for p, m in zip(photos, masks, strict=True)]
    return pending_plan(plan), prompt_of(step), exact.keep(convert.mask_of(alphas), masks, photos)

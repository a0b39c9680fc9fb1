"""The node that writes an edit plan as a graph of nodes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui

from ..engine.plan.compile_paint import SPEEDS, SpeedPreset
from .sockets import EDIT_PLAN, PHOTO
from .work import work

if TYPE_CHECKING:
    from ..engine.plan.schema import EditPlan
    from .convert import Photos

_ANY_FILE = "photo.dng"


class StillbytesCompilePlan(io.ComfyNode):
    """An edit plan as a graph for POST /prompt."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesCompilePlan",
            display_name="Compile Plan (Stillbytes)",
            category="Stillbytes/plan",
            description="Writes an edit plan as a graph of nodes in API form, which loads the photo, edits it and "
            "exports it. Drag the text, saved as a .json file, onto the canvas, or send it to POST /prompt.",
            search_aliases=["plan to graph", "plan to workflow", "api json"],
            is_output_node=True,
            inputs=[
                EDIT_PLAN.Input("plan", display_name="Plan", tooltip="From Plan Edit, Edit Plan or Edit Step."),
                PHOTO.Input(
                    "photo",
                    display_name="Photo",
                    optional=True,
                    tooltip="The photo that the graph loads, the first one of a batch; expanding depends on its size.",
                ),
                io.Combo.Input(
                    "speed",
                    options=list(SPEEDS),
                    display_name="Speed",
                    optional=True,
                    default="full",
                    tooltip="How steps that need a generative model are sampled; all but full need a LoRA.",
                ),
                io.String.Input(
                    "checkpoint",
                    display_name="Checkpoint",
                    optional=True,
                    default="",
                    tooltip="The SDXL checkpoint of steps that paint; empty names the usual one.",
                ),
            ],
            outputs=[
                io.String.Output("graph", display_name="graph", tooltip="The graph in API form, as JSON."),
                io.String.Output(
                    "left_out", display_name="left_out", tooltip="What of the plan is not in it, and why."
                ),
            ],
        )

    @classmethod
    def execute(
        cls, plan: EditPlan, photo: Photos | None = None, speed: SpeedPreset = "full", checkpoint: str = ""
    ) -> io.NodeOutput:
        with work():
            from ..engine.plan.compile import CompileOptions, compile_plan, unmet_needs

            chosen: dict[str, Any] = {"file": _ANY_FILE, "speed": speed}
            if photo is not None:
                chosen |= {"file": photo[0].source.name, "size": photo[0].source.size}
            if checkpoint.strip():
                chosen["checkpoint"] = checkpoint.strip()
            compiled = compile_plan(plan, CompileOptions(**chosen))
        text = json.dumps(compiled.graph, indent=2, ensure_ascii=False)
        left_out = "\n".join(compiled.left_out)
        said = "\n".join([f"{len(compiled.graph)} nodes.", *compiled.left_out, *unmet_needs(plan)])
        return io.NodeOutput(text, left_out, ui=ui.PreviewText(said))

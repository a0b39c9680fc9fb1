"""The node that makes one step of an edit plan with widgets, so that a plan can be built without JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from ..engine.develop.settings import AUTO_PARTS, CHANNELS, SETTINGS
from ..engine.errors import StillbytesError
from .plan import plan_output, plan_outputs
from .settings import curve_id, curve_inputs, curve_points, setting_inputs, slider
from .sockets import COLOR_GRADING, COLOR_MIXER, EDIT_PLAN
from .work import work

if TYPE_CHECKING:
    from ..engine.plan.schema import EditPlan

PLACES = {"box": "box", "points": "points", "tones": "luminance_range", "colour": "color_range"}
TARGETS = ["whole", "sky", "subject", "background", "person", "words", *PLACES]
_ON_A_TARGET = ("adjust", "auto", "blur", "remove", "generate")
_PERCENT = (0.0, 100.0, 50.0, 1.0)


def _prompt(tooltip: str) -> io.Input:
    return io.String.Input("prompt", display_name="Prompt", multiline=True, default="", tooltip=tooltip)


def _edges(far: float, tooltip: str) -> list[io.Input]:
    defaults = {"left": 0.0, "top": 0.0, "right": far, "bottom": far}
    return [
        slider(name, name.capitalize(), (0.0, 1.0, default, 0.01), tooltip=tooltip)
        for name, default in defaults.items()
    ]


def _kinds() -> dict[str, list[io.Input]]:
    """Return the kinds of steps and their settings, which have the names of a plan's JSON."""
    combo = io.Combo.Input
    aspect = io.String.Input(
        "aspect", display_name="Aspect", optional=True, default="", tooltip="Such as 16:9; empty is free."
    )
    level = io.Boolean.Input(
        "level", display_name="Level", optional=True, default=True, tooltip="Measure the angle in each photo."
    )
    turns = combo("quarter_turns", options=["1", "2", "3"], display_name="Quarter turns", tooltip="Clockwise.")
    axis = combo("axis", options=["horizontal", "vertical"], display_name="Axis", tooltip="horizontal swaps sides.")
    part = combo("part", options=list(AUTO_PARTS), display_name="Part", tooltip="What is set automatically.")
    return {
        "adjust": setting_inputs(),
        "auto": [part, slider("amount", "Amount", (0.0, 100.0, 100.0, 1.0), tooltip="In percent of what is found.")],
        "crop": [*_edges(1.0, "A fraction of the frame, from the left or from the top."), aspect],
        "straighten": [level, slider("angle_deg", "Angle", (-45.0, 45.0, 0.0, 0.1), tooltip="Degrees clockwise.")],
        "rotate": [turns],
        "flip": [axis],
        "blur": [slider("amount", "Amount", _PERCENT, tooltip="How far out of focus, 0 to 100.")],
        "remove": [],
        "generate": [_prompt("What to paint where the target is.")],
        "expand": [
            *_edges(0.0, "How far this side grows, as a fraction of the frame."),
            _prompt("What to paint there."),
        ],
        "restyle": [_prompt("The style."), slider("strength", "Strength", _PERCENT, tooltip="0 to 100.")],
        "upscale": [slider("factor", "Factor", (1.0, 8.0, 2.0, 0.5), tooltip="How many times larger.")],
    }


class StillbytesEditStep(io.ComfyNode):
    """One step of an edit plan, behind the steps of another plan."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesEditStep",
            display_name="Edit Step (Stillbytes)",
            category="Stillbytes/plan",
            description="Makes one step of an edit plan with widgets. Chain several to build a plan, and apply it to "
            "any photo with Apply Plan.",
            search_aliases=["plan form", "preset", "recipe step"],
            is_output_node=True,
            inputs=[
                EDIT_PLAN.Input(
                    "plan", display_name="Plan", optional=True, tooltip="The steps before this one; none if absent."
                ),
                io.DynamicCombo.Input(
                    "step",
                    options=[io.DynamicCombo.Option(kind, inputs) for kind, inputs in _kinds().items()],
                    display_name="Step",
                    tooltip="What the step does; its settings stand below.",
                ),
                io.Combo.Input(
                    "target",
                    options=TARGETS,
                    display_name="Target",
                    optional=True,
                    default="whole",
                    tooltip="Where adjust, auto, blur, remove and generate act; words takes what Words describes, "
                    "and what follows it stands in Place. Found anew in each photo.",
                ),
                io.String.Input(
                    "words",
                    display_name="Words",
                    optional=True,
                    default="",
                    tooltip="For the target words: what is meant, such as: the sign on the left.",
                ),
                io.Boolean.Input(
                    "invert",
                    display_name="Everything else",
                    optional=True,
                    default=False,
                    tooltip="Take everything but the target.",
                ),
                COLOR_MIXER.Input("color_mixer", display_name="Colour mixer", optional=True, tooltip="For adjust."),
                COLOR_GRADING.Input(
                    "color_grading", display_name="Colour grading", optional=True, tooltip="For adjust."
                ),
                io.String.Input(
                    "place",
                    display_name="Place",
                    optional=True,
                    default="",
                    tooltip="Fractions of the photo from its top left, or in %. box: left, top, right, bottom, as in "
                    "0.2, 0.1, 0.6, 0.9; it goes around a thing, and what stands in it is taken. points: 0.4, 0.5; "
                    "0.6, 0.5; not 0.1, 0.9. tones: lightness 0.5 to 0.8. colour: a hue in degrees, 0 red, 120 green, "
                    "240 blue.",
                ),
                *curve_inputs(),
            ],
            outputs=plan_outputs(),
        )

    @classmethod
    def execute(cls, step: Any = None, plan: EditPlan | None = None, **values: Any) -> io.NodeOutput:
        kinds = ", ".join(_kinds())
        if not isinstance(step, dict) or step.get("step") not in _kinds():
            raise StillbytesError("The step says nothing that a plan knows.", f"Choose one of {kinds}.")
        with work():
            from ..engine.plan.validate import parse_plan, plan_to_json

            document = {"version": 1, "summary": "", "steps": []} if plan is None else plan_to_json(plan)
            document["steps"] = [*document["steps"], _step_json(dict(step), values)]
            return plan_output(parse_plan(document), [])


def _step_json(said: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the step as it stands in a plan; what a widget leaves empty is left out."""
    kind = said.pop("step")
    made: dict[str, Any] = {"op": kind}
    if kind in _ON_A_TARGET:
        made["target"] = _target_json(values)
    if kind == "adjust":
        return made | {"settings": _settings_json(said, values)}
    if kind == "straighten" and said.pop("level", True):
        said.pop("angle_deg", None)
    if kind == "rotate" and "quarter_turns" in said:
        said["quarter_turns"] = int(said["quarter_turns"])
    return made | {name: value for name, value in said.items() if value is not None and value != ""}


def _target_json(values: Mapping[str, Any]) -> dict[str, Any]:
    target = values.get("target", "whole")
    if target == "whole":
        return {"kind": "whole"}
    if target in PLACES:
        from ..engine.plan.places import read_place

        if values.get("invert"):
            raise StillbytesError(f"Everything else than {target} is no target of a plan.", "Switch it off.")
        return read_place(PLACES[target], values.get("place", ""))
    text = values.get("words", "").strip()
    if target == "words" and not text:
        raise StillbytesError("Words is empty.", "Say in it what is meant, such as: the sign on the left.")
    named = {"kind": "phrase", "text": text} if target == "words" else {"kind": target}
    return named | ({"invert": True} if values.get("invert") else {})


def _settings_json(said: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {name: said[name] for name in SETTINGS if said.get(name) is not None}
    for name in ("color_mixer", "color_grading"):
        table = values.get(name) or {}
        settings[name] = {key: vars(entry) for key, entry in table.items()}
    curves = {channel: values.get(curve_id(channel)) for channel in CHANNELS}
    settings["curve"] = {channel: curve_points(curve) for channel, curve in curves.items() if curve is not None}
    return settings

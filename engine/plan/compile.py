"""A plan as a ComfyUI graph: nodes that a person can open, read and change, and that give the same photo.

What direct editing does is done by nodes of this pack, one or a few per step, and gives the same pixels. What needs a
generative model becomes a crop at the model's size, ComfyUI's own sampler, and a stitch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..develop.settings import SETTINGS, DevelopSettings, Grade, HueShift
from ..framing import Framing
from ..geometry import Size
from .abilities import needs_segmenter, why_never
from .compile_paint import Painting, SpeedPreset, painting_of
from .compile_targets import Masks
from .describe import describe_step
from .graph import Graph, GraphBuilder
from .guess import LEAST_SURE
from .reframe import reframed
from .schema import (
    WHOLE,
    Adjust,
    Auto,
    Blur,
    Crop,
    EditPlan,
    Expand,
    Flip,
    Generate,
    Remove,
    Restyle,
    Rotate,
    Step,
    Straighten,
    Upscale,
)

_NO_SIZE = "How far to expand depends on the photo's size, which was not given."
_NO_ANGLE = "How far to expand depends on the angle by which the photo is straightened, which is only measured later."
_UNMET = "This stops the workflow until a segmentation model is connected: add Load Segmenter."
_EXPORT = {"filename_prefix": "stillbytes/%name%-edited", "format": "tiff", "bit_depth": "16"}
_TITLE_LENGTH = 60


@dataclass(frozen=True)
class CompileOptions:
    """What a graph needs beside the plan.

    file: the photo's name in ComfyUI's input folder. size: the size of the upright photo, which expanding needs.
    """

    file: str = "photo.dng"
    size: Size | None = None
    speed: SpeedPreset = "full"
    checkpoint: str = "sd_xl_base_1.0.safetensors"
    upscaler: str = "RealESRGAN_x4plus.pth"
    seed: int = 1
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any])
    export: Mapping[str, Any] = field(default_factory=lambda: dict(_EXPORT))


@dataclass(frozen=True)
class Compiled:
    """A graph in API form, and in plain sentences what of the plan is not in it."""

    graph: Graph
    left_out: tuple[str, ...]


def compile_plan(plan: EditPlan, options: CompileOptions | None = None) -> Compiled:
    """Return the plan as a graph that loads a photo, edits it and exports it.

    As in direct editing what is to go goes first, so that all other masks are looked for in the cleaned photo.
    """
    compiler = _Compiler(options or CompileOptions())
    numbered = sorted(enumerate(plan.steps, 1), key=lambda entry: not isinstance(entry[1], Remove))
    for number, step in numbered:
        if reason := why_never(step) or compiler.take(step):
            compiler.left_out.append(f"{number}. {describe_step(step)} Left out: {reason}")
    return compiler.finish()


def unmet_needs(plan: EditPlan) -> tuple[str, ...]:
    """Return a sentence for each step whose nodes fail in a workflow that nothing is added to."""
    numbered = enumerate(plan.steps, 1)
    return tuple(f"{number}. {describe_step(step)} {_UNMET}" for number, step in numbered if needs_segmenter(step))


class _Compiler:
    """`photo` is the photo as the steps so far left it."""

    def __init__(self, options: CompileOptions) -> None:
        self._options = options
        self._build = GraphBuilder()
        self.left_out: list[str] = []
        self._photo = self._build.add("StillbytesLoadRaw", "Photo", {"file": options.file, **options.raw})
        self._masks = Masks(self._build, self._photo)
        self._framing = Framing()
        self._measured = False  # whether it is straightened by an angle that is not known yet
        self._painting: Painting | None = None

    def finish(self) -> Compiled:
        self._build.add("StillbytesExport", "Export", {"photo": self._photo, **self._options.export})
        return Compiled(self._build.graph, tuple(self.left_out))

    def take(self, step: Step) -> str:
        """Add the nodes of a step; return why there are none, "" if all is well."""
        match step:
            case Adjust():
                self._adjust(step)
            case Auto():
                self._auto(step)
            case Remove():
                self._fill(step)
            case Crop() | Straighten() | Rotate() | Flip():
                return self._frame(step)
            case Generate() | Restyle():
                mask = self._masks.whole() if isinstance(step, Restyle) else self._masks.area(step.target)
                self._photo = self._painter.repaint(self._photo, mask, step, title(step))
            case Expand():
                return self._expand(step)
            case Upscale():
                self._photo = self._painter.enlarge(self._photo, step.factor, self._options.upscaler)
                self._renew()
            case Blur():
                self._blur(step)
        return ""

    @property
    def _painter(self) -> Painting:
        if self._painting is None:
            chosen = self._options
            self._painting = painting_of(self._build, chosen.checkpoint, chosen.speed, chosen.seed)
        return self._painting

    def _adjust(self, step: Adjust) -> None:
        if step.settings.neutral:
            return
        inputs: dict[str, Any] = {"photo": self._photo}
        if step.target != WHOLE:
            inputs["mask"] = self._masks.of(step.target)
        self._photo = self._build.add("StillbytesDevelop", title(step), inputs | self._settings(step.settings))

    def _auto(self, step: Auto) -> None:
        inputs: dict[str, Any] = {"photo": self._photo, "part": step.part, "amount": step.amount}
        if step.target != WHOLE:
            inputs["mask"] = self._masks.of(step.target)
        self._photo = self._build.add("StillbytesAuto", title(step), inputs)

    def _blur(self, step: Blur) -> None:
        inputs: dict[str, Any] = {"photo": self._photo, "amount": step.amount}
        if step.target != WHOLE:
            inputs["mask"] = self._masks.of(step.target)
        self._photo = self._build.add("StillbytesLensBlur", title(step), inputs)

    def _settings(self, settings: DevelopSettings) -> dict[str, Any]:
        inputs: dict[str, Any] = {
            name: value for name, rule in SETTINGS.items() if (value := getattr(settings, name)) != rule.neutral
        }
        if mixer := _flat(settings.color_mixer, HueShift()):
            inputs["color_mixer"] = self._build.add("StillbytesColorMixer", "Colour mixer", mixer)
        if grading := _flat(settings.color_grading, Grade()):
            inputs["color_grading"] = self._build.add("StillbytesColorGrading", "Colour grading", grading)
        for channel, points in settings.curve.items():
            value = {"points": [list(point) for point in points], "interpolation": "monotone_cubic"}
            name = "curve" if channel == "rgb" else f"curve_{channel}"
            inputs[name] = self._build.add("CurveEditor", f"Tone curve ({channel})", {"curve": value})
        return inputs

    def _fill(self, step: Remove) -> None:
        inputs = {"photo": self._photo, "mask": self._masks.of(step.target, LEAST_SURE)}
        self._photo = self._build.add("StillbytesFill", title(step), inputs)
        self._masks.cleaned(self._photo)

    def _frame(self, step: Crop | Straighten | Rotate | Flip) -> str:
        if isinstance(step, Straighten) and step.angle_deg is None:
            self._measured = True
        elif self._options.size is not None:
            try:
                self._framing = reframed(self._framing, self._options.size, step)
            except ValueError as error:
                return str(error)
        inputs = frame_inputs(step)
        if inputs:
            self._photo = self._build.add("StillbytesFrame", title(step), {"photo": self._photo, **inputs})
            self._masks.framed(self._photo, inputs, turned=isinstance(step, Rotate | Flip))
        return ""

    def _expand(self, step: Expand) -> str:
        if self._options.size is None:
            return _NO_SIZE
        if self._measured:
            return _NO_ANGLE
        size = self._framing.size(self._options.size)
        shares = {"left": size.width, "top": size.height, "right": size.width, "bottom": size.height}
        margins = {f"margin_{side}": round(getattr(step, side) * extent) for side, extent in shares.items()}
        if any(margins.values()):
            self._photo = self._painter.expand(self._photo, margins, step, title(step))
            self._renew()
        return ""

    def _renew(self) -> None:
        """From here on the photo is another one: its pixels were made, and nothing is cropped away."""
        self._masks = Masks(self._build, self._photo)


def title(step: Step) -> str:
    """Return what a node of the step is called on the canvas."""
    words = describe_step(step).removesuffix(".")
    return words if len(words) <= _TITLE_LENGTH else f"{words[: _TITLE_LENGTH - 1].rstrip()}…"


def frame_inputs(step: Crop | Straighten | Rotate | Flip) -> dict[str, Any]:
    """Return the inputs of a Frame node that does what the step says, {} if it does nothing."""
    match step:
        case Crop():
            edges = {"left": (step.left, 0.0), "top": (step.top, 0.0), "right": (step.right, 1.0)}
            edges["bottom"] = (step.bottom, 1.0)
            inputs: dict[str, Any] = {name: value for name, (value, whole) in edges.items() if value != whole}
            return inputs | ({"aspect": step.aspect} if step.aspect else {})
        case Straighten():
            return (
                {"level": True} if step.angle_deg is None else {"angle_deg": step.angle_deg} if step.angle_deg else {}
            )
        case Rotate():
            return {"turn": str(step.quarter_turns * 90)}
        case Flip():
            return {"flip": step.axis}


def _flat(table: Mapping[Any, HueShift | Grade], neutral: HueShift | Grade) -> dict[str, float]:
    """Return a colour table as the inputs of its node, such as "red_hue"; what changes nothing is left out."""
    return {
        f"{key}_{part}": value
        for key, entry in table.items()
        for part in ("hue", "saturation", "luminance")
        if (value := getattr(entry, part)) != getattr(neutral, part)
    }

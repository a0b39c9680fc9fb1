"""What an edit plan can say: targets, steps and the plan, as frozen dataclasses.

`spec.py` reads the annotations of these classes; the JSON reader, the writer and the published JSON Schema follow
from them, so a range stands here once. Develop settings have their own owner, `engine/develop/settings.py`.

Positions are fractions of the upright photo, (0, 0) its top left corner and (1, 1) its bottom right one. In a target
they mean the photo before any crop; in a crop they mean the frame as the steps before it left it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias, TypeGuard

from ..develop.settings import AutoPart, DevelopSettings
from .spec import ALWAYS, Count, Range, Text, TextPattern

VERSION = 1
MAX_STEPS = 100

RegionName = Literal["sky", "subject", "background", "person"]
Fraction = Annotated[float, Range(0, 1)]
Position = Annotated[tuple[Fraction, ...], Count(2, 2)]
Prompt = Annotated[str, Text(1, 2000, lines=True)]
ASPECT = TextPattern("^[1-9][0-9]{0,3}:[1-9][0-9]{0,3}$", "two whole numbers such as 16:9")


@dataclass(frozen=True)
class Whole:
    """The whole photo."""

    kind: Literal["whole"] = field(default="whole", init=False, metadata=ALWAYS)


@dataclass(frozen=True)
class Region:
    """A part of the photo that has a name; `invert` takes everything else instead."""

    kind: RegionName = field(metadata=ALWAYS)
    invert: bool = False


@dataclass(frozen=True)
class Phrase:
    """What the words describe, for example "the sign on the left"; `invert` takes everything else instead."""

    kind: Literal["phrase"] = field(default="phrase", init=False, metadata=ALWAYS)
    text: Annotated[str, Text(1, 200)]
    invert: bool = False


@dataclass(frozen=True)
class LuminanceRange:
    """Pixels whose lightness lies from `low` to `high`, 0 black to 1 white, with soft ends of width `feather`."""

    kind: Literal["luminance_range"] = field(default="luminance_range", init=False, metadata=ALWAYS)
    low: Fraction
    high: Fraction
    feather: Fraction = 0.1

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.high <= self.low:
            yield "high", f"{self.high:g} must be above low, {self.low:g}"


@dataclass(frozen=True)
class ColorRange:
    """Pixels within `width_deg` degrees of the hue `hue_deg` (0 red, 120 green, 240 blue)."""

    kind: Literal["color_range"] = field(default="color_range", init=False, metadata=ALWAYS)
    hue_deg: Annotated[float, Range(0, 360)]
    width_deg: Annotated[float, Range(1, 180)] = 30.0


@dataclass(frozen=True)
class BoxTarget:
    """What stands in a rectangle."""

    kind: Literal["box"] = field(default="box", init=False, metadata=ALWAYS)
    left: Fraction
    top: Fraction
    right: Fraction
    bottom: Fraction

    def problems(self) -> Iterator[tuple[str, str]]:
        return _box_problems(self)


@dataclass(frozen=True)
class Points:
    """What lies under the `include` points and not under the `exclude` points, each (x, y)."""

    kind: Literal["points"] = field(default="points", init=False, metadata=ALWAYS)
    include: Annotated[tuple[Position, ...], Count(1, 64)]
    exclude: Annotated[tuple[Position, ...], Count(0, 64)] = ()


Part: TypeAlias = Region | Phrase | LuminanceRange | ColorRange | BoxTarget | Points
Target: TypeAlias = Whole | Region | Phrase | LuminanceRange | ColorRange | BoxTarget | Points


@dataclass(frozen=True)
class Adjust:
    """Develop settings on a target.

    Black and white is saturation -100: the colour mixer works before it, so that its luminance says how bright each
    colour becomes, and the colour grading works after it, so that it tones the grey.
    """

    op: Literal["adjust"] = field(default="adjust", init=False, metadata=ALWAYS)
    target: Target = field(default_factory=Whole, metadata=ALWAYS)
    settings: DevelopSettings = field(default_factory=DevelopSettings, metadata=ALWAYS)


@dataclass(frozen=True)
class Auto:
    """Settings that the photo's own figures ask for: of its white balance, its exposure, all of its tone, or all.

    They are found anew for each photo; `amount` is 0 to 100, a share of them. On a target the figures are the
    target's own, and its white balance stays.
    """

    op: Literal["auto"] = field(default="auto", init=False, metadata=ALWAYS)
    part: AutoPart = "all"
    amount: Annotated[float, Range(0, 100)] = 100.0
    target: Target = field(default_factory=Whole)

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.part == "white_balance" and self.target != WHOLE:
            yield "target", "white balance is for the whole photo"


@dataclass(frozen=True)
class Crop:
    """Keep a rectangle of the frame, then the largest centred part of it that has the shape `aspect`."""

    op: Literal["crop"] = field(default="crop", init=False, metadata=ALWAYS)
    left: Fraction = 0.0
    top: Fraction = 0.0
    right: Fraction = 1.0
    bottom: Fraction = 1.0
    aspect: Annotated[str, ASPECT] | None = None

    def problems(self) -> Iterator[tuple[str, str]]:
        return _box_problems(self)

    @property
    def ratio(self) -> tuple[int, int] | None:
        """`aspect` as (width, height), None where the shape is free."""
        if self.aspect is None:
            return None
        width, height = self.aspect.split(":")
        return int(width), int(height)


@dataclass(frozen=True)
class Straighten:
    """Turn the photo by `angle_deg`, clockwise above 0, and cut the empty corners; None finds the angle."""

    op: Literal["straighten"] = field(default="straighten", init=False, metadata=ALWAYS)
    angle_deg: Annotated[float, Range(-45, 45)] | None = None


@dataclass(frozen=True)
class Rotate:
    """Turn the photo clockwise by a number of quarter turns."""

    op: Literal["rotate"] = field(default="rotate", init=False, metadata=ALWAYS)
    quarter_turns: Annotated[int, Range(1, 3)]


@dataclass(frozen=True)
class Flip:
    """Mirror the photo: "horizontal" swaps left and right, "vertical" top and bottom."""

    op: Literal["flip"] = field(default="flip", init=False, metadata=ALWAYS)
    axis: Literal["horizontal", "vertical"]


@dataclass(frozen=True)
class Blur:
    """Blur a target as a lens would; `amount` is 0 to 100."""

    op: Literal["blur"] = field(default="blur", init=False, metadata=ALWAYS)
    target: Target = field(default_factory=Whole, metadata=ALWAYS)
    amount: Annotated[float, Range(0, 100)] = 50.0


@dataclass(frozen=True)
class Remove:
    """Take a part out and fill the place from its surroundings."""

    op: Literal["remove"] = field(default="remove", init=False, metadata=ALWAYS)
    target: Part = field(metadata=ALWAYS)


@dataclass(frozen=True)
class Generate:
    """Paint what `prompt` says where the target is.

    A box is painted as it is, for something new to stand there; elsewhere a box means the thing that stands in it.
    """

    op: Literal["generate"] = field(default="generate", init=False, metadata=ALWAYS)
    target: Part = field(metadata=ALWAYS)
    prompt: Prompt


@dataclass(frozen=True)
class Expand:
    """Paint new picture around the frame; each side grows by a fraction of the frame's width or height."""

    op: Literal["expand"] = field(default="expand", init=False, metadata=ALWAYS)
    left: Fraction = 0.0
    top: Fraction = 0.0
    right: Fraction = 0.0
    bottom: Fraction = 0.0
    prompt: Prompt | None = None


@dataclass(frozen=True)
class Restyle:
    """Repaint the photo in the style that `prompt` says; `strength` is 0 to 100."""

    op: Literal["restyle"] = field(default="restyle", init=False, metadata=ALWAYS)
    prompt: Prompt
    strength: Annotated[float, Range(0, 100)] = 50.0


@dataclass(frozen=True)
class Upscale:
    """Enlarge the photo by `factor` with a model that adds detail."""

    op: Literal["upscale"] = field(default="upscale", init=False, metadata=ALWAYS)
    factor: Annotated[float, Range(1, 8)] = 2.0


Step: TypeAlias = (
    Adjust | Auto | Crop | Straighten | Rotate | Flip | Blur | Remove | Generate | Expand | Restyle | Upscale
)


@dataclass(frozen=True)
class EditPlan:
    """Ordered steps that any photo can be edited with, and one sentence that says what they are for."""

    version: Literal[1] = field(default=1, init=False, metadata=ALWAYS)
    summary: Annotated[str, Text(0, 500)] = field(default="", metadata=ALWAYS)
    steps: Annotated[tuple[Step, ...], Count(0, MAX_STEPS)] = field(default=(), metadata=ALWAYS)


WHOLE = Whole()


def has_target(step: Step) -> TypeGuard[Adjust | Auto | Blur | Remove | Generate]:
    """Return whether the step works on a target rather than on the frame."""
    return isinstance(step, Adjust | Auto | Blur | Remove | Generate)


def _box_problems(box: BoxTarget | Crop) -> Iterator[tuple[str, str]]:
    for far, near in (("right", "left"), ("bottom", "top")):
        if getattr(box, far) - getattr(box, near) < 0.01:
            yield far, f"{getattr(box, far):g} must be at least 0.01 above {near}, {getattr(box, near):g}"

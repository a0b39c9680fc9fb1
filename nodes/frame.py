"""The node that frames: turn, mirror, straighten and crop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from ..engine.errors import StillbytesError
from . import convert
from .choices import FLIPS, TURNS
from .preview import render_frames, shown
from .settings import check_range
from .sockets import PHOTO, PREVIEW_SIDE, photo_or_image_input, preview_output, preview_side_input
from .work import work

if TYPE_CHECKING:
    from ..engine.photo import Photo
    from ..engine.plan.schema import Step

_EDGES = {"left": 0.0, "top": 0.0, "right": 1.0, "bottom": 1.0}
_MAX_ANGLE_DEG = 45.0


def _edge_input(name: str, default: float) -> io.Input:
    across = name in ("left", "right")
    return io.Float.Input(
        name,
        display_name=f"Crop {name}",
        optional=True,
        default=default,
        min=0.0,
        max=1.0,
        step=0.01,
        tooltip=f"Where the {name} edge of the crop lies: a fraction of the {'width' if across else 'height'}, "
        f"from the {'left' if across else 'top'}.",
    )


class StillbytesFrame(io.ComfyNode):
    """A photo turned, mirrored, straightened and cropped."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesFrame",
            display_name="Frame (Stillbytes)",
            category="Stillbytes/develop",
            description="Turns, mirrors, straightens and crops a photo, in this order. No pixel is lost: framing is "
            "kept beside the photo and carried out when it is rendered.",
            search_aliases=["crop", "rotate", "straighten", "flip", "mirror", "horizon", "aspect ratio"],
            is_output_node=True,
            inputs=[
                photo_or_image_input(),
                io.Combo.Input(
                    "turn",
                    options=TURNS,
                    display_name="Turn",
                    optional=True,
                    default="0",
                    tooltip="Clockwise, in degrees.",
                ),
                io.Combo.Input(
                    "flip",
                    options=FLIPS,
                    display_name="Mirror",
                    optional=True,
                    default="none",
                    tooltip="horizontal swaps left and right, vertical top and bottom.",
                ),
                io.Float.Input(
                    "angle_deg",
                    display_name="Straighten",
                    optional=True,
                    default=0.0,
                    min=-_MAX_ANGLE_DEG,
                    max=_MAX_ANGLE_DEG,
                    step=0.1,
                    tooltip="Degrees clockwise; empty corners are cut off.",
                ),
                io.Boolean.Input(
                    "level",
                    display_name="Level",
                    optional=True,
                    default=False,
                    tooltip="Measure the angle from level and upright edges, instead of Straighten; the photo stays as "
                    "it is where they do not tell.",
                ),
                *[_edge_input(name, default) for name, default in _EDGES.items()],
                io.String.Input(
                    "aspect",
                    display_name="Aspect",
                    optional=True,
                    default="",
                    tooltip="Shape of the result, such as 16:9 or 4:5; empty keeps what the crop gives.",
                ),
                preview_side_input(),
            ],
            outputs=[PHOTO.Output("photo", display_name="photo"), preview_output()],
        )

    @classmethod
    def execute(cls, photo: Any, preview_side: int = PREVIEW_SIDE, **values: Any) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        steps = _steps(values)
        with work(len(photos)) as job:
            framed = tuple(_framed(p, steps) for p in photos)
            frames = render_frames(framed, preview_side, job)
        return io.NodeOutput(framed, convert.image_of(frames), ui=shown(frames))


def _steps(values: dict[str, Any]) -> list[Step]:
    """Return the steps of a plan that the inputs mean, those that change nothing left out."""
    from ..engine.plan.schema import ASPECT, Crop, Flip, Rotate, Straighten

    turns, flip, aspect = (
        int(values.get("turn", "0")) // 90,
        values.get("flip", "none"),
        values.get("aspect", "").strip(),
    )
    angle = values.get("angle_deg", 0.0)
    check_range("angle_deg", angle, -_MAX_ANGLE_DEG, _MAX_ANGLE_DEG)
    crop = Crop(**{name: values.get(name, default) for name, default in _EDGES.items()})
    if problem := next(crop.problems(), None):
        raise StillbytesError(f"Crop {problem[0]} {problem[1]}.", "Move one of the edges.")
    steps: list[Step] = [Rotate(quarter_turns=turns)] * bool(turns)
    steps += [Flip(axis=flip)] * (flip != "none")
    steps += [Straighten()] if values.get("level") else [Straighten(angle_deg=angle)] * bool(angle)
    if aspect:
        ASPECT.parse(aspect, "aspect")
    return steps + [Crop(crop.left, crop.top, crop.right, crop.bottom, aspect or None)] * (
        crop != Crop() or bool(aspect)
    )


def _framed(photo: Photo, steps: list[Any]) -> Photo:
    from ..engine.plan.concrete import concrete_step
    from ..engine.plan.reframe import reframed

    try:
        for step in steps:
            concrete = concrete_step(photo, step).step
            if concrete is not None:
                photo = photo.with_framing(reframed(photo.framing, photo.source.size, concrete))
    except ValueError as error:
        raise StillbytesError(str(error)) from error
    return photo

"""Nodes that make masks better, combine them, or draw them from tones, colours and gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comfy_api.latest import io

from ..engine.errors import StillbytesError
from . import convert, exact
from .choices import GRADIENTS, MASK_COMBINATIONS, MASK_RANGES
from .preview import shown
from .selection import finder, grey, mask_side_input, rendered, selected, selection_outputs
from .sockets import PREVIEW_SIDE, photo_or_image_input
from .work import work


def _number(name: str, label: str, default: float, span: tuple[float, float, float], tooltip: str) -> io.Input:
    """Return an optional slider; span: lowest, highest, step."""
    low, high, step = span
    return io.Float.Input(
        name, display_name=label, optional=True, default=default, min=low, max=high, step=step, tooltip=tooltip
    )


def _fraction(name: str, label: str, default: float, tooltip: str) -> io.Input:
    return _number(name, label, default, (0.0, 1.0, 0.01), tooltip)


class StillbytesRefineMask(io.ComfyNode):
    """A mask with better edges, grown, feathered, without specks and holes."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        px = (0.0, 2000.0, 1.0)
        return io.Schema(
            node_id="StillbytesRefineMask",
            display_name="Refine Mask (Stillbytes)",
            category="Stillbytes/mask",
            description="Finds hair, fur and leaves along the edge, grows, shrinks, feathers, removes specks and "
            "holes. All lengths are px of the full-size photo.",
            search_aliases=["matting", "hair", "feather", "grow mask", "shrink mask", "fill holes"],
            is_output_node=True,
            inputs=[
                photo_or_image_input(),
                io.Mask.Input("mask", display_name="Mask", tooltip="A mask of the photo as it comes in; any size."),
                _number(
                    "edge_px", "Edge", 0.0, px, "How far from the outline hair or leaves may reach, in px; 0 keeps it."
                ),
                _number("grow_px", "Grow", 0.0, (-2000.0, 2000.0, 1.0), "Outwards, or inwards below 0, in px."),
                _number("feather_px", "Feather", 0.0, px, "How far the edge is blurred, in px."),
                _number("specks_px", "Remove specks", 0.0, px, "Separate parts up to this wide go, in px."),
                _number("holes_px", "Fill holes", 0.0, px, "Holes up to this wide are filled, in px."),
                mask_side_input(),
            ],
            outputs=[io.Mask.Output("mask", display_name="mask")],
        )

    @classmethod
    def execute(cls, photo: Any, mask: Any, mask_side: int = PREVIEW_SIDE, **lengths: float) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        with work(len(photos)) as job:
            from ..engine.masks.polish import Polish, polish

            how = Polish(**lengths)
            alphas = convert.alphas_of(mask, len(photos))
            masks = [polish(p, a, how) for p, a in zip(photos, alphas, strict=True)]
            refined, seen = rendered(photos, masks, mask_side if photo is photos else 0, job)
        return io.NodeOutput(convert.mask_of(refined), ui=shown(seen))


class StillbytesCombineMasks(io.ComfyNode):
    """Two masks as one."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesCombineMasks",
            display_name="Combine Masks (Stillbytes)",
            category="Stillbytes/mask",
            description="Adds, subtracts or intersects two masks of any size, and inverts.",
            search_aliases=["mask union", "mask difference", "mask intersection", "invert mask"],
            inputs=[
                io.Mask.Input("first", display_name="First", tooltip="The result has the size of this mask."),
                io.Mask.Input(
                    "second", display_name="Second", optional=True, tooltip="Without it the first is only inverted."
                ),
                io.Combo.Input(
                    "how",
                    options=MASK_COMBINATIONS,
                    display_name="How",
                    optional=True,
                    default="add",
                    tooltip="add: in either. subtract: in the first but not in the second. intersect: in both.",
                ),
                io.Boolean.Input(
                    "invert",
                    display_name="Invert result",
                    optional=True,
                    default=False,
                    tooltip="Select everything else instead.",
                ),
            ],
            outputs=[io.Mask.Output("mask", display_name="mask")],
        )

    @classmethod
    def execute(cls, first: Any, second: Any = None, how: str = "add", invert: bool = False) -> io.NodeOutput:
        with work():
            from ..engine.masks import ops

            count = max(1, first.shape[:-2].numel())
            alphas = convert.alphas_of(first, count)
            if second is not None:
                others = [
                    ops.resized(o, a.shape) for o, a in zip(convert.alphas_of(second, count), alphas, strict=True)
                ]
                alphas = [ops.combine(a, o, how) for a, o in zip(alphas, others, strict=True)]
            alphas = [ops.invert(a) for a in alphas] if invert else alphas
        combined = convert.mask_of(alphas)
        if second is None and invert:
            combined = exact.inverted(first, combined)
        return io.NodeOutput(combined, ui=shown(grey(alphas)))


class StillbytesRangeMask(io.ComfyNode):
    """A mask of tones or of a colour."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesRangeMask",
            display_name="Range Mask (Stillbytes)",
            category="Stillbytes/mask",
            description="Selects by lightness or by hue, everywhere in the photo.",
            search_aliases=["luminance range", "color range", "luminosity mask", "select highlights"],
            is_output_node=True,
            inputs=[
                photo_or_image_input(),
                io.Combo.Input(
                    "kind",
                    options=MASK_RANGES,
                    display_name="Kind",
                    tooltip="lightness: between darkest and lightest. colour: around a hue.",
                ),
                _fraction("low", "Darkest", 0.7, "Lightness, 0 black to 1 white, from which on pixels are selected."),
                _fraction("high", "Lightest", 1.0, "Lightness up to which pixels are selected."),
                _fraction("feather", "Feather", 0.1, "Width of the soft ends, in lightness."),
                _number("hue_deg", "Hue", 220.0, (0.0, 360.0, 1.0), "0 red, 60 yellow, 120 green, 240 blue."),
                _number("width_deg", "Hue width", 30.0, (1.0, 180.0, 1.0), "How far from the hue, in degrees."),
                mask_side_input(),
            ],
            outputs=selection_outputs(),
        )

    @classmethod
    def execute(
        cls,
        photo: Any,
        kind: str,
        mask_side: int = PREVIEW_SIDE,
        hue_deg: float = 220.0,
        width_deg: float = 30.0,
        **tones: float,
    ) -> io.NodeOutput:
        from ..engine.plan.schema import ColorRange, LuminanceRange

        if kind == "colour":
            hue = ColorRange(hue_deg=hue_deg % 360, width_deg=min(max(width_deg, 1.0), 180.0))
            return selected(photo, "colour of this hue", finder(hue), mask_side)
        span = LuminanceRange(**({"low": 0.7, "high": 1.0, "feather": 0.1} | tones))
        if span.high <= span.low:
            raise StillbytesError(f"Lightest, {span.high:g}, must be above darkest, {span.low:g}.", "Move one of them.")
        return selected(photo, "tones of this lightness", finder(span), mask_side)


class StillbytesGradientMask(io.ComfyNode):
    """A mask that falls off along a line or from a centre."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesGradientMask",
            display_name="Gradient Mask (Stillbytes)",
            category="Stillbytes/mask",
            description="A linear or radial gradient over the photo. Positions are fractions from the top left.",
            search_aliases=["graduated filter", "radial filter", "vignette mask"],
            is_output_node=True,
            inputs=[
                photo_or_image_input(),
                io.Combo.Input(
                    "kind",
                    options=GRADIENTS,
                    display_name="Kind",
                    tooltip="linear: 1 at the start, 0 at the end. radial: 1 at the start, 0 at the rim of an ellipse. "
                    "rectangle: 1 from the start, its top left corner, to the end.",
                ),
                _fraction("start_x", "Start x", 0.5, "Where the gradient starts, or the ellipse's centre."),
                _fraction("start_y", "Start y", 0.0, "Where the gradient starts, or the ellipse's centre."),
                _fraction("end_x", "End x", 0.5, "Where a linear gradient ends, or a rectangle."),
                _fraction("end_y", "End y", 0.5, "Where a linear gradient ends, or a rectangle."),
                _number("radius_x", "Radius x", 0.4, (0.01, 2.0, 0.01), "Of the ellipse, in fractions of the width."),
                _number("radius_y", "Radius y", 0.4, (0.01, 2.0, 0.01), "Of the ellipse, in fractions of the height."),
                _fraction("feather", "Feather", 1.0, "Share of the radius over which a radial gradient falls."),
                io.Boolean.Input(
                    "invert",
                    display_name="Invert",
                    optional=True,
                    default=False,
                    tooltip="Select outside instead of inside.",
                ),
                mask_side_input(),
            ],
            outputs=[io.Mask.Output("mask", display_name="mask")],
        )

    @classmethod
    def execute(
        cls, photo: Any, kind: str, mask_side: int = PREVIEW_SIDE, invert: bool = False, **where: float
    ) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        with work(len(photos)) as job:
            from ..engine.develop.display import frame_size
            from ..engine.masks import ops
            from ..engine.masks.refine import from_alpha

            side = mask_side if photo is photos else 0
            sizes = [frame_size(p, side)[0] for p in photos]
            alphas = [_gradient(kind, (size.height, size.width), where) for size in sizes]
            alphas = [ops.invert(a) for a in alphas] if invert else alphas
            masks = [from_alpha(a, p) for p, a in zip(photos, alphas, strict=True)]
            _, seen = rendered(photos, masks, PREVIEW_SIDE, job)
        return io.NodeOutput(convert.mask_of(alphas), ui=shown(seen))


_START = {"start_x": 0.5, "start_y": 0.0, "end_x": 0.5, "end_y": 0.5, "radius_x": 0.4, "radius_y": 0.4, "feather": 1.0}


def _gradient(kind: str, shape: tuple[int, int], given: Mapping[str, float]) -> convert.Frame:
    from ..engine.masks import ops

    at = _START | dict(given)
    start, end = (at["start_x"], at["start_y"]), (at["end_x"], at["end_y"])
    try:
        if kind == "linear":
            return ops.linear_gradient(shape, start, end)
        if kind == "rectangle":
            return ops.rectangle(shape, start, end)
        return ops.radial_gradient(shape, start, (at["radius_x"], at["radius_y"]), at["feather"])
    except ValueError as error:
        raise StillbytesError(f"This is no gradient: {error}.") from error

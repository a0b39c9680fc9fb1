"""Develop settings as node inputs, and node inputs as develop settings. The table is the engine's."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from comfy_api.latest import io

from ..engine.develop.settings import CHANNELS, SETTINGS, Channel, CurvePoint, DevelopSettings
from ..engine.errors import StillbytesError

_FOLDED_AWAY = frozenset({"detail", "effects"})
_NAMES = {
    "exposure_ev": "Exposure (EV)",
    "sharpen_radius_px": "Sharpen radius (px)",
    "color_noise_reduction": "Colour noise reduction",
}
_BLUE_TO_YELLOW = [{"offset": 0, "color": [60, 110, 220]}, {"offset": 1, "color": [240, 200, 60]}]
_GREEN_TO_MAGENTA = [{"offset": 0, "color": [70, 180, 80]}, {"offset": 1, "color": [210, 70, 190]}]
_GRADIENTS = {"temperature": _BLUE_TO_YELLOW, "tint": _GREEN_TO_MAGENTA}


def slider(name: str, label: str, bounds: tuple[float, float, float, float], **more: Any) -> io.Input:
    """Return an optional slider; bounds: lowest, highest, default and step."""
    low, high, default, step = bounds
    display = io.NumberDisplay.gradient_slider if "gradient_stops" in more else io.NumberDisplay.slider
    return io.Float.Input(
        name,
        display_name=label,
        optional=True,
        default=default,
        min=low,
        max=high,
        step=step,
        round=step,
        display_mode=display,
        **more,
    )


def setting_inputs() -> list[io.Input]:
    """Return one optional slider for each setting of the engine's table; detail and effects are folded away."""
    inputs: list[io.Input] = []
    for name, rule in SETTINGS.items():
        more: dict[str, Any] = {"tooltip": rule.text, "advanced": rule.group in _FOLDED_AWAY or None}
        if name in _GRADIENTS:
            more["gradient_stops"] = _GRADIENTS[name]
        label = _NAMES.get(name, name.replace("_", " ").capitalize())
        inputs.append(slider(name, label, (rule.low, rule.high, rule.neutral, rule.step), **more))
    return inputs


def curve_inputs() -> list[io.Input]:
    """Return one socket for a CURVE of ComfyUI's Curve Editor per channel."""
    return [
        io.Custom("CURVE").Input(
            curve_id(channel),
            display_name="Curve" if channel == "rgb" else f"{channel.capitalize()} curve",
            optional=True,
            extra_dict={"forceInput": True},
            tooltip=f"Tone curve of {'all channels' if channel == 'rgb' else channel}, 0 to 1, from a Curve Editor.",
        )
        for channel in CHANNELS
    ]


def curve_id(channel: Channel) -> str:
    """Return the id of the input that carries the curve of `channel`."""
    return "curve" if channel == "rgb" else f"curve_{channel}"


def develop_settings(values: Mapping[str, Any]) -> DevelopSettings:
    """Return the settings of a node's inputs, whose ids are setting and curve ids, `color_mixer`, `color_grading`.

    An absent input, or None, is neutral. Raises StillbytesError for a value outside its range: ComfyUI does not
    check the range of a value that comes from another node.
    """
    given = {name: value for name, value in values.items() if value is not None}
    curves = {c: curve_points(given.pop(curve_id(c))) for c in CHANNELS if curve_id(c) in given}
    for name in SETTINGS.keys() & given.keys():
        check_range(name, given[name], SETTINGS[name].low, SETTINGS[name].high)
    return DevelopSettings(curve=curves, **given)


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise StillbytesError unless `value` lies from `low` to `high`; NaN does not."""
    if not low <= value <= high:
        raise StillbytesError(f"{name} must lie between {low:g} and {high:g}, found {value:g}.")


def curve_points(curve: Any) -> tuple[CurvePoint, ...]:
    """Return the points of a CURVE from a Curve Editor. Raises StillbytesError if it is no curve."""
    points = tuple((float(x), float(y)) for x, y in curve.points)
    inside = all(0.0 <= value <= 1.0 for point in points for value in point)
    if len(points) < 2 or not inside or any(b[0] <= a[0] for a, b in pairwise(points)):
        raise StillbytesError("A curve needs at least two points from 0 to 1, from left to right.")
    return points

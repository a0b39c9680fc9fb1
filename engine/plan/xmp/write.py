"""A plan as an XMP sidecar: what Camera Raw settings can say is written, all else is listed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ...develop.settings import SETTINGS, DevelopSettings, Grade, HueShift
from ...framing import Framing
from ...geometry import Size
from ..describe import describe_step
from ..reframe import reframed
from ..schema import Adjust, Auto, Crop, EditPlan, Flip, LuminanceRange, Rotate, Step, Straighten, Whole
from . import fields
from .frame import Sensor, to_sensor
from .masks import correction
from .rdf import Struct, Value, write_rdf
from .settings import Remarks, global_settings, local_settings

_NO_MASK = "Lightroom's files name no mask that finds this in every photo."
_NO_PLACE = "Lightroom's settings have no place for this."
_NO_NUMBERS = "Its numbers are the photo's: name the photo."
_NEEDS_PHOTO = "This depends on the photo's size: name the photo."
_UNTURNED = "The crop is written for a photo that the camera did not turn: name the photo to be sure."
_SQUARE = Size(1, 1)


@dataclass(frozen=True)
class Sidecar:
    """An XMP sidecar's text, and in plain sentences what of the plan it does not say."""

    text: str
    left_out: tuple[str, ...]


def plan_to_xmp(plan: EditPlan, sensor: Sensor | None = None) -> Sidecar:
    """Return the plan as Camera Raw settings.

    sensor: the photo's own frame; without it a crop is taken to be of an unturned photo, and what needs the photo's
    size is left out. Several steps on the whole photo become one: their amounts are added.
    """
    writer = _Writer(sensor)
    for number, step in enumerate(plan.steps, 1):
        writer.take(number, step)
    return writer.sidecar()


class _Writer:
    def __init__(self, sensor: Sensor | None) -> None:
        self._sensor = sensor
        self._whole: DevelopSettings | None = None
        self._corrections: list[Value] = []
        self._framing = Framing()
        self._left_out: list[str] = []

    def take(self, number: int, step: Step) -> None:
        match step:
            case Adjust(target=Whole()):
                self._add(number, step.settings)
            case Adjust():
                self._mask(number, step)
            case Crop() | Straighten() | Rotate() | Flip():
                self._frame(number, step)
            case Auto():
                self._leave(number, step, _NO_NUMBERS)
            case _:
                self._leave(number, step, _NO_PLACE)

    def sidecar(self) -> Sidecar:
        remarks = Remarks()
        said: Struct = {"Version": fields.VERSION, "ProcessVersion": fields.PROCESS_VERSION}
        if self._whole is not None:
            said |= global_settings(self._whole, remarks, self._sensor.light if self._sensor else None)
        properties: Struct = self._placed(said)
        properties |= {f"crs:{name}": value for name, value in said.items()}
        properties |= {"crs:HasSettings": "True", "crs:AlreadyApplied": "False"}
        if self._corrections:
            properties[f"crs:{fields.MASKS}"] = self._corrections
        return Sidecar(write_rdf(properties), (*self._left_out, *remarks.lines))

    def _leave(self, number: int, step: Step, reason: str) -> None:
        self._left_out.append(f"{number}. {describe_step(step)} Left out: {reason}")

    def _add(self, number: int, settings: DevelopSettings) -> None:
        if self._whole is None:
            self._whole = settings
            return
        self._whole, twice = _merged(self._whole, settings)
        if twice:
            self._left_out.append(
                f"{number}. Lightroom has each setting once: of {', '.join(twice)} the sum with the steps before is "
                "written; a curve or a hue is the first one's."
            )

    def _mask(self, number: int, step: Adjust) -> None:
        remarks = Remarks()
        local = local_settings(step.settings, remarks)
        target = step.target
        made = None if isinstance(target, Whole) else correction(target, local, number)
        if made is None:
            self._leave(number, step, _NO_MASK)
            return
        if isinstance(target, LuminanceRange) and not target.feather <= max(target.low, 1 - target.high):
            remarks.lines.append("Its soft ends stop at black and white.")
        if local:
            self._corrections.append(made)
        elif remarks.lines:
            self._leave(number, step, "")
        self._left_out += [f"{number}. {line}" for line in remarks.lines]

    def _frame(self, number: int, step: Crop | Straighten | Rotate | Flip) -> None:
        if isinstance(step, Straighten) and step.angle_deg is None:
            self._leave(number, step, _NO_NUMBERS)
            return
        needs_size = isinstance(step, Straighten) or (isinstance(step, Crop) and step.aspect is not None)
        if needs_size and self._sensor is None:
            self._leave(number, step, _NEEDS_PHOTO)
            return
        try:
            self._framing = reframed(self._framing, self._sensor.upright if self._sensor else _SQUARE, step)
        except ValueError as error:
            self._leave(number, step, f"{str(error)[:1].upper()}{str(error)[1:].removesuffix('.')}.")

    def _placed(self, said: Struct) -> Struct:
        """Add the crop to `said`, and return the properties of the turn."""
        if self._framing.whole and self._sensor is None:
            return {}
        sensor = self._sensor or Sensor(_SQUARE)
        crop = to_sensor(self._framing, sensor)
        if not replace(self._framing, orientation=1).whole:
            if self._sensor is None:
                self._left_out.append(_UNTURNED)
            said |= dict(zip(fields.CROP, (f"{value:.6f}" for value in crop[:4]), strict=True))
            said |= {"CropAngle": f"{crop.angle_deg:.6g}", "HasCrop": "True"}
        properties: Struct = {"tiff:Orientation": str(crop.orientation)}
        if self._sensor is not None:
            size = self._sensor.size
            properties |= {"tiff:ImageWidth": str(size.width), "tiff:ImageLength": str(size.height)}
        return properties


def _merged(first: DevelopSettings, second: DevelopSettings) -> tuple[DevelopSettings, list[str]]:
    """Return both settings as one, and what both of them set."""
    values: dict[str, Any] = {}
    twice: list[str] = []
    for name, rule in SETTINGS.items():
        a, b = getattr(first, name), getattr(second, name)
        if rule.neutral not in (a, b):
            twice.append(name)
        values[name] = min(max(a + b - rule.neutral, rule.low), rule.high)
    for name in ("color_mixer", "color_grading", "curve"):
        a, b = dict(getattr(first, name)), dict(getattr(second, name))
        twice += [f"{name} {key}" for key in a if key in b]
        values[name] = b | a | {key: _sum(a[key], b[key]) for key in a if key in b}
    words = [name.removesuffix("_ev").replace("_", " ").replace("color", "colour") for name in twice]
    return DevelopSettings(**values), words


def _sum(a: Any, b: Any) -> Any:
    def add(x: float, y: float) -> float:
        return min(max(x + y, -100.0), 100.0)

    match a:
        case HueShift():
            return HueShift(add(a.hue, b.hue), add(a.saturation, b.saturation), add(a.luminance, b.luminance))
        case Grade():
            return Grade(a.hue, add(a.saturation, b.saturation), add(a.luminance, b.luminance))
        case _:
            return a

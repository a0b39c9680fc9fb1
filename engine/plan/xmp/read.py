"""An XMP sidecar as a plan: what a plan can say is taken over, all else is listed."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import PlanInvalidError
from ...geometry import Size
from ..schema import Adjust, EditPlan, Step
from . import fields
from .frame import Sensor, SensorCrop, framing_steps, from_sensor
from .masks import plain, target_of
from .rdf import Struct, Value, read_rdf
from .settings import Remarks, number, read_global, read_local

_NEEDS_PHOTO = "The photo is straightened in the file, which does not say the photo's size: name the photo."
_NO_SETTINGS = "The XMP file holds no Camera Raw settings."


@dataclass(frozen=True)
class Reading:
    """The plan that a sidecar says, and in plain sentences what of it the plan does not say."""

    plan: EditPlan
    left_out: tuple[str, ...]


def plan_from_xmp(data: bytes, sensor: Sensor | None = None) -> Reading:
    """Return the Camera Raw settings of an XMP packet as a plan.

    sensor: the photo's own frame; without it, what the packet itself says of size and orientation. The packet is
    untrusted. Raises PlanInvalidError where it is no XMP, or holds no Camera Raw settings.
    """
    properties = read_rdf(data)
    said = plain(properties)
    if not said:
        raise PlanInvalidError(_NO_SETTINGS, "Lightroom writes them with Metadata > Save Metadata to File.")
    remarks = Remarks()
    settings = read_global(said, remarks)
    steps: list[Step] = [] if settings.neutral else [Adjust(settings=settings)]
    steps += _corrections(said.get(fields.MASKS), remarks)
    steps += _frame(properties, said, sensor, remarks)
    if "Temperature" in said:
        kelvin, tint = (number(said, name, 0.0, remarks) for name in ("Temperature", "Tint"))
        remarks.lines.append(f"White balance in Kelvin is not part of a plan: add --kelvin {kelvin:g} --tint {tint:g}.")
    if unknown := sorted(name for name, value in said.items() if _matters(name, value)):
        remarks.lines.append(f"Not taken over: {', '.join(unknown)}.")
    return Reading(EditPlan(steps=tuple(steps)), tuple(remarks.lines))


def _corrections(found: Value | None, remarks: Remarks) -> list[Step]:
    steps: list[Step] = []
    for entry in found if isinstance(found, list) else []:
        said = plain(entry) if isinstance(entry, dict) else {}
        name = str(said.get("CorrectionName", ""))[:60] or "without a name"
        if str(said.get("CorrectionActive", "true")).lower() == "false":
            continue
        target = target_of(said, remarks)
        if target is None:
            remarks.lines.append(f"Mask “{name}”: a plan has no target that means the same.")
            continue
        settings = read_local(said, remarks)
        if unknown := sorted(
            name for name, value in said.items() if name.startswith("Local") and _matters(name, value)
        ):
            remarks.lines.append(f"Mask “{name}”: not taken over: {', '.join(unknown)}.")
        if not settings.neutral:
            steps.append(Adjust(target=target, settings=settings))
    return steps


def _frame(properties: Struct, said: Struct, sensor: Sensor | None, remarks: Remarks) -> list[Step]:
    stated = _stated(properties, remarks)
    sensor = sensor or stated
    orientation = stated.orientation if "tiff:Orientation" in properties else sensor.orientation
    left, top, right, bottom = (number(said, n, d, remarks) for n, d in zip(fields.CROP, (0, 0, 1, 1), strict=True))
    angle = number(said, "CropAngle", 0.0, remarks)
    if str(said.get("HasCrop", "true")).lower() == "false":
        left, top, right, bottom, angle = 0.0, 0.0, 1.0, 1.0, 0.0
    if angle and sensor.size == Size(1, 1):
        remarks.lines.append(_NEEDS_PHOTO)
        return []
    inside = 0 <= left < right <= 1 and 0 <= top < bottom <= 1
    if abs(angle) > 45 or not (inside or angle):
        remarks.lines.append("The crop is not one: it has no area, or lies outside the photo.")
        return []
    framing = from_sensor(SensorCrop(left, top, right, bottom, angle, orientation), sensor)
    if min(framing.crop.right - framing.crop.left, framing.crop.bottom - framing.crop.top) < 0.01:
        remarks.lines.append("The crop is too small for a plan, which keeps at least 1 % of each side.")
        return []
    return framing_steps(framing)


def _stated(properties: Struct, remarks: Remarks) -> Sensor:
    """Return what the packet says of its photo; a size of 1 x 1 px stands for an unknown one."""
    names = ("tiff:ImageWidth", "tiff:ImageLength", "tiff:Orientation")
    width, height, orientation = (int(min(max(number(properties, n, 1.0, remarks), 0), 1e6)) for n in names)
    known = width > 1 and height > 1
    return Sensor(Size(width, height) if known else Size(1, 1), orientation if 1 <= orientation <= 8 else 1)


def _matters(name: str, value: Value) -> bool:
    """Return whether a property changes pixels and is not among those that are read."""
    if name in _READ or name in fields.SILENT or not isinstance(value, str):
        return name not in _READ and name not in fields.SILENT and bool(value)
    text = value.strip().lower()
    try:
        return float(text) != fields.DEFAULTS.get(name, 0)
    except ValueError:
        return text not in ("", "false", "none", "off", "as shot", "linear", "medium contrast")


def _known() -> frozenset[str]:
    names = {entry.name for entry in (*fields.GLOBAL, *fields.LOCAL)} | {*fields.CURVES.values(), *fields.CROP}
    names |= {*fields.GRAY_MIXER.values(), fields.MASKS, "ConvertToGrayscale", "CropAngle", "WhiteBalance"}
    names |= {"Temperature", "Tint", *(name for wheel in fields.GRADING.values() for name in wheel)}
    return frozenset(names | {name for hue in fields.GRAY_MIXER for name in fields.mixer_names(hue).values()})


_READ = _known()

"""Targets as Camera Raw masks: what the developer finds again by itself in every photo, and ranges of tones."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import cast

from ..describe import describe_target
from ..schema import LuminanceRange, Part, Phrase, Region, RegionName
from . import fields
from .rdf import Struct, Value
from .settings import Remarks, number

_NAMESPACE = uuid.UUID("5a3c0a7e-7d5b-4f0e-8f0c-9d1b1a2e6c4f")
_LUMINANCE = "2"


def correction(target: Part, settings: Struct, number: int) -> Struct | None:
    """Return the correction that puts local `settings` on `target`, None where no mask of XMP means the same.

    number: tells apart the corrections of a file.
    """
    name = describe_target(target).removeprefix("the ").capitalize()
    mask = _mask(target, name)
    if mask is None:
        return None
    said: Struct = {
        "crs:What": "Correction",
        "crs:CorrectionAmount": "1",
        "crs:CorrectionActive": "true",
        "crs:CorrectionName": name,
        "crs:CorrectionSyncID": _identity("correction", name, number),
    }
    mask["crs:MaskSyncID"] = _identity("mask", name, number)
    said |= {f"crs:{key}": value for key, value in settings.items()}
    said["crs:CorrectionMasks"] = [mask]
    return said


def target_of(said: Mapping[str, Value], remarks: Remarks) -> Part | None:
    """Return the target that a correction's masks mean, None where a plan cannot say it."""
    masks = said.get("CorrectionMasks")
    if not isinstance(masks, list) or len(masks) != 1 or not isinstance(masks[0], dict):
        return None
    mask = plain(masks[0])
    if _flag(mask, "MaskActive", True) is False or number(mask, "MaskValue", 1.0, remarks) != 1.0:
        return None
    inverted = bool(_flag(mask, "MaskInverted", False))
    match mask.get("What"):
        case "Mask/Image":
            return _semantic(mask, inverted)
        case "Mask/RangeMask" if not inverted:
            return _luminance(mask.get("CorrectionRangeMask"))
        case _:
            return None


def plain(said: Mapping[str, Value]) -> Struct:
    """Return a structure with names that have lost their `crs:`; what is of another namespace is left out."""
    return {name.removeprefix("crs:"): value for name, value in said.items() if name.startswith("crs:")}


def _mask(target: Part, name: str) -> Struct | None:
    match target:
        case Region():
            kind = next((key for key, region in fields.REGIONS.items() if region == target.kind), None)
            return None if kind is None else _image(kind, name, target.invert)
        case Phrase():
            kind = next((key for key, text in fields.PHRASES.items() if text == target.text.lower().strip()), None)
            return None if kind is None else _image(kind, name, False)
        case LuminanceRange():
            return _tones(target, name)
        case _:
            return None


def _common(what: str, name: str, inverted: bool) -> Struct:
    return {
        "crs:What": what,
        "crs:MaskActive": "true",
        "crs:MaskName": name,
        "crs:MaskBlendMode": "0",
        "crs:MaskInverted": "true" if inverted else "false",
        "crs:MaskValue": "1",
    }


def _image(kind: tuple[str, str], name: str, inverted: bool) -> Struct:
    said = _common("Mask/Image", name, inverted) | {"crs:MaskVersion": "1", "crs:MaskSubType": kind[0]}
    if kind[1]:
        said["crs:MaskSubCategoryID"] = kind[1]
    return said | {"crs:ReferencePoint": "0.500000 0.500000", "crs:ErrorReason": "0"}


def _tones(target: LuminanceRange, name: str) -> Struct:
    ends = (max(0.0, target.low - target.feather), target.low, target.high, min(1.0, target.high + target.feather))
    span: Struct = {
        "crs:Version": "3",
        "crs:Type": _LUMINANCE,
        "crs:Invert": "false",
        "crs:SampleType": "0",
        "crs:LumRange": " ".join(f"{value:.6f}" for value in ends),
    }
    said = _common("Mask/RangeMask", name, False)
    said["crs:CorrectionRangeMask"] = span
    return said


def _semantic(mask: Mapping[str, Value], inverted: bool) -> Part | None:
    kind = (str(mask.get("MaskSubType", "")), str(mask.get("MaskSubCategoryID", "")))
    if kind in fields.REGIONS and not mask.get("Gesture"):
        return Region(cast("RegionName", fields.REGIONS[kind]), inverted)
    if kind in fields.PHRASES and not inverted:
        return Phrase(text=fields.PHRASES[kind])
    return None


def _luminance(span: Value | None) -> LuminanceRange | None:
    if not isinstance(span, dict):
        return None
    said = plain(span)
    try:
        ends = [float(part) for part in str(said.get("LumRange", "")).split()]
    except ValueError:
        return None
    if str(said.get("Type", "")).lstrip("+") != _LUMINANCE or len(ends) != 4 or sorted(ends) != ends:
        return None
    below, low, high, above = (round(value, 4) for value in ends)
    if below < 0 or above > 1 or low >= high:
        return None
    return LuminanceRange(low=low, high=high, feather=round(max(low - below, above - high), 4))


def _flag(said: Mapping[str, Value], name: str, default: bool) -> bool:
    value = said.get(name)
    return value.lower() in ("true", "1") if isinstance(value, str) and value else default


def _identity(kind: str, name: str, number: int) -> str:
    """Return 32 hexadecimal digits, always the same ones for the same mask."""
    return uuid.uuid5(_NAMESPACE, f"{kind} {number} {name}").hex.upper()

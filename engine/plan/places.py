"""Targets that are numbers, written in one line, for forms that have a text field and no canvas."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .spec import invalid, shown

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_BETWEEN = re.compile(r"(?<=[\d%])\s*-\s*(?=[\d.])|\bto\b")
_POINT_ENDS = re.compile(r"[;\n]")
_NOT = "not "

EXAMPLES: Mapping[str, str] = {
    "box": "0.2, 0.1, 0.6, 0.9",
    "points": "0.4, 0.5; 0.6, 0.5; not 0.1, 0.9",
    "luminance_range": "0.5 to 0.8",
    "color_range": "220",
}
"""What a place looks like for each kind of target: left, top, right, bottom; x, y of points, and of those that are not
meant; the lowest and highest lightness, and how soft the ends are; a hue and its width in degrees."""


def read_place(kind: str, text: str) -> dict[str, Any]:
    """Return the target of `kind`, one of EXAMPLES, that a line of numbers says, as JSON of a plan.

    The numbers are only counted; `parse_plan` checks what they may be. Raises PlanInvalidError for anything else.
    """
    return {"kind": kind} | _READERS[kind](text)


def _box(text: str) -> dict[str, Any]:
    left, top, right, bottom = _numbers("box", text, (4,))
    return {"left": left, "top": top, "right": right, "bottom": bottom}


def _points(text: str) -> dict[str, Any]:
    places = [part.strip() for part in _POINT_ENDS.split(text) if part.strip()]
    include = [_numbers("points", part, (2,)) for part in places if not part.lower().startswith(_NOT)]
    exclude = [_numbers("points", part[len(_NOT) :], (2,)) for part in places if part.lower().startswith(_NOT)]
    return {"include": include, "exclude": exclude}


def _luminance(text: str) -> dict[str, Any]:
    numbers = _numbers("luminance_range", text, (2, 3))
    return dict(zip(("low", "high", "feather"), numbers, strict=False))


def _color(text: str) -> dict[str, Any]:
    return dict(zip(("hue_deg", "width_deg"), _numbers("color_range", text, (1, 2)), strict=False))


_READERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "box": _box,
    "points": _points,
    "luminance_range": _luminance,
    "color_range": _color,
}


def _numbers(kind: str, text: str, counts: tuple[int, ...]) -> list[float]:
    ranged = _BETWEEN.sub(" ", text) if kind == "luminance_range" else text
    percent = "%" in text and kind != "color_range"  # a hue is in degrees
    parts = (ranged.replace("%", " ") if percent else ranged).replace(",", " ").split()
    if len(parts) not in counts or not all(_NUMBER.fullmatch(part) for part in parts):
        wanted = " or ".join(map(str, counts))
        raise invalid("place", f"expected {wanted} numbers, found {shown(text.strip())}", f"As in: {EXAMPLES[kind]}")
    return [float(part) / (100 if percent else 1) for part in parts]

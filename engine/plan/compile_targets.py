"""Targets of a plan as nodes that select."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .describe import describe_target
from .graph import GraphBuilder, Link
from .schema import BoxTarget, ColorRange, LuminanceRange, Part, Phrase, Points, Region, Target, Whole

_NO_MORE: Mapping[str, Any] = {}


class Masks:
    """The selecting nodes of a graph; the same target of the same photo is looked for once.

    Engines look at the whole unedited photo, so nodes select on the photo before it is developed. A box and points
    are meant on the photo before any crop: where it is cropped, they select on a copy that is only turned.
    """

    def __init__(self, build: GraphBuilder, photo: Link) -> None:
        self._build = build
        self._seen = self._uncropped = photo
        self._turns: list[dict[str, Any]] = []
        self._cropped = False
        self._made: dict[tuple[Any, ...], Link] = {}

    def cleaned(self, photo: Link) -> None:
        """Look at `photo` from here on, from which something was removed."""
        self._seen = self._uncropped = photo

    def framed(self, photo: Link, inputs: dict[str, Any], *, turned: bool) -> None:
        """Look at `photo` from here on, which was framed; `inputs` are those of its Frame node."""
        self._cropped = self._cropped or not turned
        if turned and self._cropped:
            self._turns.append(inputs)
        elif not self._cropped:
            self._uncropped = photo
        self._seen = photo

    def of(self, target: Target, least_confidence: float = 0.0) -> Link:
        """Return the mask of what `target` means.

        least_confidence: what names or words find with less counts as not found. It is not asked of an inverted target,
        for the opposite of nothing is all.
        """
        if least_confidence and isinstance(target, Region | Phrase) and not target.invert:
            if (target, self._seen, least_confidence) not in self._made:
                link = self._select(target, self._seen, {"least_confidence": least_confidence})
                self._made[target, self._seen, least_confidence] = link
            return self._made[target, self._seen, least_confidence]
        return self._once(target, self._before_crop() if isinstance(target, BoxTarget | Points) else self._seen)

    def whole(self) -> Link:
        """Return a mask of everything."""
        return self._once(Whole(), self._seen)

    def area(self, target: Part) -> Link:
        """Return the mask of a place to paint: a box is painted as it is, anything else is what it means."""
        if not isinstance(target, BoxTarget):
            return self.of(target)
        key = ("area", target)
        photo = self._before_crop()
        if (key, photo) not in self._made:
            inputs = {"photo": photo, "kind": "rectangle", "start_x": target.left, "start_y": target.top}
            inputs |= {"end_x": target.right, "end_y": target.bottom}
            self._made[key, photo] = self._build.add("StillbytesGradientMask", _title(target), inputs)
        return self._made[key, photo]

    def _before_crop(self) -> Link:
        while self._turns:
            inputs = self._turns.pop(0)
            self._uncropped = self._build.add(
                "StillbytesFrame", "The photo uncropped", {"photo": self._uncropped, **inputs}
            )
        return self._uncropped

    def _once(self, target: Target, photo: Link) -> Link:
        if (target, photo) not in self._made:
            self._made[target, photo] = self._select(target, photo)
        return self._made[target, photo]

    def _select(self, target: Target, photo: Link, more: Mapping[str, Any] = _NO_MORE) -> Link:
        if isinstance(target, Region | Phrase) and target.invert:
            inside = self._once(replace(target, invert=False), photo)
            return self._build.add("StillbytesCombineMasks", _title(target), {"first": inside, "invert": True})
        kind, inputs = _node(target)
        return self._build.add(kind, _title(target), {"photo": photo, **inputs, **more})


def _node(target: Target) -> tuple[str, dict[str, Any]]:
    match target:
        case Whole() | Region():
            return "StillbytesPickMask", {"target": target.kind}
        case Phrase():
            return "StillbytesSelectByText", {"text": target.text}
        case LuminanceRange():
            span = {"low": target.low, "high": target.high, "feather": target.feather}
            return "StillbytesRangeMask", {"kind": "lightness", **span}
        case ColorRange():
            return "StillbytesRangeMask", {
                "kind": "colour",
                "hue_deg": target.hue_deg,
                "width_deg": target.width_deg,
            }
        case BoxTarget():
            area = ", ".join(f"{edge:g}" for edge in (target.left, target.top, target.right, target.bottom))
            return "StillbytesSelectByPoints", {"points": "", "area": area}
        case Points():
            points = [{"x": x, "y": y} for x, y in target.include]
            points += [{"x": x, "y": y, "include": False} for x, y in target.exclude]
            return "StillbytesSelectByPoints", {"points": json.dumps(points)}


def _title(target: Target) -> str:
    words = describe_target(target)
    return f"Select {words if len(words) <= 50 else words[:49].rstrip() + '…'}"

"""The form of a plan that a language model writes, made from the plan's own declaration, and the way back.

`REPLY` follows engine/plan/schema.py and engine/develop/settings.py, so a new step or setting is in it by itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from ...develop.settings import DevelopSettings
from ...errors import PlanInvalidError
from ..declare import record_of, settings_record
from ..schema import ASPECT, EditPlan
from ..spec import Choice, Count, Flag, Named, Range, Record, Spec, Table, Tagged, Text, TextPattern
from ..validate import parse_plan, plan_to_json
from .salvage import salvage
from .shapes import (
    Array,
    Boolean,
    Enum,
    Findings,
    Integer,
    Key,
    Leaf,
    Object,
    OneOf,
    Settings,
    Shape,
    String,
    UnreadableError,
    closed_object,
)

MAX_STEPS = 8
MAX_SETTINGS = 8
_MAX_ITEMS = 4
_MAX_TEXT = 240
_SUMMARY_LENGTH = 160
_MAX_UNCLEAR, _UNCLEAR_LENGTH = 4, 80

_ASPECTS = ("1:1", "5:4", "4:3", "3:2", "16:9", "21:9", "4:5", "3:4", "2:3", "9:16")


@dataclass(frozen=True)
class Reply:
    """The shape of a whole answer: what the model means to do, the steps, and the words that it could not use."""

    steps: Array

    summary: String = String(0, _SUMMARY_LENGTH)  # noqa: RUF009 - immutable
    unclear: Array = Array(String(1, _UNCLEAR_LENGTH), 0, _MAX_UNCLEAR)  # noqa: RUF009 - immutable

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of an answer."""
        return closed_object({name: shape.schema() for name, shape in self.parts()})

    def parts(self) -> tuple[tuple[str, Shape], ...]:
        """Return the keys of an answer in the order in which they are written."""
        return ("summary", self.summary), ("steps", self.steps), ("not_understood", self.unclear)


@dataclass(frozen=True)
class Reading:
    """What an answer says. `clamped` and `dropped` tell what had to be changed; `cut` if its end was missing."""

    plan: EditPlan
    not_understood: tuple[str, ...]
    clamped: tuple[str, ...]
    dropped: tuple[str, ...]
    cut: bool


@cache
def reply_shape() -> Reply:
    """Return the shape of an answer."""
    plan = record_of(EditPlan, {DevelopSettings: settings_record()})
    steps = plan.members["steps"].spec
    assert isinstance(steps, Count)
    assert steps.item is not None
    return Reply(Array(shape_of(steps.item, "step"), 0, min(steps.most, MAX_STEPS)))


def shape_of(spec: Spec, name: str) -> Shape:
    """Return how a value of `spec` is written; `name` is its key's. Raises ValueError for an unknown kind of spec."""
    match spec:
        case Named():
            return shape_of(spec.spec, name)
        case Range():
            scale, _ = unit_of(spec, name)
            return Integer(round(spec.low * scale), round(spec.high * scale), scale)
        case Text():
            return String(spec.shortest, min(spec.longest, _MAX_TEXT))
        case TextPattern() if spec == ASPECT:
            return Enum(_ASPECTS, open=True)
        case Flag():
            return Boolean()
        case Choice():
            return Enum(spec.choices)
        case Count() if spec.item is not None:
            return Array(shape_of(spec.item, name), spec.fewest, min(spec.most, max(_MAX_ITEMS, spec.fewest)))
        case Record() if spec.make is DevelopSettings:
            return Settings(tuple(_leaves(spec, ())), MAX_SETTINGS)
        case Record():
            return Object(tuple(_key(spec, member) for member in spec.members), spec)
        case Tagged():
            shapes = {id(record): shape_of(record, name) for record in spec.kinds.values()}
            return OneOf(spec.tag, tuple((kind, _object(shapes[id(record)])) for kind, record in spec.kinds.items()))
        case _:
            raise ValueError(f"no wire form for {type(spec).__name__}")


def unit_of(spec: Spec, name: str) -> tuple[int, str]:
    """Return how many wire units make one unit of the plan, and the ending of the wire's name that says so."""
    if isinstance(spec, Named):
        return unit_of(spec.spec, name)
    if isinstance(spec, Count) and spec.item is not None:
        return unit_of(spec.item, name)
    if not isinstance(spec, Range) or spec.whole:
        return 1, ""
    if name.endswith("_ev"):
        return 100, "_x100"
    if (spec.low, spec.high) == (0, 1):
        return 100, "_percent"
    return (10, "_x10") if spec.high - spec.low <= 10 or name.endswith("angle_deg") else (1, "")


def read_answer(text: str) -> Reading:
    """Return the plan in a model's answer, whatever surrounds or ends it; values outside their range are clamped.

    Where the end of the answer is missing the complete steps are kept. Raises PlanInvalidError where it holds no JSON
    object with steps.
    """
    value, cut = salvage(text, "steps")
    findings = Findings()
    reply = reply_shape()
    if "steps" not in value and not cut:
        raise PlanInvalidError("The model's answer has no steps.", "", "steps")
    try:
        steps = reply.steps.read(value.get("steps", []), "steps", findings)
        summary = reply.summary.read(value.get("summary") or "", "summary", findings)
    except UnreadableError as problem:
        raise PlanInvalidError(f"The model's answer is not a plan: {problem}.") from problem
    unclear: list[str] = []
    for words in value.get("not_understood") or []:
        if isinstance(words, str) and (words := String(0, _UNCLEAR_LENGTH).write(words)):
            unclear.append(words)
    plan = parse_plan({"version": 1, "summary": summary, "steps": steps})
    return Reading(plan, tuple(unclear[:_MAX_UNCLEAR]), tuple(findings.clamped), tuple(findings.dropped), cut)


def write_answer(plan: EditPlan, not_understood: tuple[str, ...] = ()) -> str:
    """Return the answer that says `plan`, compact; what the wire form cannot hold is left out or rounded."""
    reply, document = reply_shape(), plan_to_json(plan)
    answer = {
        "summary": reply.summary.write(document["summary"]),
        "steps": reply.steps.write(document["steps"]),
        "not_understood": reply.unclear.write(list(not_understood)),
    }
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def _object(shape: Shape) -> Object:
    assert isinstance(shape, Object)
    return shape


def _key(record: Record, name: str) -> Key:
    member = record.members[name]
    nullable = member.default is not None and member.default() is None
    return Key(name + unit_of(member.spec, name)[1], name, shape_of(member.spec, name), nullable)


def _leaves(spec: Spec, path: tuple[str, ...]) -> list[Leaf]:
    inner: dict[str, Spec] = {}
    if isinstance(spec, Named):
        return _leaves(spec.spec, path)
    if isinstance(spec, Record):
        inner = {name: member.spec for name, member in spec.members.items()}
    elif isinstance(spec, Table):
        inner = dict.fromkeys(spec.keys, spec.item)
    if not inner:
        name = re.sub(r"[^a-z0-9_.]", "_", ".".join(path))
        return [Leaf(name + unit_of(spec, path[-1])[1], path, shape_of(spec, path[-1]), spec)]
    return [leaf for name, part in inner.items() for leaf in _leaves(part, (*path, name))]

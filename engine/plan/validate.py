"""Plans as JSON: reading what nobody vouches for, writing it back byte for byte, and the published JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..develop.settings import DevelopSettings
from ..errors import PlanInvalidError
from .declare import record_of, settings_record, spec_of
from .migrate import migrated
from .schema import VERSION, EditPlan, Part, Step, Target
from .spec import Named, Record, Spec, shown

MAX_TEXT_BYTES = 256 * 1024
MAX_DEPTH = 16
SCHEMA_URI = "https://json-schema.org/draft/2020-12/schema"

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}
_BRACKET = re.compile(r"[\[\]{}]")


def parse_plan(source: str | bytes | Mapping[str, Any]) -> EditPlan:
    """Return the plan that a JSON text, or what was read from one, says.

    A plan of an older version is brought up to this one. The source is untrusted: size, depth, names, types and
    ranges are checked, and a repeated key, NaN or Infinity is refused. Raises PlanInvalidError, whose `path` leads to
    the value, for example `steps[1].settings.contrast`.
    """
    value: object = _read_json(source) if isinstance(source, str | bytes) else source
    if isinstance(value, Mapping) and not isinstance(value, dict):
        value = dict(value)
    if isinstance(value, dict):
        value = migrated(value)
    return _PLAN.parse(value, "")


def plan_to_json(plan: EditPlan) -> dict[str, Any]:
    """Return the plan as JSON types in canonical form: fixed key order, settings that change nothing left out."""
    return _PLAN.dump(plan)


def step_to_json(step: Step) -> dict[str, Any]:
    """Return one step as JSON types, as it stands in its plan."""
    return _STEP.dump(step)


def plan_to_text(plan: EditPlan) -> str:
    """Return the plan as JSON text, two spaces per level, one newline at the end; equal plans give equal bytes."""
    return json.dumps(plan_to_json(plan), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a plan, made from the dataclasses.

    Beyond it `parse_plan` asks that right > left, bottom > top and high > low, and that a curve's x rises.
    """
    return {
        "$schema": SCHEMA_URI,
        "title": f"Stillbytes edit plan, version {VERSION}",
        **_PLAN.schema(),
        "$defs": {named.name: named.spec.schema() for named in (_SETTINGS, _TARGET, _PART, _STEP)},
    }


def schema_text() -> str:
    """Return the JSON Schema as it stands in plan.schema.json."""
    return json.dumps(plan_schema(), indent=2) + "\n"


def _plan_record() -> tuple[Named, Named, Named, Named, Record]:
    settings = Named("settings", settings_record())
    known: dict[Any, Spec] = {DevelopSettings: settings}
    target = Named("target", spec_of(Target, known))
    part = Named("part", spec_of(Part, known))
    known |= {Target: target, Part: part}
    step = Named("step", spec_of(Step, known))
    known[Step] = step
    return settings, target, part, step, record_of(EditPlan, known)


def _read_json(source: str | bytes) -> object:
    if len(source) > MAX_TEXT_BYTES:
        raise PlanInvalidError(f"The plan is larger than {MAX_TEXT_BYTES // 1024} KiB.")
    try:
        text = source if isinstance(source, str) else source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanInvalidError("The plan is not UTF-8 text.") from error
    _check_depth(text)
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise PlanInvalidError(f"The plan is not valid JSON: {error.msg} at {where}.") from error
    except ValueError as error:  # a number of more digits than Python reads
        raise PlanInvalidError("The plan holds a number with too many digits.") from error


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += _BRACKETS[bracket]
        if depth > MAX_DEPTH:
            raise PlanInvalidError(f"The plan is nested more than {MAX_DEPTH} levels deep.")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise PlanInvalidError(f"The plan says {shown(name)} twice in one object.")
        found[name] = value
    return found


def _no_constant(name: str) -> object:
    raise PlanInvalidError(f"The plan holds {name}, which is not a number in JSON.")


_SETTINGS, _TARGET, _PART, _STEP, _PLAN = _plan_record()

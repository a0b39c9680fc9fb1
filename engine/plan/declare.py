"""Specs from annotations: what a dataclass declares is what its JSON form may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from ..develop.settings import CHANNELS, HUES, SETTINGS, TONES, DevelopSettings, Grade, HueShift
from .spec import Choice, Count, Flag, Member, Range, Record, Spec, Table, Tagged, Text, TextPattern
from .spec import invalid as _invalid

CURVE_POINTS_MAX = 32


def spec_of(hint: Any, known: Mapping[Any, Spec]) -> Spec:
    """Return the spec of an annotation; `known` gives the specs of types that are not to be looked into.

    Raises ValueError for an annotation without a JSON form.
    """
    if hint in known:
        return known[hint]
    origin = get_origin(hint)
    if origin is Annotated:
        return _annotated(hint, known)
    if origin is Literal:
        return Choice(get_args(hint))
    if hint is bool:
        return Flag()
    if origin in (Union, UnionType):
        return _union(hint, known)
    if isinstance(hint, type) and is_dataclass(hint):
        return record_of(hint, known)
    raise ValueError(f"no JSON form for {hint}")


def record_of(kind: type[Any], known: Mapping[Any, Spec]) -> Record:
    """Return the record of a dataclass: one member per field, the first line of its docstring as its text."""
    hints = get_type_hints(kind, include_extras=True)
    members = {
        part.name: Member(spec_of(hints[part.name], known), _default(part), bool(part.metadata.get("always")))
        for part in fields(kind)
    }
    fixed = frozenset(part.name for part in fields(kind) if not part.init)
    return Record(kind, members, fixed, (kind.__doc__ or "").partition("\n")[0])


def settings_record() -> Record:
    """Return the record of DevelopSettings; names, ranges and texts come from engine/develop/settings.py."""
    percent = Range(-100, 100)
    shift = Record(HueShift, {name: _plain(percent) for name in ("hue", "saturation", "luminance")})
    grade_ranges = {"hue": Range(0, 360), "saturation": Range(0, 100), "luminance": percent}
    grade = Record(Grade, {name: _plain(span) for name, span in grade_ranges.items()})
    sliders = {name: Range(s.low, s.high, text=s.text) for name, s in SETTINGS.items()}
    tables: dict[str, Spec] = {
        "color_mixer": Table(HUES, shift, HueShift()),
        "color_grading": Table(TONES, grade, Grade()),
        "curve": Table(CHANNELS, _Curve(2, CURVE_POINTS_MAX, Count(2, 2, Range(0, 1)))),
    }
    members = {name: _plain(span, SETTINGS[name].neutral) for name, span in sliders.items()}
    members |= {name: Member(table, dict[str, Any]) for name, table in tables.items()}
    return Record(DevelopSettings, members, text="Develop settings; what is not named stays neutral.")


class _Curve(Count):
    """The points (x, y) of a tone curve, x rising."""

    def parse(self, value: object, path: str) -> tuple[Any, ...]:
        points = super().parse(value, path)
        for number in range(1, len(points)):
            if points[number][0] <= points[number - 1][0]:
                raise _invalid(f"{path}[{number}]", "x must be above the x of the point before")
        return points


def _plain(spec: Spec, neutral: float = 0.0) -> Member:
    return Member(spec, lambda: float(neutral))


def _default(part: Field[Any]) -> Any:
    if part.default is not MISSING:
        return lambda: part.default
    return None if part.default_factory is MISSING else part.default_factory


def _annotated(hint: Any, known: Mapping[Any, Spec]) -> Spec:
    base, rule = get_args(hint)
    if isinstance(rule, Range):
        return replace(rule, whole=base is int)
    if isinstance(rule, Count):
        return replace(rule, item=spec_of(get_args(base)[0], known))
    if isinstance(rule, Text | TextPattern):
        return rule
    raise ValueError(f"no JSON form for {hint}")


def _union(hint: Any, known: Mapping[Any, Spec]) -> Spec:
    parts = [part for part in get_args(hint) if part is not NoneType]
    if len(parts) == 1:
        return spec_of(parts[0], known)
    records = [record_of(part, known) for part in parts]
    tag = next(iter(records[0].members))
    kinds: dict[str, Record] = {}
    for record in records:
        choice = record.members[tag].spec
        if not isinstance(choice, Choice):
            raise ValueError(f"{record.make} has no tag {tag}")
        kinds |= {str(name): record for name in choice.choices}
    return Tagged(tag, kinds)

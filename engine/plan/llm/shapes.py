"""What a language model may write: JSON of whole numbers, short texts and few choices, every key required.

A Shape knows one kind of value. `schema` describes it to a server; `read` turns what came back into the JSON of a plan,
forgiving what can be forgiven; `write` does the reverse, for examples. Numbers that a plan has as fractions are written
as whole numbers of a smaller unit: constrained decoding keeps the range of an integer, not that of a decimal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...errors import PlanInvalidError
from ..spec import Record, Spec, shown

_TWINS = (("left", "right"), ("top", "bottom"), ("low", "high"))


class UnreadableError(Exception):
    """A value cannot be understood even generously; the message says where and why."""


@dataclass
class Findings:
    """What reading changed: values `clamped` into their range, and parts `dropped`, each with its reason."""

    clamped: list[str] = field(default_factory=list[str])
    dropped: list[str] = field(default_factory=list[str])


class Shape(Protocol):
    """One kind of value on the wire. Shapes are immutable and hashable."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the value: integers, bounded texts and lists, no pattern."""
        ...

    def read(self, value: object, path: str, findings: Findings) -> Any:
        """Return the plan's JSON for the untrusted `value`. Raises UnreadableError."""
        ...

    def write(self, value: Any) -> Any:
        """Return the wire form of a plan's JSON `value`."""
        ...


@dataclass(frozen=True)
class Integer:
    """`scale` times a number from `low` to `high`, rounded; both ends are meant in wire units."""

    low: int
    high: int
    scale: int = 1

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def read(self, value: object, path: str, findings: Findings) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnreadableError(f"{path}: expected a whole number, found {shown(value)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise UnreadableError(f"{path}: expected a finite number")
        kept = min(max(value, self.low), self.high)
        if kept != value:
            findings.clamped.append(f"{path}: {shown(value)} became {kept}")
        number = round(kept) / self.scale
        return int(number) if number == int(number) else number

    def write(self, value: float) -> int:
        return min(max(round(value * self.scale), self.low), self.high)


@dataclass(frozen=True)
class String:
    """A text of at most `longest` characters, without control characters, quotes and backslashes."""

    shortest: int
    longest: int

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": self.shortest, "maxLength": self.longest}

    def read(self, value: object, path: str, findings: Findings) -> str:
        if not isinstance(value, str):
            raise UnreadableError(f"{path}: expected a text, found {shown(value)}")
        text = plain_text(value)
        if len(text) > self.longest:
            findings.clamped.append(f"{path}: cut to {self.longest} characters")
            text = text[: self.longest].rstrip()
        if len(text) < self.shortest:
            raise UnreadableError(f"{path}: the text is blank")
        return text

    def write(self, value: str) -> str:
        return plain_text(value)[: self.longest]


@dataclass(frozen=True)
class Boolean:
    """True or false."""

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, value: object, path: str, findings: Findings) -> bool:
        if not isinstance(value, bool):
            raise UnreadableError(f"{path}: expected true or false, found {shown(value)}")
        return value

    def write(self, value: bool) -> bool:
        return value


@dataclass(frozen=True)
class Enum:
    """One of a few texts or numbers. An `open` one also takes others, which the plan's own rules then judge."""

    choices: tuple[str | int, ...]
    open: bool = False

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.choices)}

    def read(self, value: object, path: str, findings: Findings) -> Any:
        if isinstance(value, str | int) and (self.open or value in self.choices):
            return value
        raise UnreadableError(f"{path}: {shown(value)} is not one of {', '.join(str(c) for c in self.choices)}")

    def write(self, value: Any) -> Any:
        return value


@dataclass(frozen=True)
class Array:
    """A list of `fewest` to `most` items; items that cannot be read are dropped."""

    item: Shape
    fewest: int
    most: int

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "minItems": self.fewest, "maxItems": self.most, "items": self.item.schema()}

    def read(self, value: object, path: str, findings: Findings) -> list[Any]:
        if not isinstance(value, list):
            raise UnreadableError(f"{path}: expected a list, found {shown(value)}")
        items: list[Any] = []
        for number, part in enumerate(value):
            try:
                items.append(self.item.read(part, f"{path}[{number}]", findings))
            except UnreadableError as problem:
                findings.dropped.append(str(problem))
        if len(items) < self.fewest:
            raise UnreadableError(f"{path}: expected at least {self.fewest} items, found {len(items)}")
        return items[: self.most]

    def write(self, value: list[Any]) -> list[Any]:
        return [self.item.write(part) for part in value[: self.most]]


@dataclass(frozen=True)
class Key:
    """One key of an object: `name` on the wire, `member` in the plan; a `nullable` one is null where it is left out."""

    name: str
    member: str
    shape: Shape
    nullable: bool = False

    def schema(self) -> dict[str, Any]:
        kind = self.shape.schema()
        return {"anyOf": [kind, {"type": "null"}]} if self.nullable else kind


@dataclass(frozen=True)
class Object:
    """An object with exactly `keys`; `record` is the plan's own rule for it."""

    keys: tuple[Key, ...]
    record: Record = field(compare=False, repr=False)

    def schema(self) -> dict[str, Any]:
        return closed_object({key.name: key.schema() for key in self.keys})

    def read(self, value: object, path: str, findings: Findings) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise UnreadableError(f"{path}: expected an object, found {shown(value)}")
        found: dict[str, Any] = {}
        for key in self.keys:
            given = value.get(key.name)
            if given is not None:
                found[key.member] = key.shape.read(given, f"{path}.{key.name}", findings)
        return checked(self.record, found, path)

    def write(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {key.name: self._written(key, value) for key in self.keys}

    def _written(self, key: Key, value: Mapping[str, Any]) -> Any:
        if key.member in value:
            return key.shape.write(value[key.member])
        if key.nullable:
            return None
        member = self.record.members[key.member]
        return key.shape.write(member.spec.dump(member.default() if member.default else None))


@dataclass(frozen=True)
class OneOf:
    """An object of one of several kinds, told apart by its first key, `tag`."""

    tag: str
    kinds: tuple[tuple[str, Object], ...]

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [shape.schema() for shape in self.shapes]}

    @property
    def shapes(self) -> tuple[Object, ...]:
        """The kinds, each once."""
        return tuple({id(shape): shape for _, shape in self.kinds}.values())

    def read(self, value: object, path: str, findings: Findings) -> Any:
        kind = value.get(self.tag) if isinstance(value, dict) else None
        shape = next((shape for name, shape in self.kinds if name == kind), None)
        if shape is None:
            raise UnreadableError(
                f"{path}.{self.tag}: {shown(kind)} is not one of {', '.join(n for n, _ in self.kinds)}"
            )
        return shape.read(value, path, findings)

    def write(self, value: Mapping[str, Any]) -> Any:
        return next(shape for name, shape in self.kinds if name == value[self.tag]).write(value)


@dataclass(frozen=True)
class Leaf:
    """One setting that a model can name: where it stands in the plan's settings, and what it takes."""

    name: str
    path: tuple[str, ...]
    shape: Shape
    spec: Spec = field(compare=False, repr=False)


@dataclass(frozen=True)
class Settings:
    """Develop settings as a list of objects with one key each, so that a model writes only what it changes."""

    leaves: tuple[Leaf, ...]
    most: int

    def schema(self) -> dict[str, Any]:
        options = [closed_object({leaf.name: leaf.shape.schema()}) for leaf in self.leaves]
        return {"type": "array", "minItems": 1, "maxItems": self.most, "items": {"anyOf": options}}

    def read(self, value: object, path: str, findings: Findings) -> dict[str, Any]:
        parts = value if isinstance(value, list) else [value]
        found: dict[str, Any] = {}
        for part in parts:
            if not isinstance(part, dict):
                raise UnreadableError(f"{path}: expected a list of objects, found {shown(part)}")
            for name, setting in part.items():
                self._read_one_(found, (str(name), setting), path, findings)
        if not found:
            raise UnreadableError(f"{path}: no setting is changed")
        return found

    def _read_one_(self, found: dict[str, Any], entry: tuple[str, object], path: str, findings: Findings) -> None:
        name, value = entry
        leaf = next((leaf for leaf in self.leaves if leaf.name == name), None)
        if leaf is None:
            findings.dropped.append(f"{path}: there is no setting {shown(name)}")
            return
        try:
            setting = rising(leaf.shape.read(value, f"{path}.{name}", findings))
            leaf.spec.parse(setting, f"{path}.{name}")
        except (UnreadableError, PlanInvalidError) as problem:
            findings.dropped.append(str(problem))
            return
        for step in leaf.path[:-1]:
            found = found.setdefault(step, {})
        found[leaf.path[-1]] = setting

    def write(self, value: Mapping[str, Any]) -> list[dict[str, Any]]:
        written: list[dict[str, Any]] = []
        for leaf in self.leaves:
            inner: Any = value
            for step in leaf.path:
                inner = inner.get(step) if isinstance(inner, Mapping) else None
            if inner is not None:
                written.append({leaf.name: leaf.shape.write(inner)})
        return written[: self.most]


def closed_object(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with exactly these keys."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def plain_text(text: str) -> str:
    """Return the text in one line, without quotes, backslashes, control and replacement characters."""
    kept = (c if c.isprintable() and c not in '"\\\ufffd' else " " for c in text)
    return " ".join("".join(kept).split())


def rising(value: Any) -> Any:
    """Return a curve's points with x rising and each x once; anything else as it is."""
    if not (isinstance(value, list) and value and isinstance(value[0], list)):
        return value
    return [list(point) for point in sorted({point[0]: tuple(point) for point in reversed(value)}.values())]


def checked(record: Record, value: dict[str, Any], path: str) -> dict[str, Any]:
    """Return `value` as `record` takes it; sides that were swapped are put right. Raises UnreadableError."""
    try:
        record.parse(value, path)
    except PlanInvalidError as first:
        turned = dict(value)
        for near, far in _TWINS:
            if near in value and far in value and value[near] > value[far]:
                turned[near], turned[far] = value[far], value[near]
        try:
            record.parse(turned, path)
        except PlanInvalidError:
            raise UnreadableError(first.message) from first
        return turned
    return value

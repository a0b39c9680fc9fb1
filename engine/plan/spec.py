"""Reading, writing and describing JSON from one declaration.

A Spec knows one kind of JSON value: it checks and reads it (`parse`), writes it back (`dump`) and describes it as
JSON Schema draft 2020-12 (`schema`). `declare.spec_of` builds one from the annotations of a dataclass.
A value that was parsed is canonical: numbers are floats without a minus zero, defaults are left out when written, keys
have a fixed order. `parse` raises PlanInvalidError with the path to the value; it goes as deep as the declaration,
never as deep as the input.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Protocol

from ..errors import PlanInvalidError

ALWAYS: Mapping[str, Any] = {"always": True}  # a dataclass field that is written even where it has its default

# C0 and C1 control characters: a plan's words reach terminals and file metadata.
_CONTROL = "[\\u0000-\\u001f\\u007f-\\u009f]"
_CONTROL_BUT_LINES = "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]"
_SURROGATE = re.compile("[\ud800-\udfff]")


class Spec(Protocol):
    """One kind of JSON value."""

    def parse(self, value: object, path: str) -> Any:
        """Return the value that the JSON `value` at `path` stands for. Raises PlanInvalidError."""
        ...

    def dump(self, value: Any) -> Any:
        """Return `value` as JSON types; parse(dump(value)) == value."""
        ...

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of what `parse` accepts, but for rules between two fields."""
        ...


def invalid(path: str, problem: str, hint: str = "") -> PlanInvalidError:
    """Return the error that says what is wrong with the value at `path`."""
    return PlanInvalidError(f"{path}: {problem}." if path else f"The plan {problem}.", hint, path)


def shown(value: object) -> str:
    """Return an untrusted value as a short text that is safe to print."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, bool | NoneType):
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int) and abs(value) >= 10**30:
        return "a huge number"
    text = ascii(value[:50] if isinstance(value, str) else value)
    return text if len(text) <= 40 else text[:36] + "..."


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, both included."""

    low: float
    high: float
    whole: bool = False
    text: str = ""

    def parse(self, value: object, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(path, f"expected a number, found {shown(value)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise invalid(path, "expected a finite number")
        if not self.low <= value <= self.high:
            side, limit = ("above", self.high) if value > self.high else ("below", self.low)
            raise invalid(path, f"{shown(value)} is {side} {limit:g}")
        if not self.whole:
            return float(value) + 0.0
        if value != int(value):
            raise invalid(path, f"expected a whole number, found {shown(value)}")
        return int(value)

    def dump(self, value: float) -> float:
        return int(value) if value == int(value) else value

    def schema(self) -> dict[str, Any]:
        kind = {"type": "integer" if self.whole else "number", "minimum": self.low, "maximum": self.high}
        return kind | ({"description": self.text} if self.text else {})


@dataclass(frozen=True)
class Text:
    """A text of `shortest` to `longest` characters, not blank unless it may be empty; `lines` allows line breaks."""

    shortest: int
    longest: int
    lines: bool = False

    def parse(self, value: object, path: str) -> str:
        if not isinstance(value, str):
            raise invalid(path, f"expected a text, found {shown(value)}")
        if not self.shortest <= len(value) <= self.longest:
            raise invalid(path, f"expected {self.shortest} to {self.longest} characters, found {len(value)}")
        if re.search(self._banned, value) or _SURROGATE.search(value):
            raise invalid(path, "the text has control characters")
        if self.shortest and not re.search(r"\S", value):
            raise invalid(path, "the text is blank")
        return value

    def dump(self, value: str) -> str:
        return value

    def schema(self) -> dict[str, Any]:
        kind: dict[str, Any] = {"type": "string", "minLength": self.shortest, "maxLength": self.longest}
        if self.shortest:
            kind["pattern"] = "\\S"
        return kind | {"not": {"pattern": self._banned}}

    @property
    def _banned(self) -> str:
        return _CONTROL_BUT_LINES if self.lines else _CONTROL


@dataclass(frozen=True)
class TextPattern:
    """A text that the anchored ASCII `pattern` matches; `text` says what that means."""

    pattern: str
    text: str

    def parse(self, value: object, path: str) -> str:
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value) or value.endswith("\n"):
            raise invalid(path, f"expected {self.text}, found {shown(value)}")
        return value

    def dump(self, value: str) -> str:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": self.pattern, "not": {"pattern": "\\n"}, "description": self.text}


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def parse(self, value: object, path: str) -> bool:
        if not isinstance(value, bool):
            raise invalid(path, f"expected true or false, found {shown(value)}")
        return value

    def dump(self, value: bool) -> bool:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Choice:
    """One of a few texts or numbers."""

    choices: tuple[str | int, ...]

    def parse(self, value: object, path: str) -> str | int:
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value in self.choices:
            return next(choice for choice in self.choices if choice == value)
        listed = ", ".join(str(choice) for choice in self.choices)
        raise invalid(path, f"expected {'one of ' if len(self.choices) > 1 else ''}{listed}, found {shown(value)}")

    def dump(self, value: str | int) -> str | int:
        return value

    def schema(self) -> dict[str, Any]:
        return {"const": self.choices[0]} if len(self.choices) == 1 else {"enum": list(self.choices)}


@dataclass(frozen=True)
class Count:
    """A list of `fewest` to `most` items; in an annotation `item` is left to the annotated tuple."""

    fewest: int
    most: int
    item: Spec | None = None

    def parse(self, value: object, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise invalid(path, f"expected a list, found {shown(value)}")
        if not self.fewest <= len(value) <= self.most:
            raise invalid(path, f"expected {self.fewest} to {self.most} items, found {len(value)}")
        return tuple(self._item.parse(part, f"{path}[{number}]") for number, part in enumerate(value))

    def dump(self, value: Sequence[Any]) -> list[Any]:
        return [self._item.dump(part) for part in value]

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "minItems": self.fewest, "maxItems": self.most, "items": self._item.schema()}

    @property
    def _item(self) -> Spec:
        if self.item is None:
            raise ValueError("a Count in an annotation has no item of its own")
        return self.item


def read_object(value: object, path: str, names: Sequence[str]) -> dict[str, object]:
    """Return `value` as a JSON object that has no other keys than `names`. Raises PlanInvalidError."""
    if not isinstance(value, dict):
        raise invalid(path, f"expected an object, found {shown(value)}" if path else "must be a JSON object")
    for key in value:
        if not isinstance(key, str) or key not in names:
            raise invalid(_join(path, key), "unknown name", _nearest(key, names))
    return value


@dataclass(frozen=True)
class Member:
    """One key of an object. Without a default the key is required; `always` writes it even at its default."""

    spec: Spec
    default: Callable[[], Any] | None = None
    always: bool = False


@dataclass(frozen=True)
class Record:
    """An object that `make(**members)` turns into a value; a `problems` method may report rules between fields."""

    make: Callable[..., Any]
    members: Mapping[str, Member]
    fixed: frozenset[str] = frozenset()  # members that `make` sets by itself
    text: str = ""

    def parse(self, value: object, path: str) -> Any:
        given = read_object(value, path, tuple(self.members))
        values: dict[str, Any] = {}
        for name, member in self.members.items():
            if name in given:
                values[name] = member.spec.parse(given[name], _join(path, name))
            elif member.default is None or name in self.fixed:
                raise invalid(_join(path, name), "is missing")
        made = self.make(**{name: part for name, part in values.items() if name not in self.fixed})
        for name, problem in getattr(made, "problems", tuple)():
            raise invalid(_join(path, name), problem)
        return made

    def dump(self, value: Any) -> dict[str, Any]:
        written: dict[str, Any] = {}
        for name, member in self.members.items():
            part = getattr(value, name)
            if member.always or member.default is None or part != member.default():
                written[name] = member.spec.dump(part)
        return written

    def schema(self) -> dict[str, Any]:
        required = [n for n, member in self.members.items() if member.default is None or n in self.fixed]
        kind: dict[str, Any] = {"type": "object", "additionalProperties": False}
        if self.text:
            kind["description"] = self.text
        if required:
            kind["required"] = required
        return kind | {"properties": {name: member.spec.schema() for name, member in self.members.items()}}


@dataclass(frozen=True)
class Table:
    """An object with some of `keys`, all values alike; values equal to `neutral` are dropped."""

    keys: tuple[str, ...]
    item: Spec
    neutral: Any = None

    def parse(self, value: object, path: str) -> dict[str, Any]:
        given = read_object(value, path, self.keys)
        parts = {key: self.item.parse(given[key], _join(path, key)) for key in self.keys if key in given}
        return {key: part for key, part in parts.items() if part != self.neutral}

    def dump(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self.item.dump(value[key]) for key in self.keys if key in value and value[key] != self.neutral}

    def schema(self) -> dict[str, Any]:
        item = self.item.schema()
        return {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(self.keys, item)}


@dataclass(frozen=True)
class Tagged:
    """An object of one of several kinds, told apart by the value of the key `tag`."""

    tag: str
    kinds: Mapping[str, Record]

    def parse(self, value: object, path: str) -> Any:
        if not isinstance(value, dict):
            raise invalid(path, f"expected an object, found {shown(value)}")
        if self.tag not in value:
            raise invalid(_join(path, self.tag), "is missing", f"It is one of {', '.join(self.kinds)}.")
        kind = value[self.tag]
        if not isinstance(kind, str) or kind not in self.kinds:
            raise invalid(_join(path, self.tag), f"{shown(kind)} is not known", _nearest(kind, tuple(self.kinds)))
        return self.kinds[kind].parse(value, path)

    def dump(self, value: Any) -> dict[str, Any]:
        return self.kinds[getattr(value, self.tag)].dump(value)

    def schema(self) -> dict[str, Any]:
        records = {id(record): record for record in self.kinds.values()}
        return {"oneOf": [record.schema() for record in records.values()]}


@dataclass(frozen=True)
class Named:
    """A spec whose schema stands once, under `$defs`."""

    name: str
    spec: Spec

    def parse(self, value: object, path: str) -> Any:
        return self.spec.parse(value, path)

    def dump(self, value: Any) -> Any:
        return self.spec.dump(value)

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.name}"}


def _join(path: str, key: object) -> str:
    name = f"[{shown(key)}]"
    if isinstance(key, str) and len(key) <= 40 and key.isascii() and key.isidentifier():
        name = key
    return f"{path}.{name}" if path and not name.startswith("[") else f"{path}{name}"


def _nearest(name: object, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(name)[:40], names, 1) if isinstance(name, str) else []
    if near:
        return f"Did you mean {near[0]}?"
    return f"Known: {', '.join(names)}." if len(names) <= 12 else ""

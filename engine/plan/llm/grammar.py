"""What a model's answer must match, for servers that decode by a grammar: GBNF (llama.cpp) and LLGuidance.

The GBNF is our own because llama-cpp-python's converter ignores the ranges of integers and an invalid grammar ends its
process. White space is left out everywhere: where it is allowed a model may write it for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from .shapes import Array, Boolean, Enum, Integer, Object, OneOf, Settings, Shape, String

_CHARACTER = r"[^\x00-\x1F\x22\x5C\x7F-\x9F]"


def gbnf(parts: Iterable[tuple[str, Shape]]) -> str:
    """Return the GBNF of an object with these keys in this order; the start rule is `root`."""
    rules = _Rules()
    root = rules.members((name, rules.of(shape)) for name, shape in parts)
    return "".join(f"{name} ::= {body}\n" for name, body in [("root", root), *rules.bodies.items()])


def llguidance(schema: Mapping[str, Any]) -> str:
    """Return the grammar, in LLGuidance's notation, of compact JSON that `schema` accepts."""
    return "%llguidance {}\nstart: %json " + json.dumps(
        {**schema, "x-guidance": {"whitespace_flexible": False}}, separators=(",", ":")
    )


class _Rules:
    """The rules of shapes, each shape once."""

    def __init__(self) -> None:
        self.bodies: dict[str, str] = {"char": _CHARACTER}
        self._names: dict[Shape, str] = {}

    def of(self, shape: Shape) -> str:
        """Return the name of the rule for `shape`."""
        if shape not in self._names:
            body = self._body(shape)
            self._names[shape] = f"{type(shape).__name__.lower()}-{len(self._names) + 1}"
            self.bodies[self._names[shape]] = body
        return self._names[shape]

    def members(self, entries: Iterable[tuple[str, str]]) -> str:
        """Return the expression of an object whose keys have these expressions."""
        body = ' "," '.join(f"{literal(json.dumps(name) + ':')} {expression}" for name, expression in entries)
        return f'"{{" {body} "}}"'

    def _body(self, shape: Shape) -> str:
        match shape:
            case Integer():
                return integer(shape.low, shape.high)
            case String():
                return f'"\\"" char{{{shape.shortest},{shape.longest}}} "\\""'
            case Boolean():
                return '"true" | "false"'
            case Enum():
                return " | ".join(literal(json.dumps(choice)) for choice in shape.choices)
            case Array():
                return _list(self.of(shape.item), shape.fewest, shape.most)
            case Object():
                return self.members((key.name, self._nullable(key.shape, key.nullable)) for key in shape.keys)
            case OneOf():
                return " | ".join(self.of(kind) for kind in shape.shapes)
            case Settings():
                self.bodies["setting"] = " | ".join(
                    self.members([(leaf.name, self.of(leaf.shape))]) for leaf in shape.leaves
                )
                return _list("setting", 1, shape.most)
            case _:
                raise ValueError(f"no grammar for {type(shape).__name__}")

    def _nullable(self, shape: Shape, nullable: bool) -> str:
        return f'({self.of(shape)} | "null")' if nullable else self.of(shape)


def literal(text: str) -> str:
    """Return `text` as a quoted literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def integer(low: int, high: int) -> str:
    """Return the expression of the whole numbers from `low` to `high` in decimal, without leading zeros."""
    if low > high:
        raise ValueError(f"no whole number from {low} to {high}")
    options: list[str] = []
    if low < 0:
        options.append(f'"-" ({_natural(max(1, -high), -low)})')
    if high >= 0:
        options.append(_natural(max(0, low), high))
    return " | ".join(options)


def _natural(low: int, high: int) -> str:
    options: list[str] = []
    while low <= high:
        end = min(high, 10 ** len(str(low)) - 1)
        options.append(_digits(str(low), str(end)))
        low = end + 1
    return " | ".join(options)


def _digits(low: str, high: str) -> str:
    """Return the expression of the numbers from `low` to `high`, which have equally many digits."""
    rest = len(low) - 1
    if low == high:
        return literal(low)
    if rest == 0:
        return f"[{low}-{high}]"
    if low[0] == high[0]:
        return f"{literal(low[0])} ({_digits(low[1:], high[1:])})"
    first, last = int(low[0]), int(high[0])
    options: list[str] = []
    if low[1:] != "0" * rest:
        options.append(f"{literal(low[0])} ({_digits(low[1:], '9' * rest)})")
        first += 1
    if high[1:] != "9" * rest:
        last -= 1
    if first <= last:
        options.append(f"[{first}-{last}] [0-9]{{{rest}}}")
    if high[1:] != "9" * rest:
        options.append(f"{literal(high[0])} ({_digits('0' * rest, high[1:])})")
    return " | ".join(options)


def _list(item: str, fewest: int, most: int) -> str:
    """Return the expression of a list of `fewest` to `most` items."""
    if most == 0:
        return '"[]"'
    more = f'{item} ("," {item}){{{max(fewest - 1, 0)},{most - 1}}}'
    return f'"[" {more} "]"' if fewest else f'"[" ({more})? "]"'

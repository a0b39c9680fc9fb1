"""JSON out of a model's answer: without what was thought or said around it, and closed where its end is missing."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from ...errors import PlanInvalidError
from .events import short

MAX_ANSWER_CHARACTERS = 200_000
MAX_DEPTH = 12
_MOST_TRIED = 20  # braces in the words around an answer
_EMPTY = "The model's answer is empty."
_THOUGHT = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL)
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"|["\[\]{},]', re.DOTALL)


def salvage(text: str, wanted: str = "") -> tuple[dict[str, Any], bool]:
    """Return the first JSON object in `text` that has the key `wanted`, and whether its end was missing.

    Where none has it, it is the first object; braces that hold no JSON are words. A cut object keeps its complete
    members, and of a list among them the complete items. Raises PlanInvalidError where there is no object.
    """
    text = _THOUGHT.sub("", text[:MAX_ANSWER_CHARACTERS])
    first: tuple[dict[str, Any], bool] | None = None
    start, tried = text.find("{"), 0
    if start < 0:
        said = short(text)
        raise PlanInvalidError(f"The model's answer holds no JSON object: “{said}”." if said else _EMPTY)
    while start >= 0 and tried < _MOST_TRIED:
        body, cut, taken = _closed(text[start:])
        value = _parsed(body)
        if value is not None:
            if not wanted or wanted in value:
                return value, cut
            inner = next((part for part in value.values() if isinstance(part, dict) and wanted in part), None)
            if inner is not None:
                return cast("dict[str, Any]", inner), cut
            first = first or (value, cut)
        start = text.find("{", start + (taken if value is not None else 1))
        tried += 1
    if first is None:
        raise PlanInvalidError("The model's answer is not valid JSON.")
    return first


def _parsed(body: str) -> dict[str, Any] | None:
    try:
        value: object = json.loads(body, strict=False, parse_constant=_no_constant)
    except ValueError:
        return None
    assert isinstance(value, dict)
    return cast("dict[str, Any]", value)


def _closed(text: str) -> tuple[str, bool, int]:
    """Return `text` up to the end of its first object, or up to the last complete part with the brackets closed.

    Then whether the end was missing, and how many characters of `text` that took.
    """
    depth, safe, in_list = 0, "{}", False
    for match in _TOKENS.finditer(text):
        mark = match[0]
        if mark == '"':  # a text without its end
            break
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise PlanInvalidError(f"The model's answer is nested more than {MAX_DEPTH} levels deep.")
            in_list = mark == "[" if depth == 2 else in_list
        elif mark in "]}":
            depth -= 1
            if depth == 0:
                return text[: match.end()], False, match.end()
            if depth == 2 and in_list:
                safe = text[: match.end()] + "]}"
            elif depth == 1:
                safe = text[: match.end()] + "}"
        elif mark == "," and depth == 1:
            safe = text[: match.start()] + "}"
    return safe, True, len(text)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")

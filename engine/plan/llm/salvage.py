"""JSON out of a model's answer: without what was thought or said around it, and closed where its end is missing."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from ...errors import PlanInvalidError

MAX_ANSWER_CHARACTERS = 200_000
MAX_DEPTH = 12
_THOUGHT = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL)
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"|["\[\]{},]', re.DOTALL)


def salvage(text: str) -> tuple[dict[str, Any], bool]:
    """Return the first JSON object in `text`, and whether its end was missing.

    A cut object keeps its complete members, and of a list among them the complete items. Raises PlanInvalidError where
    there is no object, or one that is not JSON.
    """
    text = _THOUGHT.sub("", text[:MAX_ANSWER_CHARACTERS])
    start = text.find("{")
    if start < 0:
        raise PlanInvalidError("The model's answer holds no JSON object.")
    body, cut = _closed(text[start:])
    try:
        value: object = json.loads(body, strict=False, parse_constant=_no_constant)
    except ValueError as error:
        raise PlanInvalidError("The model's answer is not valid JSON.") from error
    assert isinstance(value, dict)
    return cast("dict[str, Any]", value), cut


def _closed(text: str) -> tuple[str, bool]:
    """Return `text` up to the end of its first object, or up to the last complete part with the brackets closed."""
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
                return text[: match.end()], False
            if depth == 2 and in_list:
                safe = text[: match.end()] + "]}"
            elif depth == 1:
                safe = text[: match.end()] + "}"
        elif mark == "," and depth == 1:
            safe = text[: match.start()] + "}"
    return safe, True


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")

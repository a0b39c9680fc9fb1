"""What a language model is told: its task, the words that plans have, a few examples, the photo's facts and the wish.

The first part is the same for every question, so a server that keeps its last prompt works it out once.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..schema import EditPlan
from ..spec import Range
from ..validate import parse_plan
from .client import Messages
from .facts import Figures
from .shapes import Array, Enum, Integer, Key, Leaf, Object, OneOf, Settings, Shape, String
from .wire import reply_shape, write_answer

_DATA = Path(__file__).with_name("data")
_RANGE_TOLD = re.compile(r"[,.]? -?[0-9]+ to [0-9]+\.?$|\.$")


class Example(NamedTuple):
    """A wish for a photo, its facts "" where they do not matter, and the answer that is right."""

    photo: str
    words: str
    plan: EditPlan
    not_understood: tuple[str, ...]


@cache
def examples() -> tuple[Example, ...]:
    """Return the examples of data/examples.json. Raises PlanInvalidError for one that is no plan."""
    entries = json.loads((_DATA / "examples.json").read_text(encoding="utf-8"))
    return tuple(
        Example(
            entry["photo"],
            entry["words"],
            parse_plan({"version": 1, "summary": entry["summary"], "steps": entry["steps"]}),
            tuple(entry["not_understood"]),
        )
        for entry in entries
    )


def plan_messages(words: str, facts: str, picture: str = "") -> list[dict[str, Any]]:
    """Return the messages that ask for a plan; `picture` is a data address or ""."""
    messages = [*_beginning()]
    text = _request(words, facts)
    content: Any = text
    if picture:
        content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": picture}}]
    return [*messages, {"role": "user", "content": content}]


def with_correction(messages: Messages, answer: str, problems: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the conversation with an answer that was wrong and what was wrong with it."""
    listed = "\n".join(f"- {problem}" for problem in problems)
    text = f"That plan cannot be used as it is:\n{listed}\nAnswer again with the whole corrected JSON object."
    return [*(dict(m) for m in messages), {"role": "assistant", "content": answer}, {"role": "user", "content": text}]


def with_result(messages: Messages, answer: str, before: Figures, after: Figures) -> list[dict[str, Any]]:
    """Return the conversation with what a plan did to the photo, measured."""
    lines = ["The plan was carried out. Before:", *before.lines(), "After:", *after.lines()]
    lines.append("Where this misses the wish or loses detail, correct the numbers. Answer with the whole JSON object.")
    return [
        *(dict(message) for message in messages),
        {"role": "assistant", "content": answer},
        {"role": "user", "content": "\n".join(lines)},
    ]


def vocabulary() -> str:
    """Return the steps, targets and settings with their ranges, as they are written."""
    steps = reply_shape().steps.item
    assert isinstance(steps, OneOf)
    lines = ["Steps:"]
    targets: dict[str, OneOf] = {}
    settings: Settings | None = None
    for kind in steps.shapes:
        lines.append(_object_line(kind))
        for key in kind.keys:
            if isinstance(key.shape, OneOf):
                targets[key.name] = max(key.shape, targets.get(key.name, key.shape), key=lambda s: len(s.kinds))
            elif isinstance(key.shape, Settings):
                settings = key.shape
    for name, shape in targets.items():
        lines += ["", f"{name.capitalize()}s:", *(_object_line(kind) for kind in shape.shapes)]
    if settings is not None:
        lines += ["", f"settings: a list of at most {settings.most} objects with one key each:"]
        lines += _setting_lines(settings)
    return "\n".join(lines)


@cache
def _beginning() -> tuple[dict[str, Any], ...]:
    system = (_DATA / "system.txt").read_text(encoding="utf-8").strip()
    messages: list[dict[str, Any]] = [{"role": "system", "content": f"{system}\n\n{vocabulary()}"}]
    for example in examples():
        messages.append({"role": "user", "content": _request(example.words, example.photo)})
        messages.append({"role": "assistant", "content": write_answer(example.plan, example.not_understood)})
    return tuple(messages)


def _request(words: str, facts: str) -> str:
    # Marks of chat templates, such as <|im_end|>, would end the message.
    wish = " ".join(words.split()).replace("<|", "< |")
    return f"Photo:\n{facts or 'not described'}\n\nWish: {wish}"


def _object_line(shape: Object) -> str:
    """Return one line for a kind of step or target, for example `{"op":"flip","axis":...}: Mirror the photo.`."""
    keys = ", ".join(f"{json.dumps(key.name)}: {_value(key)}" for key in shape.keys)
    text = f" {shape.record.text.replace('None', 'null')}" if shape.record.text else ""
    return f"- {{{keys}}}{text}"


def _value(key: Key) -> str:
    return f"{_told(key.shape)} or null" if key.nullable else _told(key.shape)


def _told(shape: Shape) -> str:
    match shape:
        case Integer():
            return f"{shape.low}..{shape.high}"
        case String():
            return f"text up to {shape.longest}"
        case Enum():
            return "|".join(json.dumps(choice) for choice in shape.choices)
        case Array():
            return (
                f"[{_told(shape.item)}, ...]" if shape.most > shape.fewest else f"[{_told(shape.item)} x {shape.most}]"
            )
        case OneOf():
            return "a target"
        case Settings():
            return "the settings below"
        case _:
            return "true|false"


def _setting_lines(settings: Settings) -> list[str]:
    """Return one line per slider, and one for each family of settings that differ in a name only."""
    lines: list[str] = []
    families: dict[tuple[str, str, str], list[Leaf]] = {}
    for leaf in settings.leaves:
        if len(leaf.path) == 1:
            text = _RANGE_TOLD.sub("", leaf.spec.text) if isinstance(leaf.spec, Range) else ""
            lines.append(f"- {leaf.name}: {_told(leaf.shape)}{f' ({text})' if text else ''}")
        else:
            families.setdefault((leaf.path[0], ".".join(leaf.path[2:]), _told(leaf.shape)), []).append(leaf)
    for (_, _, told), leaves in families.items():
        middle = "|".join(leaf.path[1] for leaf in leaves)
        lines.append(f"- {leaves[0].name.replace(leaves[0].path[1], f'({middle})', 1)}: {told}")
    return lines

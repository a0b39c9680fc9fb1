"""What one plan says that another does not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from .describe import describe_step
from .schema import EditPlan, Step
from .validate import plan_to_json


class Difference(NamedTuple):
    """One difference; `before` and `after` are the step's number in the two plans, None where it has none."""

    kind: Literal["added", "removed", "changed"]
    before: int | None
    after: int | None
    text: str

    def line(self) -> str:
        """Return the difference in one line: "+" added, "-" removed, "~" changed."""
        sign = {"added": "+", "removed": "-", "changed": "~"}[self.kind]
        number = self.before if self.after is None else self.after
        return f"{sign} {f'{number}. ' if number is not None else ''}{self.text}"


def diff_plans(old: EditPlan, new: EditPlan) -> list[Difference]:
    """Return what changed from `old` to `new`, empty if they are equal.

    Steps that do the same to the same target are compared setting by setting; others were added or removed.
    """
    before, after = (plan_to_json(plan)["steps"] for plan in (old, new))
    found: list[Difference] = []
    if old.summary != new.summary:
        found.append(Difference("changed", None, None, f"summary: {old.summary!r} -> {new.summary!r}"))
    matcher = difflib.SequenceMatcher(None, [_key(s) for s in before], [_key(s) for s in after], autojunk=False)
    for action, a, a_end, b, b_end in matcher.get_opcodes():
        if action == "equal":
            for i, j in zip(range(a, a_end), range(b, b_end), strict=True):
                found += _changed(i, j, before[i], after[j], new.steps[j])
            continue
        found += [Difference("removed", i + 1, None, describe_step(old.steps[i])) for i in range(a, a_end)]
        found += [Difference("added", None, j + 1, describe_step(new.steps[j])) for j in range(b, b_end)]
    return found


def _changed(i: int, j: int, old: dict[str, Any], new: dict[str, Any], step: Step) -> list[Difference]:
    one, other = dict(_leaves(old, "")), dict(_leaves(new, ""))
    changes = [
        f"{name} {_shown(one.get(name))} -> {_shown(other.get(name))}"
        for name in dict.fromkeys([*one, *other])
        if one.get(name) != other.get(name)
    ]
    if not changes:
        return []
    where = describe_step(step).partition(":")[0] if step.op == "adjust" else step.op.capitalize()
    return [Difference("changed", i + 1, j + 1, f"{where}: {', '.join(changes)}")]


def _key(step: dict[str, Any]) -> str:
    return f"{step['op']} {step.get('target')}"


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield (name, value) of everything in a step but its operation and target; "settings." is left out of names."""
    if not isinstance(value, dict):
        yield path.removeprefix("settings."), value
        return
    for key, part in value.items():
        if path or key not in ("op", "target"):
            yield from _leaves(part, f"{path}.{key}" if path else key)


def _shown(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float | int) else str(value)

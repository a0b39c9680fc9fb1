"""`plan`: words into a plan, or a plan checked and told in plain words. Looks at no photo."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..engine.errors import PlanInvalidError
from . import words


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    result = argparse.ArgumentParser(
        program,
        description="Turn words into a plan, or check a plan's file, and say in plain words what it would do.",
        allow_abbrev=False,
    )
    add = result.add_argument
    add("wish", nargs="*", metavar="WORDS or PLAN.json", help="what to do in plain words, or a plan; `-` reads a plan")
    add("-o", "--output", type=Path, metavar="PLAN.json", help="write the plan")
    add("--overwrite", action="store_true", help="replace the output if it exists")
    add("--schema", action="store_true", help="print the JSON Schema of plans")
    add("--json", action="store_true", help="print the plan as JSON")
    return result


def run(arguments: argparse.Namespace) -> int:
    """Do the work and return the exit status."""
    from ..engine.plan.describe import describe_plan
    from ..engine.plan.validate import plan_to_json, schema_text

    if arguments.schema:
        print(schema_text(), end="")
        return 0
    understood = _read(arguments.wish)
    if arguments.output:
        words.write(arguments.output, understood.plan, arguments.overwrite)
    if arguments.json:
        print(json.dumps(plan_to_json(understood.plan), indent=2, ensure_ascii=False, allow_nan=False))
        return 0
    print("\n".join(describe_plan(understood.plan)))
    for line in words.remarks(understood):
        print(line)
    return 0


def _read(wish: list[str]) -> words.Understood:
    if not wish:
        raise PlanInvalidError("No words and no plan were given.", words.EXAMPLES)
    if len(wish) == 1 and (wish[0] == "-" or wish[0].lower().endswith(".json")):
        return words.read("", Path(wish[0]))
    return words.understand(" ".join(wish))

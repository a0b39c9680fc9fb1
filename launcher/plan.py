"""`plan`: words into a plan, and plans printed, checked, compared and told in plain words. Looks at no photo."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..engine.errors import PlanInvalidError
from . import asking, plan_compile, words

_EPILOG = """\
  %(prog)s "WORDS" or PLAN.json      say what it would do; `-` reads a plan from standard input
  %(prog)s explain "WORDS" or PLAN   the same
  %(prog)s print "WORDS" or PLAN     print the plan as JSON
  %(prog)s check PLAN...             say whether plans are valid
  %(prog)s diff OLD NEW              say what changed from one plan to another
  %(prog)s replay PLAN PHOTO...      apply a plan to a shoot: as `edit --plan PLAN`, with its options
  %(prog)s resolve PLAN --photo PHOTO  the numbers that automatic steps come to on this photo
  %(prog)s xmp PLAN -o photo.xmp     write it as a sidecar for Lightroom, and say what that cannot hold
  %(prog)s compile PLAN -o flow.json  write it as a ComfyUI workflow: `run flow.json --photo photo.nef` runs it
  %(prog)s print photo.xmp           what Lightroom saved in a sidecar, as a plan"""


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    result = argparse.ArgumentParser(
        program,
        usage='%(prog)s [print|explain|check|diff|replay|resolve|xmp|compile] "WORDS" or PLAN.json [options]',
        description="Turn words into a plan, and print, check, compare, explain or replay plans.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = result.add_argument
    add("wish", nargs="*", metavar="WORDS or PLAN.json", help="what to do in plain words, or a plan; `-` reads a plan")
    add("-o", "--output", type=Path, metavar="PLAN.json", help="write the plan")
    add("--overwrite", action="store_true", help="replace the output if it exists")
    add("--strength", type=words.percentage, default=100, metavar="PERCENT", help="of the plan, 0-150 (default: 100)")
    add("--photo", type=Path, metavar="PHOTO", help="the photo that it is for: --llm, resolve, xmp, compile")
    asking.add_options(result)
    plan_compile.add_options(result)
    add("--schema", action="store_true", help="print the JSON Schema of plans")
    add("--json", action="store_true", help="print one JSON value: the plan, or what was checked or compared")
    return result


def run(arguments: argparse.Namespace) -> int:
    """Do the work and return the exit status: 1 if a plan that was checked is not valid."""
    from ..engine.plan.validate import schema_text

    if arguments.schema:
        print(schema_text(), end="")
        return 0
    what, rest = (arguments.wish[0], arguments.wish[1:]) if arguments.wish else ("", [])
    match what:
        case "check":
            return _check(rest, arguments.json)
        case "diff":
            return _diff(rest, arguments.json)
        case "replay":
            raise PlanInvalidError(
                "`plan replay` needs a plan, then photos.", "As in: plan replay PLAN.json *.nef -o out/"
            )
        case "resolve":
            return _tell(arguments, rest, as_json=arguments.json, numbers=True)
        case "xmp":
            from . import plan_xmp

            return plan_xmp.write(arguments, words.at_strength(_read(rest, arguments), arguments.strength))
        case "compile":
            return plan_compile.write(arguments, words.at_strength(_read(rest, arguments), arguments.strength))
        case "print" | "explain":
            return _tell(arguments, rest, as_json=arguments.json or what == "print")
        case _:
            return _tell(arguments, arguments.wish, as_json=arguments.json)


def _tell(arguments: argparse.Namespace, wish: list[str], *, as_json: bool, numbers: bool = False) -> int:
    from ..engine.plan.describe import describe_plan
    from ..engine.plan.validate import plan_to_text

    understood = words.at_strength(_read(wish, arguments), arguments.strength)
    if numbers:
        if arguments.photo is None:
            raise PlanInvalidError("`plan resolve` needs a photo.", "As in: plan resolve PLAN.json --photo photo.nef")
        understood = words.for_photo(understood, arguments.photo)
    if arguments.output:
        words.write(arguments.output, understood.plan, arguments.overwrite)
    remarks = words.remarks(understood)
    if as_json:
        print(plan_to_text(understood.plan), end="")
        print("".join(f"{line}\n" for line in remarks), end="", file=sys.stderr)
    else:
        print("\n".join([*describe_plan(understood.plan), *remarks]))
    return 0


def _check(files: Sequence[str], as_json: bool) -> int:
    if not files:
        raise PlanInvalidError("No plan to check was named.", "As in: plan check PLAN.json")
    found: list[dict[str, Any]] = []
    for file in files:
        try:
            steps = len(words.read("", Path(file)).plan.steps)
            found.append({"file": file, "ok": True, "steps": steps})
        except PlanInvalidError as error:
            found.append({"file": file, "ok": False, "error": error.message, "hint": error.hint})
    if as_json:
        print(json.dumps({"plans": found}, ensure_ascii=False))
    else:
        print("\n".join(map(_verdict, found)))
    return 0 if all(plan["ok"] for plan in found) else 1


def _verdict(plan: dict[str, Any]) -> str:
    if plan["ok"]:
        return f"{plan['file']}: a valid plan, {plan['steps']} step{'' if plan['steps'] == 1 else 's'}."
    return " ".join(filter(None, (f"{plan['file']}: {plan['error']}", plan["hint"])))


def _diff(files: Sequence[str], as_json: bool) -> int:
    from ..engine.plan.diff import diff_plans

    if len(files) != 2:
        raise PlanInvalidError("`plan diff` compares two plans.", "As in: plan diff OLD.json NEW.json")
    old, new = (words.read("", Path(file)).plan for file in files)
    found = diff_plans(old, new)
    if as_json:
        print(json.dumps({"equal": not found, "changes": [part._asdict() for part in found]}, ensure_ascii=False))
    else:
        print("\n".join(part.line() for part in found) or "The plans are equal.")
    return 0


def _read(wish: list[str], arguments: argparse.Namespace) -> words.Understood:
    if not wish:
        raise PlanInvalidError("No words and no plan were given.", words.EXAMPLES)
    if len(wish) == 1 and wish[0].lower().endswith(".xmp"):
        return words.read_sidecar(Path(wish[0]), arguments.photo)
    if len(wish) == 1 and (wish[0] == "-" or wish[0].lower().endswith(".json")):
        return words.read("", Path(wish[0]))
    if arguments.llm:
        return asking.understand(" ".join(wish), arguments.llm, arguments.llm_name, arguments.photo)
    return words.understand(" ".join(wish))

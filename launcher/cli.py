"""The command line: which commands there are, where they run, and how errors are shown."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn, Protocol, cast

from ..engine.errors import CancelledError, StillbytesError
from .show import print_error

_PROGRAM = "stillbytes"
_STOPPED = "Stopped; nothing half-done is left behind."


class CommandModule(Protocol):
    """What the module of a command offers."""

    def parser(self, program: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do the work and return the exit status."""
        ...


@dataclass(frozen=True)
class Command:
    """A command: one line for the overview, its module, the environment that it needs, and what it hands on.

    `passes`: arguments for the program that the command starts, which become `arguments.passed`: those after `--`, or
    also all that the command does not know.
    """

    summary: str
    module: str
    needs: Literal["python", "core", "dev"]
    passes: Literal["nothing", "after --", "unknown"] = "nothing"


COMMANDS = {
    "edit": Command("edit photos by words or by a plan, and export them", "edit", "core"),
    "plan": Command("turn words into a plan; print, check, compare, explain or replay plans", "plan", "core"),
    "setup": Command("install ComfyUI with this pack in it", "setup", "python"),
    "launch": Command("start ComfyUI with this pack in it", "launch", "python", "after --"),
    "run": Command("queue a workflow on ComfyUI and fetch its results", "run", "python"),
    "doctor": Command("say what is installed and what is missing", "doctor", "python"),
    "test": Command("run the tests", "selftest", "dev", "unknown"),
    "bench": Command("run a benchmark", "bench", "dev", "unknown"),
}


def main(argv: Sequence[str] | None = None, *, own_environment: bool = False) -> int:
    """Run the command line and return the exit status: 0, 1 for an error, 2 for wrong arguments, 130 for Ctrl-C.

    `own_environment`: commands that need the engine run in the environment that Stillbytes makes for itself, and not
    in the Python that this is.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue]
    try:
        status = _dispatch(words, own_environment)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever reads the output, such as `head`, has had enough; Python would complain at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, CancelledError):
        print(_STOPPED, file=sys.stderr)
        _print_json(words, _STOPPED, "")
        return 130
    except StillbytesError as error:
        print_error(error)
        _print_json(words, error.message, error.hint)
        return 1


def _print_json(words: Sequence[str], error: str, hint: str) -> None:
    """Print an error as the one object that `--json` promises, where that was asked for."""
    if "--json" in words[: words.index("--") if "--" in words else None]:
        print(json.dumps({"error": error, "hint": hint}))


def overview(program: str = _PROGRAM) -> str:
    """Return the text of `--help`."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "Stillbytes: a RAW photo editor's AI inside ComfyUI, and without it.",
            "",
            f"usage: {program} COMMAND ...",
            "",
            *lines,
            "",
            f"`{program} COMMAND --help` explains a command; `{program} --version` says which version this is.",
            f'Example: {program} edit photo.nef "darken the sky, lift the subject" -o out.tif',
        ]
    )


def _dispatch(words: list[str], own_environment: bool) -> int:
    program = "python launcher" if own_environment else _PROGRAM
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview(program))
        return 0 if words else 2
    if words[0] == "--version":
        from .home import version

        print(f"Stillbytes {version()}")
        return 0
    words = _replay(words)
    if (command := COMMANDS.get(words[0])) is None:
        raise _unknown(words[0], program)
    module = cast("CommandModule", importlib.import_module(f".{command.module}", __package__))
    arguments = _parse(module.parser(f"{program} {words[0]}"), command, words[1:])
    if own_environment and command.needs != "python":
        from . import environment
        from .show import Status

        make = environment.make_core if command.needs == "core" else environment.make_dev
        wanted = environment.core() if command.needs == "core" else environment.dev()
        if not wanted.current:
            return environment.rerun_in(make(Status()), Path(__file__).resolve().parent, words)
    return module.run(arguments)


def _replay(words: list[str]) -> list[str]:
    """Return `plan replay PLAN PHOTO...` as what it is: an edit by that plan."""
    if words[:2] != ["plan", "replay"] or len(words) < 3:
        return words
    if words[2] in ("-h", "--help"):
        return ["edit", "--help"]
    named = len(words) > 3 and (words[2] == "-" or not words[2].startswith("-"))
    return ["edit", "--plan", *words[2:]] if named else words


def _parse(parser: argparse.ArgumentParser, command: Command, words: list[str]) -> argparse.Namespace:
    def refuse(message: str) -> NoReturn:
        _print_json(words, f"{message[:1].upper()}{message[1:]}.", f"`{parser.prog} --help` explains the arguments.")
        parser.print_usage(sys.stderr)
        parser.exit(2, f"{parser.prog}: error: {message}\n")

    parser.error = refuse
    if command.passes == "nothing":
        return parser.parse_intermixed_args(words)
    cut = words.index("--") if "--" in words else len(words)
    arguments, unknown = parser.parse_known_args(words[:cut])
    if unknown and command.passes == "after --":
        parser.error(f"unknown arguments: {' '.join(unknown)}; those of the program that is started go after --")
    arguments.passed = [*unknown, *words[cut + 1 :]]
    return arguments


def _unknown(word: str, program: str) -> StillbytesError:
    import difflib

    near = difflib.get_close_matches(word, COMMANDS, n=1)
    hint = f"Did you mean `{near[0]}`?" if near else f"`{program} --help` lists the commands."
    return StillbytesError(f"There is no command `{word}`.", hint)


def _stop(number: int, frame: FrameType | None) -> None:
    """Treat a request to end as Ctrl-C, so that what is half-done is undone."""
    raise KeyboardInterrupt

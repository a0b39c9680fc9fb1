"""`test`: what the continuous integration runs: format, lint, types, then every test in one pytest call."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from ..engine.errors import InstallError
from .home import ROOT, is_checkout

CHECKS = (
    ("format", ("ruff", "format", "--check", ".")),
    ("lint", ("ruff", "check", ".")),
    ("types", ("pyright", "--pythonpath", sys.executable)),
)
_SUITES = ("tests/engine", "tests/launcher", "tests/workflows", "tests/comfy")


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    result = argparse.ArgumentParser(
        program,
        description="Check format, lint and types, then run the tests. Tests that need ComfyUI are skipped where "
        "it is not set up. Everything else goes to pytest: options, and paths in place of the suites.",
        allow_abbrev=False,
    )
    result.add_argument("--no-checks", action="store_true", help="run only the tests")
    return result


def run(arguments: argparse.Namespace) -> int:
    """Return 0 if the checks and the tests pass, 1 if a check fails, else pytest's status. pytest's summary is last."""
    if not is_checkout():
        raise InstallError(
            "The tests do not come with the installed package.", "Run them in a checkout of the sources."
        )
    failed = [] if arguments.no_checks else [name for name, words in CHECKS if not _check(name, words)]
    if failed:
        print(f"failed: {', '.join(failed)}; the tests run nevertheless", flush=True)
    status = _call([sys.executable, "-m", "pytest", *pytest_arguments(arguments.passed)])
    return status or (1 if failed else 0)


def pytest_arguments(given: Sequence[str]) -> list[str]:
    """Return pytest's arguments: the suites, unless a path is among those given."""
    has_path = any((ROOT / word.partition("::")[0]).exists() for word in given if not word.startswith("-"))
    suites = [] if has_path else [suite for suite in _SUITES if any((ROOT / suite).glob("test_*.py"))]
    return [*suites, *given]


def _check(name: str, words: Sequence[str]) -> bool:
    print(f"== {name}", flush=True)
    return _call([sys.executable, "-m", *words]) == 0


def _call(command: Sequence[str]) -> int:
    """Run a tool in the checkout with its answers to pyright's and pytest's own questions fixed."""
    variables = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode

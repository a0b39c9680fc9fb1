"""`test`: what the continuous integration runs: format, lint, types, then the tests.

The tests of learned models need torch and transformers: they run in ComfyUI's environment, with this one's pytest.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ..engine.errors import InstallError
from .comfyui import chosen_python, comfyui_environment
from .home import ROOT, is_checkout

CHECKS = (
    ("format", ("ruff", "format", "--check", ".")),
    ("lint", ("ruff", "check", ".")),
    ("types", ("pyright", "--pythonpath", sys.executable)),
)
_SUITES = ("tests/engine", "tests/launcher", "tests/workflows", "tests/comfy")
_MODEL_SUITE = "tests/models"
# ComfyUI's packages come first: only what it lacks, pytest among it, is taken from this environment.
_BORROWED_PYTEST = "import sys; sys.path.append(sys.argv.pop(1)); import pytest; sys.exit(pytest.main(sys.argv[1:]))"


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
    suites, models = pytest_arguments(arguments.passed), model_arguments(arguments.passed)
    if models and not _models_pass(models):
        failed.append("models")
    status = _call([sys.executable, "-m", "pytest", *suites]) if suites else 0
    return status or (1 if failed else 0)


def pytest_arguments(given: Sequence[str]) -> list[str]:
    """Return pytest's arguments: the suites, unless paths are given; [] if those are all of learned models."""
    if paths := [word for word in given if _is_path(word)]:
        return [] if all(_is_model_path(path) for path in paths) else [w for w in given if not _is_model_path(w)]
    return [*(suite for suite in _SUITES if any((ROOT / suite).glob("test_*.py"))), *given]


def model_arguments(given: Sequence[str]) -> list[str]:
    """Return pytest's arguments for the tests of learned models; [] if only other paths are given."""
    if any(_is_path(word) for word in given):
        mine = [word for word in given if not _is_path(word) or _is_model_path(word)]
        return mine if any(_is_model_path(word) for word in given) else []
    return [_MODEL_SUITE, *given] if any((ROOT / _MODEL_SUITE).glob("test_*.py")) else []


def _is_path(word: str) -> bool:
    return not word.startswith("-") and (ROOT / word.partition("::")[0]).exists()


def _is_model_path(word: str) -> bool:
    path = (ROOT / word.partition("::")[0]).resolve()
    return _is_path(word) and path.is_relative_to(ROOT / _MODEL_SUITE)


def _models_pass(arguments: Sequence[str]) -> bool:
    """Run pytest in ComfyUI's environment. Without one the tests are left out, which in CI is a failure."""
    print("== models", flush=True)
    environment = comfyui_environment()
    python = chosen_python(None) or (environment.python if environment.ready else None)
    if python is None:
        print("skipped: they need ComfyUI's environment, which `python launcher setup` makes", flush=True)
        return os.environ.get("CI") != "true"
    packages = str(Path(_pytest_file()).parents[1])
    status = _call([str(python), "-c", _BORROWED_PYTEST, packages, *arguments])
    return status in (0, 5)


def _pytest_file() -> str:
    """Return where this environment's pytest lies."""
    spec = importlib.util.find_spec("pytest")
    assert spec is not None
    assert spec.origin is not None
    return spec.origin


def _check(name: str, words: Sequence[str]) -> bool:
    print(f"== {name}", flush=True)
    return _call([sys.executable, "-m", *words]) == 0


def _call(command: Sequence[str]) -> int:
    """Run a tool in the checkout with its answers to pyright's and pytest's own questions fixed."""
    variables = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode

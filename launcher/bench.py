"""`bench`: the measurements of the folder benchmarks/, each a script of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from ..engine.errors import InstallError
from .home import ROOT


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    result = argparse.ArgumentParser(program, description="Run a benchmark, or list them; options go to it.")
    result.add_argument("name", nargs="?", help="which one; without it they are listed")
    return result


def run(arguments: argparse.Namespace) -> int:
    """Return the benchmark's exit status."""
    scripts = benchmarks(ROOT / "benchmarks")
    if not scripts:
        raise InstallError("The benchmarks do not come with the installed package.", "Run them in a checkout.")
    if arguments.name is None:
        print("\n".join(scripts))
        return 0
    if arguments.name not in scripts:
        raise InstallError(f"There is no benchmark {arguments.name}.", f"There are: {', '.join(scripts)}.")
    command = [sys.executable, str(scripts[arguments.name]), *arguments.passed]
    return subprocess.run(command, check=False).returncode


def benchmarks(folder: Path) -> dict[str, Path]:
    """Return the scripts in `folder` that can be run, by name: those with a main of their own."""
    scripts = sorted(folder.glob("*.py"))
    return {path.stem: path for path in scripts if '__name__ == "__main__"' in path.read_text(encoding="utf-8")}

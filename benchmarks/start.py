"""Starting: `--help`, the second edit of the sample, and the set-up of the core environment in an empty home.

    python benchmarks/start.py [--rounds N]

Everything happens in a temporary home with the plain Python below this environment, as on a fresh machine. The set-up
downloads packages, so it takes a network line, and what it takes depends on that.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import harness

WORDS = "darken the sky a little, warm it up, lift the shadows on the subject"
HELP_S, EDIT_S, SETUP_S = 0.3, 4.0, 90.0


def main() -> None:
    parser = argparse.ArgumentParser(description="How long the start takes.")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    python = Path(getattr(sys, "_base_executable", sys.executable))
    launcher = [python, harness.ROOT / "launcher"]
    with harness.scratch() as home:
        places = {name: str(home / name.lower()) for name in ("STILLBYTES_HOME", "STILLBYTES_CACHE")}
        run = partial(harness.run_process, environment=places)
        edit = [*launcher, "edit", harness.SAMPLE, WORDS, "--overwrite", "-o", home / "out.tif"]
        first = run(edit)
        kernels = {"second edit with compiled kernels": partial(run, edit)}
        help_: dict[str, Callable[[], object]] = {"--help": partial(run, [python, "-I", "-S", launcher[1], "--help"])}
        measured = harness.interleaved({**help_, **kernels}, rounds)
        setup = first.wall_s - measured["second edit with compiled kernels"].wall_s
    harness.costs(measured)
    harness.line("python launcher --help", measured["--help"].wall_s, HELP_S, "s", "less")
    second = measured["second edit with compiled kernels"].wall_s
    harness.line("second edit of the sample, whole process", second, EDIT_S, "s", "less")
    harness.line("first edit minus second: set-up and compiling", setup, SETUP_S, "s", "less")


if __name__ == "__main__":
    main()

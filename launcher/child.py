"""Running a program and whatever it starts, so that all of it ends when this process is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def run_logged(command: Sequence[str], log: Path, on_line: Callable[[str], None] = lambda line: None) -> int:
    """Run `command`, add its output to `log`, hand each line on, and return the exit status.

    When this is interrupted, the program and its children are ended first.
    """
    with log.open("a", encoding="utf-8", errors="replace") as file:
        file.write(f"$ {' '.join(command)}\n")
        file.flush()
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=sys.platform != "win32",
        ) as process:
            try:
                for line in process.stdout or ():
                    file.write(line)
                    on_line(line.rstrip())
                return process.wait()
            except BaseException:
                end_tree(process)
                raise


def end_tree(process: subprocess.Popen[str]) -> None:
    """End a program that `run_logged` started, with its children."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    process.wait()

"""Running pip in an environment, with its progress in plain words."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from ..engine.errors import InstallError
from .child import run_logged
from .show import Status

_OPTIONS = ("--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--no-compile")
_REQUIREMENT = re.compile(r"Collecting ([A-Za-z0-9._-]+)")
_FILE = re.compile(r"\s+(?:Downloading|Using cached) ([A-Za-z0-9._]+)-.*?(?:\(([0-9.]+ [kMG]?B)\))?$")
_OFFLINE = ("Failed to establish a new connection", "Temporary failure in name", "getaddrinfo")


def in_plain_words(line: str) -> str:
    """Return what a line of pip's output means for the user, "" if nothing."""
    if match := _REQUIREMENT.match(line):
        return f"looking for {match[1]}"
    if match := _FILE.match(line):
        return f"fetching {match[1]}" + (f" ({match[2]})" if match[2] else "")
    if line.startswith("Installing collected packages"):
        return f"installing {line.count(',') + 1} packages"
    return ""


def install(python: Path, arguments: Sequence[str], log: Path, status: Status, purpose: str) -> None:
    """Run `pip install` with `python` and `arguments`; its output is added to `log`.

    Raises InstallError with pip's own reason. pip ends before this returns, also on Ctrl-C.
    """
    command = [str(python), "-m", "pip", "install", *_OPTIONS, *arguments]
    tail: deque[str] = deque(maxlen=200)

    def follow(line: str) -> None:
        tail.append(line.strip())
        if words := in_plain_words(line):
            status.update(f"{purpose}: {words}")

    code = run_logged(command, log, follow)
    status.clear()
    if code != 0:
        raise InstallError(f"{purpose}: {_reason(tail)}", f"pip's whole output is in {log}.")


def _reason(tail: Sequence[str]) -> str:
    """Return the sentence for which pip stopped, from the last lines of its output."""
    text = "\n".join(tail)
    if "No space left on device" in text:
        return "the disk is full."
    if any(sign in text for sign in _OFFLINE):
        return "the package index cannot be reached; is this machine online?"
    errors = [line.removeprefix("ERROR: ") for line in tail if line.startswith("ERROR: ")]
    return f"pip stopped: {errors[0] if errors else 'it gave no reason'}"

"""What the command line shows: lines, one line that updates on a terminal, and errors."""

from __future__ import annotations

import shutil
import sys

from ..engine.errors import StillbytesError


class Status:
    """One line on stderr that says what is going on. On a terminal it updates in place and goes when the work ends;
    elsewhere only the lines given to `say` appear."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown = False

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def update(self, text: str) -> None:
        """Replace the line that updates; does nothing where stderr is not a terminal."""
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[2K{text[:width]}", end="", file=sys.stderr, flush=True)
            self._shown = True

    def clear(self) -> None:
        """Take the line that updates away."""
        if self._shown:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
            self._shown = False


def print_error(error: StillbytesError) -> None:
    """Print an error and its hint on stderr."""
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)


def count(number: int, noun: str) -> str:
    """Return "1 photo", "2 photos"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def file_size(size_bytes: int) -> str:
    """Return "12 KB", "3.4 MB", "1.25 GB"."""
    if size_bytes < 1e6:
        return f"{max(1, round(size_bytes / 1e3))} KB"
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes < 1e9 else f"{size_bytes / 1e9:.2f} GB"

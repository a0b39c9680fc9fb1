"""Decoding processes that stand by. Imports nothing heavy: one can start before the engine itself is imported."""

from __future__ import annotations

import atexit
import subprocess
import threading
from pathlib import Path

from ..child import start_script

_REFILL_AFTER_S = 1.0


class Spares:
    """At most one started process that waits for a file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spare: subprocess.Popen[str] | None = None
        self._wanted = False

    def prepare(self, keep: bool) -> None:
        """Start a process unless one stands by; with `keep` the next one follows whenever one was taken."""
        with self._lock:
            self._wanted = self._wanted or keep
            if self._spare is None or self._spare.poll() is not None:
                self._drop()
                self._spare = start()

    def take(self) -> subprocess.Popen[str]:
        """Return a process that waits for a file; the caller ends it."""
        with self._lock:
            process, self._spare = self._spare, None
        if process is not None and process.poll() is not None:
            end(process)
            process = None
        return process or start()

    def refill(self) -> None:
        """Start the next process a little later: now the photo that was decoded wants every core."""
        if self._wanted:
            timer = threading.Timer(_REFILL_AFTER_S, self._refill)
            timer.daemon = True
            timer.start()

    def _refill(self) -> None:
        with self._lock:
            if self._wanted and self._spare is None:
                self._spare = start()

    def drop(self) -> None:
        """End the process that stands by, and start no other."""
        with self._lock:
            self._wanted = False
            self._drop()

    def _drop(self) -> None:
        if self._spare is not None:
            end(self._spare)
            self._spare = None


def start() -> subprocess.Popen[str]:
    """Start a decoding process, which imports its libraries and waits for a file."""
    return start_script(Path(__file__).with_name("worker.py"), {"OPENBLAS_NUM_THREADS": "1"})


def end(process: subprocess.Popen[str]) -> None:
    """End a process at once and wait until it is gone."""
    process.kill()
    process.communicate()


SPARES = Spares()
atexit.register(SPARES.drop)

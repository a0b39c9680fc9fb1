"""A ComfyUI that runs as a child of this process, on loopback, and stops with it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ..engine.errors import ServerUnavailableError
from .client import Client
from .comfyui import Installation
from .flags import ServerFolders, server_flags
from .home import home, log_file
from .probe import Card
from .show import Status

DEFAULT_PORT = 8188
_READY_TIMEOUT_S = 300
_STOP_TIMEOUT_S = 15
_POLL_S = 0.25


@dataclass(frozen=True)
class ServerOptions:
    """How to start: the card, a port (0 for a free one, the usual one if it is free) and flags to pass on."""

    card: Card
    port: int = 0
    extra: Sequence[str] = ()


class Server:
    """ComfyUI as a child process. A context manager: it is stopped when the block ends, however it ends."""

    def __init__(self, installation: Installation, options: ServerOptions) -> None:
        """Start the child; it answers only after `wait_ready`.

        Raises ServerUnavailableError if a ComfyUI has the port already, or the child cannot be started at all.
        """
        self.port = options.port or free_port()
        self.client = Client(self.url)
        if self.client.answers():
            raise ServerUnavailableError(
                f"Another ComfyUI answers at {self.url} already.", "Stop it or choose another --port."
            )
        try:
            self._start(installation, options)
        except OSError as error:
            reason = error.strerror or str(error)
            raise ServerUnavailableError(f"ComfyUI cannot be started: {reason}: {error.filename}.") from error

    def _start(self, installation: Installation, options: ServerOptions) -> None:
        self.log = log_file(f"comfyui-{self.port}")
        database = home() / "comfyui-user" / "user" / f"stillbytes-{self.port}.db"
        database.parent.mkdir(parents=True, exist_ok=True)
        flags = server_flags(options.card, self.port, ServerFolders(installation.base, database), options.extra)
        command = [str(installation.python), str(installation.folder / "main.py"), *flags]
        new_group = subprocess.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=installation.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=sys.platform != "win32",
                creationflags=new_group,
            )

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """True while the child lives."""
        return self._process.poll() is None

    def wait_ready(self, status: Status, timeout_s: float = _READY_TIMEOUT_S) -> None:
        """Return when the server answers. Raises ServerUnavailableError where it ends or takes too long."""
        started = time.monotonic()
        while not self.client.answers():
            seconds = time.monotonic() - started
            if not self.running:
                raise ServerUnavailableError(f"ComfyUI stopped while it started: {last_line(self.log)}", self._hint)
            if seconds > timeout_s:
                raise ServerUnavailableError(f"ComfyUI did not answer within {timeout_s:.0f} s.", self._hint)
            status.update(f"ComfyUI is starting, {seconds:.0f} s")
            time.sleep(_POLL_S)
        status.clear()

    def wait(self) -> int:
        """Return the child's exit status when it ends."""
        while self.running:
            time.sleep(_POLL_S)
        return self._process.returncode

    def stop(self) -> None:
        """End the child: asked first, then made to."""
        if not self.running:
            return
        if sys.platform == "win32":
            self._process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            pass
        finally:  # a second Ctrl-C means at once
            self._process.kill()
            self._process.wait()

    @property
    def _hint(self) -> str:
        return f"Its log is {self.log}."

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def free_port(preferred: int = DEFAULT_PORT) -> int:
    """Return `preferred` if nothing listens there, else a port that the system chooses."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise ServerUnavailableError("No port of this machine is free.")


def last_line(log: Path) -> str:
    """Return the last line of a log that says something."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "its log is empty")

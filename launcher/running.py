"""Which ComfyUI `launch` has running, so that `run` finds it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from .client import Client
from .home import home


def _note() -> Path:
    return home() / "comfyui-running"


@contextmanager
def announced(url: str) -> Generator[None]:
    """Say for the time of the block that a ComfyUI answers at `url`."""
    note = _note()
    note.write_text(url, encoding="utf-8")
    try:
        yield
    finally:
        if note.is_file() and note.read_text(encoding="utf-8") == url:
            note.unlink()


def find() -> Client | None:
    """Return the ComfyUI that `launch` started, if it answers."""
    try:
        client = Client(_note().read_text(encoding="utf-8").strip())
    except OSError:
        return None
    return client if client.answers() else None

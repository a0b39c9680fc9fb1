"""A temporary file through which samples pass from the decoding process to this one, without a copy in between."""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - memory, where the system has it; the files in it are made by mkstemp
_ROOM_TO_SPARE = 1 << 30
_GROWTH = 6  # samples take up to this many times the room of a compressed file


class Spool:
    """An empty file for one decode; `close` removes it, mapped samples stay valid."""

    def __init__(self, file_bytes: int) -> None:
        handle, path = tempfile.mkstemp(prefix="stillbytes-", suffix=".samples", dir=_folder(file_bytes))
        os.close(handle)
        self.path = path

    def map(self, shape: Sequence[int]) -> NDArray[np.uint16]:
        """Return what was written as a read-only array of `shape`; ValueError if it is not of that size."""
        expected = 2 * math.prod(shape)
        if min(shape) < 1 or os.path.getsize(self.path) != expected:
            raise ValueError(f"expected {expected} bytes of samples")
        # Windows removes a file that is still mapped only if it was opened so
        handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_TEMPORARY", 0))
        try:
            mapped = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
        finally:
            os.close(handle)
        return np.frombuffer(mapped, np.uint16).reshape(tuple(shape))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self.path)


def _folder(file_bytes: int) -> str | None:
    """Return shared memory where it has plenty of room, else None, the folder for temporary files."""
    try:
        free = shutil.disk_usage(_SHARED_MEMORY).free
    except OSError:
        return None
    roomy = free > _ROOM_TO_SPARE + _GROWTH * file_bytes and os.access(_SHARED_MEMORY, os.W_OK)
    return str(_SHARED_MEMORY) if roomy else None

"""Giving memory back to the system."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """Hand freed memory back where the C library keeps it for itself, which is glibc; elsewhere nothing happens.

    glibc keeps up to twice the largest array that was ever freed. That is cheap before the next large array and a
    waste while a photo is written for seconds.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)

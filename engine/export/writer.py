"""What all streaming image writers share: strips from top to bottom, compressed in the pool, written in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..geometry import Size
from ..raster.exif import Exif
from ..tiles import in_worker, pool, thread_count

_T = TypeVar("_T")
BitDepth = Literal[8, 16, 32]
_STRIP_PIXELS = 1 << 18
_ROW_STEP = 32
_MAX_ROWS = 256


@dataclass(frozen=True)
class ImageSpec:
    """What a file will hold: its size, its bits per channel (32 = float) and the metadata beside the pixels."""

    size: Size
    bits: BitDepth
    icc: bytes
    exif: Exif | None = None
    xmp: bytes = b""

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype({8: np.uint8, 16: np.uint16, 32: np.float32}[self.bits])

    @property
    def rows(self) -> int:
        """Rows per strip, a multiple of 32 that keeps a strip near a quarter of a megapixel whatever the width."""
        return min(-(-_STRIP_PIXELS // self.size.width // _ROW_STEP) * _ROW_STEP, _MAX_ROWS)

    @property
    def strip_count(self) -> int:
        return -(-self.size.height // self.rows)


class ImageWriter(Protocol):
    """Writes an image strip by strip; each strip has `spec.rows` rows, the last one what is left."""

    def write(self, strip: NDArray[Any]) -> None:
        """Take the next strip, (rows, width, 3) of spec.dtype; it belongs to the writer from now on."""
        ...

    def close(self) -> None:
        """Wait for all strips and finish the file's contents; the file itself stays open."""
        ...

    def abandon(self) -> None:
        """Stop compressing; what was written so far is no image."""
        ...


class StripCounter:
    """Checks that strips come as they should."""

    def __init__(self, spec: ImageSpec) -> None:
        self._spec = spec
        self.index = 0

    def take(self, strip: NDArray[Any]) -> NDArray[Any]:
        """Return the strip, contiguous. Raises ValueError if its shape or type is not the expected one."""
        spec = self._spec
        rows = min(spec.rows, spec.size.height - self.index * spec.rows)
        if strip.shape != (rows, spec.size.width, 3) or strip.dtype != spec.dtype or rows < 1:
            raise ValueError(
                f"strip {self.index}: expected {(rows, spec.size.width, 3)} {spec.dtype}, got {strip.shape}"
            )
        self.index += 1
        return np.ascontiguousarray(strip)

    def finish(self) -> None:
        """Raise ValueError if strips are missing."""
        if self.index != self._spec.strip_count:
            raise ValueError(f"expected {self._spec.strip_count} strips, got {self.index}")


class InOrder(Generic[_T]):
    """Runs tasks in the pool and hands their results to `deliver` in the order of submission, few at a time."""

    def __init__(self, deliver: Callable[[_T], None]) -> None:
        self._deliver = deliver
        self._running: deque[Future[_T]] = deque()

    def submit(self, task: Callable[[], _T]) -> None:
        """Start a task; waits for the oldest one when as many run as there are threads."""
        if in_worker():
            self._deliver(task())
            return
        while len(self._running) >= thread_count() or (self._running and self._running[0].done()):
            self._deliver(self._running.popleft().result())
        self._running.append(pool().submit(task))

    def finish(self) -> None:
        """Deliver all results that are still to come."""
        while self._running:
            self._deliver(self._running.popleft().result())

    def abandon(self) -> None:
        """Cancel what has not started and wait for the rest."""
        for future in self._running:
            future.cancel()
        wait(self._running)
        self._running.clear()

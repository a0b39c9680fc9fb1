"""Cutting a frame into tiles and working on them in the engine's threads."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Protocol, TypeVar

from .geometry import Box

TILE_WIDTH = 736
TILE_HEIGHT = 128

_T = TypeVar("_T")


class Progress(Protocol):
    """Is told how much is done; raises CancelledError to stop the work."""

    def __call__(self, done: int, total: int) -> None: ...


def no_progress(done: int, total: int) -> None:
    """Ignore progress; never cancels."""


def split(box: Box, width: int = TILE_WIDTH, height: int = TILE_HEIGHT) -> Iterator[Box]:
    """Yield the tiles of `box`, row by row, at most `width` x `height`; together they cover it exactly once."""
    for top in range(box.top, box.bottom, height):
        for left in range(box.left, box.right, width):
            yield Box(left, top, min(left + width, box.right), min(top + height, box.bottom))


def thread_count() -> int:
    """Return the number of CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def pool() -> ThreadPoolExecutor:
    """Return the engine's threads, one per CPU. Never wait in one of them for another task of the pool."""
    return ThreadPoolExecutor(thread_count(), thread_name_prefix="stillbytes")


def in_worker() -> bool:
    """True in a thread of the pool."""
    return threading.current_thread().name.startswith("stillbytes")


def in_order(groups: Iterable[Sequence[Callable[[], object]]], ahead: int) -> Generator[None]:
    """Call the tasks of each group in the pool; yield once per group, in order, as soon as all of it is done.

    While the caller works on a group, the tasks of the next `ahead` groups run. The first error is raised where its
    group would have come. When the iterator is closed, what has not started never will, and the rest has ended.
    """
    if in_worker():
        for group in groups:
            for task in group:
                task()
            yield
        return
    waiting: deque[list[Future[object]]] = deque()
    try:
        for group in groups:
            waiting.append([pool().submit(task) for task in group])
            if len(waiting) > ahead:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)
    finally:
        left = [future for group in waiting for future in group]
        for future in left:
            future.cancel()
        wait(left)


def _finished(waiting: deque[list[Future[object]]]) -> Generator[None]:
    """Wait for the first group, yield, and take it away."""
    for future in waiting[0]:
        future.result()
    waiting.popleft()
    yield


def for_each(task: Callable[[_T], object], items: list[_T], progress: Progress = no_progress) -> None:
    """Call `task` on every item in the pool and wait. The first error, or a cancelling `progress`, is raised
    after the tasks that had started have ended; the others never start."""
    if in_worker() or len(items) == 1:
        for done, item in enumerate(items):
            task(item)
            progress(done + 1, len(items))
        return
    futures = [pool().submit(task, item) for item in items]
    try:
        pending = set(futures)
        while pending:
            finished, pending = wait(pending, timeout=0.1, return_when=FIRST_EXCEPTION)
            for future in finished:
                future.result()
            progress(len(futures) - len(pending), len(futures))
    finally:
        for future in futures:
            future.cancel()
        wait(futures)

"""What models saw in photos, kept so that another click costs only the decoder."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from ...photo import Source
from ..ports import Pixels, Promptable

_KEEP = 8


class _Key(NamedTuple):
    engine: int
    source: int
    where: Hashable


class _Entry(NamedTuple):
    engine: weakref.ref[Promptable]
    source: weakref.ref[Source]
    looked: Any


class Embeddings:
    """The latest `keep` embeddings; each goes when its model or its photo goes. SAM 2's takes 17 MB of RAM."""

    def __init__(self, keep: int = _KEEP) -> None:
        self._keep = keep
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()
        # Reentrant, because a garbage collection may call _forget in the thread that holds it.
        self._lock = threading.RLock()

    def look(self, engine: Promptable, source: Source, where: Hashable, render: Callable[[], Pixels]) -> Any:
        """Return what `engine` sees in the view that `render` gives, computed once per engine, source and place.

        where: all that the view depends on besides the source, such as (orientation, area).
        """
        key = _Key(id(engine), id(source), where)
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.engine() is not engine or entry.source() is not source:
                looked = engine.look(render())
                entry = _Entry(weakref.ref(engine, self._forget), weakref.ref(source, self._forget), looked)
                self._entries[key] = entry
            self._entries.move_to_end(key)
            while len(self._entries) > self._keep:
                self._entries.popitem(last=False)
            return entry.looked

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()

    def _forget(self, gone: weakref.ref[Any]) -> None:
        with self._lock:
            for key in [k for k, e in self._entries.items() if e.engine is gone or e.source is gone]:
                self._entries.pop(key, None)


EMBEDDINGS = Embeddings()

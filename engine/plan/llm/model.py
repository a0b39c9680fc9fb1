"""A language model that can be asked: a file served by a child process that starts when needed, or a server."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ServerUnavailableError
from .client import Messages, Question, answers, ask, find_endpoint
from .endpoint import Endpoint, Kind
from .events import Answer
from .server import ChildServer
from .settings import KEY_VARIABLE, AskSettings, ModelSettings
from .stream import Watch

_WORK_SPACE_BYTES = 512 << 20
_BYTES_PER_TOKEN = {"f16": 150_000, "q8_0": 80_000, "q4_0": 42_000}  # a 4 B model of 36 layers and 8 key heads
_SILENCE_S = 4.0
_PING_S = 3.0
_MOST_PINGS = 2
_DEATH_S = 0.5


def _nothing() -> None:
    return


def _no_text(text: str) -> None:
    return


@dataclass(frozen=True)
class Listener:
    """Who follows an answer. `on_text` takes the answer so far; `on_wait` is called often and may raise to stop."""

    on_text: Callable[[str], None] = _no_text
    on_wait: Callable[[], None] = _nothing


@dataclass(frozen=True)
class Form:
    """What an answer must look like, as JSON Schema and as GBNF."""

    schema: Mapping[str, Any]
    gbnf: str


class LanguageModel:
    """One model. Nothing is loaded before the first question; `release` ends what was started.

    make_room: called with the bytes that a model file will take on the card, before it is loaded.
    """

    def __init__(self, settings: ModelSettings, make_room: Callable[[int], None] = lambda size: None) -> None:
        self.settings = settings
        self._make_room = make_room
        self._child: ChildServer | None = None
        self._endpoint: Endpoint | None = None
        self._lock = threading.Lock()
        self._sessions = 0

    @property
    def name(self) -> str:
        """What reports call the model."""
        if self.settings.is_address:
            return self.settings.name or self.settings.model.partition("//")[2].rpartition("@")[2].strip("/")
        return Path(self.settings.model).name

    @property
    def sees(self) -> bool:
        """Whether the model can be shown a picture."""
        return self.settings.sees if self.settings.is_address else self.settings.vision is not None

    @property
    def leaves_machine(self) -> bool:
        """Whether what is asked goes to another machine."""
        return self.settings.is_address and not Endpoint(self.settings.model, "openai").is_local

    @property
    def process_id(self) -> int | None:
        """The process id of the child that serves the file, None while there is none."""
        return self._child.pid if self._child is not None and self._child.alive else None

    def load(self, listener: Listener) -> None:
        """Load the model, or find the server, unless that is done. Raises what `ask` raises."""
        with self._lock:
            self._ready(listener)

    def ask(self, messages: Messages, form: Form, settings: AskSettings, listener: Listener, deadline: float) -> Answer:
        """Return the model's answer; `deadline` is of time.monotonic().

        Raises ServerUnavailableError if the model fails, hangs or takes too long, ModelMissingError if it cannot be
        loaded, and what `listener` raises. After any failure the next question starts anew.
        """
        with self._lock:
            endpoint = self._ready(listener)
            question = Question(
                messages,
                form.schema,
                form.gbnf,
                settings.max_tokens,
                settings.temperature,
                settings.seed,
                self.settings.context_tokens,
            )
            watch = Watch(listener.on_text, _Guard(endpoint, self._child, listener), deadline)
            try:
                return ask(endpoint, question, watch)
            except ServerUnavailableError as error:
                self._explain(error)
                raise

    def release(self) -> None:
        """End the child process, if there is one; its memory is free when this returns."""
        self._endpoint = None
        if self._child is not None:
            self._child.close()
            self._child = None

    @contextmanager
    def session(self) -> Generator[LanguageModel]:
        """Keep the model loaded for several questions; after the outermost it is released unless it is to stay."""
        self._sessions += 1
        try:
            yield self
        finally:
            self._sessions -= 1
            if not self._sessions and not self.settings.keep_loaded:
                self.release()

    def _ready(self, listener: Listener) -> Endpoint:
        if self._child is not None and not self._child.alive:
            self.release()
        if self._endpoint is None:
            if self.settings.is_address:
                self._endpoint = find_endpoint(
                    self.settings.model, os.environ.get(KEY_VARIABLE, ""), self.settings.name
                )
            else:
                self._endpoint = self._start(listener)
        return self._endpoint

    def _start(self, listener: Listener) -> Endpoint:
        if self.settings.gpu_layers:
            self._make_room(card_bytes(self.settings))
        self._child = ChildServer(self.settings, listener.on_wait)
        weakref.finalize(self, self._child.close)
        kind: Kind = "xllamacpp" if self._child.backend == "xllamacpp" else "llama-cpp-python"
        return Endpoint(self._child.url, kind, self._child.token)

    def _explain(self, error: ServerUnavailableError) -> None:
        """Clean up after a failure; raise a better reason where the child has died."""
        child, self._endpoint = self._child, None
        if child is None:
            return
        end = time.monotonic() + _DEATH_S
        while child.alive and time.monotonic() < end:  # the line breaks a moment before the process is gone
            time.sleep(0.01)
        try:
            child.check()
        except ServerUnavailableError as reason:
            raise reason from error
        finally:
            child.close(patient=False)
            self._child = None


class _Guard:
    """Looks after the child while its answer is awaited: one that is silent must at least react."""

    def __init__(self, endpoint: Endpoint, child: ChildServer | None, listener: Listener) -> None:
        self._endpoint, self._child, self._listener = endpoint, child, listener
        self._looked, self._missed = 0.0, 0

    def __call__(self, silence_s: float) -> None:
        self._listener.on_wait()
        if self._child is None:
            return
        self._child.check()
        if silence_s < _SILENCE_S:
            self._looked, self._missed = 0.0, 0
        elif silence_s - self._looked >= _SILENCE_S or self._looked == 0.0:
            self._missed = 0 if answers(self._endpoint, _PING_S) else self._missed + 1
            self._looked = silence_s
            if self._missed >= _MOST_PINGS:
                raise ServerUnavailableError("The language model's process hangs and was ended.", "Ask again.")


def card_bytes(settings: ModelSettings) -> int:
    """Return about how many bytes a model file takes on the card: weights, context and work space."""
    files = [Path(settings.model), *([settings.vision] if settings.vision else [])]
    weights = sum(path.stat().st_size for path in files if path.exists())
    return weights + settings.context_tokens * _BYTES_PER_TOKEN[settings.kv_cache] + _WORK_SPACE_BYTES

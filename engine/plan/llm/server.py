"""The life of the child process that serves a model file: started, watched, ended."""

from __future__ import annotations

import atexit
import json
import queue
import secrets
import subprocess
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...child import start_script
from ...errors import ModelMissingError, ModelReadError, ServerUnavailableError
from ...models.packages import how_to_install
from .settings import ModelSettings

_POLL_S = 0.05
_END_S = 2.0
_LOG_LINES = 20
_PASSIVE = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}  # spinning threads starve everything beside them

_live: weakref.WeakSet[ChildServer] = weakref.WeakSet()


class ChildServer:
    """A running child process. `url` and `token` are what a client needs, `backend` is the library that serves."""

    def __init__(self, settings: ModelSettings, on_wait: Callable[[], None] = lambda: None) -> None:
        """Start the process and wait until it serves; `on_wait` is called meanwhile and may raise to stop.

        Raises ModelMissingError without the file or a library that serves it, ModelReadError for a file that is no
        language model, ServerUnavailableError if the process dies or takes too long.
        """
        _check_file(Path(settings.model))
        self.name = Path(settings.model).name
        self.token = secrets.token_urlsafe(24)
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._process = _start()
        _live.add(self)
        try:
            _write_job(self._process, settings, self.token)
            answer = self._await_answer(settings, on_wait)
        except BaseException:
            self.close(patient=False)
            raise
        self.url, self.backend = str(answer["url"]), str(answer["backend"])

    @property
    def pid(self) -> int:
        """The process id of the child."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """True until the process has ended."""
        return self._process.poll() is None

    def check(self) -> None:
        """Raise ServerUnavailableError if the process has ended by itself."""
        if not self.alive:
            raise ServerUnavailableError(f"{self._how_it_ended()}{self._last_words()}", "Ask again to start it anew.")

    def close(self, patient: bool = True) -> None:
        """End the process, at once unless `patient`; its memory is free when this returns. Twice is once."""
        _live.discard(self)
        process = self._process
        try:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(_END_S if patient else 0)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _await_answer(self, settings: ModelSettings, on_wait: Callable[[], None]) -> dict[str, Any]:
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_put_line, args=(self._process, lines), daemon=True).start()
        threading.Thread(target=_keep_log, args=(self._process, self._log), daemon=True).start()
        deadline = time.monotonic() + settings.load_limit_s
        while lines.empty():
            on_wait()
            if time.monotonic() > deadline:
                limit = f"{settings.load_limit_s:g} seconds"
                raise ServerUnavailableError(f"{self.name} was not loaded within {limit}.", "Is the disk slow?")
            time.sleep(_POLL_S)
        line = lines.get()
        if not line:
            self._process.wait()
            self.check()
        answer: dict[str, Any] = json.loads(line)
        if answer.get("missing"):
            package = "llama-cpp-python" if settings.backend == "llama-cpp-python" else "xllamacpp"
            raise ModelMissingError(
                f"Running a language model needs the Python package {package}, which is not installed.",
                how_to_install(package),
            )
        if "error" in answer:
            reason = f"{answer['error']}{self._last_words()}"
            raise ModelReadError(f"{self.name} could not be loaded: {reason}", "Try another GGUF file.")
        return answer

    def _how_it_ended(self) -> str:
        code = self._process.returncode
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"The language model's process {how}."

    def _last_words(self) -> str:
        words = next((line for line in reversed(self._log) if "error" in line.lower()), "")
        return f" It last said: {words[:200]}" if words else ""


def close_all() -> None:
    """End every child process of this one."""
    for server in list(_live):
        server.close(patient=False)


atexit.register(close_all)


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelMissingError(f"{path.name}: the model file cannot be read: {error.strerror}.") from error
    if magic != b"GGUF":
        hint = "Choose a language model in GGUF form."
        raise ModelReadError(f"{path.name}: expected a GGUF file, found something else.", hint)


def _start() -> subprocess.Popen[str]:
    return start_script(Path(__file__).with_name("worker.py"), _PASSIVE)


def _write_job(process: subprocess.Popen[str], settings: ModelSettings, token: str) -> None:
    """Tell the child what to load; the token goes this way because others can read a command line."""
    job = {
        "model": str(Path(settings.model).resolve()),
        "vision": str(settings.vision.resolve()) if settings.vision else "",
        "context_tokens": settings.context_tokens,
        "gpu_layers": settings.gpu_layers,
        "kv_cache": settings.kv_cache,
        # llama.cpp has no quantised values without flash attention.
        "flash_attention": settings.flash_attention or settings.kv_cache != "f16",
        "threads": settings.threads,
        "backend": settings.backend,
        "token": token,
    }
    assert process.stdin is not None
    process.stdin.write(json.dumps(job) + "\n")
    process.stdin.flush()


def _put_line(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    try:
        lines.put(process.stdout.readline())
    except (OSError, ValueError):  # closed while waiting
        lines.put("")


def _keep_log(process: subprocess.Popen[str], log: deque[str]) -> None:
    assert process.stderr is not None
    try:
        for line in process.stderr:
            log.append(" ".join(line.split()))
    except (OSError, ValueError):
        return

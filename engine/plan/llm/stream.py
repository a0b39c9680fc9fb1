"""An answer that arrives as a stream, read in a thread, so that whoever waits can stop at any moment."""

from __future__ import annotations

import contextlib
import http.client
import json
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from ...errors import ServerUnavailableError
from .endpoint import Endpoint, connect, headers_of, path_of
from .events import Answer, add_line, short

POLL_S = 0.1
_MAX_REPLY_BYTES = 4 << 20


class Watch(NamedTuple):
    """What happens while an answer is awaited.

    on_text: takes the answer so far. on_wait: called ten times a second with the seconds of silence; raises to stop.
    deadline: of time.monotonic().
    """

    on_text: Callable[[str], None]
    on_wait: Callable[[float], None]
    deadline: float


class Line(NamedTuple):
    """A line of the stream, or how the stream ended: a `status` of HTTP with the reply's beginning, or a `problem`.

    retry_s: for how long a busy server wants to be left alone, 0 if it does not say.
    """

    text: str = ""
    status: int = 0
    problem: str = ""
    retry_s: float = 0.0


class Stream:
    """A request under way: a thread reads the lines of the reply, which `lines` hands over."""

    def __init__(self, endpoint: Endpoint, path: str, body: Mapping[str, Any], timeout_s: float) -> None:
        self.lines: queue.Queue[Line] = queue.Queue()
        self._endpoint, self._path, self._body = endpoint, path, json.dumps(body).encode()
        self._connection = connect(endpoint, timeout_s)
        self._socket: socket.socket | None = None
        self._stopped = False
        threading.Thread(target=self._read, name="language model", daemon=True).start()

    def close(self) -> None:
        """Leave the server, which then stops working on the answer."""
        self._stopped = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Closing alone would wait for the thread that reads.
                self._socket.shutdown(socket.SHUT_RDWR)

    def _read(self) -> None:
        try:
            self._connection.connect()
            self._socket = cast("socket.socket", self._connection.sock)
            if not self._stopped:
                self._read_reply()
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.lines.put(Line(problem=short(str(error)) or type(error).__name__))
        finally:
            self._connection.close()

    def _read_reply(self) -> None:
        self._connection.request("POST", path_of(self._endpoint, self._path), self._body, headers_of(self._endpoint))
        reply = self._connection.getresponse()
        if reply.status != http.client.OK:
            wait = reply.headers.get("Retry-After") or ""
            said = reply.read(2000).decode("utf-8", "replace")
            self.lines.put(Line(said, reply.status, retry_s=float(wait) if wait.isdecimal() and len(wait) < 7 else 0.0))
            return
        if reply.headers.get("Content-Type", "").startswith("application/json"):  # all at once, over several lines
            whole = json.loads(reply.read(_MAX_REPLY_BYTES))
            self.lines.put(Line(json.dumps(whole)))
            self.lines.put(Line())
            return
        for line in _lines(reply):
            if line:
                self.lines.put(Line(line))
        self.lines.put(Line())


def receive(stream: Stream, watch: Watch) -> Answer | Line:
    """Return the whole answer, or the line with the status that refused it."""
    answer, done, heard = Answer("", False), False, time.monotonic()
    while True:
        if time.monotonic() > watch.deadline:
            hint = "Raise the time limit, use a smaller model, or put more of it on the card."
            raise ServerUnavailableError("The language model did not finish in time.", hint)
        try:
            line = stream.lines.get(timeout=POLL_S)
        except queue.Empty:
            watch.on_wait(time.monotonic() - heard)
            continue
        heard = time.monotonic()
        if line.status:
            return line
        if line.problem or not (line.text or done):
            problem = line.problem or "its answer has no end"
            raise ServerUnavailableError(f"The language model stopped answering: {problem}.")
        if not line.text:
            return answer
        before = answer.text
        answer, ended = add_line(answer, line.text)
        done = done or ended
        if answer.text != before:
            watch.on_text(answer.text)


def _lines(reply: http.client.HTTPResponse) -> Iterator[str]:
    left = _MAX_REPLY_BYTES
    while left > 0 and (line := reply.readline(left)):
        left -= len(line)
        yield line.decode("utf-8", "replace").strip()
    if left <= 0:
        raise OSError("the answer is too long")

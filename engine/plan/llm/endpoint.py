"""Where a language model answers, and plain HTTP to it. Nothing is followed anywhere: no proxy, no redirect."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from ...errors import ServerUnavailableError

Kind = Literal["xllamacpp", "llama-cpp-python", "llama-server", "ollama", "openai"]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MAX_BODY_BYTES = 1 << 20


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers. `url` has no path of its own but a prefix; `model` names one of the server's models."""

    url: str
    kind: Kind
    token: str = field(default="", repr=False)
    model: str = ""

    @property
    def is_local(self) -> bool:
        """True where what is asked stays on this machine."""
        return (urlsplit(self.url).hostname or "") in _LOOPBACK


def base_of(address: str) -> str:
    """Return the address of a server without user, path of the API and query. Raises ServerUnavailableError."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in ("http", "https") or not host:
        raise ServerUnavailableError(f"{address} is not the address of a server.", "Example: http://127.0.0.1:11434")
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}{f':{port}' if port else ''}{parts.path.rstrip('/').removesuffix('/v1')}"


def exchange(endpoint: Endpoint, path: str, timeout_s: float) -> tuple[int, bytes]:
    """Return the status and the body of the reply to GET `path`. Raises OSError or HTTPException."""
    connection = connect(endpoint, timeout_s)
    try:
        connection.request("GET", path_of(endpoint, path), headers=headers_of(endpoint))
        reply = connection.getresponse()
        return reply.status, reply.read(_MAX_BODY_BYTES)
    finally:
        connection.close()


def connect(endpoint: Endpoint, timeout_s: float) -> http.client.HTTPConnection:
    """Return a connection that is not open yet; it goes straight to the server, past any proxy."""
    parts = urlsplit(endpoint.url)
    assert parts.hostname is not None
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout_s, context=context)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)


def path_of(endpoint: Endpoint, path: str) -> str:
    """Return the path on the server, behind the prefix that its address has."""
    return urlsplit(endpoint.url).path + path


def headers_of(endpoint: Endpoint) -> dict[str, str]:
    """Return the headers of every request."""
    key = {"Authorization": f"Bearer {endpoint.token}"} if endpoint.token else {}
    return {"Content-Type": "application/json", "Accept": "text/event-stream", **key}

"""ComfyUI over HTTP: upload, queue, wait, fetch. Plain HTTP, for loopback; polls the job, so nothing gets lost.

Every failure is one sentence: which node, what it says. The pinned ComfyUI answers `GET /api/jobs/{id}` from the
moment a prompt is queued until the server ends.
"""

from __future__ import annotations

import http.client
import json
import mimetypes
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from ..engine.errors import CancelledError, ExportError, ServerUnavailableError, WorkflowMismatchError

_TIMEOUT_S = 30
_READY_TIMEOUT_S = 2
_POLL_S = 0.25
_CHUNK_BYTES = 1 << 20

Graph = dict[str, dict[str, Any]]
"""A workflow in API form: node id -> class_type, inputs, _meta."""


@dataclass(frozen=True)
class OutputFile:
    """A file that a workflow made: where ComfyUI keeps it, and the node that made it."""

    node: str
    name: str
    subfolder: str
    kind: str


@dataclass(frozen=True)
class JobState:
    """What became of a queued prompt: its state, its files, and what nodes said in words."""

    status: str
    files: tuple[OutputFile, ...]
    texts: tuple[str, ...]


class Client:
    """A ComfyUI at `url`, such as http://127.0.0.1:8188."""

    def __init__(self, url: str) -> None:
        """Raises ServerUnavailableError for what is no address; asks nothing of the server."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            host, port = parts.hostname, parts.port or 80
        except ValueError:  # a port that is none, or half an IPv6 address
            parts, host, port = None, None, 0
        if parts is None or parts.scheme != "http" or not host:
            raise ServerUnavailableError(f"{url} is not the address of a ComfyUI.", "An example: http://127.0.0.1:8188")
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._host, self._port = host, port

    def answers(self) -> bool:
        """True when the server is up."""
        try:
            return self._request("GET", "/system_stats", timeout_s=_READY_TIMEOUT_S)[0] == 200
        except ServerUnavailableError:
            return False

    def nodes(self) -> dict[str, Any]:
        """Return what the server says of its nodes: the reply to GET /object_info."""
        return self._json("/object_info")

    def upload(self, path: Path) -> str:
        """Return the name under which the server's nodes find the file `path` after this."""
        boundary = uuid.uuid4().hex
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        safe_name = re.sub(r'[\\"\r\n]', "_", path.name)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{safe_name}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        ).encode("utf-8", "replace")  # a file's name need not be UTF-8
        tail = f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(head) + path.stat().st_size + len(tail)),
        }
        status, body = self._request("POST", "/upload/image", _parts(head, path, tail), headers, timeout_s=600)
        if status == 413:
            raise ServerUnavailableError(f"{path.name} is larger than this ComfyUI takes.", "Start it with `launch`.")
        if status != 200:
            raise ServerUnavailableError(f"{path.name} cannot be uploaded: ComfyUI answered {status}.")
        answer = json.loads(body)
        return f"{answer['subfolder']}/{answer['name']}" if answer.get("subfolder") else str(answer["name"])

    def queue(self, graph: Graph) -> str:
        """Queue `graph` and return its prompt id. Raises WorkflowMismatchError where any output would not run."""
        prompt_id = str(uuid.uuid4())
        body = json.dumps({"prompt": graph, "prompt_id": prompt_id, "client_id": uuid.uuid4().hex}).encode()
        status, reply = self._request("POST", "/prompt", body, {"Content-Type": "application/json"})
        answer = _parse(reply)
        errors = answer.get("node_errors") or {}
        if status == 200 and not errors:
            return prompt_id
        if status == 200:
            self.cancel(prompt_id)
        raise WorkflowMismatchError(_mismatch(answer, errors, graph))

    def wait(self, prompt_id: str, on_wait: Callable[[str, float], None] = lambda status, seconds: None) -> JobState:
        """Return what the prompt made, when it is done; `on_wait(status, seconds)` is called meanwhile.

        Raises ServerUnavailableError with the node's message where it failed, CancelledError where it was cancelled.
        When this is interrupted the prompt is cancelled.
        """
        started = time.monotonic()
        try:
            while True:
                job = self._json(f"/api/jobs/{prompt_id}")
                status = str(job.get("status"))
                if status in ("completed", "failed", "cancelled"):
                    return _finished(job)
                on_wait("waiting in the queue" if status == "pending" else "running", time.monotonic() - started)
                time.sleep(_POLL_S)
        except (KeyboardInterrupt, CancelledError):
            self.cancel(prompt_id)
            raise

    def cancel(self, prompt_id: str) -> None:
        """Take the prompt from the queue or stop it; does nothing where it is over."""
        self._request("POST", f"/api/jobs/{prompt_id}/cancel", b"{}", {"Content-Type": "application/json"})

    def fetch(self, file: OutputFile, folder: Path) -> Path:
        """Return the path in `folder` that the output was copied to. Raises ExportError where that name is taken."""
        query = urlencode({"filename": file.name, "subfolder": file.subfolder, "type": file.kind})
        status, body = self._request("GET", f"/view?{query}", timeout_s=600)
        if status != 200:
            raise ServerUnavailableError(f"ComfyUI does not give {file.name}: it answered {status}.")
        target = folder / Path(file.name).name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as output:
                output.write(body)
        except FileExistsError as error:
            raise ExportError(f"{target} exists already.", "Choose another folder.") from error
        except OSError as error:
            with suppress(OSError):
                target.unlink(missing_ok=True)
            raise ExportError(f"{target} cannot be written: {error.strerror}.") from error
        return target

    def _json(self, path: str) -> dict[str, Any]:
        status, body = self._request("GET", path)
        if status != 200:
            raise ServerUnavailableError(f"ComfyUI at {self.url} answered {status} to {path}.")
        return _parse(body)

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = _TIMEOUT_S,
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException) as error:
            hint = "Is it running? `launch` starts it."
            raise ServerUnavailableError(f"ComfyUI at {self.url} does not answer.", hint) from error
        finally:
            connection.close()


def _parts(head: bytes, path: Path, tail: bytes) -> Iterator[bytes]:
    yield head
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
    yield tail


def _parse(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError as error:
        raise ServerUnavailableError("What answers there is not ComfyUI.") from error
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _mismatch(answer: dict[str, Any], errors: dict[str, Any], graph: Graph) -> str:
    """Return in one sentence why ComfyUI refused a graph."""
    for node, problem in errors.items():
        first = problem["errors"][0]
        title = title_of(graph, node)
        return f'The workflow does not fit this ComfyUI: node {node} "{title}": {first["message"]}: {first["details"]}.'
    error = answer.get("error") or {}
    text = error.get("message", "no reason given") if isinstance(error, dict) else str(error)
    return f"The workflow does not fit this ComfyUI: {text}."


def title_of(graph: Graph, node: str) -> str:
    """Return the title of a node, else its class."""
    entry = graph.get(node, {})
    return str(entry.get("_meta", {}).get("title") or entry.get("class_type") or "unknown")


def _finished(job: dict[str, Any]) -> JobState:
    if job["status"] == "cancelled":
        raise CancelledError("The workflow was cancelled.")
    if job["status"] == "failed":
        error = job.get("execution_error") or {}
        node = f"{error.get('node_id', '?')} ({error.get('node_type', 'unknown')})"
        said = str(error.get("exception_message") or error.get("exception_type") or "").strip()
        raise ServerUnavailableError(f"Node {node} failed: {said.splitlines()[0] if said else 'it gave no reason'}")
    files: list[OutputFile] = []
    texts: list[str] = []
    for node, output in (job.get("outputs") or {}).items():
        for key, entries in output.items():
            for entry in entries if isinstance(entries, list) else []:
                if isinstance(entry, dict) and "filename" in entry:
                    where = (str(entry.get("subfolder", "")), str(entry.get("type", "output")))
                    files.append(OutputFile(node, str(entry["filename"]), *where))
                elif isinstance(entry, str) and key == "text":
                    texts.append(entry)
    return JobState("completed", tuple(files), tuple(texts))

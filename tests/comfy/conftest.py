"""A real ComfyUI with the pack in it, and what the tests ask of it over HTTP."""

import hashlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from stillbytes.engine.jit import cache_directory
from stillbytes.launcher.checkout import checkout_folder, has_checkout
from stillbytes.launcher.comfyui import chosen_python, comfyui_environment
from stillbytes.launcher.pins import pins
from stillbytes.launcher.server import free_port

READY_TIMEOUT_S = 180
RUN_TIMEOUT_S = 300
PACK = "stillbytes-main"
"""The folder name of the pack under test: what a downloaded archive of the repository unpacks to."""


@dataclass(frozen=True)
class Run:
    """What became of a queued graph."""

    prompt_id: str
    status: str
    outputs: dict[str, Any]
    messages: list[Any] = field(repr=False)

    @property
    def cached(self) -> set[str]:
        return {node for kind, data in self.messages if kind == "execution_cached" for node in data["nodes"]}

    @property
    def error(self) -> dict[str, Any]:
        return next(data for kind, data in self.messages if kind == "execution_error")


class Comfy:
    """A running server with folders of its own."""

    def __init__(self, address: str, base: Path, log: Path) -> None:
        self.address, self.base, self.log = address, base, log
        self.input, self.output, self.temp = base / "input", base / "output", base / "temp"

    def request(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> tuple[int, bytes]:
        """Status and body of the reply."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            connection.request(method, urllib.parse.quote(path, safe="/?=&%"), body, {"Content-Type": kind})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def fetch(self, path: str) -> bytes:
        status, body = self.request("GET", path)
        assert status == 200, (path, status)
        return body

    def get(self, path: str) -> Any:
        """The JSON reply to GET `path`."""
        return json.loads(self.fetch(path))

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        status, reply = self.request("POST", path, json.dumps(body).encode())
        return status, json.loads(reply or b"null")

    def queue(self, graph: dict[str, Any]) -> str:
        """The prompt id of `graph`, which the server takes without complaint."""
        titled = {number: {"_meta": {"title": node["class_type"]}} | node for number, node in graph.items()}
        status, reply = self.post("/prompt", {"prompt": titled, "client_id": uuid.uuid4().hex})
        assert status == 200, reply
        assert not reply["node_errors"]
        return reply["prompt_id"]

    def wait(self, prompt_id: str) -> Run:
        deadline = time.monotonic() + RUN_TIMEOUT_S
        while not (entry := self.get(f"/history/{prompt_id}")):
            assert time.monotonic() < deadline, f"no end of {prompt_id}"
            time.sleep(0.05)
        done = entry[prompt_id]
        return Run(prompt_id, done["status"]["status_str"], done["outputs"], done["status"]["messages"])

    def run(self, graph: dict[str, Any]) -> Run:
        """What `graph` gives; it must succeed."""
        done = self.wait(self.queue(graph))
        assert done.status == "success", done.error["exception_message"]
        return done

    def fail(self, graph: dict[str, Any]) -> dict[str, Any]:
        """The error that `graph` ends with while it runs."""
        done = self.wait(self.queue(graph))
        assert done.status == "error"
        return done.error

    def rejected(self, graph: dict[str, Any]) -> str:
        """What the server says of a `graph` that it does not take."""
        titled = {number: {"_meta": {"title": node["class_type"]}} | node for number, node in graph.items()}
        status, reply = self.post("/prompt", {"prompt": titled, "client_id": uuid.uuid4().hex})
        assert status == 400
        return json.dumps(reply["node_errors"], ensure_ascii=False)

    def files(self, run: Run, node: str) -> list[Path]:
        """The files that an Export node wrote."""
        return [self.output / entry["subfolder"] / entry["filename"] for entry in run.outputs[node]["files"]]

    def images(self, run: Run, node: str) -> list[Path]:
        """The pictures that a node shows of itself."""
        folders = {"temp": self.temp, "output": self.output}
        return [folders[e["type"]] / e["subfolder"] / e["filename"] for e in run.outputs[node]["images"]]


@pytest.fixture(scope="session")
def comfy_command() -> list[str]:
    """The command that starts the pinned ComfyUI; skips where there is none, fails in CI."""
    python = chosen_python(None) or (comfyui_environment().python if comfyui_environment().ready else None)
    missing = (
        "the pinned ComfyUI" if not has_checkout(pins().comfyui) else "ComfyUI's environment" if python is None else ""
    )
    if missing:
        complaint = f"{missing} is not set up: `python launcher setup` does that"
        if os.environ.get("CI") == "true":
            pytest.fail(complaint)
        pytest.skip(complaint)
    return [str(python), str(checkout_folder(pins().comfyui) / "main.py")]


@pytest.fixture(scope="session")
def comfy(comfy_command, repo_root, tmp_path_factory) -> Any:
    """A server with the pack under a hyphenated folder name, for all tests of the session."""
    base = tmp_path_factory.mktemp("comfy")
    for name in ("custom_nodes", "input", "output"):
        (base / name).mkdir()
    packs = _linked_pack(repo_root)
    paths = base / "paths.yaml"
    paths.write_text(f"tests:\n  custom_nodes: {packs}\n", encoding="utf-8")
    port = free_port(0)
    log = base / "server.log"
    flags = ["--cpu", "--port", str(port), "--base-directory", str(base), "--database-url", "sqlite:///:memory:"]
    flags += ["--disable-api-nodes", "--extra-model-paths-config", str(paths)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*comfy_command, *flags],
            cwd=Path(comfy_command[1]).parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )
    server = Comfy(f"127.0.0.1:{port}", base, log)
    try:
        _await(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _linked_pack(repo_root: Path) -> Path:
    """The folder that holds the pack. Compiled kernels are kept per path of the pack, so it is the same every time."""
    checkout = hashlib.sha256(str(repo_root).encode()).hexdigest()[:12]
    packs = cache_directory().parent / "comfy-tests" / checkout
    packs.mkdir(parents=True, exist_ok=True)
    link = packs / PACK
    if not link.is_symlink():
        link.symlink_to(repo_root, target_is_directory=True)
    return packs


def _await(server: Comfy, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        try:
            server.get("/system_stats")
        except OSError:
            assert process.poll() is None, server.log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, "ComfyUI did not answer"
            time.sleep(0.25)
        else:
            return


@pytest.fixture(scope="session")
def sample(repo_root) -> Path:
    """The RAW file that comes with the project."""
    return next((repo_root / "samples").glob("*.dng"))


@pytest.fixture
def raw_in_input(comfy, sample, request) -> str:
    """A copy of the sample in the input folder, under a name of this test's own."""
    name = f"{request.node.name.replace('[', '-').replace(']', '')}.dng"
    shutil.copy(sample, comfy.input / name)
    return name


@pytest.fixture
def api_workflow(repo_root):
    """Reads a shipped workflow in API form."""

    def read(name: str) -> dict[str, Any]:
        return json.loads((repo_root / "workflows" / "api" / f"{name}.json").read_text(encoding="utf-8"))

    return read

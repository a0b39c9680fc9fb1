"""The HTTP client against a small server that answers as ComfyUI does."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from stillbytes.engine.errors import CancelledError, ExportError, ServerUnavailableError, WorkflowMismatchError
from stillbytes.launcher.client import Client, OutputFile
from stillbytes.launcher.run import fetch_all

GRAPH = {"7": {"class_type": "StillbytesLoadRaw", "inputs": {"file": "a.dng"}, "_meta": {"title": "Load a RAW"}}}
NODE_ERROR = {
    "error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation"},
    "node_errors": {"7": {"errors": [{"type": "x", "message": "Value not in list", "details": "file: 'a.dng'"}]}},
}


class FakeComfyUI:
    """Answers from `replies`, (method, path) -> list of (status, object or bytes), the last one again and again; keeps
    what it was asked in `requests`."""

    def __init__(self) -> None:
        self.replies = {("GET", "/system_stats"): [(200, {"system": {}})]}
        self.requests: list[tuple[str, str, bytes]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fake.requests.append((self.command, self.path, body))
                answers = fake.replies.get((self.command, self.path.partition("?")[0]), [(404, {})])
                status, value = answers.pop(0) if len(answers) > 1 else answers[0]
                data = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET  # noqa: N815 - the name is http.server's

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def fake():
    server = FakeComfyUI()
    yield server
    server.server.shutdown()
    server.server.server_close()


def job(status, **more):
    return 200, {"id": "x", "status": status, **more}


def any_job(fake, *answers):
    """Let the fake answer for whatever prompt id the client chooses, and return the queued id."""
    fake.replies["POST", "/prompt"] = [(200, {"prompt_id": "p", "node_errors": {}})]
    prompt_id = Client(fake.url).queue(GRAPH)
    fake.replies["GET", f"/api/jobs/{prompt_id}"] = list(answers)
    fake.replies["POST", f"/api/jobs/{prompt_id}/cancel"] = [(200, {"cancelled": True})]
    return prompt_id


def test_a_server_that_is_up_answers(fake):
    assert Client(fake.url).answers()


def test_nothing_there_is_one_sentence_with_a_hint(fake):
    client = Client("http://127.0.0.1:9")
    assert not client.answers()
    with pytest.raises(ServerUnavailableError, match=r"http://127\.0\.0\.1:9 does not answer") as caught:
        client.queue(GRAPH)
    assert "launch" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:8188",
        "ftp://x",
        "http://",
        "http://127.0.0.1:99999",
        "127.0.0.1:port",
        "http://[::1",
        "[",
        "",
    ],
)
def test_an_address_that_is_no_comfyui_is_refused(url):
    with pytest.raises(ServerUnavailableError, match="not the address"):
        Client(url)


def test_a_job_is_awaited_and_its_files_and_texts_are_returned(fake):
    outputs = {"9": {"images": [{"filename": "a.tif", "subfolder": "s", "type": "output"}], "text": ["done"]}}
    prompt_id = any_job(fake, job("pending"), job("in_progress"), job("completed", outputs=outputs))
    said = []
    state = Client(fake.url).wait(prompt_id, lambda what, seconds: said.append(what))
    assert state.files == (OutputFile("9", "a.tif", "s", "output"),)
    assert state.texts == ("done",)
    assert said == ["waiting in the queue", "running"]


def test_a_failed_node_is_one_sentence(fake):
    error = {"node_id": "7", "node_type": "StillbytesLoadRaw", "exception_message": "a.dng: truncated.\nTraceback"}
    prompt_id = any_job(fake, job("failed", execution_error=error))
    with pytest.raises(ServerUnavailableError, match=r"Node 7 \(StillbytesLoadRaw\) failed: a\.dng: truncated\.$"):
        Client(fake.url).wait(prompt_id)


def test_an_address_of_six_keeps_its_brackets():
    assert Client("http://[::1]:8188").url == "http://[::1]:8188"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"exception_message": "\n", "exception_type": "AssertionError"}, "it gave no reason"),
        ({"exception_message": "", "exception_type": "AssertionError"}, "AssertionError"),
        ({"exception_message": None}, "it gave no reason"),
    ],
)
def test_a_node_that_failed_without_a_word_is_a_sentence_too(fake, error, said):
    prompt_id = any_job(fake, job("failed", execution_error={"node_id": "7", "node_type": "X", **error}))
    with pytest.raises(ServerUnavailableError, match=rf"Node 7 \(X\) failed: {said}$"):
        Client(fake.url).wait(prompt_id)


def test_a_cancelled_job_says_so(fake):
    prompt_id = any_job(fake, job("cancelled"))
    with pytest.raises(CancelledError):
        Client(fake.url).wait(prompt_id)


def test_an_interrupt_cancels_the_job(fake):
    prompt_id = any_job(fake, job("in_progress"))

    def interrupt(what, seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Client(fake.url).wait(prompt_id, interrupt)
    assert fake.requests[-1][:2] == ("POST", f"/api/jobs/{prompt_id}/cancel")


def test_a_graph_that_does_not_fit_names_the_node(fake):
    fake.replies["POST", "/prompt"] = [(400, NODE_ERROR)]
    with pytest.raises(WorkflowMismatchError, match='node 7 "Load a RAW": Value not in list'):
        Client(fake.url).queue(GRAPH)


def test_a_graph_of_which_only_a_part_would_run_is_refused(fake):
    fake.replies["POST", "/prompt"] = [(200, {"prompt_id": "p", "node_errors": NODE_ERROR["node_errors"]})]
    with pytest.raises(WorkflowMismatchError, match="Load a RAW"):
        Client(fake.url).queue(GRAPH)
    assert fake.requests[-1][1].endswith("/cancel")


def test_what_is_queued_is_the_graph_with_a_client_and_a_prompt_id(fake):
    any_job(fake, job("completed"))
    body = json.loads(next(body for method, path, body in fake.requests if path == "/prompt"))
    assert body["prompt"] == GRAPH
    assert body["client_id"]
    assert body["prompt_id"] == body["prompt_id"].lower()


def test_an_upload_sends_the_bytes_and_returns_the_servers_name(fake, tmp_path: Path):
    photo = tmp_path / 'a"b.dng'
    photo.write_bytes(bytes(range(256)) * 10)
    fake.replies["POST", "/upload/image"] = [(200, {"name": "a (1).dng", "subfolder": "", "type": "input"})]
    assert Client(fake.url).upload(photo) == "a (1).dng"
    body = fake.requests[-1][2]
    assert photo.read_bytes() in body
    assert b'filename="a_b.dng"' in body


@pytest.mark.skipif(os.name != "posix", reason="other systems have other names")
@pytest.mark.parametrize(("name", "sent"), [(b"a\nb.dng", b"a_b.dng"), (b"caf\xe9.dng", b"caf?.dng")])
def test_a_name_of_any_bytes_can_be_uploaded(fake, tmp_path: Path, name: bytes, sent: bytes):
    photo = tmp_path / os.fsdecode(name)
    photo.write_bytes(b"x")
    fake.replies["POST", "/upload/image"] = [(200, {"name": "a.dng"})]
    assert Client(fake.url).upload(photo) == "a.dng"
    assert b'filename="' + sent + b'"\r\n' in fake.requests[-1][2]


def test_a_photo_that_is_too_large_says_so(fake, tmp_path: Path):
    (tmp_path / "a.dng").write_bytes(b"x")
    fake.replies["POST", "/upload/image"] = [(413, b"too large")]
    with pytest.raises(ServerUnavailableError, match=r"a\.dng is larger than"):
        Client(fake.url).upload(tmp_path / "a.dng")


def test_an_output_is_fetched_once_and_never_over_another_file(fake, tmp_path: Path):
    fake.replies["GET", "/view"] = [(200, b"pixels")]
    file = OutputFile("9", "a.tif", "s", "output")
    assert Client(fake.url).fetch(file, tmp_path / "new").read_bytes() == b"pixels"
    with pytest.raises(ExportError, match="exists already"):
        Client(fake.url).fetch(file, tmp_path / "new")


def test_outputs_of_one_name_are_all_fetched(fake, tmp_path: Path):
    fake.replies["GET", "/view"] = [(200, b"first"), (200, b"second"), (200, b"third")]
    files = [OutputFile(*file, "output") for file in (("9", "a.tif", "x"), ("12:3", "A.tif", "y"), ("4", "b.tif", ""))]
    paths = fetch_all(Client(fake.url), files, tmp_path)
    assert paths == [tmp_path / "node-9" / "a.tif", tmp_path / "node-12-3" / "A.tif", tmp_path / "b.tif"]
    assert [path.read_bytes() for path in paths] == [b"first", b"second", b"third"]


def test_an_output_stays_in_its_folder(fake, tmp_path: Path):
    fake.replies["GET", "/view"] = [(200, b"pixels")]
    path = Client(fake.url).fetch(OutputFile("9", "../../a.tif", "", "output"), tmp_path / "new")
    assert path == tmp_path / "new" / "a.tif"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
def test_an_output_that_does_not_fit_on_the_disk_leaves_nothing(fake, tmp_path: Path):
    import resource

    fake.replies["GET", "/view"] = [(200, bytes(100_000))]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(ExportError, match="cannot be written"):
            Client(fake.url).fetch(OutputFile("9", "a.tif", "", "output"), tmp_path / "new")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert list((tmp_path / "new").iterdir()) == []

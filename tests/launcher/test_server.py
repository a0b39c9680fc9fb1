"""Starting and stopping a server, with a small one in ComfyUI's place."""

from __future__ import annotations

import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from stillbytes.engine.errors import ServerUnavailableError
from stillbytes.launcher import running
from stillbytes.launcher.comfyui import Installation
from stillbytes.launcher.probe import CPU
from stillbytes.launcher.server import Server, ServerOptions, free_port, last_line
from stillbytes.launcher.show import Status

GOOD = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"{}")
port = int(sys.argv[sys.argv.index("--port") + 1])
print(sys.argv[1:], flush=True)
HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def installation(user_home: Path, tmp_path: Path):
    def make(main: str) -> Installation:
        (tmp_path / "main.py").write_text(main, encoding="utf-8")
        return Installation(tmp_path, Path(sys.executable), tmp_path / "base", tmp_path)

    return make


def test_it_answers_and_stops_with_the_block(installation):
    with Server(installation(GOOD), ServerOptions(CPU)) as server:
        server.wait_ready(Status(), timeout_s=20)
        assert server.running
        assert server.client.answers()
        assert "'--cpu'" in server.log.read_text(encoding="utf-8")
    assert not server.running
    assert not server.client.answers()


def test_one_that_ends_at_once_says_why(installation):
    server = Server(installation("import sys; sys.exit('no such model')"), ServerOptions(CPU))
    with server, pytest.raises(ServerUnavailableError, match="no such model") as caught:
        server.wait_ready(Status(), timeout_s=20)
    assert str(server.log) in caught.value.hint


def test_one_that_never_answers_is_given_up_and_ended(installation):
    with (
        Server(installation("import time; time.sleep(60)"), ServerOptions(CPU)) as server,
        pytest.raises(ServerUnavailableError, match="did not answer within"),
    ):
        server.wait_ready(Status(), timeout_s=0.3)
    assert not server.running


STUBBORN = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); print('up', flush=True); signal.pause()"


@pytest.mark.skipif(sys.platform == "win32", reason="signals work in another way there")
def test_a_second_interrupt_ends_one_that_does_not_stop(installation):
    server = Server(installation(STUBBORN), ServerOptions(CPU))
    while not server.log.read_text(encoding="utf-8"):
        time.sleep(0.02)

    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            server.stop()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not server.running


def test_a_python_that_cannot_be_run_says_so(installation, tmp_path: Path):
    with pytest.raises(ServerUnavailableError, match=r"ComfyUI cannot be started: .*no-python"):
        Server(replace(installation(GOOD), python=tmp_path / "no-python"), ServerOptions(CPU))


def test_a_port_in_use_is_not_chosen():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port


def test_the_last_line_of_a_log_is_the_last_that_says_something(tmp_path: Path):
    (tmp_path / "log").write_text("first\nlast one\n\n", encoding="utf-8")
    assert last_line(tmp_path / "log") == "last one"
    (tmp_path / "log").write_text("", encoding="utf-8")
    assert last_line(tmp_path / "log") == "its log is empty"


def test_run_finds_the_server_of_launch_while_it_runs(installation):
    assert running.find() is None
    with Server(installation(GOOD), ServerOptions(CPU)) as server:
        server.wait_ready(Status(), timeout_s=20)
        with running.announced(server.url):
            found = running.find()
            assert found is not None
            assert found.url == server.url
        assert running.find() is None

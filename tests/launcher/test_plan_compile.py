"""`plan compile`: workflows written for `run`, checked against a server where one is there."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from stillbytes.launcher import cli
from stillbytes.launcher.run import read_workflow


def node(kinds: dict[str, Any], outputs: list[str]) -> dict[str, Any]:
    """What a server says of a node."""
    described = {"required": {"photo": ["PHOTO"]} if "file" not in kinds else {}, "optional": kinds}
    order = {group: list(names) for group, names in described.items()}
    return {"input": described, "input_order": order, "output": outputs, "output_name": outputs, "name": "x"}


NODES = {
    "StillbytesLoadRaw": node({"file": ["COMBO", {"options": ["a.png"]}]}, ["PHOTO", "IMAGE"]),
    "StillbytesDevelop": node({"contrast": ["FLOAT", {"min": -100, "max": 100, "default": 0}]}, ["PHOTO", "IMAGE"]),
    "StillbytesExport": node({name: ["STRING", {}] for name in ("filename_prefix", "format", "bit_depth")}, ["STRING"]),
}


@pytest.fixture
def server() -> Iterator[str]:
    """A server that says which nodes it has."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(NODES).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user_home: Path) -> Path:
    """The current folder, with a photo."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(tmp_path / "a.png")
    return tmp_path


def test_a_workflow_is_what_run_reads(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["plan", "compile", "darken the sky", "--photo", "a.png", "-o", "flow.json"]) == 0
    said = capsys.readouterr()
    assert said.out == "wrote flow.json\n"
    assert "not checked" in said.err
    graph = read_workflow("flow.json")
    assert [entry["class_type"] for entry in graph.values()] == [
        "StillbytesLoadRaw",
        "StillbytesPickMask",
        "StillbytesDevelop",
        "StillbytesExport",
    ]
    assert graph["1"]["inputs"]["file"] == "a.png"
    assert graph["3"]["inputs"]["mask"] == ["2", 0]


def test_what_is_not_in_the_workflow_is_said(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "p.json").write_text(
        '{"version": 1, "steps": [{"op": "expand", "left": 0.5}, {"op": "expand", "left": 0.5}]}'
    )
    assert cli.main(["plan", "compile", "p.json"]) == 0
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == 2
    assert [line[:2] for line in said.err.splitlines()[:2]] == ["1.", "2."]
    assert cli.main(["plan", "compile", "p.json", "--photo", "a.png", "--speed", "lightning-4"]) == 0
    said = capsys.readouterr()
    inputs = {entry["class_type"]: entry["inputs"] for entry in json.loads(said.out).values()}
    assert inputs["StillbytesCropForInpaint"]["margin_left"] == 30
    assert inputs["KSampler"]["steps"] == 4
    assert "expand" not in said.err.lower()


def test_a_model_that_the_workflow_waits_for_is_said(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["plan", "compile", "darken the sky and remove the balloon"]) == 0
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "Load Segmenter" in line]
    assert said.startswith("2. Remove “the balloon”.")


def test_a_server_says_what_would_not_run(folder: Path, server: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["plan", "compile", "darken the sky", "--server", server]) == 0
    assert "Select the sky: There is no node StillbytesPickMask." in capsys.readouterr().err


def test_the_canvas_form_needs_a_server(folder: Path, server: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["plan", "compile", "darker", "--canvas"]) == 1
    assert "needs a running ComfyUI" in capsys.readouterr().err
    plan = '{"version": 1, "steps": [{"op": "adjust", "settings": {"contrast": 10}}]}'
    (folder / "p.json").write_text(plan)
    assert cli.main(["plan", "compile", "p.json", "--canvas", "--server", server, "-o", "flow.json"]) == 0
    assert capsys.readouterr().err == ""
    canvas = json.loads((folder / "flow.json").read_text())
    assert [entry["type"] for entry in canvas["nodes"]] == list(NODES)
    assert len(canvas["links"]) == 2
    assert cli.main(["plan", "compile", "darken the sky", "--canvas", "--server", server]) == 1
    assert "no node StillbytesPickMask" in capsys.readouterr().err


def test_a_workflow_is_not_replaced_and_is_named_as_one(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "flow.json").write_text("mine")
    assert cli.main(["plan", "compile", "darker", "-o", "flow.json"]) == 1
    assert (folder / "flow.json").read_text() == "mine"
    assert cli.main(["plan", "compile", "darker", "-o", "flow.txt"]) == 1
    assert "End it in .json" in capsys.readouterr().err

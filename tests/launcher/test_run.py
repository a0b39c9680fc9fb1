from __future__ import annotations

import json
from pathlib import Path

import pytest
from stillbytes.engine.errors import WorkflowMismatchError
from stillbytes.launcher.run import assign_, load_photo_, read_workflow


@pytest.fixture
def graph():
    return {
        "1": {"class_type": "StillbytesLoadRaw", "inputs": {"file": "x.dng"}, "_meta": {"title": "Load"}},
        "2": {"class_type": "StillbytesDevelop", "inputs": {"photo": ["1", 0], "contrast": 0}},
    }


def test_a_file_in_api_form_is_read(tmp_path: Path, graph):
    path = tmp_path / "w.json"
    path.write_text(json.dumps(graph), encoding="utf-8")
    assert read_workflow(str(path)) == graph


def test_a_name_that_does_not_exist_says_so():
    with pytest.raises(WorkflowMismatchError, match="There is no workflow nothing-like-this"):
        read_workflow("nothing-like-this")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"nodes": [], "links": []}', "form for the canvas"),
        ("{", "not JSON"),
        ("[1]", "not a workflow"),
        ('{"1": {"inputs": {}}}', "not a workflow"),
        ("{}", "not a workflow"),
    ],
)
def test_what_cannot_be_queued_is_refused(tmp_path: Path, text: str, message: str):
    path = tmp_path / "w.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkflowMismatchError, match=message):
        read_workflow(str(path))


@pytest.mark.parametrize("node", ["2", "StillbytesDevelop"])
def test_an_input_is_set_by_the_nodes_id_or_class(graph, node: str):
    assign_(graph, f"{node}.contrast=30")
    assert graph["2"]["inputs"]["contrast"] == 30


def test_a_title_names_a_node_and_text_stays_text(graph):
    assign_(graph, "Load.file=my photo.dng")
    assert graph["1"]["inputs"]["file"] == "my photo.dng"


@pytest.mark.parametrize("wrong", ["2.contrast", "contrast=3", "3.contrast=1", "2.brightness=1", "=", ""])
def test_an_assignment_that_fits_nothing_lists_the_nodes(graph, wrong: str):
    with pytest.raises(WorkflowMismatchError) as caught:
        assign_(graph, wrong)
    assert "1 (Load)" in caught.value.hint


def test_a_photo_goes_to_the_node_that_loads_one(graph):
    load_photo_(graph, "new.dng")
    assert graph["1"]["inputs"]["file"] == "new.dng"


def test_a_workflow_that_loads_no_photo_says_so():
    with pytest.raises(WorkflowMismatchError, match="no node that loads a photo"):
        load_photo_({"1": {"class_type": "EmptyImage", "inputs": {}}}, "x")

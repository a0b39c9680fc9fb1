"""`--llm`: a language model reads the words, and what it says is a plan like any other."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from stillbytes.engine.errors import PlanInvalidError, ServerUnavailableError
from stillbytes.launcher import asking, cli

STEP = {"op": "adjust", "target": {"kind": "whole"}, "settings": [{"exposure_ev_x100": -100}]}
ANSWER = json.dumps({"summary": "Darken it.", "steps": [STEP], "not_understood": ["and call me"]})
NOTHING = json.dumps({"summary": "Nothing.", "steps": [], "not_understood": ["and call me"]})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two grey photos."""
    for name in ("a.png", "b.png"):
        Image.fromarray(np.full((48, 64, 3), 120, np.uint8)).save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said_to(server: Any) -> str:
    return json.dumps(server.requests[0])


def test_edit_does_what_the_model_says_and_tells_what_it_left_over(
    folder: Path, scripted_llm: Any, capsys: pytest.CaptureFixture[str]
):
    server = scripted_llm(ANSWER)
    assert (
        cli.main(["edit", "a.png", "darker and call me", "--llm", server.url, "-o", "x.png", "--bit-depth", "8"]) == 0
    )
    said = capsys.readouterr().out
    assert "darker by 1 EV" in said
    assert '"and call me"' in said
    with Image.open(folder / "x.png") as image:
        assert np.asarray(image.convert("RGB")).mean() < 95


def test_one_photo_is_described_to_the_model_and_several_are_not(folder: Path, scripted_llm: Any):
    one, several = scripted_llm(ANSWER), scripted_llm(ANSWER)
    assert cli.main(["edit", "a.png", "darker", "--llm", one.url, "--dry-run"]) == 0
    assert cli.main(["edit", "a.png", "b.png", "darker", "--llm", several.url, "--dry-run"]) == 0
    assert len(said_to(one)) > len(said_to(several)) + 40


def test_plan_asks_too_and_an_address_may_come_without_its_scheme(
    folder: Path, scripted_llm: Any, capsys: pytest.CaptureFixture[str]
):
    server = scripted_llm(ANSWER, models=("small", "large"))
    place = server.url.removeprefix("http://")
    assert cli.main(["plan", "print", "darker", "--llm", place, "--llm-name", "large", "--strength", "50"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"][0]["settings"] == {"exposure_ev": -0.5}
    assert server.requests[0]["model"] == "large"


def test_a_plan_without_steps_is_an_error(scripted_llm: Any):
    with pytest.raises(PlanInvalidError, match="made no step"):
        asking.understand("call me", scripted_llm(NOTHING).url)


def test_a_model_needs_words():
    with pytest.raises(PlanInvalidError, match="--llm needs words"):
        asking.understand(" ", "127.0.0.1:9")


def test_a_server_that_does_not_answer_is_one_sentence():
    with pytest.raises(ServerUnavailableError):
        asking.understand("darker", "127.0.0.1:9")


def test_a_model_file_that_is_not_there_is_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["edit", "a.png", "darker", "--llm", "none.gguf", "-o", "x.png"]) == 1
    assert "none.gguf" in capsys.readouterr().err
    assert not (folder / "x.png").exists()


def test_a_model_file_is_served_or_the_package_that_serves_it_is_named(
    folder: Path, tiny_llm: Path, capsys: pytest.CaptureFixture[str]
):
    status = cli.main(["plan", "darker", "--llm", str(tiny_llm)])
    said = capsys.readouterr()
    if importlib.util.find_spec("xllamacpp") is None:
        assert (status, "xllamacpp" in said.err) == (1, True)
    elif status == 0:  # random weights write some plan or other, or one without steps
        assert said.out.startswith("1. ")
    else:
        assert (status, tiny_llm.name in said.err) == (1, True)

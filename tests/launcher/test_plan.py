"""The command `plan`: words and plans printed, checked, compared, explained and replayed."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from stillbytes.launcher import cli


def test_plan_prints_words_and_json(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["plan", "darken", "the", "sky"]) == 0
    assert capsys.readouterr().out.startswith("1. Sky: darker")
    assert cli.main(["plan", "darken the sky", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"][0]["target"]["kind"] == "sky"


def test_plan_checks_a_file_and_standard_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    assert cli.main(["plan", "warmer", "-o", str(tmp_path / "p.json")]) == 0
    assert cli.main(["plan", str(tmp_path / "p.json")]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO('{"version": 1, "steps": [{"op": "nothing"}]}'))
    assert cli.main(["plan", "-"]) == 1
    assert "error: " in capsys.readouterr().err


def test_plan_writes_no_file_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "p.json").write_text("mine", encoding="utf-8")
    assert cli.main(["plan", "warmer", "-o", str(tmp_path / "p.json")]) == 1
    assert (tmp_path / "p.json").read_text(encoding="utf-8") == "mine"


def test_the_schema_of_plans_is_json(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["plan", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].endswith("2020-12/schema")


@pytest.fixture
def plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two plans, a file that is none, and two photos."""
    monkeypatch.chdir(tmp_path)
    for name, wish in (("old.json", "darken the sky, warmer"), ("new.json", "darken the sky a lot")):
        assert cli.main(["plan", wish, "-o", name]) == 0
    (tmp_path / "bad.json").write_text('{"version": 1, "steps": [{"op": "nothing"}]}', encoding="utf-8")
    for name in ("a.png", "b.png"):
        Image.fromarray(np.full((48, 64, 3), 90, np.uint8)).save(tmp_path / name)
    return tmp_path


def test_print_gives_the_plan_and_what_was_not_understood_apart(plans: Path, capsys: pytest.CaptureFixture[str]):
    capsys.readouterr()
    assert cli.main(["plan", "print", "warmer, and flurble the gronk"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["steps"][0]["settings"] == {"temperature": 30}
    assert "flurble" in said.err
    assert cli.main(["plan", "print", "old.json"]) == 0
    assert capsys.readouterr().out == (plans / "old.json").read_text(encoding="utf-8")


def test_explain_is_plain_words(plans: Path, capsys: pytest.CaptureFixture[str]):
    capsys.readouterr()
    assert cli.main(["plan", "explain", "old.json"]) == 0
    assert capsys.readouterr().out == "1. Sky: darker by 0.6 EV.\n2. Whole photo: warmer (30).\n"
    assert cli.main(["plan", "explain", "old.json", "--strength", "50"]) == 0
    assert capsys.readouterr().out == "1. Sky: darker by 0.3 EV.\n2. Whole photo: warmer (15).\n"


def test_check_says_which_plans_are_valid(plans: Path, capsys: pytest.CaptureFixture[str]):
    capsys.readouterr()
    assert cli.main(["plan", "check", "old.json", "new.json"]) == 0
    assert capsys.readouterr().out == "old.json: a valid plan, 2 steps.\nnew.json: a valid plan, 1 step.\n"
    assert cli.main(["plan", "check", "old.json", "bad.json", "missing.json", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["plans"]
    assert [plan["ok"] for plan in found] == [True, False, False]
    assert found[1]["error"].startswith("steps[0].op: ")


def test_diff_says_what_changed(plans: Path, capsys: pytest.CaptureFixture[str]):
    capsys.readouterr()
    assert cli.main(["plan", "diff", "old.json", "new.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "~ 1. Sky: exposure_ev -0.6 -> -1.15" in lines
    assert "- 2. Whole photo: warmer (30)." in lines
    assert cli.main(["plan", "diff", "old.json", "old.json"]) == 0
    assert capsys.readouterr().out == "The plans are equal.\n"
    assert cli.main(["plan", "diff", "old.json", "new.json", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["equal"] is False
    assert [change["kind"] for change in answer["changes"]] == ["changed", "changed", "removed"]


def test_replay_edits_a_shoot_by_a_plan(plans: Path, capsys: pytest.CaptureFixture[str]):
    capsys.readouterr()
    assert cli.main(["plan", "replay", "old.json", "a.png", "b.png", "-o", "out", "--format", "png"]) == 0
    assert "2 photos done" in capsys.readouterr().out
    with Image.open(plans / "out" / "b-edited.png") as image:
        red, _, blue = np.asarray(image.convert("RGB"))[40, 30].tolist()
    assert red > 90 > blue
    assert cli.main(["plan", "replay", "old.json", "a.png", "--strength", "0", "-o", "same.png"]) == 0
    with Image.open(plans / "same.png") as image:
        assert np.asarray(image.convert("RGB")).tolist() == np.full((48, 64, 3), 90).tolist()


def test_replay_reads_a_plan_from_standard_input(plans: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO((plans / "old.json").read_text(encoding="utf-8")))
    assert cli.main(["plan", "replay", "-", "a.png", "-o", "x.png"]) == 0
    assert (plans / "x.png").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "No words and no plan"),
        (["check"], "No plan to check"),
        (["diff", "old.json"], "compares two plans"),
        (["diff", "old.json", "bad.json"], "steps[0].op"),
        (["replay"], "needs a plan, then photos"),
        (["replay", "-o", "x.png", "old.json"], "needs a plan, then photos"),
        (["replay", "old.json"], "needs a plan, then photos"),
        (["replay", "old.json", "missing.nef"], "No such file"),
        (["explain"], "No words and no plan"),
        (["warmer", "--strength", "200"], "expected 0 to 150 %"),
        (["fix the colors"], "not clear enough"),
    ],
)
def test_wrong_uses_are_one_sentence(plans: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str):
    assert cli.main(["plan", *words]) == 1
    assert message in capsys.readouterr().err


def test_what_was_not_understood_well_enough_says_what_to_say(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["plan", "add a rainbow"]) == 1
    assert "hint: Say where a rainbow shall go" in capsys.readouterr().err


def test_resolve_gives_the_numbers_of_one_photo(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    photo = tmp_path / "dark.png"
    Image.linear_gradient("L").point(lambda v: v // 4).convert("RGB").save(photo)
    command = ["plan", "resolve", "fix the exposure, straighten it", "--photo", str(photo)]
    assert cli.main([*command, "--json"]) == 0
    said = capsys.readouterr()
    (step,) = json.loads(said.out)["steps"]
    assert step["op"] == "adjust"
    assert step["settings"]["exposure_ev"] > 0.3
    assert "Say the angle" in said.err


def test_resolve_needs_a_photo(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["plan", "resolve", "auto"]) == 1
    assert "--photo" in capsys.readouterr().err

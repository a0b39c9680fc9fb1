"""`plan xmp`: sidecars written beside a photo and read back."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from stillbytes.launcher import cli


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a photo whose camera was held upright and a plan that crops it."""
    monkeypatch.chdir(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    steps = [{"op": "adjust", "target": {"kind": "whole"}, "settings": {"contrast": 10}}, {"op": "crop", "top": 0.5}]
    plan = {"version": 1, "summary": "", "steps": steps}
    (tmp_path / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    return tmp_path


def test_a_sidecar_is_written_for_the_photo_and_gives_the_plan_back(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["plan", "xmp", "plan.json", "--photo", "a.jpg", "-o", "a.xmp"]) == 0
    said = capsys.readouterr()
    assert said.out == "wrote a.xmp\n"
    assert said.err == ""
    text = (folder / "a.xmp").read_text(encoding="utf-8")
    assert 'tiff:Orientation="6"' in text
    assert 'crs:CropLeft="0.500000"' in text  # the lower half of the photo is the right half of the sensor
    assert cli.main(["plan", "print", "a.xmp", "--photo", "a.jpg"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((folder / "plan.json").read_text(encoding="utf-8"))


def test_a_sidecar_is_not_replaced_without_being_asked(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "a.xmp").write_text("mine", encoding="utf-8")
    assert cli.main(["plan", "xmp", "plan.json", "-o", "a.xmp"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert (folder / "a.xmp").read_text(encoding="utf-8") == "mine"
    assert cli.main(["plan", "xmp", "plan.json", "-o", "a.xmp", "--overwrite"]) == 0
    assert "Contrast2012" in (folder / "a.xmp").read_text(encoding="utf-8")


def test_words_become_xmp_and_what_it_cannot_say_goes_to_standard_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["plan", "xmp", "more contrast and remove the sign"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("<x:xmpmeta")
    assert "Remove “the sign”. Left out" in said.err
    assert cli.main(["plan", "xmp", "more contrast and remove the sign", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["xmp"].startswith("<x:xmpmeta")
    assert "the sign" in said["left_out"][0]


def test_edit_takes_a_sidecar_as_its_plan(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["plan", "xmp", "darker by one stop", "-o", "b.xmp"]) == 0
    assert cli.main(["edit", "a.jpg", "--plan", "b.xmp", "-o", "out.png"]) == 0
    capsys.readouterr()
    assert np.asarray(Image.open(folder / "out.png")).mean() < 80


@pytest.mark.parametrize("text", ["", "{}", "<svg/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_what_is_no_sidecar_is_one_error(folder: Path, capsys: pytest.CaptureFixture[str], text: str):
    (folder / "bad.xmp").write_text(text, encoding="utf-8")
    assert cli.main(["edit", "a.jpg", "--plan", "bad.xmp", "-o", "out.png"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert errors[0].startswith("error: bad.xmp: ")
    assert not (folder / "out.png").exists()


def test_a_sidecar_needs_a_name_that_says_so(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["plan", "xmp", "plan.json", "-o", "a.json"]) == 1
    assert "End it in .xmp" in capsys.readouterr().err

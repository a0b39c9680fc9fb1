"""`edit` and `plan` from their arguments to the files and words that come out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image
from stillbytes.engine.color import PROFILES
from stillbytes.engine.export.export import ExportOptions, Format
from stillbytes.engine.export.tiff import Compression
from stillbytes.engine.export.writer import BitDepth
from stillbytes.engine.raw.source import RawOptions
from stillbytes.launcher import cli, edit


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two small photos and a broken one."""
    rng = np.random.default_rng(3)
    for name in ("a.png", "b.png"):
        Image.fromarray(rng.integers(30, 120, (48, 64, 3), np.uint8)).save(tmp_path / name)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "c.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mean(path: Path) -> float:
    with Image.open(path) as image:
        return float(np.asarray(image.convert("RGB")).mean())


def test_choices_are_the_engines():
    assert set(edit.FORMAT_CHOICES) == set(get_args(Format))
    assert set(edit.DEPTH_CHOICES) == set(get_args(BitDepth))
    assert set(edit.PROFILE_CHOICES) == set(PROFILES)
    assert set(edit.COMPRESSION_CHOICES) == set(get_args(Compression))
    for choice in edit.WHITE_BALANCE_CHOICES:
        assert RawOptions(white_balance=choice).white_balance == choice
    assert (ExportOptions().profile, ExportOptions().compression, ExportOptions().quality) == ("srgb", "deflate", 95)


def test_words_change_the_photo_and_say_what_was_done(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["edit", "a.png", "make it brighter", "-o", "out.png", "--bit-depth", "8"]) == 0
    said = capsys.readouterr()
    assert "1. Whole photo: brighter by" in said.out
    assert "out.png  64 x 48" in said.out
    assert said.err == ""
    assert mean(folder / "out.png") > mean(folder / "a.png") + 10


def test_options_may_stand_between_photo_and_words(folder: Path):
    assert cli.main(["edit", "a.png", "-o", "out.png", "brighter"]) == 0
    assert mean(folder / "out.png") > mean(folder / "a.png")


def test_without_words_the_photo_stays_as_it_is(folder: Path):
    assert cli.main(["edit", "a.png", "-o", "out.png", "--bit-depth", "8"]) == 0
    with Image.open(folder / "a.png") as before, Image.open(folder / "out.png") as after:
        assert np.array_equal(np.asarray(before), np.asarray(after))


def test_without_an_output_the_result_is_a_tiff_here(folder: Path):
    assert cli.main(["edit", "a.png"]) == 0
    assert (folder / "a-edited.tif").is_file()


@pytest.mark.parametrize(("name", "kind"), [("o.jpg", "JPEG"), ("o.png", "PNG"), ("o.tif", "TIFF")])
def test_the_outputs_name_chooses_the_format(folder: Path, name: str, kind: str):
    assert cli.main(["edit", "a.png", "-o", name]) == 0
    with Image.open(folder / name) as image:
        assert image.format == kind


def test_several_photos_go_into_a_folder_and_a_bad_one_stops_none(folder: Path, capsys: pytest.CaptureFixture[str]):
    status = cli.main(["edit", "a.png", "broken/c.png", "b.png", "-o", "new", "--format", "jpeg"])
    said = capsys.readouterr()
    assert status == 1
    assert sorted(path.name for path in (folder / "new").iterdir()) == ["a-edited.jpg", "b-edited.jpg"]
    assert "error: " in said.err
    assert "2 photos done, 1 failed" in said.out


def test_a_folder_gives_a_folder(folder: Path):
    assert cli.main(["edit", ".", "-o", "new"]) == 0
    assert sorted(path.name for path in (folder / "new").iterdir()) == ["a-edited.tif", "b-edited.tif"]


@pytest.mark.parametrize(
    ("output", "options", "file"),
    [("out", [], "out.tif"), ("out", ["--format", "jpeg"], "out.jpg"), ("new/", [], "new/a-edited.tif")],
)
def test_a_name_without_a_suffix_is_a_file_and_one_that_ends_in_a_slash_a_folder(
    folder: Path, output: str, options: list[str], file: str
):
    before = set(folder.rglob("*"))
    assert cli.main(["edit", "a.png", "-o", output, *options]) == 0
    assert {path for path in folder.rglob("*") if path.is_file()} - before == {folder / file}


def test_strength_scales_what_is_done_and_what_is_saved(folder: Path):
    for percent in ("0", "50", "100", "150%"):
        name = percent.strip("%")
        words = ["a.png", "brighten by one stop", "--strength", percent]
        assert cli.main(["edit", *words, "-o", f"{name}.png", "--bit-depth", "8", "--save-plan", f"{name}.json"]) == 0
    steps = json.loads((folder / "50.json").read_text(encoding="utf-8"))["steps"]
    assert steps[0]["settings"] == {"exposure_ev": 0.5}
    assert mean(folder / "0.png") == mean(folder / "a.png")
    assert mean(folder / "0.png") < mean(folder / "50.png") < mean(folder / "100.png") < mean(folder / "150.png")


@pytest.mark.parametrize("percent", ["151", "-1", "nan"])
def test_a_strength_out_of_range_is_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str], percent: str):
    assert cli.main(["edit", "a.png", "brighter", f"--strength={percent}"]) == 1
    assert "expected 0 to 150 %" in capsys.readouterr().err


def test_a_preview_alone_is_the_only_file(folder: Path):
    before = set(folder.iterdir())
    assert cli.main(["edit", "a.png", "brighter", "--preview", "small.jpg"]) == 0
    assert set(folder.iterdir()) - before == {folder / "small.jpg"}


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]):
    before = set(folder.iterdir())
    assert cli.main(["edit", "a.png", "brighter", "-o", "out.tif", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "Whole photo: brighter" in said
    assert "a.png -> out.tif" in said
    assert set(folder.iterdir()) == before


def test_a_dry_run_counts_on_the_models_that_are_named_and_there(folder: Path, capsys: pytest.CaptureFixture[str]):
    command = ["edit", "a.png", "remove the balloon", "--dry-run"]
    assert cli.main(command) == 0
    said = capsys.readouterr().out
    assert "Will be left out" in said
    assert "--segmenter" in said
    assert cli.main([*command, "--segmenter", "none.onnx"]) == 1
    assert "There is no model file or folder none.onnx" in capsys.readouterr().err
    (folder / "model.onnx").write_bytes(b"looked at only when it is used")
    assert cli.main([*command, "--segmenter", "model.onnx"]) == 0
    assert "eft out" not in capsys.readouterr().out


def test_a_saved_plan_gives_the_same_photo_again(folder: Path):
    assert cli.main(["edit", "a.png", "warmer, more contrast", "-o", "1.png", "--save-plan", "p.json"]) == 0
    assert cli.main(["edit", "a.png", "--plan", "p.json", "-o", "2.png"]) == 0
    with Image.open("1.png") as first, Image.open("2.png") as second:
        assert np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize("words", [["a.png", "-o", "missing/o.jpg"], ["broken/c.png", "-o", "x.tif"]])
def test_no_plan_is_saved_where_nothing_was_written(folder: Path, words: list[str]):
    assert cli.main(["edit", *words, "--save-plan", "p.json"]) == 1
    assert not (folder / "p.json").exists()


def test_a_plan_that_cannot_be_saved_is_found_out_before_the_work(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "p.json").write_text("mine", encoding="utf-8")
    assert cli.main(["edit", "a.png", "-o", "out.png", "--save-plan", "p.json"]) == 1
    assert "p.json exists already" in capsys.readouterr().err
    assert not (folder / "out.png").exists()


def test_a_dry_run_may_save_the_plan_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["edit", "a.png", "brighter", "--dry-run", "--save-plan", "p.json"]) == 0
    assert "Only the plan was written: p.json." in capsys.readouterr().out
    assert (folder / "p.json").exists()


def test_a_step_that_was_left_out_stands_in_the_last_lines(folder: Path, capsys: pytest.CaptureFixture[str]):
    words = "brighter, upscale it"
    assert cli.main(["edit", "a.png", words, "-o", "x.png"]) == 0
    said = capsys.readouterr().out
    assert said.count("Enlarge 2 times. Left out") == 1
    assert "`plan compile`" in said.splitlines()[-1]
    assert cli.main(["edit", "a.png", "b.png", words, "-o", "new"]) == 0
    assert "Step 2 was left out on 2 of 2 photos: Enlarge 2 times." in capsys.readouterr().out
    assert cli.main(["edit", "a.png", words, "-o", "y.png", "--json"]) == 0
    (line,) = json.loads(capsys.readouterr().out)["left_out"]
    assert line.startswith("Step 2 was left out: ")


def test_automatic_steps_are_saved_as_said_and_reported_in_numbers(folder: Path, capsys: pytest.CaptureFixture[str]):
    command = ["edit", "a.png", "auto tone", "-o", "auto.png", "--save-plan", "auto.json", "--json"]
    assert cli.main(command) == 0
    (step,) = json.loads((folder / "auto.json").read_text(encoding="utf-8"))["steps"]
    assert step == {"op": "auto", "part": "tone"}
    (said,) = json.loads(capsys.readouterr().out)["photos"][0]["steps"]
    assert said["concrete"]["op"] == "adjust"


def test_json_is_one_object_with_everything(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["edit", "a.png", "missing-no-more.png", "-o", "x", "--json"]) == 1
    assert "No such file" in json.loads(capsys.readouterr().out)["error"]
    assert cli.main(["edit", "a.png", "broken/c.png", "brighter", "-o", "x", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [photo["ok"] for photo in answer["photos"]] == [True, False]
    assert answer["photos"][0]["files"][0]["width"] == 64
    assert answer["photos"][0]["steps"][0]["outcome"] == "done"
    assert answer["photos"][1]["error"]
    assert answer["plan"]["steps"][0]["op"] == "adjust"


def test_words_that_were_not_understood_are_said(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["edit", "a.png", "brighter, and flurble the gronk", "-o", "out.png"]) == 0
    assert "Not understood" in capsys.readouterr().out


def test_nothing_understood_is_an_error_with_an_example(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["edit", "a.png", "flurble the gronk", "-o", "out.png"]) == 1
    said = capsys.readouterr().err
    assert 'error: Nothing in "flurble the gronk" was understood.' in said
    assert "hint: For example" in said
    assert not (folder / "out.png").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["missing.nef", "brighter"], "No such file: missing.nef"),
        (["brighter"], "No photo was named"),
        (["a.png", "brighter", "--plan", "p.json"], "both given"),
        (["a.png", "-o", "a.png", "--overwrite"], "never overwritten"),
        (["a.png", "-o", "b.png"], "exists"),
        (["a.png", "b.png", "-o", "out.tif"], "one file for 2 photos"),
        (["a.png", "-o", "o.jpg", "--format", "png"], "not the name of a PNG"),
        (["a.png", "-o", "o.jpg", "--bit-depth", "16"], "bits per channel"),
        (["a.png", "-o", "missing/o.jpg"], "does not exist"),
        (["a.png", "--plan", "missing.json"], "cannot be read"),
        (["a.png", "--tint", "5"], "--tint needs --kelvin"),
        (["a.png", "b.png", "--preview", "x.jpg"], "takes one photo"),
        (["a.png", "-o", "out.webp"], "not the name of a TIFF, PNG or JPEG"),
        (["a.png", "--preview", "x.png"], "not the name of a JPEG"),
        (["a.png", "--preview", "x.jpg", "-o", "x.jpg"], "both the preview and the output"),
        (["a.png", "--kelvin", "5"], "--kelvin: expected 2000 to 25000, found 5"),
        (["a.png", "--kelvin", "nan"], "--kelvin: expected"),
        (["a.png", "--kelvin", "5000", "--tint", "inf"], "--tint: expected"),
    ],
)
def test_wrong_wishes_are_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
):
    before = {path: path.read_bytes() for path in folder.glob("*.*")}
    assert cli.main(["edit", *words]) == 1
    assert message in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.glob("*.*")} == before


def test_a_run_in_which_no_step_could_be_done_says_so(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["edit", "a.png", "upscale it", "--kelvin", "5000", "-o", "x.png"]) == 1
    said = capsys.readouterr().out
    assert "No step could be done" in said
    assert "hold for RAW files only" in said


def test_an_interrupt_leaves_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def interrupt(self: object, text: str) -> None:
        if "writing" in text:
            raise KeyboardInterrupt

    monkeypatch.setattr("stillbytes.launcher.show.Status.update", interrupt)
    before = set(folder.iterdir())
    assert cli.main(["edit", "a.png", "brighter", "-o", "out.tif"]) == 130
    assert set(folder.iterdir()) == before


def test_a_remove_step_fills_the_place_and_a_fill_model_that_is_missing_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    pixels = np.random.default_rng(4).integers(90, 110, (96, 128, 1), np.uint8).repeat(3, axis=2)
    pixels[40:56, 50:70] = (220, 20, 20)
    Image.fromarray(pixels).save(folder / "red.png")
    target = {"kind": "box", "left": 0.36, "top": 0.38, "right": 0.58, "bottom": 0.62}
    (folder / "plan.json").write_text(json.dumps({"version": 1, "steps": [{"op": "remove", "target": target}]}))
    command = ["edit", "red.png", "--plan", "plan.json", "-o", "out.png", "--bit-depth", "8", "--overwrite"]
    assert cli.main(command) == 0
    assert "Filled 1 place" in capsys.readouterr().out
    with Image.open(folder / "out.png") as image:
        red, green = np.asarray(image.convert("RGB")).astype(int)[44:52, 54:66, :2].mean(axis=(0, 1))
    assert abs(red - green) < 20
    assert cli.main([*command, "--fill-model", "none.pt"]) == 1
    assert "There is no model file none.pt" in capsys.readouterr().err

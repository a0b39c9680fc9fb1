"""The benchmark of masks: its changes of photos, and its report on a folder of two photos."""

import importlib.util
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="module")
def changes(repo_root):
    spec = importlib.util.spec_from_file_location("mask_changes", repo_root / "benchmarks" / "mask_changes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.CHANGES


@pytest.fixture
def photo():
    view = np.random.default_rng(4).uniform(0.1, 0.6, (40, 60, 3)).astype(np.float32)
    truth = np.zeros((40, 60), np.uint8)
    truth[10:30, 20:50] = 255
    return view, truth


def test_mirrored_twice_is_the_photo_itself(changes, photo):
    view, truth = changes["mirrored"](*changes["mirrored"](*photo))
    assert np.array_equal(view, photo[0])
    assert np.array_equal(truth, photo[1])
    assert not np.array_equal(changes["mirrored"](*photo)[1], photo[1])


def test_the_two_cuts_keep_opposite_corners_and_the_mask_on_its_place(changes, photo):
    view, truth = changes["cut above and left"](*photo)
    assert np.array_equal(view, photo[0][6:, 9:])
    assert np.array_equal(truth, photo[1][6:, 9:])
    view, truth = changes["cut below and right"](*photo)
    assert np.array_equal(view, photo[0][:34, :51])
    assert np.array_equal(truth, photo[1][:34, :51])


def test_darker_and_then_brighter_is_the_photo_itself_as_nothing_clips(changes, photo):
    darker, truth = changes["1 EV darker"](*photo)
    assert np.array_equal(truth, photo[1])
    assert np.all(darker < photo[0])
    np.testing.assert_allclose(changes["1 EV brighter"](darker, truth)[0], photo[0], atol=2e-6)


def test_what_gets_too_bright_clips_at_white(changes):
    view, _ = changes["1 EV brighter"](np.full((4, 4, 3), 0.9, np.float32), np.zeros((4, 4), np.uint8))
    assert np.all(view == 1.0)


def test_warmer_raises_red_and_lowers_blue(changes, photo):
    warmer, _ = changes["warmer"](*photo)
    assert np.all(warmer[..., 0] > photo[0][..., 0])
    np.testing.assert_allclose(warmer[..., 1], photo[0][..., 1], atol=2e-6)
    assert np.all(warmer[..., 2] < photo[0][..., 2])


def test_jpeg_changes_little_and_half_the_size_is_half_the_size(changes):
    ramp = np.tile(np.linspace(0.2, 0.8, 64, dtype=np.float32)[None, :, None], (32, 1, 3))
    truth = np.zeros((32, 64), np.uint8)
    coded, _ = changes["JPEG, quality 60"](ramp, truth)
    assert 0 < np.abs(coded - ramp).mean() < 0.02
    view, small = changes["half the size"](ramp, truth)
    assert view.shape == (16, 32, 3)
    assert small.shape == (16, 32)


@pytest.fixture
def data(tmp_path):
    """A folder as `--data` wants it: one photo of a red disc before grey, another one mirrored."""
    (tmp_path / "subject").mkdir()
    y, x = np.mgrid[:120, :160]
    entries = []
    for number, centre in enumerate((70, 90)):
        disc = np.hypot(x - centre, y - 60) < 32
        photo = np.where(disc[..., None], (40, 40, 210), (128, 128, 128)).astype(np.uint8)
        cv2.imwrite(str(tmp_path / "subject" / f"{number}.png"), photo)
        cv2.imwrite(str(tmp_path / "subject" / f"{number}_mask.png"), np.where(disc, 255, 0).astype(np.uint8))
        entries.append({"file": f"subject/{number}.png", "gt": f"subject/{number}_mask.png", "set": "discs"})
    (tmp_path / "index.json").write_text(json.dumps(entries), encoding="utf-8")
    return tmp_path


def bench(repo_root, *arguments):
    command = [sys.executable, str(repo_root / "benchmarks" / "masks.py"), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


def test_the_report_rates_the_built_in_engine_and_its_answers_to_changed_photos(repo_root, data):
    done = bench(repo_root, "--data", data, "--only", "subject", "--robust", "--sheet", data / "worst.png")
    assert done.returncode == 0, done.stderr
    rows = {line[:26].strip(): line.split() for line in done.stdout.splitlines()}
    assert float(rows["discs"][2]) > 0.95
    assert rows["discs"][1] == "2"
    assert abs(float(rows["mirrored"][-2])) < 0.05
    assert set(rows) > {"1 EV brighter", "cut above and left", "half the size", "mean of all changes"}
    assert (data / "worst-subject-built-in.png").is_file()


def test_a_segmenter_that_is_not_there_is_one_sentence(repo_root, data):
    done = bench(repo_root, "--data", data, "--segmenter", data / "none.safetensors")
    assert done.returncode == 1
    assert done.stderr.startswith("error: There is no model file or folder")
    assert "hint:" in done.stderr

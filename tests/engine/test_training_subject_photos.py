"""The list of photographs that the subject network learned from, and how their labels become pictures."""

import json
import runpy

import cv2
import numpy as np
import pytest

FREE = (
    "CC BY",
    "CC BY-SA",
    "CC0",
    "public domain",
    "no known",
    "United States government",
    "released by Kodak",
    '"free to use',
)


@pytest.fixture(scope="module")
def listed(repo_root):
    return json.loads((repo_root / "training" / "subject_photos.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def photos(repo_root):
    return runpy.run_path(str(repo_root / "training" / "subject_photos.py"))


def test_every_photograph_is_listed_once_and_under_a_free_licence(listed):
    names = [(photo["source"], photo["path"]) for photo in listed["photos"]]
    assert len(set(names)) == len(names)
    for photo in listed["photos"]:
        source = listed["sources"][photo["source"]]
        assert "/" in source["repository"]
        assert photo.get("licence", source["licence"]).startswith(FREE), photo["path"]


def test_every_label_is_a_word_or_rings_inside_the_frame(listed):
    for photo in listed["photos"]:
        if isinstance(photo["label"], str):
            assert photo["label"] in ("none", "trimap"), photo
            continue
        assert photo["label"]["subject"], photo["path"]
        for ring in photo["label"]["subject"] + photo["label"].get("unsure", []):
            points = np.array(ring)
            assert points.shape[1] == 2
            assert len(points) > 2
            assert 0 <= points.min() <= points.max() <= 1000


def test_rings_become_truths_with_holes_and_unsure_parts(photos):
    square = [[100, 100], [900, 100], [900, 900], [100, 900]]
    hole = [[400, 400], [600, 400], [600, 600], [400, 600]]
    corner = [[0, 900], [100, 900], [100, 1000], [0, 1000]]
    truth = photos["truth_of"]({"subject": [square, hole], "unsure": [corner]}, (60, 80))
    assert truth.shape == (60, 80)
    assert truth[10, 40] == truth[50, 12] == 255
    assert truth[30, 40] == truth[2, 2] == 0
    assert truth[57, 4] == 128
    assert (truth == 255).mean() == pytest.approx(0.8 * 0.8 - 0.2 * 0.2, abs=0.03)


def test_nothing_is_none_everywhere(photos):
    assert not photos["truth_of"]("none", (3, 4)).any()


def test_a_trimap_is_read_at_the_pictures_size(photos, tmp_path):
    marks = np.full((40, 40), 2, np.uint8)
    marks[:, :20], marks[:, 18:22] = 1, 3
    cv2.imwrite(str(tmp_path / "cat.png"), marks)
    truth = photos["truth_of"]("trimap", (20, 20), tmp_path / "cat.png")
    assert (truth[:, :8] == 255).all()
    assert (truth[:, 12:] == 0).all()
    assert (truth[:, 9:11] == 128).all()

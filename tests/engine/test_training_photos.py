"""The list of photographs that the sky network learned from, and how their labels become pictures."""

import json
import runpy

import numpy as np
import pytest


@pytest.fixture(scope="module")
def listed(repo_root):
    return json.loads((repo_root / "training" / "sky_photos.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def photos(repo_root):
    return runpy.run_path(str(repo_root / "training" / "sky_photos.py"))


def test_every_photograph_is_listed_once_and_has_a_source_with_a_licence(listed):
    names = [(photo["source"], photo["path"]) for photo in listed["photos"]]
    assert len(set(names)) == len(names)
    for source in {name for name, _ in names}:
        assert "/" in listed["sources"][source]["repository"]
        assert listed["sources"][source]["licence"]


def test_every_label_is_a_word_or_polygons_inside_the_frame(listed):
    for photo in listed["photos"]:
        if isinstance(photo["label"], str):
            assert photo["label"] in ("none", "all", "outline"), photo
        else:
            corners = np.concatenate([np.array(polygon) for polygon in photo["label"]])
            assert corners.shape[1] == 2
            assert corners.min() >= 0
            assert corners.max() <= 1


def test_corners_are_those_of_a_quadrangle_inside_its_file(listed):
    turned = [np.array(photo["corners"]) for photo in listed["photos"] if "corners" in photo]
    assert turned
    for corners in turned:
        assert corners.shape == (4, 2)
        assert corners.min() > -0.02
        assert corners.max() < 1.02
        sides = np.roll(corners, -1, axis=0) - corners
        after = np.roll(sides, -1, axis=0)
        assert (sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0] > 0).all()  # all the way round, clockwise


def test_a_turned_photograph_is_set_upright(photos):
    photo = np.stack([*np.indices((40, 60)), np.zeros((40, 60))], axis=-1).astype(np.uint8)
    turned = np.ascontiguousarray(np.rot90(photo))  # the top left is at the bottom left now
    found = photos["upright"](turned, [[0, 1], [0, 0], [1, 0], [1, 1]])
    assert found.shape == photo.shape
    assert np.abs(found[1:-1, 1:-1].astype(int) - photo[1:-1, 1:-1]).max() <= 1


def test_labels_become_truths_of_the_small_pictures_size(photos):
    picture = np.zeros((60, 80, 3), np.uint8)
    assert not photos["truth_of"](picture, "none", (30, 40)).any()
    assert (photos["truth_of"](picture, "all", (30, 40)) == 255).all()
    upper = photos["truth_of"](picture, [[(0, 0), (1, 0), (1, 0.5), (0, 0.5)]], (30, 40))
    assert upper.shape == (30, 40)
    assert (upper[:15] == 255).all()
    assert not upper[16:].any()


def test_an_outline_is_the_engines_own(photos):
    y = np.arange(120)[:, None, None]
    sky = np.array([230, 150, 90]) + np.zeros((120, 160, 3))
    ground = np.random.default_rng(0).integers(0, 90, (120, 160, 3))
    truth = photos["truth_of"](np.where(y < 60, sky, ground).astype(np.uint8), "outline", (60, 80))
    assert (truth[:28] == 255).mean() > 0.98
    assert (truth[32:] == 0).mean() > 0.98


def test_pictures_only_shrink(photos):
    assert photos["at_side"](np.zeros((512, 1024, 3), np.uint8), 256).shape == (128, 256, 3)
    assert photos["at_side"](np.zeros((20, 10, 3), np.uint8), 256).shape == (20, 10, 3)

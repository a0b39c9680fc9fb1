import json

import cv2
import numpy as np
import pytest
from stillbytes.engine.masks.evaluate import measure
from stillbytes.engine.masks.resolve import resolve
from stillbytes.engine.masks.subject import find_subject
from stillbytes.engine.open import open_photo
from stillbytes.engine.plan.schema import Points, Region


def portrait(seed=0, centre=(0.5, 0.55)):
    """A sharp, colourful ellipse before a soft background; and the truth."""
    rng = np.random.default_rng(seed)
    height, width = 240, 200
    background = cv2.GaussianBlur(rng.uniform(0.3, 0.6, (height, width, 3)).astype(np.float32), (0, 0), 12)
    y, x = np.mgrid[:height, :width]
    inside = np.hypot((x / width - centre[0]) / 0.17, (y / height - centre[1]) / 0.3) < 1
    figure = np.array([0.8, 0.3, 0.25], np.float32) * rng.uniform(0.7, 1.1, (height, width, 1)).astype(np.float32)
    return np.where(inside[..., None], figure, background).astype(np.float32), inside


@pytest.mark.parametrize("centre", [(0.5, 0.55), (0.62, 0.5)])
def test_a_figure_before_a_soft_background_is_found(centre):
    picture, inside = portrait(centre=centre)
    found = find_subject(picture)
    assert measure(found.alpha, np.where(inside, 255, 0).astype(np.uint8)).iou > 0.9
    assert found.confidence > 0.5


def test_a_figure_that_the_lower_edge_cuts_is_found_down_to_the_edge():
    picture, inside = portrait(centre=(0.5, 0.75))
    found = find_subject(picture)
    assert measure(found.alpha, np.where(inside, 255, 0).astype(np.uint8)).iou > 0.9
    assert found.alpha[-4:, 90:110].min() > 0.9


def test_the_reason_says_where_the_subject_is():
    assert "right of the frame" in find_subject(portrait(centre=(0.75, 0.5))[0]).reason


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_nothing_stands_out_in_one_flat_tone(level):
    found = find_subject(np.full((90, 120, 3), level, np.float32))
    assert not found.found
    assert found.reason.startswith("Nothing stands out")


@pytest.mark.parametrize("shape", [(9, 200, 3), (200, 9, 3), (1, 1, 3), (8, 8, 3)])
def test_odd_shapes_are_looked_at_without_failing(shape):
    alpha = find_subject(np.random.default_rng(2).random(shape, np.float32)).alpha
    assert alpha.shape == shape[:2]
    assert alpha.dtype == np.float32


def test_real_people_are_found(shared_data):
    index = json.loads((shared_data / "index.json").read_text(encoding="utf-8"))
    scores = []
    for entry in [e for e in index if e["file"].startswith("subject/ccp/") and e.get("gt")][::2]:
        picture = cv2.imread(str(shared_data / entry["file"]))[..., ::-1].astype(np.float32) / 255
        truth = cv2.imread(str(shared_data / entry["gt"]), cv2.IMREAD_GRAYSCALE)
        scores.append(measure(find_subject(np.ascontiguousarray(picture)).alpha, truth).iou)
    assert np.mean(scores) > 0.75


def test_the_balloon_is_the_subject_of_the_sample_without_the_mountain_behind_it(repo_root):
    photo = open_photo(repo_root / "samples" / "balloon.dng")
    for found, _ in (
        resolve(photo, Region("subject")),
        resolve(photo, Points(include=((0.56, 0.3),)), engine="built-in"),
    ):
        height, width = found.alpha.shape
        inside = found.alpha > 0.5
        rows, columns = np.nonzero(inside)
        assert 0.10 < inside.mean() < 0.14
        assert 0.38 * width < columns.min() < columns.max() < 0.74 * width
        assert rows.max() < 0.68 * height

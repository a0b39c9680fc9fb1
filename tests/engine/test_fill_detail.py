"""Native detail for an enlarged painting."""

import numpy as np
import pytest
from stillbytes.engine.errors import CancelledError, StillbytesError
from stillbytes.engine.fill.complete import CompleteOptions
from stillbytes.engine.fill.detail import DetailOptions, add_detail
from stillbytes.engine.opencv import cv2


def scene(shape=(128, 144)):
    """Rough ground, darker on the right; the structure is the same without its texture."""
    rng = np.random.default_rng(8)
    coarse = np.where(np.indices(shape)[1] < 72, 0.7, 0.3)[..., None].repeat(3, axis=2)
    picture = np.clip(coarse + rng.normal(0, 0.06, coarse.shape), 0, 1).astype(np.float32)
    hole = np.zeros(shape, bool)
    hole[44:84, 52:92] = True
    structure = cv2().GaussianBlur(coarse, (0, 0), 2).astype(np.float32)
    return np.where(hole[..., None], np.float32(0), picture), hole, structure


def low(picture):
    return cv2().GaussianBlur(picture, (0, 0), 4)


def test_the_result_has_texture_and_follows_the_structure():
    picture, hole, structure = scene()
    detailed = add_detail(picture, hole, structure, DetailOptions(scale=4))
    assert 0.03 < (detailed - structure)[hole].std() < 0.09
    inside = cv2().erode(hole.view(np.uint8), np.ones((13, 13), np.uint8)).view(bool)
    assert np.abs(low(detailed) - low(structure))[inside].mean() < 0.03
    np.testing.assert_array_equal(detailed[~hole], picture[~hole])


def test_what_only_the_structure_knows_is_kept():
    picture, hole, structure = scene()
    structure[hole] *= np.float32(0.9)
    detailed = add_detail(picture, hole, structure, DetailOptions(scale=4, follow=1.0))
    assert abs(float((detailed - structure)[60:68, 58:66].mean())) < 0.04


def test_a_structure_at_native_scale_is_returned():
    picture, hole, structure = scene()
    detailed = add_detail(picture, hole, structure, DetailOptions(scale=1.2))
    np.testing.assert_array_equal(detailed[hole], structure[hole])


def test_the_structure_outside_the_hole_is_not_read():
    picture, hole, structure = scene()
    other = np.where(hole[..., None], structure, np.float32(0.99))
    np.testing.assert_array_equal(add_detail(picture, hole, structure), add_detail(picture, hole, other))


def test_a_seed_decides():
    picture, hole, structure = scene()
    first, again, other = (
        add_detail(picture, hole, structure, DetailOptions(fill=CompleteOptions(seed=seed))) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_no_hole_is_no_change_and_shapes_must_fit():
    picture, hole, structure = scene()
    np.testing.assert_array_equal(add_detail(picture, np.zeros_like(hole), structure), picture)
    with pytest.raises(ValueError, match="structure"):
        add_detail(picture, hole, structure[1:])


def test_a_picture_without_anything_left_says_so():
    picture, hole, structure = scene()
    with pytest.raises(StillbytesError):
        add_detail(picture, np.ones_like(hole), structure)


def test_a_cancelling_progress_stops():
    def stop(done, total):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        add_detail(*scene(), progress=stop)

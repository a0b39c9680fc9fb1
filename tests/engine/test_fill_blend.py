"""Blending a painting into a photo."""

import numpy as np
import pytest
from stillbytes.engine.fill.blend import BlendOptions, blend, membrane, soft_alpha


def scene(shape=(64, 80)):
    rng = np.random.default_rng(1)
    photo = rng.uniform(0.4, 0.6, (*shape, 3)).astype(np.float32)
    hole = np.zeros(shape, bool)
    hole[20:44, 24:56] = True
    return photo, hole


def test_a_membrane_keeps_what_is_known_and_lies_between():
    values, hole = scene()
    plane = membrane(values, ~hole)
    np.testing.assert_array_equal(plane[~hole], values[~hole])
    assert values[~hole].min() <= plane[hole].min()
    assert plane[hole].max() <= values[~hole].max()


@pytest.mark.parametrize("shape", [(33, 47), (64, 64)])
def test_a_membrane_over_a_slope_is_the_slope(shape):
    rows, columns = np.indices(shape)
    slope = np.repeat((0.01 * rows + 0.02 * columns)[..., None], 3, axis=2).astype(np.float32)
    known = np.ones(shape, bool)
    known[8:25, 10:29] = False
    np.testing.assert_allclose(membrane(slope, known), slope, atol=0.02)


def test_a_membrane_without_anything_known_is_0():
    assert not membrane(np.ones((9, 9, 3), np.float32), np.zeros((9, 9), bool)).any()


def test_a_painting_in_another_exposure_takes_the_level_of_the_photo():
    photo, hole = scene()
    mixed = blend(photo, photo * np.float32(1.05), hole)
    assert abs(float((mixed - photo)[hole].mean())) < 0.004
    assert np.abs(mixed - photo)[hole].mean() < 0.25 * np.abs(photo * 0.05)[hole].mean()


def test_a_step_that_is_an_edge_of_the_scene_is_left_alone():
    photo, hole = scene()
    mixed = blend(photo, photo * np.float32(1.5), hole)
    np.testing.assert_allclose(mixed[28:36, 34:46], (photo * 1.5)[28:36, 34:46], rtol=1e-3)


def test_the_photo_painted_on_itself_does_not_change():
    photo, hole = scene()
    np.testing.assert_allclose(blend(photo, photo, hole), photo, atol=1e-6)


def test_far_pixels_are_the_same_bits():
    photo, hole = scene()
    mixed = blend(photo, photo + np.float32(0.3), hole, BlendOptions(soften_px=3))
    far = soft_alpha(hole, 3) == 0
    assert far.sum() > 1000
    np.testing.assert_array_equal(mixed[far], photo[far])


def test_values_above_white_are_kept():
    photo, hole = scene()
    np.testing.assert_allclose(blend(photo * 8, photo * 8, hole), photo * 8, rtol=1e-5)


def test_the_edge_is_soft_outside_the_hole_only():
    _, hole = scene()
    alpha = soft_alpha(hole, 4)
    assert (alpha[hole] == 1).all()
    assert 0 < alpha[30, 57] < alpha[30, 56] < 1
    assert alpha[30, 62] == 0
    np.testing.assert_array_equal(soft_alpha(hole, 0), hole.astype(np.float32))


def test_no_hole_is_no_change_and_shapes_must_fit():
    photo, hole = scene()
    np.testing.assert_array_equal(blend(photo, photo * 0, np.zeros_like(hole)), photo)
    with pytest.raises(ValueError, match="painting"):
        blend(photo, photo[1:], hole)

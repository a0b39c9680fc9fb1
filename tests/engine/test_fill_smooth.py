"""The smooth continuation into a hole, and leaning on it."""

import numpy as np
import pytest
from stillbytes.engine.fill.blend import membrane
from stillbytes.engine.fill.smooth import leaned, thin_plate


def holed(shape=(48, 60), box=(20, 16, 40, 32)):
    hole = np.zeros(shape, bool)
    hole[box[1] : box[3], box[0] : box[2]] = True
    return hole


def nowhere(hole):
    """Return that no place is busy."""
    return np.zeros(hole.shape, np.float32)


def bowl(shape=(48, 60)):
    """A surface that bends: no slope continues it, and no membrane."""
    rows, columns = (axis / 60 for axis in np.indices(shape))
    plane = 0.3 + 0.4 * (rows - 0.4) ** 2 + 0.3 * (columns - 0.5) ** 2 + 0.2 * rows * columns
    return np.repeat(plane[..., None], 3, axis=2).astype(np.float32)


@pytest.mark.parametrize("shape", [(48, 60), (47, 61)])
def test_a_slope_goes_on(shape):
    rows, columns = np.indices(shape)
    slope = np.repeat((0.005 * rows + 0.01 * columns)[..., None], 3, axis=2).astype(np.float32)
    np.testing.assert_allclose(thin_plate(slope, ~holed(shape)), slope, atol=0.02)


def test_a_bend_goes_on_where_a_membrane_flattens_it():
    truth, hole = bowl(), holed()
    plate, flat = (np.abs(fill(truth, ~hole) - truth)[hole].mean() for fill in (thin_plate, membrane))
    assert plate < 0.5 * flat


def test_known_pixels_stay_and_nothing_known_gives_0():
    values, hole = bowl(), holed()
    np.testing.assert_array_equal(thin_plate(values, ~hole)[~hole], values[~hole])
    assert not thin_plate(values, np.zeros_like(hole)).any()


def test_a_painting_that_agrees_is_drawn_to_the_smooth_surface():
    truth, hole = bowl(), holed()
    painting = truth + np.random.default_rng(0).normal(0, 0.008, truth.shape).astype(np.float32)
    closer = leaned(painting, truth, hole, nowhere(hole))
    assert np.abs(closer - truth)[hole].mean() < 0.6 * np.abs(painting - truth)[hole].mean()
    np.testing.assert_array_equal(closer[~hole], painting[~hole])


def test_a_painting_that_differs_keeps_its_place():
    smooth, hole = bowl(), holed()
    painting = np.where(np.indices(hole.shape)[1][..., None] % 12 < 6, np.float32(0.7), np.float32(0.1))
    painting = np.repeat(painting, 3, axis=2)
    np.testing.assert_allclose(leaned(painting, smooth, hole, nowhere(hole)), painting, atol=0.03)


def test_busy_places_keep_their_contrast_but_at_the_rim():
    smooth, hole = np.full((48, 60, 3), 0.5, np.float32), holed(box=(6, 6, 54, 42))
    painting = smooth + np.random.default_rng(1).normal(0, 0.03, smooth.shape).astype(np.float32)
    inside = holed(box=(20, 20, 40, 28))
    kept = leaned(painting, smooth, hole, np.ones(hole.shape, np.float32))
    calmed = leaned(painting, smooth, hole, nowhere(hole))
    assert 0.95 < kept[inside].std() / painting[inside].std() <= 1
    assert calmed[inside].std() < 0.6 * painting[inside].std()

"""Healing small spots."""

import numpy as np
import pytest
from stillbytes.engine.errors import CancelledError
from stillbytes.engine.fill.spots import SpotOptions, heal_spots


def skin(shape=(140, 160)):
    """A brightness slope with fine texture."""
    rows, columns = np.indices(shape)
    slope = 0.4 + 0.001 * rows + 0.0015 * columns
    grain = np.random.default_rng(2).normal(0, 0.01, (*shape, 3))
    return (slope[..., None] * [1.0, 0.8, 0.7] + grain).astype(np.float32)


def spotted(picture, centres, radius=6):
    rows, columns = np.indices(picture.shape[:2])
    hole = np.zeros(picture.shape[:2], bool)
    for row, column in centres:
        hole |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return np.where(hole[..., None], np.float32(0.05), picture), hole


def test_a_spot_takes_brightness_and_texture_from_around():
    clean = skin()
    picture, hole = spotted(clean, [(60, 70)])
    healed, rest = heal_spots(picture, hole)
    assert not rest.any()
    assert abs(float((healed - clean)[hole].mean())) < 0.006
    assert 0.5 < (healed - clean)[hole].std() / 0.01 < 2.5
    np.testing.assert_array_equal(healed[~hole], picture[~hole])


def test_a_spot_does_not_depend_on_other_spots_or_their_order():
    clean = skin()
    both, holes = spotted(clean, [(40, 40), (100, 120)])
    one, hole = spotted(clean, [(40, 40)])
    first, second = heal_spots(both, holes)[0], heal_spots(one, hole)[0]
    np.testing.assert_array_equal(first[hole], second[hole])


def test_another_spot_is_never_the_source():
    clean = skin()
    picture, hole = spotted(clean, [(60, 40), (60, 54), (60, 68), (60, 82)])
    assert heal_spots(picture, hole)[0][hole].min() > 0.2


def test_a_line_through_a_spot_goes_on():
    clean = skin()
    clean[:, 70:74] = 0.15
    picture, hole = spotted(clean, [(60, 72)])
    healed, _ = heal_spots(picture, hole)
    assert np.abs(healed - clean)[hole].mean() < 0.05


def test_large_parts_are_left():
    clean = skin()
    picture, hole = spotted(clean, [(40, 40)])
    hole[70:130, 60:130] = True
    healed, rest = heal_spots(picture, hole, SpotOptions(largest_px=32))
    assert not rest[:60].any()
    assert rest[70:130, 60:130].all()
    np.testing.assert_array_equal(healed[70:], picture[70:])


def test_a_spot_without_a_clean_place_is_left():
    picture = skin((20, 20))
    hole = np.zeros((20, 20), bool)
    hole[4:16, 4:16] = True
    healed, rest = heal_spots(picture, hole)
    np.testing.assert_array_equal(healed, picture)
    np.testing.assert_array_equal(rest, hole)


def test_a_spot_in_the_corner_is_healed():
    clean = skin()
    picture, hole = spotted(clean, [(0, 0)])
    healed, rest = heal_spots(picture, hole)
    assert not rest.any()
    assert np.abs(healed - clean)[hole].mean() < 0.03


def test_no_spots_is_no_change_and_shapes_must_fit():
    picture = skin()
    healed, rest = heal_spots(picture, np.zeros(picture.shape[:2], bool))
    np.testing.assert_array_equal(healed, picture)
    assert not rest.any()
    with pytest.raises(ValueError, match="hole"):
        heal_spots(picture, np.zeros((3, 3), bool))


def test_a_cancelling_progress_stops():
    def stop(done, total):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        heal_spots(*spotted(skin(), [(40, 40), (100, 120)]), progress=stop)

"""The built-in fill as a whole."""

import numpy as np
import pytest
from stillbytes.engine import tiles
from stillbytes.engine.errors import CancelledError, StillbytesError
from stillbytes.engine.fill import patchmatch
from stillbytes.engine.fill.complete import CompleteOptions, Schedule, complete, context_of
from stillbytes.engine.fill.pyramid import Level
from stillbytes.engine.fill.rim import bounded
from stillbytes.engine.geometry import Box


def ruled(shape=(96, 120), noise=0.02):
    """Diagonal stripes of 12 px on a slope, with grain."""
    rows, columns = np.indices(shape)
    stripes = 0.5 + 0.2 * np.sin((rows + columns) * (2 * np.pi / 12)) + 0.001 * columns
    grain = np.random.default_rng(5).normal(0, noise, (*shape, 3))
    return np.clip(stripes[..., None] * [1.0, 0.9, 0.7] + grain, 0, 1).astype(np.float32)


def holed(picture, box=(40, 36, 64, 60)):
    hole = np.zeros(picture.shape[:2], bool)
    hole[box[1] : box[3], box[0] : box[2]] = True
    return np.where(hole[..., None], np.float32(1), picture), hole


def test_nothing_outside_the_hole_changes():
    picture, hole = holed(ruled())
    filled = complete(picture, hole)
    np.testing.assert_array_equal(filled[~hole], picture[~hole])
    assert filled.dtype == np.float32
    assert (filled[hole] <= 1).all()
    assert (filled[hole] >= 0).all()


def test_stripes_go_on_through_the_hole():
    picture = ruled()
    filled = complete(*holed(picture))
    hole = holed(picture)[1]
    error = np.sqrt(np.mean((filled - picture)[hole] ** 2))
    assert error < 0.06
    assert error < 0.5 * picture[hole].std()


def test_half_of_the_grain_is_left_before_grain_is_matched():
    picture = np.clip(np.random.default_rng(2).normal(0.5, 0.05, (96, 96, 3)), 0, 1).astype(np.float32)
    blank, hole = holed(picture)
    filled = complete(blank, hole)
    assert 0.5 < filled[hole].std() / picture[hole].std() < 1.1


def test_a_constant_stays_constant():
    picture, hole = holed(np.full((60, 60, 3), 0.4, np.float32), (20, 20, 40, 40))
    np.testing.assert_allclose(complete(picture, hole), 0.4, atol=1e-4)


def test_the_same_seed_gives_the_same_fill_in_any_number_of_threads(monkeypatch):
    picture, hole = holed(ruled())
    usual = complete(picture, hole, CompleteOptions(seed=4))

    def alone(task, items, progress=tiles.no_progress):
        for item in reversed(items):
            task(item)

    monkeypatch.setattr(patchmatch, "for_each", alone)
    np.testing.assert_array_equal(usual, complete(picture, hole, CompleteOptions(seed=4)))


def test_another_seed_gives_another_fill():
    picture, hole = holed(ruled(noise=0.1))
    first, second = (complete(picture, hole, CompleteOptions(seed=seed)) for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_what_is_not_allowed_is_not_taken():
    picture = np.full((80, 120, 3), 0.2, np.float32)
    picture[:, 60:] = [0.9, 0.1, 0.1]
    blank, hole = holed(picture, (50, 30, 70, 50))
    allowed = np.zeros_like(hole)
    allowed[:, :58] = True
    filled = complete(blank, hole, allowed=allowed)
    # The level may follow the rim by a bounded step, 0.12; the red itself is 0.7 away.
    assert filled[hole][:, 0].max() < 0.33
    assert abs(float(np.median(filled[hole][:, 0])) - 0.2) < 0.08


@pytest.mark.parametrize("box", [(0, 0, 20, 30), (100, 0, 120, 96), (0, 90, 120, 96)])
def test_a_hole_at_the_border_is_filled(box):
    picture = ruled()
    blank, hole = holed(picture, box)
    filled = complete(blank, hole)
    assert np.isfinite(filled).all()
    assert np.abs(filled - picture)[hole].mean() < 0.2


def test_a_hole_of_one_pixel_and_an_empty_one():
    picture = ruled((41, 57))
    blank, hole = holed(picture, (20, 20, 21, 21))
    assert np.abs(complete(blank, hole) - picture)[hole].max() < 0.25
    np.testing.assert_array_equal(complete(picture, np.zeros_like(hole)), picture)


def test_views_are_filled_like_copies():
    picture, hole = holed(ruled())
    flipped = complete(picture[:, ::-1], hole[:, ::-1])
    np.testing.assert_array_equal(flipped, complete(picture[:, ::-1].copy(), hole[:, ::-1].copy()))


def test_several_holes_are_filled_together():
    picture, hole = holed(ruled())
    hole[5:15, 100:110] = True
    picture[hole] = 1
    assert np.abs(complete(picture, hole) - ruled())[hole].mean() < 0.1


def test_progress_rises_to_its_total():
    seen = []
    complete(*holed(ruled()), progress=lambda done, total: seen.append((done, total)))
    done = [d for d, _ in seen]
    assert done == sorted(done)
    assert seen[-1][0] == seen[-1][1]
    assert len({total for _, total in seen}) == 1


def test_a_cancelling_progress_stops_the_fill():
    def stop(done, total):
        if done > total / 2:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        complete(*holed(ruled()), progress=stop)


def test_a_picture_without_anything_left_says_so():
    picture = ruled()
    with pytest.raises(StillbytesError, match="nothing around the hole is left"):
        complete(picture, np.ones(picture.shape[:2], bool))
    with pytest.raises(StillbytesError):
        complete(*holed(picture), allowed=np.zeros(picture.shape[:2], bool))


def test_arrays_that_do_not_fit_are_refused():
    picture, hole = holed(ruled())
    with pytest.raises(ValueError, match="masks"):
        complete(picture, hole[:-1])
    with pytest.raises(ValueError, match="masks"):
        complete(picture, hole, allowed=hole[1:])


def test_the_context_is_a_share_of_the_hole_and_at_least_128_px():
    hole = np.zeros((2000, 3000), bool)
    hole[900:1000, 1500:1900] = True
    assert context_of(hole, 1.0) == Box(1100, 500, 2300, 1400)
    assert context_of(hole, 0.1) == Box(1372, 772, 2028, 1128)


def test_a_remnant_beside_the_hole_does_not_colour_it():
    rows, _ = np.indices((120, 160))
    sky = np.stack([0.35 + 0.001 * rows, 0.5 + 0.0008 * rows, 0.7 + 0.0004 * rows], axis=2)
    sky = (sky + np.random.default_rng(3).normal(0, 0.006, sky.shape)).astype(np.float32)
    blank, hole = holed(sky, (50, 40, 110, 80))
    blank[37:40, 60:100] = [0.95, 0.5, 0.1]
    filled = complete(blank, hole)
    inner = np.zeros_like(hole)
    inner[50:78, 52:108] = True
    contrast = np.abs(np.array([0.95, 0.5, 0.1]) - sky[inner].mean(axis=0)).max()
    np.testing.assert_allclose(filled[inner].mean(axis=0), sky[inner].mean(axis=0), atol=0.02 * contrast)


def test_small_steps_are_kept_and_large_ones_are_not_carried():
    steps = np.array([0, 0.05, 0.12, 0.18, 0.24, 0.7], np.float32)
    kept = np.array([0, 0.05, 0.12, 0.09, 0, 0], np.float32)
    np.testing.assert_allclose(bounded(steps), kept, atol=1e-6)
    np.testing.assert_allclose(bounded(-steps), -kept, atol=1e-6)


def test_large_holes_are_searched_nearer_and_their_finest_level_least():
    values = np.zeros((800, 800, 4), np.float32)
    allowed = np.ones((800, 800), bool)
    small, large = (np.zeros((800, 800), bool) for _ in range(2))
    small[:100, :100] = large[:350, :350] = True
    plans = [
        Schedule.of(CompleteOptions(search_px=64), [Level(values, hole, allowed)] * 4, tiles.no_progress)
        for hole in (small, large)
    ]
    assert [[plan.reach(depth) for depth in range(4)] for plan in plans] == [[64, 64, 800, 800], [2, 16, 800, 800]]
    assert [[plan.passes(depth) for depth in range(2)] for plan in plans] == [[3, 3], [1, 2]]

"""The last vote: the mean of all patches, and as contrasty as they are where texture is."""

from __future__ import annotations

import numpy as np
from stillbytes.engine.fill.finish import busyness, finished, luma
from stillbytes.engine.fill.rim import agreed

SHAPE = (48, 48)


def votes(spread, lost=0.0, seed=1):
    """Grey votes (h, w, 4) with noise of a spread, whose patches differ by `lost` more than their mean shows."""
    plane = (0.5 + np.random.default_rng(seed).normal(0, spread, SHAPE)).astype(np.float32)
    return np.stack([plane, plane, plane, plane**2 + np.float32(lost**2)], axis=2)


def painted(of, wide=None):
    return finished(of, busyness(of), np.ones(SHAPE, bool) if wide is None else wide)


def test_a_smooth_place_is_painted_with_the_mean():
    of = votes(0.005, lost=0.01)
    np.testing.assert_array_equal(painted(of), of[..., :3])


def test_texture_is_left_alone_where_the_mean_lost_nothing():
    of = votes(0.15)
    np.testing.assert_allclose(painted(of), of[..., :3], atol=1e-3)


def test_texture_gets_back_the_contrast_that_averaging_took():
    of = votes(0.08, lost=0.08)
    gained = luma(painted(of)).std() / luma(of).std()
    assert 1.5 < gained < 3


def test_detail_is_raised_by_no_more_than_the_patches_differ():
    of = votes(0.15, lost=0.04)
    of[24, 24, :3], of[24, 24, 3] = 1.0, 1.0 + 0.04**2
    assert np.abs(painted(of) - of[..., :3]).max() <= 1.2 * 0.041


def test_pixels_that_were_not_voted_on_stay():
    wide = np.zeros(SHAPE, bool)
    wide[10:30, 10:30] = True
    of = votes(0.08, lost=0.08)
    out = painted(of, wide)
    np.testing.assert_array_equal(out[~wide], of[~wide][:, :3])
    assert (out[wide] != of[wide][:, :3]).any()


def test_steps_that_agree_are_kept_and_steps_that_cancel_are_not():
    ring = np.zeros((30, 60), bool)
    ring[14:16] = True
    step = np.zeros((30, 60, 4), np.float32)
    step[14:16, :20] = 0.05
    step[14:16, 40::2], step[14:16, 41::2] = 0.1, -0.1
    kept = agreed(step, ring)
    np.testing.assert_allclose(kept[14:16, :12], 0.05, rtol=1e-5)
    assert np.abs(kept[14:16, 48:]).max() < 0.005


def test_busyness_is_0_on_flat_and_1_on_textured_ground():
    assert busyness(votes(0.002)).max() == 0
    assert busyness(votes(0.3)).min() == 1


def test_patches_that_differ_are_busy_though_their_mean_is_flat():
    assert busyness(votes(0.002, lost=0.1)).min() == 1

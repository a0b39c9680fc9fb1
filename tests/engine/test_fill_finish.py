"""The last vote: calm where nothing is, sharp and as contrasty as its sources where texture is."""

from __future__ import annotations

import numpy as np
from stillbytes.engine.fill.finish import busyness, finished, luma
from stillbytes.engine.fill.rim import agreed

SHAPE = (48, 48)


def votes(spread, seed=1):
    """Grey votes (h, w, 4) with noise of a spread, on their own squares: one patch per pixel, so nothing is lost."""
    plane = (0.5 + np.random.default_rng(seed).normal(0, spread, SHAPE)).astype(np.float32)
    return np.stack([plane, plane, plane, plane**2], axis=2)


def mixed(sharp, soft, wide=None):
    return finished(sharp, soft, busyness(sharp), everywhere() if wide is None else wide)


def everywhere():
    return np.ones(SHAPE, bool)


def test_a_smooth_place_is_painted_from_all_patches():
    soft = np.full((*SHAPE, 4), 0.5, np.float32)
    np.testing.assert_array_equal(mixed(votes(0.005), soft), soft)


def test_a_textured_place_is_the_sharp_vote_where_the_mean_lost_nothing():
    sharp, soft = votes(0.15), np.full((*SHAPE, 4), 0.5, np.float32)
    out = mixed(sharp, soft)
    np.testing.assert_allclose(out[..., :3], sharp[..., :3], atol=1e-3)


def test_texture_gets_back_the_contrast_that_averaging_took():
    sharp, soft = votes(0.15), np.full((*SHAPE, 4), 0.5, np.float32)
    sharp[..., 3] += 0.15**2
    gained = luma(mixed(sharp, soft)).std() / luma(sharp).std()
    assert 1.35 < gained <= 1.5


def test_pixels_that_were_not_voted_on_stay():
    wide = np.zeros(SHAPE, bool)
    wide[10:30, 10:30] = True
    soft = np.full((*SHAPE, 4), 0.5, np.float32)
    out = mixed(votes(0.15), soft, wide)
    np.testing.assert_array_equal(out[~wide], soft[~wide])
    assert (out[wide] != soft[wide]).any()


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
    assert busyness(votes(0.15)).min() == 1

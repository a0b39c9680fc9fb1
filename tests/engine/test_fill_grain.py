"""Measuring grain and giving it to what is too clean."""

import numpy as np
import pytest
from stillbytes.engine.fill.grain import match_grain, measure_grain
from stillbytes.engine.opencv import cv2


def noisy(strength=0.02, correlated=0.0, shape=(160, 200), seed=3):
    """A slope from dark to bright with Gaussian noise, and a hole of the slope without noise."""
    clean = np.repeat(np.linspace(0.2, 0.8, shape[1], dtype=np.float32)[None], shape[0], axis=0)
    clean = np.repeat(clean[..., None], 3, axis=2)
    noise = np.random.default_rng(seed).normal(size=clean.shape).astype(np.float32)
    if correlated:
        noise = cv2().GaussianBlur(noise, (0, 0), correlated)
        noise /= noise.std()
    hole = np.zeros(shape, bool)
    hole[50:110, 60:140] = True
    picture = clean + np.float32(strength) * noise
    return np.where(hole[..., None], clean, picture).astype(np.float32), hole, clean


def spread(picture, clean, where):
    return float((picture - clean)[where].std())


@pytest.mark.parametrize("strength", [0.005, 0.02, 0.05])
def test_a_clean_hole_gets_the_noise_of_the_photo(strength):
    picture, hole, clean = noisy(strength)
    matched = match_grain(picture, hole)
    assert spread(matched, clean, hole) == pytest.approx(strength, rel=0.15)
    np.testing.assert_array_equal(matched[~hole], picture[~hole])


def test_a_hole_with_the_noise_of_the_photo_keeps_it():
    picture, hole, clean = noisy(0.02)
    full = (clean + np.random.default_rng(9).normal(0, 0.02, clean.shape)).astype(np.float32)
    picture[hole] = full[hole]
    assert spread(match_grain(picture, hole), clean, hole) == pytest.approx(0.02, rel=0.1)


def test_brighter_places_get_their_own_strength():
    picture, hole, clean = noisy(0.0)
    shot = np.random.default_rng(4).normal(size=clean.shape) * 0.04 * clean
    picture = np.where(hole[..., None], clean, clean + shot).astype(np.float32)
    matched = match_grain(picture, hole)
    dark, bright = hole.copy(), hole.copy()
    dark[:, 80:], bright[:, :120] = False, False
    assert 1.2 < spread(matched, clean, bright) / spread(matched, clean, dark) < 2.5


def test_coarse_grain_stays_coarse():
    def neighbours(values):
        return float(np.mean(values[:, 1:] * values[:, :-1]) / np.mean(values * values))

    fine, coarse = (noisy(0.02, sigma) for sigma in (0.0, 0.8))
    found = [(match_grain(p, h) - p)[50:110, 60:140] for p, h, _ in (fine, coarse)]
    assert abs(neighbours(found[0])) < 0.2
    assert neighbours(found[1]) > 0.4


def test_grain_is_the_same_for_a_seed_and_other_for_another():
    picture, hole, _ = noisy()
    np.testing.assert_array_equal(match_grain(picture, hole, 5), match_grain(picture, hole, 5))
    assert not np.array_equal(match_grain(picture, hole, 5), match_grain(picture, hole, 6))


def test_a_photo_without_noise_gets_none():
    picture, hole, _ = noisy(0.0)
    np.testing.assert_allclose(match_grain(picture, hole), picture, atol=1e-4)


def test_edges_are_not_taken_for_noise():
    picture, hole, clean = noisy(0.01)
    picture[:, ::40] = 1
    picture[hole] = clean[hole]
    assert spread(match_grain(picture, hole), clean, hole) < 0.02


def test_too_little_around_the_hole_adds_nothing():
    picture, hole, _ = noisy(shape=(160, 200))
    assert measure_grain(picture, np.zeros_like(hole)) is None
    np.testing.assert_array_equal(match_grain(picture, np.ones_like(hole)), picture)
    np.testing.assert_array_equal(match_grain(picture, np.zeros_like(hole)), picture)


def test_shapes_must_fit():
    picture, hole, _ = noisy()
    with pytest.raises(ValueError, match="hole"):
        match_grain(picture, hole[1:])

"""A cast is taken away in its own direction, within bounds, and only where the photo tells it."""

import numpy as np
import pytest
from stillbytes.engine.develop.cast import MOST_TEMPERATURE, MOST_TINT, estimate_cast
from stillbytes.engine.develop.settings import DevelopSettings
from stillbytes.engine.develop.tables import light_matrix


@pytest.fixture(scope="module")
def town():
    """Greys of every lightness and a few coloured surfaces, with texture: linear light, (120, 180, 3)."""
    rng = np.random.default_rng(2)
    pixels = rng.uniform(0.08, 0.75, (12, 18, 1)).repeat(10, 0).repeat(10, 1) * np.ones(3)
    pixels[:30, :40] *= (0.9, 0.5, 0.4)
    pixels[60:80, 90:150] *= (0.4, 0.7, 0.4)
    pixels[90:, :50] *= (0.4, 0.6, 1.0)
    return (pixels * rng.uniform(0.9, 1.1, (120, 180, 1))).astype(np.float32)


def under(pixels, temperature=0.0, tint=0.0):
    return pixels @ light_matrix(DevelopSettings(temperature=temperature, tint=tint)).T


def test_neutral_light_is_left_alone(town):
    found = estimate_cast(town)
    assert found[:2] == (0.0, 0.0)
    assert found.confidence > 0.5


def test_a_cool_cast_is_warmed_and_a_warm_one_cooled_by_less(town):
    cool, warm = estimate_cast(under(town, temperature=-35.0)), estimate_cast(under(town, temperature=35.0))
    assert 12 <= cool.temperature <= 38
    assert -25 <= warm.temperature <= -5
    assert abs(warm.temperature) < cool.temperature


def test_green_and_magenta_casts_go_the_right_way(town):
    assert 4 <= estimate_cast(under(town, tint=-22.0)).tint <= 25
    assert -25 <= estimate_cast(under(town, tint=22.0)).tint <= -4


def test_no_correction_goes_beyond_its_bounds(town):
    for temperature, tint in ((-100.0, 100.0), (100.0, -100.0)):
        found = estimate_cast(under(town, temperature, tint))
        assert abs(found.temperature) <= MOST_TEMPERATURE
        assert abs(found.tint) <= MOST_TINT


def test_an_evening_sky_keeps_most_of_its_colour():
    down = np.linspace(0, 1, 120)[:, None, None]
    sky = (1 - down) * np.array([0.2, 0.16, 0.3]) + down * np.array([0.85, 0.35, 0.08])
    rng = np.random.default_rng(1)
    pixels = (sky * rng.uniform(0.95, 1.05, (120, 160, 1))).astype(np.float32)
    pixels[100:] *= 0.05
    assert estimate_cast(pixels).temperature >= -15


@pytest.mark.parametrize("light", [0.0, 0.001, 1.5])
def test_a_photo_without_usable_light_says_nothing(light):
    assert estimate_cast(np.full((40, 60, 3), light, np.float32)) == (0.0, 0.0, 0.0)


def test_one_colour_alone_is_no_cast(town):
    red = np.full((60, 80, 3), (0.5, 0.1, 0.05), np.float32)
    assert estimate_cast(red)[:2] == (0.0, 0.0)

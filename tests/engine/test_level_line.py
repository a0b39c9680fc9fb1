"""A level line is found however soft it is, with its tilt, and only where it crosses the frame."""

import numpy as np
import pytest
from stillbytes.engine.develop.level_line import strongest_line


def sea(tilt_deg, step=12.0, soft_px=0.0, color=(1.0, 1.0, 1.0)):
    """A sky over a darker sea whose horizon falls to the right by `tilt_deg`, with noise."""
    rows, columns = np.mgrid[0:340, 0:512]
    below = rows - 150 - np.tan(np.radians(tilt_deg)) * (columns - 255.5)
    share = np.clip(below / max(soft_px, 1.0) + 0.5, 0.0, 1.0)
    noise = np.random.default_rng(3).normal(0.0, 2.0, (340, 512, 1))
    return (140 - step * share[..., None] * np.array(color) + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("tilt", [-4.3, -1.0, 0.0, 2.2, 6.0])
def test_a_horizon_is_found_with_its_tilt(tilt):
    found = strongest_line(sea(tilt, step=40.0), 10.0)
    assert found.tilt_deg == pytest.approx(tilt, abs=0.15)
    assert found.support > 0.8


def test_a_soft_low_horizon_counts_like_a_sharp_one():
    found = strongest_line(sea(1.5, step=30.0, soft_px=5.0), 10.0)
    assert found.tilt_deg == pytest.approx(1.5, abs=0.25)
    assert found.support > 0.6


def test_a_horizon_between_colours_of_one_brightness_is_found():
    found = strongest_line(sea(-2.0, step=40.0, color=(1.0, -0.35, -0.9)), 10.0)
    assert found.tilt_deg == pytest.approx(-2.0, abs=0.2)
    assert found.support > 0.6


def test_a_line_across_half_the_frame_has_half_the_support():
    whole = sea(0.0, step=40.0)
    half = whole.copy()
    half[:, 256:] = whole[:1, :1]
    assert strongest_line(half, 10.0).support == pytest.approx(strongest_line(whole, 10.0).support / 2, abs=0.1)


def test_noise_and_an_even_picture_have_no_line():
    noise = np.random.default_rng(5).integers(0, 255, (300, 400, 3)).astype(np.uint8)
    assert strongest_line(noise, 10.0).support < 0.4
    assert strongest_line(np.full((60, 80, 3), 90, np.uint8), 10.0) == (0.0, 0.0, 1.0)


def test_a_strip_too_low_for_a_tilted_line_is_no_error():
    assert strongest_line(np.zeros((4, 300, 3), np.uint8), 10.0).support == 0.0

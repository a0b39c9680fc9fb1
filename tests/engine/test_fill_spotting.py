"""Spots: found where they are, and nothing else is taken for one."""

from __future__ import annotations

import numpy as np
from stillbytes.engine.fill.spotting import SpotSearch, find_spots


def ground(side=200, noise=0.002):
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:side, :side] / side
    return (0.6 + 0.15 * y + 0.05 * x + rng.normal(0, noise, (side, side))).astype(np.float32)


def with_disc(luma, row, column, radius, depth):
    y, x = np.mgrid[: luma.shape[0], : luma.shape[1]]
    soft = np.clip(radius + 0.5 - np.hypot(y - row, x - column), 0, 1)
    return (luma + depth * soft).astype(np.float32)


def test_a_smooth_ground_with_noise_has_no_spots():
    assert find_spots(ground()).number == 0
    assert not find_spots(ground()).flags.any()


def test_a_faint_spot_is_not_lost_among_the_texture_elsewhere():
    luma = np.hstack([with_disc(ground(400)[:, :200], 200, 90, 3, -0.03), ground(400, noise=0.15)[:, :400]])
    spots = find_spots(np.ascontiguousarray(luma))
    assert spots.flags[200, 90]
    assert spots.number == 1


def test_a_spot_near_an_edge_of_the_scene_is_left():
    luma = with_disc(ground(), 100, 100, 3, -0.04)
    luma[:, :88] -= 0.3
    assert find_spots(luma).number == 0


def test_dark_and_bright_spots_of_all_sizes_are_found_where_they_are():
    luma = ground()
    places = [(40, 40, 2, -0.05), (40, 120, 4, -0.04), (120, 50, 8, -0.06), (130, 140, 3, 0.06)]
    for place in places:
        luma = with_disc(luma, *place)
    spots = find_spots(luma)
    assert spots.number == 4
    for row, column, radius, _ in places:
        assert spots.flags[row, column]
        y, x = np.mgrid[:200, :200]
        near = np.hypot(y - row, x - column) <= 2 * radius + 2
        assert 0.5 <= spots.flags[near].sum() / (np.pi * (radius + 0.5) ** 2) <= 1.6
        spots.flags[near] = False
    assert not spots.flags.any()


def test_a_line_an_edge_and_a_strong_object_are_no_spots():
    luma = ground()
    luma[100, 20:180] -= 0.05
    luma[:, 150:] -= 0.1
    assert find_spots(with_disc(luma, 50, 60, 4, -0.4)).number == 0


def test_texture_has_no_spots():
    rng = np.random.default_rng(5)
    luma = 0.5 + 0.06 * rng.normal(size=(200, 200))
    assert find_spots(luma.astype(np.float32)).number == 0


def test_bright_specks_on_dark_ground_are_stars():
    luma = ground() - np.float32(0.5)
    assert find_spots(with_disc(luma, 60, 60, 2, 0.1)).number == 0
    assert find_spots(with_disc(luma, 60, 60, 2, -0.05)).number == 1


def test_the_clearest_are_taken_when_there_are_too_many():
    luma = ground()
    for n in range(5):
        luma = with_disc(luma, 30 + 30 * n, 100, 3, -0.02 - 0.02 * n)
    spots = find_spots(luma, SpotSearch(most=2))
    assert spots.number == 2
    assert spots.flags[150, 100]
    assert spots.flags[120, 100]

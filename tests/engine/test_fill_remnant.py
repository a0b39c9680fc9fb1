"""Remnants: the rim of a thing that its mask missed is found, and the ground beside it is not."""

from __future__ import annotations

import numpy as np
import pytest
from stillbytes.engine.fill.holes import grown
from stillbytes.engine.fill.remnant import remnants

GREY, RED = (0.5, 0.5, 0.52), (0.8, 0.3, 0.2)
GROWN_PX, REACH_PX = 4.0, 10


def scene(noise=0.01):
    """A red disc of 30 px on grey ground."""
    y, x = np.mgrid[:160, :160]
    thing = np.hypot(y - 80, x - 80) <= 30
    picture = np.where(thing[..., None], RED, GREY) + np.random.default_rng(1).normal(0, noise, (160, 160, 3))
    return picture.astype(np.float32), thing


def hole_over(core):
    hole = grown(core, GROWN_PX)
    return hole, ~hole


def test_a_mask_that_covers_the_thing_leaves_no_remnant():
    picture, thing = scene()
    assert not remnants(picture, *hole_over(thing), GROWN_PX, REACH_PX).any()


def test_a_missed_sliver_is_found_and_nothing_else():
    picture, thing = scene()
    core = thing.copy()
    core[:, 98:] = False
    hole, known = hole_over(core)
    missed = thing & ~hole
    found = remnants(picture, hole, known, GROWN_PX, REACH_PX)
    assert missed.sum() > 200
    assert found[missed].mean() > 0.97
    assert not found[~missed].any()


def test_a_mask_of_one_half_of_a_thing_is_not_followed_into_the_other():
    picture, thing = scene()
    core = thing.copy()
    core[:, 80:] = False
    assert not remnants(picture, *hole_over(core), GROWN_PX, REACH_PX).any()


def test_a_remnant_lies_within_reach():
    picture, _ = scene()
    picture[60:100, 20:110] = RED
    core = np.zeros((160, 160), bool)
    core[60:100, 20:94] = True
    hole, known = hole_over(core)
    found = remnants(picture, hole, known, GROWN_PX, REACH_PX)
    assert found.any()
    assert not found[:, 94 + 4 + REACH_PX + 1 :].any()


def test_a_thing_of_the_same_colour_that_does_not_touch_the_hole_stays():
    picture, thing = scene()
    picture[60:100, 117:122] = RED
    hole, known = hole_over(thing)
    assert not remnants(picture, hole, known, GROWN_PX, REACH_PX).any()


def test_another_thing_beside_the_hole_stays():
    picture, thing = scene()
    picture[60:100, 110:122] = (0.2, 0.3, 0.8)
    hole, known = hole_over(thing)
    assert not remnants(picture, hole, known, GROWN_PX, REACH_PX).any()


@pytest.mark.parametrize("core", [np.zeros((160, 160), bool), np.ones((160, 160), bool)])
def test_no_hole_and_nothing_but_hole_have_no_remnant(core):
    picture, _ = scene()
    assert not remnants(picture, core, ~core, GROWN_PX, REACH_PX).any()


def test_a_busy_ground_is_left_alone():
    picture, thing = scene(noise=0.2)
    assert remnants(picture, *hole_over(thing), GROWN_PX, REACH_PX).mean() < 1e-3

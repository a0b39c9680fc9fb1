"""Automatic steps get the numbers that they come to on one photo, and all other steps stay."""

import numpy as np
import pytest
from stillbytes.engine.photo import Photo
from stillbytes.engine.plan.apply import apply_plan
from stillbytes.engine.plan.concrete import concrete_plan, is_automatic
from stillbytes.engine.plan.schema import (
    WHOLE,
    Adjust,
    Auto,
    ColorRange,
    Crop,
    EditPlan,
    Flip,
    LuminanceRange,
    Straighten,
)


@pytest.fixture
def tilted(pixel_source):
    """Level bars turned clockwise by 2 degrees, rather dark."""
    y, x = np.mgrid[0:240, 0:320]
    turn = np.radians(2.0)
    down = (y - 120) * np.cos(turn) - (x - 160) * np.sin(turn)
    bars = np.where((down // 20) % 2 == 0, 0.12, 0.02)[..., None] * np.ones(3)
    return Photo(pixel_source(bars, "display"))


def test_only_automatic_steps_depend_on_the_photo():
    assert is_automatic(Auto())
    assert is_automatic(Straighten())
    assert not is_automatic(Straighten(2.0))
    assert not is_automatic(Flip("horizontal"))


def test_the_numbers_are_those_that_applying_finds(tilted):
    plan = EditPlan(steps=(Flip("horizontal"), Straighten(), Auto("exposure"), Crop(left=0.1)))
    concrete, notes = concrete_plan(tilted, plan)
    assert concrete.steps[0] == plan.steps[0]
    assert concrete.steps[1].angle_deg == pytest.approx(2.0, abs=0.2)
    assert isinstance(concrete.steps[2], Adjust)
    assert concrete.steps[2].target == WHOLE
    assert concrete.steps[2].settings.exposure_ev > 0
    assert concrete.steps[3] == plan.steps[3]
    assert len(notes) == 2
    direct, by_numbers = apply_plan(tilted, plan)[0], apply_plan(tilted, concrete)[0]
    np.testing.assert_array_equal(direct.render(), by_numbers.render())


def test_a_plan_of_numbers_stays_as_it_is(tilted):
    plan = EditPlan(steps=(Straighten(1.0), Crop(top=0.2)))
    assert concrete_plan(tilted, plan) == (plan, ())


def test_a_horizon_that_is_not_seen_is_left_out_with_a_note(pixel_source):
    photo = Photo(pixel_source(np.full((60, 80, 3), 0.3)))
    concrete, notes = concrete_plan(photo, EditPlan(steps=(Straighten(),)))
    assert concrete.steps == ()
    assert "Say the angle" in notes[0]


def test_automatic_steps_of_a_part_become_settings_of_that_part(tilted):
    dark, nowhere = LuminanceRange(low=0.0, high=0.3), ColorRange(hue_deg=200)
    plan = EditPlan(steps=(Auto("exposure", target=dark), Auto("tone", target=nowhere)))
    concrete, notes = concrete_plan(tilted, plan)
    (step,) = concrete.steps
    assert step.target == dark
    assert step.settings.exposure_ev > 0
    assert "Left out" in notes[1]
    direct, by_numbers = apply_plan(tilted, plan)[0], apply_plan(tilted, concrete)[0]
    np.testing.assert_array_equal(direct.render(), by_numbers.render())

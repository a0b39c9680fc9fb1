"""What changed from one plan to another."""

import pytest
from stillbytes.engine.plan.diff import diff_plans
from stillbytes.engine.plan.rules import plan_from_words
from stillbytes.engine.plan.validate import parse_plan


def plan_of(*steps, summary=""):
    return parse_plan({"version": 1, "summary": summary, "steps": list(steps)})


def lines(old, new):
    return [part.line() for part in diff_plans(old, new)]


SKY = {"op": "adjust", "target": {"kind": "sky"}, "settings": {"exposure_ev": -0.35, "clarity": 20}}
DARKER_SKY = {"op": "adjust", "target": {"kind": "sky"}, "settings": {"exposure_ev": -0.7, "dehaze": 10}}
SIGN = {"op": "remove", "target": {"kind": "phrase", "text": "the sign"}}


def test_a_setting_that_changed_is_named_with_both_values():
    assert lines(plan_of(SKY), plan_of(DARKER_SKY)) == [
        "~ 1. Sky: exposure_ev -0.35 -> -0.7, clarity 20 -> none, dehaze none -> 10"
    ]


def test_steps_that_came_and_went_have_their_numbers():
    assert lines(plan_of(SKY, SIGN), plan_of({"op": "flip", "axis": "vertical"}, SKY)) == [
        "+ 1. Flip top to bottom.",
        "- 2. Remove “the sign”.",
    ]


def test_another_target_is_another_step():
    other = {**SKY, "target": {"kind": "subject"}}
    assert [part.kind for part in diff_plans(plan_of(SKY), plan_of(other))] == ["removed", "added"]


def test_inner_settings_are_named_by_their_path():
    before = plan_of({"op": "adjust", "settings": {"color_mixer": {"blue": {"luminance": -5}}}})
    after = plan_of({"op": "adjust", "settings": {"color_mixer": {"blue": {"luminance": -15}}}})
    assert lines(before, after) == ["~ 1. Whole photo: color_mixer.blue.luminance -5 -> -15"]


def test_a_frame_and_a_summary_are_compared_too():
    old = plan_of({"op": "crop", "aspect": "4:5"}, summary="a")
    new = plan_of({"op": "crop", "aspect": "1:1"}, summary="b")
    assert lines(old, new) == ["~ summary: 'a' -> 'b'", "~ 1. Crop: aspect 4:5 -> 1:1"]


@pytest.mark.parametrize("text", ["darker", "remove the sign, crop to square", "warm it up, blur the background"])
def test_a_plan_does_not_differ_from_itself_and_always_from_another(text):
    plan = plan_from_words(text).plan
    assert diff_plans(plan, plan) == []
    assert diff_plans(plan, plan_from_words(f"{text}, and a lot more grain").plan) != []

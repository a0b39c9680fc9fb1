"""A plan at another strength: 0 % changes nothing, 100 % is the plan, and what has no amount stays."""

import numpy as np
import pytest
from stillbytes.engine.develop.settings import CHANNELS, HUES, SETTINGS, TONES, HueShift
from stillbytes.engine.errors import PlanInvalidError
from stillbytes.engine.plan.scale import scaled_plan
from stillbytes.engine.plan.validate import parse_plan, plan_to_text

FRAMING_AND_PAINTING = [
    {"op": "crop", "left": 0.1, "aspect": "4:5"},
    {"op": "straighten", "angle_deg": 3},
    {"op": "rotate", "quarter_turns": 1},
    {"op": "flip", "axis": "horizontal"},
    {"op": "remove", "target": {"kind": "phrase", "text": "the sign"}},
    {"op": "generate", "target": {"kind": "sky"}, "prompt": "a sunset"},
    {"op": "expand", "left": 0.2},
    {"op": "upscale", "factor": 3},
]
SHAPES = ("sharpen_radius_px", "vignette_midpoint", "vignette_feather", "grain_size")


def full_step(rng):
    """Return an adjust step in which every setting has some value."""
    settings = {name: round(rng.uniform(rule.low, rule.high), 2) for name, rule in SETTINGS.items()}
    settings["color_mixer"] = {
        hue: {"hue": int(rng.integers(-100, 100)), "luminance": int(rng.integers(1, 90))} for hue in HUES
    }
    settings["color_grading"] = {
        tone: {"hue": int(rng.integers(0, 360)), "saturation": int(rng.integers(1, 99))} for tone in TONES
    }
    settings["curve"] = {channel: [[0, 0.1], [0.5, rng.random()], [1, 0.9]] for channel in CHANNELS}
    return {"op": "adjust", "target": {"kind": "sky"}, "settings": settings}


def plan_of(*steps):
    return parse_plan({"version": 1, "summary": "", "steps": list(steps)})


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_left_at_0_and_all_of_it_at_100(seed):
    plan = plan_of(
        full_step(np.random.default_rng(seed)), {"op": "blur", "amount": 40}, {"op": "restyle", "prompt": "x"}
    )
    adjust, blur, restyle = scaled_plan(plan, 0).steps
    assert adjust.settings.neutral
    assert (blur.amount, restyle.strength) == (0, 0)
    assert scaled_plan(plan, 100) == plan


@pytest.mark.parametrize("percent", [0, 1, 33.3, 50, 99.9, 120, 150])
def test_every_amount_is_the_share_of_itself_within_its_range(percent):
    plan = plan_of(full_step(np.random.default_rng(7)))
    before, after = plan.steps[0].settings, scaled_plan(plan, percent).steps[0].settings
    for name, rule in SETTINGS.items():
        value = getattr(before, name)
        if name not in SHAPES:
            wanted = rule.neutral + (value - rule.neutral) * percent / 100
            assert getattr(after, name) == pytest.approx(min(max(wanted, rule.low), rule.high), abs=1e-4)
        else:
            assert getattr(after, name) == value
    for hue in HUES:
        wanted = before.color_mixer[hue].luminance * percent / 100
        assert after.color_mixer.get(hue, HueShift()).luminance == pytest.approx(min(100, wanted), abs=1e-4)
    assert all(after.color_grading[tone].hue == before.color_grading[tone].hue for tone in TONES)
    for channel in CHANNELS:
        for (x, y), (x_after, y_after) in zip(before.curve[channel], after.curve[channel], strict=True):
            assert x_after == x
            assert y_after == pytest.approx(min(1, max(0, x + (y - x) * percent / 100)), abs=1e-4)


@pytest.mark.parametrize("percent", [0, 50, 150])
def test_what_has_no_amount_stays_and_the_plan_is_valid(percent):
    plan = plan_of(full_step(np.random.default_rng(1)), *FRAMING_AND_PAINTING)
    scaled = scaled_plan(plan, percent)
    assert scaled.steps[1:] == plan.steps[1:]
    assert scaled.steps[0].target == plan.steps[0].target
    assert parse_plan(plan_to_text(scaled)) == scaled


def test_numbers_in_the_file_have_no_tails():
    text = plan_to_text(scaled_plan(plan_of({"op": "adjust", "settings": {"exposure_ev": 0.35}}), 30))
    assert '"exposure_ev": 0.105\n' in text


@pytest.mark.parametrize("percent", [-1, 150.1, float("nan"), float("inf")])
def test_other_strengths_are_refused(percent):
    with pytest.raises(PlanInvalidError, match="expected 0 to 150 %"):
        scaled_plan(plan_of(), percent)

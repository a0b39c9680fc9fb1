"""A plan in plain words."""

import pytest
from stillbytes.engine.plan.describe import describe_plan, describe_step
from stillbytes.engine.plan.schema import EditPlan
from stillbytes.engine.plan.validate import parse_plan


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"op": "adjust", "target": {"kind": "sky"}, "settings": {"exposure_ev": -0.35}}, "Sky: darker by 0.35 EV."),
        ({"op": "adjust", "settings": {"temperature": 30, "grain": 10}}, "Whole photo: warmer (30), film grain (10)."),
        ({"op": "adjust", "settings": {"saturation": -100}}, "Whole photo: black and white."),
        ({"op": "adjust", "settings": {}}, "Whole photo: no change."),
        (
            {"op": "adjust", "target": {"kind": "sky", "invert": True}, "settings": {"shadows": 20}},
            "Everything but the sky: shadows lifted (20).",
        ),
        (
            {"op": "adjust", "settings": {"color_mixer": {"green": {"saturation": -20, "luminance": 5}}}},
            "Whole photo: greens less saturated (20), greens brighter (5).",
        ),
        (
            {"op": "adjust", "settings": {"color_grading": {"shadows": {"hue": 210, "saturation": 15}}}},
            "Whole photo: shadows tinted azure (15).",
        ),
        ({"op": "crop", "top": 0.2, "aspect": "4:5"}, "Crop 20 % off the top, to 4:5."),
        ({"op": "crop"}, "Crop nothing."),
        ({"op": "rotate", "quarter_turns": 3}, "Rotate by 90 degrees counterclockwise."),
        ({"op": "straighten", "angle_deg": -2}, "Straighten: turn by 2 degrees counterclockwise."),
        ({"op": "flip", "axis": "horizontal"}, "Flip left to right."),
        ({"op": "remove", "target": {"kind": "phrase", "text": "the sign"}}, "Remove “the sign”."),
        ({"op": "upscale"}, "Enlarge 2 times."),
    ],
)
def test_a_step_says_what_it_will_do(step, words):
    assert describe_step(parse_plan({"version": 1, "steps": [step]}).steps[0]) == words


def test_a_plan_is_numbered_lines():
    plan = parse_plan({"version": 1, "steps": [{"op": "expand"}, {"op": "restyle", "prompt": "a" * 200}]})
    lines = describe_plan(plan)
    assert lines[0].startswith("1. Expand the picture beyond its frame. Will be left out: ")
    assert lines[1].startswith("2. Repaint")
    assert len(lines[1]) < 240


def test_an_empty_plan_says_so():
    assert describe_plan(EditPlan()) == ["The plan has no steps: the photo stays as it is."]

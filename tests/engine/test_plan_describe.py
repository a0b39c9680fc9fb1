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
            {"op": "adjust", "settings": {"color_mixer": {"green": {"hue": 20}, "red": {"hue": -5}}}},
            "Whole photo: reds turned towards magenta (5), greens turned towards aqua (20).",
        ),
        (
            {"op": "adjust", "settings": {"color_grading": {"shadows": {"hue": 210, "saturation": 15}}}},
            "Whole photo: shadows tinted azure (15).",
        ),
        ({"op": "crop", "top": 0.2, "aspect": "4:5"}, "Crop 20 % off the top, to 4:5."),
        ({"op": "crop"}, "Crop nothing."),
        ({"op": "auto", "part": "tone", "target": {"kind": "subject"}}, "Automatic tone, subject."),
        ({"op": "auto", "target": {"kind": "sky"}}, "Automatic tone and colour, sky."),
        ({"op": "auto", "amount": 60}, "Automatic white balance, tone and colour (60 %)."),
        ({"op": "rotate", "quarter_turns": 3}, "Rotate by 90 degrees counterclockwise."),
        ({"op": "straighten", "angle_deg": -2}, "Straighten: turn by 2 degrees counterclockwise."),
        ({"op": "flip", "axis": "horizontal"}, "Flip left to right."),
        ({"op": "remove", "target": {"kind": "phrase", "text": "the sign"}}, "Remove “the sign”."),
        ({"op": "upscale"}, "Enlarge 2 times."),
        ({"op": "expand", "top": 0.25, "prompt": "sky"}, "Expand the picture with “sky”: 25 % at the top."),
        ({"op": "expand"}, "Expand the picture by nothing."),
        (
            {"op": "generate", "target": {"kind": "person"}, "prompt": "a hat"},
            "Paint “a hat” where the person or people are.",
        ),
        (
            {"op": "remove", "target": {"kind": "box", "left": 0, "top": 0, "right": 0.35, "bottom": 1}},
            "Remove the box 0 to 35 % from the left, 0 to 100 % from the top.",
        ),
    ],
)
def test_a_step_says_what_it_will_do(step, words):
    assert describe_step(parse_plan({"version": 1, "steps": [step]}).steps[0]) == words


def test_a_plan_is_numbered_lines():
    plan = parse_plan({"version": 1, "steps": [{"op": "expand", "left": 0.2}, {"op": "restyle", "prompt": "a" * 200}]})
    lines = describe_plan(plan)
    assert lines[0].startswith("1. Expand the picture: 20 % at the left. Will be left out: ")
    assert lines[1].startswith("2. Repaint")
    assert len(lines[1]) < 240


def test_a_phrase_is_left_out_only_without_a_segmentation_model():
    plan = parse_plan({"version": 1, "steps": [{"op": "remove", "target": {"kind": "phrase", "text": "the balloon"}}]})
    assert "Will be left out" in describe_plan(plan)[0]
    assert "left out" not in describe_plan(plan, segmenters=True)[0]


def test_an_empty_plan_says_so():
    assert describe_plan(EditPlan()) == ["The plan has no steps: the photo stays as it is."]

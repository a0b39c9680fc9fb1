"""Auto, Lens Blur, the level of Frame, and plans made with widgets, on a real server."""

import json

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.comfy

PNG = {"filename_prefix": "effects/%name%", "format": "png", "bit_depth": "8"}


@pytest.fixture(scope="module")
def photo(comfy):
    """Dark bars that are turned clockwise by 3 degrees, with a bright corner."""
    y, x = np.mgrid[0:240, 0:360]
    turn = np.radians(3.0)
    down = (y - 120) * np.cos(turn) - (x - 180) * np.sin(turn)
    bars = np.where((down // 20) % 2 == 0, 90, 30)[..., None] * np.array([1.0, 0.9, 0.8])
    bars[:40, :40] = 200
    Image.fromarray(bars.astype(np.uint8)).save(comfy.input / "effects.png")
    return {"1": {"class_type": "StillbytesLoadRaw", "inputs": {"file": "effects.png"}}}


def picture(comfy, graph, last):
    export = {"class_type": "StillbytesExport", "inputs": {"photo": [last, 0], **PNG}}
    run = comfy.run(graph | {"9": export})
    with Image.open(comfy.files(run, "9")[0]) as image:
        return np.asarray(image.convert("RGB"), np.int16), run


def applied(comfy, photo, *steps):
    plan = {"class_type": "StillbytesEditPlan", "inputs": {"plan_json": json.dumps({"version": 1, "steps": steps})}}
    apply = {"class_type": "StillbytesApplyPlan", "inputs": {"photo": ["1", 0], "plan": ["7", 0]}}
    return picture(comfy, photo | {"7": plan, "8": apply}, "8")[0]


@pytest.mark.parametrize(
    ("kind", "inputs", "step"),
    [
        ("StillbytesAuto", {"part": "exposure", "amount": 80.0}, {"op": "auto", "part": "exposure", "amount": 80}),
        ("StillbytesAuto", {"part": "tone"}, {"op": "auto", "part": "tone"}),
        ("StillbytesLensBlur", {"amount": 70.0}, {"op": "blur", "amount": 70}),
        ("StillbytesFrame", {"level": True}, {"op": "straighten"}),
    ],
)
def test_a_node_gives_the_pixels_of_its_step(comfy, photo, kind, inputs, step):
    whole, _ = picture(comfy, photo, "1")
    made, _ = picture(comfy, photo | {"2": {"class_type": kind, "inputs": {"photo": ["1", 0], **inputs}}}, "2")
    assert made.shape != whole.shape or not np.array_equal(made, whole)
    assert np.array_equal(made, applied(comfy, photo, step))


def test_auto_measures_and_sets_what_its_mask_selects(comfy, photo):
    area = {
        "class_type": "StillbytesSelectByPoints",
        "inputs": {"photo": ["1", 0], "points": "", "area": "0, 0, 0.5, 1"},
    }
    auto = {"class_type": "StillbytesAuto", "inputs": {"photo": ["1", 0], "part": "exposure", "mask": ["2", 0]}}
    box = {"kind": "box", "left": 0, "top": 0, "right": 0.5, "bottom": 1}
    made, _ = picture(comfy, photo | {"2": area, "3": auto}, "3")
    assert not np.array_equal(made, picture(comfy, photo, "1")[0])
    assert np.array_equal(made, applied(comfy, photo, {"op": "auto", "part": "exposure", "target": box}))
    auto["inputs"]["part"] = "white_balance"
    assert "whole photo" in comfy.fail(photo | {"2": area, "3": auto})["exception_message"]


def test_lens_blur_takes_a_mask_of_any_node(comfy, photo):
    mask = {"class_type": "SolidMask", "inputs": {"value": 0.0, "width": 64, "height": 64}}
    blur = {"class_type": "StillbytesLensBlur", "inputs": {"photo": ["1", 0], "mask": ["2", 0], "amount": 90.0}}
    assert np.array_equal(picture(comfy, photo | {"2": mask, "3": blur}, "3")[0], picture(comfy, photo, "1")[0])


def chain(*steps):
    """A plan made by one Edit Step after the other, and its JSON shown by node 90."""
    graph = {}
    for number, inputs in enumerate(steps, 10):
        before = {"plan": [str(number - 1), 0]} if number > 10 else {}
        graph[str(number)] = {"class_type": "StillbytesEditStep", "inputs": inputs | before}
    return graph | {"90": {"class_type": "PreviewAny", "inputs": {"source": [str(9 + len(steps)), 2]}}}


def test_steps_in_a_row_make_the_plan_that_their_widgets_say(comfy):
    graph = chain(
        {"step": "adjust", "step.exposure_ev": -0.5, "step.contrast": 10.0, "target": "sky", "invert": True},
        {"step": "blur", "step.amount": 30.0, "target": "words", "words": "the sign"},
        {"step": "auto", "step.part": "tone", "step.amount": 100.0},
        {"step": "straighten", "step.level": True, "step.angle_deg": 4.0},
        {"step": "straighten", "step.level": False, "step.angle_deg": 4.0},
        {"step": "rotate", "step.quarter_turns": "2"},
        {"step": "crop", "step.left": 0.25, "step.aspect": ""},
        {"step": "remove", "target": "person"},
        {"step": "auto", "step.part": "exposure", "step.amount": 50.0, "target": "box", "place": "0.2, 0.1, 0.6, 0.9"},
        {"step": "blur", "step.amount": 50.0, "target": "points", "place": "0.4, 0.5; not 0.1, 0.9"},
        {"step": "adjust", "target": "tones", "place": "0.5 to 0.8", "step.contrast": 5.0, "curve": ["30", 0]},
        {"step": "adjust", "target": "colour", "place": "220, 40", "step.contrast": 5.0},
    )
    curve = {"points": [[0, 0.1], [1, 1]], "interpolation": "monotone_cubic"}
    graph["30"] = {"class_type": "CurveEditor", "inputs": {"curve": curve}}
    run = comfy.run(graph)
    said = json.loads(run.outputs["90"]["text"][0])
    assert said["steps"] == [
        {"op": "adjust", "target": {"kind": "sky", "invert": True}, "settings": {"exposure_ev": -0.5, "contrast": 10}},
        {"op": "blur", "target": {"kind": "phrase", "text": "the sign"}, "amount": 30},
        {"op": "auto", "part": "tone"},
        {"op": "straighten"},
        {"op": "straighten", "angle_deg": 4},
        {"op": "rotate", "quarter_turns": 2},
        {"op": "crop", "left": 0.25},
        {"op": "remove", "target": {"kind": "person"}},
        {
            "op": "auto",
            "part": "exposure",
            "amount": 50,
            "target": {"kind": "box", "left": 0.2, "top": 0.1, "right": 0.6, "bottom": 0.9},
        },
        {"op": "blur", "target": {"kind": "points", "include": [[0.4, 0.5]], "exclude": [[0.1, 0.9]]}},
        {
            "op": "adjust",
            "target": {"kind": "luminance_range", "low": 0.5, "high": 0.8},
            "settings": {"contrast": 5, "curve": {"rgb": [[0, 0.1], [1, 1]]}},
        },
        {
            "op": "adjust",
            "target": {"kind": "color_range", "hue_deg": 220, "width_deg": 40},
            "settings": {"contrast": 5},
        },
    ]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"step": "dance"}, "Choose one of"),
        ({"step": "remove", "target": "words"}, "Words is empty"),
        ({"step": "remove", "target": "whole"}, "whole"),
        ({"step": "remove", "target": "box", "place": "over there"}, "expected 4 numbers"),
        ({"step": "blur", "step.amount": 5.0, "target": "colour", "place": "220", "invert": True}, "no target"),
        ({"step": "generate", "step.prompt": "", "target": "sky"}, "prompt"),
    ],
)
def test_a_step_that_cannot_be_is_one_sentence(comfy, inputs, words):
    error = comfy.fail(chain(inputs))
    assert words in error["exception_message"]


def test_a_compiled_plan_is_a_graph_that_runs_and_gives_the_same_pixels(comfy, photo):
    steps = [{"op": "auto", "part": "exposure"}, {"op": "blur", "amount": 40}]
    said = json.dumps({"version": 1, "steps": [*steps, {"op": "expand", "left": 0.2}]})
    plan = {"class_type": "StillbytesEditPlan", "inputs": {"plan_json": said}}
    compiled = {"class_type": "StillbytesCompilePlan", "inputs": {"plan": ["7", 0]}}
    show = {"class_type": "PreviewAny", "inputs": {"source": ["8", 1]}}
    assert "3. Expand" in comfy.run(photo | {"7": plan, "8": compiled, "9": show}).outputs["9"]["text"][0]
    plan["inputs"]["plan_json"] = json.dumps({"version": 1, "steps": steps})
    compiled["inputs"]["photo"] = ["1", 0]
    show["inputs"]["source"] = ["8", 0]
    graph = json.loads(comfy.run(photo | {"7": plan, "8": compiled, "9": show}).outputs["9"]["text"][0])
    last = next(number for number, node in graph.items() if node["class_type"] == "StillbytesExport")
    graph[last]["inputs"] |= PNG
    run = comfy.run(graph)
    with Image.open(comfy.files(run, last)[0]) as image:
        assert np.array_equal(np.asarray(image.convert("RGB"), np.int16), applied(comfy, photo, *steps))

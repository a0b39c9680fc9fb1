"""Apply Plan hands out what needs a generative model: prompt, place and the plan that is left."""

import json

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.comfy

BOX = {"kind": "box", "left": 0.5, "top": 0.0, "right": 1.0, "bottom": 0.5}
STEPS = [
    {"op": "adjust", "target": {"kind": "whole"}, "settings": {"exposure_ev": -1}},
    {"op": "generate", "target": BOX, "prompt": "a red kite"},
    {"op": "restyle", "prompt": "an oil painting"},
]


def graph(steps, **inputs):
    plan = json.dumps({"version": 1, "steps": steps})
    return {
        "1": {"class_type": "StillbytesLoadRaw", "inputs": {"file": "pending.png"}},
        "2": {"class_type": "StillbytesEditPlan", "inputs": {"plan_json": plan}},
        "3": {"class_type": "StillbytesApplyPlan", "inputs": {"photo": ["1", 0], "plan": ["2", 0], **inputs}},
        "4": {"class_type": "PreviewAny", "inputs": {"source": ["3", 5]}},
        "5": {"class_type": "MaskToImage", "inputs": {"mask": ["3", 6]}},
        "6": {"class_type": "PreviewImage", "inputs": {"images": ["5", 0]}},
    }


def handed_out(comfy, steps, **inputs):
    Image.new("RGB", (96, 64), (120, 120, 120)).save(comfy.input / "pending.png")
    run = comfy.run(graph(steps, **inputs))
    with Image.open(comfy.images(run, "6")[0]) as image:
        return run.outputs["4"]["text"][0], np.asarray(image.convert("L"))


def test_prompt_and_place_of_each_pending_step_are_handed_out(comfy):
    prompt, place = handed_out(comfy, STEPS)
    assert prompt == "a red kite"
    assert np.array_equal(place > 128, np.pad(np.ones((32, 48), bool), ((0, 32), (48, 0))))
    prompt, place = handed_out(comfy, STEPS, pending_step=2)
    assert prompt == "an oil painting"
    assert place.min() == 255


def test_without_such_a_step_the_prompt_is_empty_and_the_mask_black(comfy):
    prompt, place = handed_out(comfy, STEPS[:1])
    assert prompt == ""
    assert place.shape == (64, 96)
    assert place.max() == 0


def test_the_pending_plan_goes_on_to_another_node_and_a_painted_crop_comes_back(comfy):
    Image.new("RGB", (96, 64), (120, 120, 120)).save(comfy.input / "pending.png")
    paint = {
        "7": {"class_type": "StillbytesCropForInpaint", "inputs": {"photo": ["3", 0], "mask": ["3", 6]}},
        "8": {"class_type": "ImageInvert", "inputs": {"image": ["7", 0]}},
        "9": {"class_type": "StillbytesStitch", "inputs": {"crop": ["7", 2], "image": ["8", 0], "match_color": False}},
        "10": {"class_type": "StillbytesApplyPlan", "inputs": {"photo": ["9", 0], "plan": ["3", 4], "pending_step": 2}},
        "11": {"class_type": "PreviewAny", "inputs": {"source": ["10", 5]}},
        "12": {"class_type": "PreviewImage", "inputs": {"images": ["10", 1]}},
    }
    run = comfy.run(graph(STEPS) | paint)
    assert run.outputs["11"]["text"][0] == "an oil painting"
    with Image.open(comfy.images(run, "12")[0]) as image:
        pixels = np.asarray(image.convert("L"), np.int16)
    assert pixels[16, 72] > pixels[56, 8] + 60

import json

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.comfy

PHOTO = {"1": {"class_type": "EmptyImage", "inputs": {"width": 96, "height": 64, "batch_size": 2, "color": 0x808080}}}


def from_json(plan):
    text = plan if isinstance(plan, str) else json.dumps(plan)
    return {"2": {"class_type": "StillbytesEditPlan", "inputs": {"plan_json": text}}}


def apply(**inputs):
    return {
        "3": {"class_type": "StillbytesApplyPlan", "inputs": {"photo": ["1", 0], "plan": ["2", 0]} | inputs},
        "4": {"class_type": "MaskToImage", "inputs": {"mask": ["3", 2]}},
        "5": {"class_type": "PreviewImage", "inputs": {"images": ["4", 0]}},
    }


def adjust(target, **settings):
    return {"op": "adjust", "target": {"kind": target}, "settings": settings}


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.int16)


def test_a_plan_acts_on_every_photo_of_a_batch(comfy):
    run = comfy.run(PHOTO | from_json({"version": 1, "steps": [adjust("whole", exposure_ev=-1.0)]}) | apply())
    assert [pixels(path)[0, 0, 1] < 0x70 for path in comfy.images(run, "3")] == [True, True]
    assert len(run.outputs["3"]["text"][0].splitlines()) == 2


def test_strength_scales_what_a_plan_does(comfy):
    plan = from_json({"version": 1, "steps": [adjust("whole", exposure_ev=-1.0)]})

    def grey(strength):
        return int(pixels(comfy.images(comfy.run(PHOTO | plan | apply(strength=strength)), "3")[0])[0, 0, 1])

    none, half, whole, more = (grey(strength) for strength in (0.0, 50.0, 100.0, 150.0))
    assert none == 0x80
    assert none > half > whole > more
    _, reply = comfy.post("/prompt", {"prompt": PHOTO | plan | apply(strength=151.0)})
    assert "strength" in str(reply["node_errors"]["3"])


def test_without_a_masked_step_there_is_one_empty_mask(comfy):
    run = comfy.run(PHOTO | from_json({"version": 1, "steps": [adjust("whole", exposure_ev=-1.0)]}) | apply())
    (mask,) = (pixels(path) for path in comfy.images(run, "5"))
    assert mask.shape[:2] == (64, 96)
    assert mask.max() == 0


def test_each_masked_step_gives_its_mask(comfy):
    rng = np.random.default_rng(5)
    sky = np.linspace((80, 130, 215), (170, 200, 240), 80)[:, None].repeat(240, 1)
    ground = np.kron(rng.uniform(20, 90, (20, 60, 1)), np.ones((4, 4, 3)))
    Image.fromarray(np.vstack([sky, ground]).astype(np.uint8)).save(comfy.input / "plan-sky.png")
    photo = {"1": {"class_type": "StillbytesLoadRaw", "inputs": {"file": "plan-sky.png"}}}
    plan = {"version": 1, "steps": [adjust("sky", exposure_ev=-1.0), adjust("whole", contrast=10.0)]}
    run = comfy.run(photo | from_json(plan) | apply())
    (mask,) = (pixels(path) for path in comfy.images(run, "5"))
    assert mask[:60].mean() > 240
    assert mask[100:].mean() < 15


def test_a_crop_gives_the_cropped_photo(comfy):
    run = comfy.run(PHOTO | from_json({"version": 1, "steps": [{"op": "crop", "aspect": "1:1"}]}) | apply())
    assert pixels(comfy.images(run, "3")[0]).shape[:2] == (64, 64)


def test_an_invalid_plan_is_an_error_that_names_the_place(comfy):
    plan = {"version": 1, "steps": [adjust("sky", exposure_ev=-1.0), adjust("whole", contrast=130)]}
    error = comfy.fail(PHOTO | from_json(plan) | apply())
    assert error["node_type"] == "StillbytesEditPlan"
    assert "steps[1].settings.contrast" in error["exception_message"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"version": 9, "steps": []}', "[" * 5000])
def test_what_is_no_plan_is_an_error_of_one_line(comfy, text):
    error = comfy.fail(PHOTO | from_json(text) | apply())
    assert error["exception_type"].endswith("PlanInvalidError")
    assert len(error["exception_message"].splitlines()) == 1


def test_words_become_a_plan_whose_json_gives_the_same_plan(comfy):
    words = {"2": {"class_type": "StillbytesPlanEdit", "inputs": {"words": "a bit warmer and more contrast"}}}
    show = {
        "6": {"class_type": "PreviewAny", "inputs": {"source": ["2", 2]}},
        "7": {"class_type": "PreviewAny", "inputs": {"source": ["2", 1]}},
    }
    run = comfy.run(words | show)
    text, described = run.outputs["6"]["text"][0], run.outputs["7"]["text"][0]
    settings = [step["settings"] for step in json.loads(text)["steps"]]
    assert any(entry.get("temperature", 0) > 0 for entry in settings)
    assert any(entry.get("contrast", 0) > 0 for entry in settings)
    again = comfy.run(from_json(text) | show)
    assert again.outputs["6"]["text"][0] == text
    assert again.outputs["7"]["text"][0] == described


def test_words_that_are_not_understood_are_named_and_change_nothing(comfy):
    words = {"2": {"class_type": "StillbytesPlanEdit", "inputs": {"words": "flurble the grombix"}}}
    run = comfy.run(PHOTO | words | apply())
    assert "Not understood" in run.outputs["2"]["text"][0]
    assert np.abs(pixels(comfy.images(run, "3")[0]) - 0x80).max() <= 1

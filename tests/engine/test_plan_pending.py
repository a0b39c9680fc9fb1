"""What is left to a generative model: which steps, what and where they paint."""

import numpy as np
import pytest
from stillbytes.engine.masks.frame import render_mask
from stillbytes.engine.photo import Photo
from stillbytes.engine.plan.pending import pending_plan, pending_steps, place_of, prompt_of
from stillbytes.engine.plan.validate import parse_plan
from stillbytes.engine.raster.source import ArraySource

BOX = {"kind": "box", "left": 0.25, "top": 0.5, "right": 0.75, "bottom": 1.0}
STEPS = [
    {"op": "generate", "target": BOX, "prompt": "a barn"},
    {"op": "adjust", "target": {"kind": "whole"}, "settings": {"contrast": 5}},
    {"op": "restyle", "prompt": "oil"},
    {"op": "expand", "left": 0.2},
    {"op": "upscale", "factor": 2},
    {"op": "blur"},
]


@pytest.fixture(scope="module")
def photo():
    pixels = np.full((40, 80, 3), 0.2, np.float32)
    pixels[:, :20] = (0.1, 0.2, 0.8)
    return Photo(ArraySource(pixels, "srgb"))


@pytest.fixture
def plan():
    return parse_plan({"version": 1, "summary": "s", "steps": STEPS})


def test_the_steps_for_models_are_handed_out_in_order(plan):
    assert [step.op for step in pending_steps(plan)] == ["generate", "restyle", "expand", "upscale"]
    assert pending_plan(plan).summary == "s"
    assert pending_steps(pending_plan(plan)) == pending_steps(plan)
    assert [prompt_of(step) for step in pending_steps(plan)] == ["a barn", "oil", "", ""]


def test_a_box_is_painted_as_it_is_on_the_photo_as_it_is_cropped(photo, plan):
    step = pending_steps(plan)[0]
    alpha = render_mask(photo, place_of(photo, step))
    assert alpha.shape == (40, 80)
    assert np.array_equal(alpha > 0.5, np.pad(np.ones((20, 40), bool), ((20, 0), (20, 20))))
    lower = photo.with_framing(photo.framing.cropped(0.5, 0.5, 1.0, 1.0))
    assert np.array_equal(render_mask(lower, place_of(lower, step)), alpha[20:, 40:])


def test_a_restyle_paints_everything_and_the_others_nothing_of_the_photo(photo, plan):
    _, restyle, expand, upscale = pending_steps(plan)
    assert np.all(render_mask(photo, place_of(photo, restyle)) == 1)
    for step in (expand, upscale):
        assert not render_mask(photo, place_of(photo, step)).any()


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ({"kind": "color_range", "hue_deg": 235}, True),
        ({"kind": "color_range", "hue_deg": 120}, False),
        ({"kind": "phrase", "text": "the zebra"}, False),
    ],
)
def test_a_place_that_is_not_found_is_an_empty_mask(photo, target, found):
    plan = parse_plan({"version": 1, "steps": [{"op": "generate", "target": target, "prompt": "x"}]})
    assert render_mask(photo, place_of(photo, pending_steps(plan)[0])).any() == found

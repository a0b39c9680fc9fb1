"""Wishes that leave the numbers to the photo name one part of it, several, or all of it."""

import pytest
from stillbytes.engine.plan.rules import plan_from_words
from stillbytes.engine.plan.schema import Auto, Phrase, Region


def steps(text):
    return plan_from_words(text).plan.steps


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("correct the exposure and colours automatically", "all"),
        ("auto correct exposure and colors", "all"),
        ("automatically fix the colors and the light", "all"),
        ("fix the white balance and the exposure", "all"),
        ("fix the colors/tone of this image", "all"),
        ("Color/Lighting Correction", "all"),
        ("fix the exposure and the contrast", "tone"),
        ("fix the exposure", "exposure"),
        ("color correction", "white_balance"),
        ("please color correct this photo", "white_balance"),
        ("exposure correction", "exposure"),
        ("automatically fix the colors", "white_balance"),
        ("correct the colors and the white balance", "white_balance"),
    ],
)
def test_what_is_to_be_found_by_itself_is_one_step(text, part):
    understood = plan_from_words(text)
    assert understood.plan.steps == (Auto(part),)
    assert understood.not_understood == ()


@pytest.mark.parametrize(
    "text", ["fix the colors", "correct the color", "the colors are wrong", "make the colors better"]
)
def test_colours_alone_are_asked_about(text):
    assert steps(text) == ()


def test_a_list_that_goes_on_with_something_else_ends_before_it():
    first, second = steps("fix the exposure and remove the sign")
    assert first == Auto("exposure")
    assert second.op == "remove"


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("auto tone on the subject", Auto("tone", target=Region("subject"))),
        ("auto tone the subject", Auto("tone", target=Region("subject"))),
        ("can someone please fix the foreground lighting?", Auto("exposure", target=Phrase("foreground"))),
        ("fix the lighting on his face", Auto("exposure", target=Phrase("his face"))),
        ("correct the exposure of the sky", Auto("exposure", target=Region("sky"))),
        ("balance the exposure on her face a bit", Auto("exposure", 50.0, Phrase("her face"))),
        ("fix the exposure of the photo", Auto("exposure")),
    ],
)
def test_a_part_is_measured_by_itself(text, step):
    understood = plan_from_words(text)
    assert understood.plan.steps == (step,)
    assert understood.not_understood == ()


@pytest.mark.parametrize("text", ["fix the white balance of the sky", "fix the color of the car"])
def test_the_colour_of_a_part_is_not_measured(text):
    assert steps(text) == ()


@pytest.mark.parametrize(
    "text",
    ["clean up this photo of my grandparents", "please edit this picture of my mom at the beach", "fix it in the sky"],
)
def test_what_a_photo_shows_is_not_what_is_to_be_measured(text):
    assert steps(text) == ()

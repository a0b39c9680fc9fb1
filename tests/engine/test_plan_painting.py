"""Wishes that only a generative model can carry out become steps with a target and a prompt, or are listed."""

import pytest
from stillbytes.engine.plan.rules import plan_from_words
from stillbytes.engine.plan.schema import Adjust, BoxTarget, Expand, Generate, Phrase, Region, Restyle, Upscale

SKY, BACKGROUND, PERSON = Region("sky"), Region("background"), Region("person")


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("replace the sky with a sunset", Generate(SKY, "a sunset")),
        ("please swap the background for a beach at night", Generate(BACKGROUND, "a beach at night")),
        ("turn the dog into a wolf", Generate(Phrase("the dog"), "a wolf")),
        ("change the sign on the left to a clock", Generate(Phrase("the sign on the left"), "a clock")),
        ("replace the man with a hat with a tree", Generate(Phrase("the man with a hat"), "a tree")),
        ("change the background to white", Generate(BACKGROUND, "white background")),
        ("make the background white", Generate(BACKGROUND, "white background")),
        ("make the truck bright green", Generate(Phrase("the truck"), "bright green truck")),
        ("change the color of the car to dark red", Generate(Phrase("the car"), "dark red car")),
        ("add a balloon in the sky", Generate(SKY, "a balloon in the sky")),
        ("add some birds to the sky please", Generate(SKY, "some birds in the sky")),
        ("put sunglasses on him", Generate(PERSON, "sunglasses on him")),
        ("put a warm hat on the dog", Generate(Phrase("the dog"), "a warm hat on the dog")),
        ("add a tree on the left", Generate(BoxTarget(0, 0, 0.35, 1), "a tree")),
        ("add a sun in the top right corner", Generate(BoxTarget(0.65, 0, 1, 0.35), "a sun")),
        ("turn it into a watercolor", Restyle("a watercolor")),
        ("make it look like a pencil sketch", Restyle("a pencil sketch")),
        ("make it look like night", Restyle("night")),
        ("in the style of Van Gogh", Restyle("in the style of Van Gogh")),
        ("upscale it 4x", Upscale(4)),
        ("increase the resolution", Upscale(2)),
        ("make the photo slightly larger", Upscale(1.5)),
        ("upscale by 50", Upscale(8)),
        ("extend the picture to the right by 20%", Expand(right=0.2)),
        ("add more space above", Expand(top=0.25)),
        ("extend the canvas on both sides", Expand(left=0.25, right=0.25)),
        ("zoom out", Expand(0.125, 0.125, 0.125, 0.125)),
    ],
)
def test_what_is_to_be_painted(text, step):
    assert plan_from_words(text).plan.steps == (step,)


def test_what_comes_after_the_thing_is_a_wish_of_its_own():
    generate, adjust = plan_from_words("add a boat on the lake and make it warmer").plan.steps
    assert generate == Generate(Phrase("the lake"), "a boat on the lake")
    assert adjust.settings.temperature == 30


@pytest.mark.parametrize(
    "text",
    [
        "swap our faces",
        "don't add a hat to the dog",
        "she put a hat on the dog",
        "make the sign bigger",
        "put my dog in space",
        "add my name in the corner",
        "add text to the sky",
        "replace",
        "change the to",
        "extend my thanks to the team",
    ],
)
def test_what_is_not_sure_is_not_painted(text):
    assert plan_from_words(text).plan.steps == ()


def test_a_thing_without_a_place_asks_for_one():
    understood = plan_from_words("add a rainbow")
    assert understood.plan.steps == ()
    assert understood.notes == ("Say where a rainbow shall go, as in: add a rainbow in the sky.",)


@pytest.mark.parametrize(
    "text",
    ["add a vignette", "add a warm filter to the sky", "turn it black and white", "make the water blue", "add light"],
)
def test_what_settings_can_do_is_not_painted(text):
    (step,) = plan_from_words(text).plan.steps
    assert isinstance(step, Adjust)

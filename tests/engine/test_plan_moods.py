"""Moods, and what wishes mean beside each other."""

import pytest
from stillbytes.engine.develop.settings import SETTINGS
from stillbytes.engine.plan.rules import plan_from_words
from stillbytes.engine.plan.schema import WHOLE, Blur, Phrase, Region

SKY, SUBJECT, BACKGROUND = Region("sky"), Region("subject"), Region("background")


def settings(text):
    """Return the settings of each target, of a request whose steps are all adjustments."""
    return {step.target: step.settings for step in plan_from_words(text).plan.steps}


def amount(text):
    """Return how far all sliders of a request for the whole photo are moved, as a share of their ranges."""
    changes = settings(text)[WHOLE]
    return sum(abs(getattr(changes, name) - rule.neutral) / rule.high for name, rule in SETTINGS.items())


@pytest.mark.parametrize(
    "text",
    ["dramatic sky", "a dramatic sky please", "add a dramatic sky", "I want a dramatic sky", "make the sky dramatic"],
)
def test_a_mood_holds_for_the_part_that_it_is_said_of(text):
    found = settings(text)
    assert list(found) == [SKY]
    assert found[SKY].contrast >= 30
    assert found[SKY].exposure_ev < 0
    assert found[SKY].highlights < 0


@pytest.mark.parametrize(
    "text",
    ["moody", "cinematic", "vintage", "golden hour", "film look", "noir", "sepia tone", "bright and airy", "low key",
     "pastel", "make it look like golden hour", "a vintage photo", "please give it a cinematic feel"],
)  # fmt: skip
def test_a_mood_can_be_seen(text):
    assert list(settings(text)) == [WHOLE]
    assert amount(text) > 0.25


def test_a_mood_said_of_nothing_is_no_wish():
    for text in ("I took this vintage photo of my aunt", "what a dramatic evening we had", "she loves moody movies"):
        assert plan_from_words(text).plan.steps == ()


@pytest.mark.parametrize(("text", "hue"), [("sepia", 38), ("make it sepia", 38)])
def test_sepia_is_grey_with_one_tint(text, hue):
    found = settings(text)[WHOLE]
    assert found.saturation == -100
    assert found.color_grading["whole"].hue == hue


def test_contrast_of_black_and_white_is_stronger():
    assert settings("black and white with more contrast")[WHOLE].contrast > settings("more contrast")[WHOLE].contrast
    assert settings("black and white with less contrast")[WHOLE].contrast == -30


def test_a_subject_stands_out_against_its_background():
    found = settings("make the subject pop")
    assert found[SUBJECT].exposure_ev > 0
    assert found[SUBJECT].clarity > 0
    assert found[BACKGROUND].exposure_ev < 0


def test_a_background_with_a_wish_of_its_own_or_that_is_spared_is_left_to_it():
    assert [s.target for s in plan_from_words("make the subject pop, leave the background alone").plan.steps] == [
        SUBJECT
    ]
    steps = plan_from_words("make the subject pop, blur the background").plan.steps
    assert steps[1] == Blur(BACKGROUND, 50)
    assert len(steps) == 2


def test_a_color_of_the_sky_is_a_wish():
    assert settings("blue sky")[SKY].temperature < 0
    assert settings("change the sky to pink")[SKY].tint > 0


def test_what_comes_with_a_mood_is_added():
    assert settings("a cinematic look with grain")[WHOLE].grain > 0
    assert settings("make it darker with blue tones")[WHOLE].temperature < 0


def test_white_teeth_lose_their_color():
    found = settings("whiter teeth")[Phrase("teeth")]
    assert found.saturation < 0 < found.exposure_ev

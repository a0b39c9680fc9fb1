"""Sides of the frame as masks: they need no model and fade out like a graduated filter."""

from __future__ import annotations

import numpy as np
import pytest
from stillbytes.engine.masks.frame import render_mask
from stillbytes.engine.masks.learned.phrase import read_phrase
from stillbytes.engine.masks.resolve import resolve
from stillbytes.engine.masks.sides import means_side, side_mask
from stillbytes.engine.masks.wording import names_side, needs_no_model
from stillbytes.engine.photo import Photo
from stillbytes.engine.plan.abilities import NEEDS_THING, why_not
from stillbytes.engine.plan.rules import plan_from_words
from stillbytes.engine.plan.schema import Phrase, Remove

SHAPE = (40, 60)


def part(text):
    return side_mask(SHAPE, read_phrase(text))


@pytest.mark.parametrize(
    ("text", "there", "opposite"),
    [
        ("the left side", (20, 0), (20, 59)),
        ("right half", (20, 59), (20, 0)),
        ("the top of the picture", (0, 30), (39, 30)),
        ("the bottom third", (39, 30), (0, 30)),
        ("the bottom left corner", (39, 0), (0, 59)),
        ("the middle", (20, 30), (0, 0)),
    ],
)
def test_a_side_is_selected_and_its_opposite_is_not(text, there, opposite):
    alpha = part(text)
    assert alpha[there] == 1
    assert alpha[opposite] == 0
    assert alpha.dtype == np.float32


def test_a_side_is_half_selected_in_the_middle_and_never_grows_away_from_it():
    alpha = part("the left side")
    assert alpha[:, 29:31].mean() == pytest.approx(0.5, abs=1e-5)
    assert (np.diff(alpha, axis=1) <= 0).all()
    np.testing.assert_allclose(alpha + part("the right side"), 1, atol=1e-5)


@pytest.mark.parametrize("text", ["the left side of the house", "the car on the left", "the foreground", "the biggest"])
def test_things_that_are_placed_are_no_sides(text):
    assert not means_side(read_phrase(text))
    assert not names_side(text)


def test_a_side_is_found_in_a_photo_without_a_model(pixel_source):
    photo = Photo(pixel_source(np.random.default_rng(0).random((60, 80, 3), np.float32), "display"))
    selection, mask = resolve(photo, Phrase("the left side"))
    assert (selection.engine, selection.confidence) == ("built-in", 1.0)
    assert needs_no_model("the left side")
    alpha = render_mask(photo, mask)
    assert alpha[:, 0].min() > 0.98
    assert alpha[:, -1].max() < 0.02
    assert np.abs(alpha - np.median(alpha, axis=0)).max() < 0.06


def test_a_side_is_not_removed_since_it_has_no_outline():
    assert why_not(Remove(Phrase("the left half"))) == NEEDS_THING


@pytest.mark.parametrize("words", ["darken the top half", "darken the upper half", "make the right half brighter"])
def test_halves_are_read_as_places_and_not_as_amounts(words):
    (step,) = plan_from_words(words).plan.steps
    assert isinstance(step.target, Phrase)
    assert "half" in step.target.text

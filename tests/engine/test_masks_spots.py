"""Dust and blemishes by name: a plan that names them heals them and says how many there were."""

from __future__ import annotations

import numpy as np
import pytest
from stillbytes.engine.masks.learned.phrase import read_phrases
from stillbytes.engine.masks.resolve import resolve
from stillbytes.engine.masks.spots import spots
from stillbytes.engine.masks.wording import means_spots, needs_no_model
from stillbytes.engine.photo import Photo
from stillbytes.engine.plan.apply import apply_plan
from stillbytes.engine.plan.rules import plan_from_words
from stillbytes.engine.plan.schema import Phrase
from stillbytes.engine.raster.source import ArraySource

PLACES = ((60, 80, 3), (90, 200, 4), (170, 60, 2))


def dusty(places=PLACES):
    """A smooth grey sky, sRGB-encoded, with soft dark discs on it."""
    y, x = np.mgrid[:240, :320]
    plane = 0.62 + 0.1 * y / 240 + np.random.default_rng(2).normal(0, 0.002, (240, 320))
    for row, column, radius in places:
        plane -= 0.06 * np.clip(radius + 0.5 - np.hypot(y - row, x - column), 0, 1)
    return np.repeat(plane[..., None], 3, axis=2).astype(np.float32)


def photo(pixels):
    return Photo(ArraySource(pixels, "srgb"))


@pytest.mark.parametrize("text", ["the dust spots", "dust", "the blemishes", "sensor dust", "small specks of dust"])
def test_names_of_spots_need_no_model(text):
    assert needs_no_model(text)
    assert all(means_spots(part) for part in read_phrases(text))


@pytest.mark.parametrize("text", ["the spotted dog", "the spotlight", "the sun spot lamp", "the dark spots"])
def test_other_things_are_no_spots(text):
    assert not any(means_spots(part) for part in read_phrases(text))


def test_the_selection_covers_each_spot_and_says_how_many():
    found = spots(dusty())
    assert found.reason.startswith("3 spots")
    for row, column, _ in PLACES:
        assert found.alpha[row, column] == 1
    assert found.coverage < 0.01


def test_no_spot_is_nothing_found():
    selection, mask = resolve(photo(dusty(())), Phrase("the dust spots"))
    assert not selection.found
    assert selection.reason == "No spot on smooth ground was found."
    assert not mask.gain.any()
    assert not mask.offset.any()


def test_a_plan_in_words_heals_the_dust():
    cleaned, report = apply_plan(photo(dusty()), plan_from_words("remove the dust spots").plan)
    assert report.steps[0].outcome == "done"
    assert "3 spots" in report.steps[0].reason
    clean = photo(dusty(())).render()
    assert np.abs(cleaned.render() - clean).max() < 0.03
    assert np.abs(photo(dusty()).render() - clean).max() > 0.06

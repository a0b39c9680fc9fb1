"""A guess is what the built-in engine made with little confidence; it becomes nothing, with the reason."""

import numpy as np
import pytest
from stillbytes.engine.masks.mask import Mask, Selection
from stillbytes.engine.plan.guess import LEAST_SURE, TOO_UNSURE, is_guess, unless_guessed


def found(confidence, engine="built-in", value=1.0):
    alpha = np.full((4, 6), value, np.float32)
    return Selection(alpha, confidence, engine, "Seen."), Mask(np.zeros_like(alpha), alpha)


@pytest.mark.parametrize(
    ("engine", "confidence", "guessed"),
    [("built-in", 0.29, True), ("built-in", 0.3, False), ("built-in", None, True), ("sam2", 0.1, False)],
)
def test_only_the_built_in_engine_guesses(engine, confidence, guessed):
    assert is_guess(engine, confidence, LEAST_SURE) == guessed


def test_a_guess_becomes_nothing_and_says_why():
    selection, mask = unless_guessed(*found(0.2), LEAST_SURE)
    assert not selection.found
    assert selection.reason == TOO_UNSURE
    assert selection.confidence == 0.2
    assert not mask.gain.any()
    assert not mask.offset.any()


@pytest.mark.parametrize(
    ("confidence", "engine", "value"), [(0.4, "built-in", 1.0), (0.1, "yolo", 1.0), (0.1, "built-in", 0.0)]
)
def test_anything_else_stays_as_it_is(confidence, engine, value):
    selection, mask = found(confidence, engine, value)
    assert unless_guessed(selection, mask, LEAST_SURE) == (selection, mask)

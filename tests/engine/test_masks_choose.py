"""Choosing the sky and the subject among things whose masks are known."""

import numpy as np
import pytest
from stillbytes.engine.masks.learned.choose import choose
from stillbytes.engine.masks.learned.closer import bounds
from stillbytes.engine.masks.mask import Selection
from stillbytes.engine.masks.ports import Area, Candidate

H, W = 120, 180


def thing(mask, score=0.95):
    alpha = np.asarray(mask, np.float32)
    return Candidate(bounds(alpha) or Area(0, 0, 1, 1), score, "", alpha)


def region(top, bottom, left, right):
    mask = np.zeros((H, W), bool)
    mask[top:bottom, left:right] = True
    return mask


SKY, TREES, MEADOW = region(0, 60, 0, W), region(60, 75, 0, W), region(75, H, 0, W)
PERSON, FACE, STONE = region(40, 110, 70, 100), region(40, 52, 80, 92), region(100, 115, 5, 20)
CLOUD = region(10, 25, 20, 70)


@pytest.fixture
def view():
    """A meadow under a sky, with a person in the middle."""
    rng = np.random.default_rng(4)
    pixels = np.empty((H, W, 3), np.float32)
    pixels[SKY] = (0.45, 0.65, 0.95)
    pixels[CLOUD] = (0.9, 0.92, 0.95)
    pixels[TREES] = rng.random((int(TREES.sum()), 3)) * 0.3
    pixels[MEADOW] = (0.25, 0.4, 0.15)
    pixels[MEADOW] += (rng.random((int(MEADOW.sum()), 3)) * 0.06).astype(np.float32)
    pixels[STONE] = 0.35
    pixels[PERSON] = (0.75, 0.2, 0.2)
    pixels[PERSON] += (rng.random((int(PERSON.sum()), 3)) * 0.25).astype(np.float32)
    pixels[FACE] = (0.9, 0.75, 0.6)
    return pixels


def every():
    return [thing(m) for m in (MEADOW, TREES, STONE, FACE, PERSON, CLOUD, SKY & ~PERSON)]


def test_the_sky_is_what_lies_high_smooth_and_along_the_top(view):
    found = choose("sky", every(), view, "SAM 2")
    np.testing.assert_array_equal(found.alpha, (SKY & ~PERSON).astype(np.float32))
    assert found.confidence > 0.6
    assert found.engine == "SAM 2"
    assert "along the top" in found.reason


def test_the_subject_is_the_whole_central_thing_not_its_part(view):
    found = choose("subject", every(), view, "SAM 2")
    np.testing.assert_array_equal(found.alpha, PERSON.astype(np.float32))
    assert found.confidence > 0.5


def test_the_background_is_the_complement_of_the_subject(view):
    subject, background = (choose(wanted, every(), view, "SAM 2") for wanted in ("subject", "background"))
    np.testing.assert_array_equal(subject.alpha + background.alpha, 1)
    assert background.confidence == subject.confidence


@pytest.mark.parametrize("wanted", ["sky", "subject", "background"])
def test_without_things_nothing_is_found(view, wanted):
    found = choose(wanted, [], view, "SAM 2")
    assert not found.found
    assert found.confidence == 0
    assert found.alpha.shape == (H, W)
    boxes_only = [Candidate(Area(0, 0, 1, 0.5), 0.9)]
    assert not choose(wanted, boxes_only, view, "SAM 2").found


def test_neither_ground_nor_a_thing_at_the_border_is_taken_for_what_it_is_not(view):
    assert not choose("sky", [thing(MEADOW), thing(PERSON), thing(STONE)], view, "SAM 2").found
    assert not choose("subject", [thing(SKY & ~PERSON)], view, "SAM 2").found


def test_both_halves_of_a_sky_that_a_tower_divides_are_taken(view):
    tower = region(0, 75, 80, 95)
    view[tower] = (0.2, 0.15, 0.1)
    left, right = SKY & region(0, H, 0, 80), SKY & region(0, H, 95, W)
    found = choose("sky", [thing(left), thing(right), thing(tower), thing(MEADOW)], view, "SAM 2")
    np.testing.assert_array_equal(found.alpha, (left | right).astype(np.float32))


def test_the_order_of_the_things_does_not_matter(view):
    for wanted in ("sky", "subject"):
        first, second = (choose(wanted, things, view, "x") for things in (every(), every()[::-1]))
        np.testing.assert_array_equal(first.alpha, second.alpha)
        assert first.confidence == second.confidence


def test_a_thing_that_the_model_doubts_counts_less(view):
    sure = choose("subject", [thing(PERSON, 0.9)], view, "x").confidence
    unsure = choose("subject", [thing(PERSON, 0.4)], view, "x").confidence
    assert unsure == pytest.approx(sure * (0.4 / 0.9) ** 0.5)


def hint(mask, confidence=0.8):
    return Selection(np.asarray(mask, np.float32), confidence, "built-in", "Because.")


def test_a_hint_of_the_sky_says_what_and_the_things_say_where(view):
    rough = region(0, 56, 0, W)
    found = choose("sky", every(), view, "SAM 2", hint(rough))
    np.testing.assert_array_equal(found.alpha, (SKY & ~PERSON).astype(np.float32))


def test_where_the_hint_knows_of_no_sky_there_is_none(view):
    found = choose("sky", every(), view, "SAM 2", hint(np.zeros((H, W)), 0.9))
    assert not found.found
    assert (found.confidence, found.reason) == (0.9, "Because.")


def test_a_hint_that_no_thing_agrees_with_gives_nothing(view):
    assert not choose("sky", [thing(CLOUD)], view, "SAM 2", hint(SKY)).found


def test_a_hint_of_the_subject_helps_and_does_not_decide(view):
    plain = choose("subject", every(), view, "x")
    helped = choose("subject", every(), view, "x", hint(PERSON))
    misled = choose("subject", every(), view, "x", hint(STONE))
    np.testing.assert_array_equal(helped.alpha, plain.alpha)
    np.testing.assert_array_equal(misled.alpha, plain.alpha)
    assert misled.confidence < helped.confidence <= plain.confidence


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 2), (700, 40)])
def test_views_of_any_shape_are_looked_at(size):
    alpha = np.ones(size, np.float32)
    view = np.full((*size, 3), 0.5, np.float32)
    for wanted in ("sky", "subject"):
        assert choose(wanted, [thing(alpha)], view, "x").alpha.shape == size

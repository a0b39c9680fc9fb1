"""Choosing among things by their place."""

import numpy as np
import pytest
from stillbytes.engine.masks.learned.phrase import Wanted, read_phrase
from stillbytes.engine.masks.learned.position import choose, separate
from stillbytes.engine.masks.ports import Area, Candidate


def thing(left, top, right, bottom, score=0.8, label="car", alpha=None):
    return Candidate(Area(left, top, right, bottom), score, label, alpha)


LEFT = thing(0.05, 0.6, 0.15, 0.7, label="left")
MIDDLE = thing(0.40, 0.4, 0.65, 0.7, label="middle")
RIGHT = thing(0.80, 0.1, 0.98, 0.2, label="right")
ROW = [MIDDLE, RIGHT, LEFT]


def labels(text, candidates=ROW):
    return [c.label for c in choose(candidates, read_phrase(text))]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("the car", ["middle"]),
        ("the cars", ["middle", "right", "left"]),
        ("the car on the left", ["left"]),
        ("the car on the right side of the photo", ["right"]),
        ("the car in the middle", ["middle"]),
        ("the leftmost car", ["left"]),
        ("the rightmost car", ["right"]),
        ("the middle car", ["middle"]),
        ("the car at the top", ["right"]),
        ("the lowest car", ["left"]),
        ("the biggest car", ["middle"]),
        ("the second biggest car", ["right"]),
        ("the smallest car", ["left"]),
        ("the tallest car", ["middle"]),
        ("the widest car", ["middle"]),
        ("the car nearest to the camera", ["middle"]),
        ("the second car from the right", ["middle"]),
        ("the first car", ["left"]),
        ("the last car", ["right"]),
        ("the fourth car", []),
        ("both cars", ["middle", "right"]),
        ("the two cars on the left", ["left"]),
        ("the cars in the background", ["right", "left"]),
        ("the cars in the foreground", ["middle"]),
        ("the car in the top right corner", ["right"]),
        ("the car in the bottom right corner", []),
    ],
)
def test_words_of_place_choose(text, kept):
    assert labels(text) == kept


def test_nothing_comes_of_nothing():
    assert choose([], read_phrase("the biggest dog on the left")) == []


def test_one_thing_on_the_other_side_is_not_what_was_meant():
    assert labels("the car on the left", [RIGHT]) == []
    assert labels("the car on the left", [MIDDLE]) == ["middle"]


def test_the_choice_does_not_depend_on_the_order_of_the_candidates():
    rng = np.random.default_rng(4)
    for text in ("the car on the left", "the biggest car", "second car from the right", "the car", "the middle car"):
        expected = labels(text)
        for _ in range(5):
            assert labels(text, [ROW[i] for i in rng.permutation(3)]) == expected


def test_mirroring_the_things_mirrors_left_and_right():
    rng = np.random.default_rng(9)
    for _ in range(50):
        corners = rng.random((5, 2)) * 0.8
        row = [thing(x, y, x + 0.1, y + 0.1, label=str(i)) for i, (x, y) in enumerate(corners)]
        mirrored = [thing(0.9 - x, y, 1 - x, y + 0.1, label=str(i)) for i, (x, y) in enumerate(corners)]
        for words in ("the car on the {}", "the {}most car", "second car from the {}", "cars on the {}"):
            assert labels(words.format("left"), row) == labels(words.format("right"), mirrored)


def test_doubtful_things_are_not_chosen_for_their_place():
    doubtful = thing(0.0, 0.5, 0.04, 0.6, score=0.3, label="doubtful")
    assert labels("the leftmost car", [*ROW, doubtful]) == ["left"]
    assert labels("the leftmost car", [doubtful]) == ["doubtful"]


def test_among_equally_sure_things_the_larger_is_meant():
    small, large = thing(0.1, 0.1, 0.2, 0.2, 0.82, "small"), thing(0.5, 0.5, 0.9, 0.9, 0.8, "large")
    unsure = thing(0.1, 0.1, 0.9, 0.9, 0.5, "unsure")
    assert labels("the car", [small, large, unsure]) == ["large"]


def test_small_things_alone_are_all_in_the_background():
    far = [thing(x, 0.5, x + 0.05, 0.6, label=str(x)) for x in (0.1, 0.4, 0.8)]
    assert len(labels("people in the background", far)) == 3
    assert labels("people in the background", [thing(0.2, 0.1, 0.8, 1.0)]) == []


def test_a_mask_says_better_than_its_box_where_a_thing_is():
    alpha = np.zeros((10, 20), np.float32)
    alpha[4:6, 0:3] = 1
    alpha[0, 19] = 0.1
    lopsided = thing(0, 0, 1, 1, label="lopsided", alpha=alpha)
    assert labels("the car on the left", [lopsided]) == ["lopsided"]
    assert labels("the car on the right", [lopsided]) == []


def test_the_middle_of_four_is_one_of_the_inner_two():
    row = [thing(x, 0.4, x + 0.1, 0.5, label=str(i)) for i, x in enumerate((0.0, 0.1, 0.3, 0.5))]
    assert labels("the middle car", row)[0] in ("1", "2")


# --- parts of one mask ---


@pytest.fixture
def two_parts():
    alpha = np.zeros((60, 100), np.float32)
    alpha[10:30, 10:40] = 1.0
    alpha[35:50, 70:90] = 0.9
    alpha[9, 10:40] = 0.3
    alpha[35:50, 91] = 0.2
    alpha[0, 99] = 1.0
    return alpha


def test_parts_keep_their_soft_edges_and_add_up_to_the_whole(two_parts):
    found = separate(two_parts, "tree")
    assert [c.label for c in found] == ["tree", "tree"]
    assert found[0].area == Area(0.1, 10 / 60, 0.4, 0.5)
    assert (found[0].score, found[1].score) == pytest.approx((1.0, 0.9))
    assert found[0].alpha[9, 20] == np.float32(0.3)
    assert found[1].alpha[40, 91] == np.float32(0.2)
    total = found[0].alpha + found[1].alpha
    np.testing.assert_array_equal(total, two_parts)


def test_a_part_of_a_mask_is_chosen_by_its_place(two_parts):
    (kept,) = choose(separate(two_parts), Wanted("tree", across="right"))
    assert kept.alpha[40, 80] == np.float32(0.9)
    assert kept.alpha[20, 20] == 0


def test_an_empty_mask_has_no_parts():
    assert separate(np.zeros((8, 8), np.float32)) == []
    assert separate(np.full((8, 8), 0.4, np.float32)) == []
    (whole,) = separate(np.ones((1, 1), np.float32))
    assert whole.area == Area(0, 0, 1, 1)

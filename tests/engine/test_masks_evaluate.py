import numpy as np
import pytest
from stillbytes.engine.masks.evaluate import Answer, Quality, is_right, measure, measure_matte, reliability


def test_a_perfect_mask_scores_1_1_0():
    truth = np.zeros((20, 20), np.uint8)
    truth[5:15, 5:15] = 255
    assert measure((truth == 255).astype(np.float32), truth) == (1.0, 1.0, 0.0)


def test_half_the_area_is_an_iou_of_one_half_and_ignored_pixels_do_not_count():
    truth = np.zeros((10, 10), np.uint8)
    truth[:, :4] = 255
    truth[:, 8:] = 128
    alpha = np.zeros((10, 10), np.float32)
    alpha[:, :2] = 1
    alpha[:, 8:] = 1
    quality = measure(alpha, truth)
    assert quality.iou == 0.5
    assert quality.error == pytest.approx(0.25)


def test_an_outline_1_px_off_is_still_right_and_6_px_off_is_not():
    truth = np.zeros((40, 40), np.uint8)
    truth[:, :20] = 255
    near, far = np.zeros((40, 40), np.float32), np.zeros((40, 40), np.float32)
    near[:, :21], far[:, :26] = 1, 1
    assert measure(near, truth).boundary_f == 1.0
    assert measure(far, truth).boundary_f == 0.0


def test_empty_against_empty_is_right_and_against_something_is_wrong():
    empty = np.zeros((8, 8), np.float32)
    assert measure(empty, np.zeros((8, 8), np.uint8))[:2] == (1.0, 1.0)
    assert measure(empty, np.full((8, 8), 255, np.uint8)).iou == 0.0


def test_a_matte_is_compared_softly():
    matte = np.full((4, 4), 0.75, np.float32)
    assert measure_matte(np.ones((4, 4), np.float32), matte) == (1.0, 1.0, 0.25)


def test_sizes_that_differ_are_refused():
    with pytest.raises(ValueError, match="truth"):
        measure(np.zeros((4, 4), np.float32), np.zeros((4, 5), np.uint8))


def test_an_answer_is_right_if_it_finds_what_is_there_or_nothing_where_nothing_is():
    good, bad = Quality(0.8, 1.0, 0.0), Quality(0.5, 1.0, 0.0)
    assert is_right(good, found=True, exists=True)
    assert not is_right(bad, found=True, exists=True)
    assert not is_right(bad, found=False, exists=True)
    assert is_right(bad, found=False, exists=False)
    assert not is_right(good, found=True, exists=False)


def test_reliability_compares_what_was_said_with_what_was():
    answers = [Answer(0.95, True), Answer(0.95, False), Answer(1.0, True), Answer(0.65, True)]
    found = reliability(answers)
    assert [(row.photos, row.was) for row in found.bins] == [(1, 1.0), (2, 0.5), (1, 1.0)]
    assert found.error == pytest.approx((0.35 + 2 * 0.45 + 0) / 4)
    assert reliability([]) == ((), 0.0)

"""Which of many masks are kept."""

import numpy as np
import pytest
from stillbytes.engine.masks.learned.sam_grid import distinct, grid_prompts
from stillbytes.engine.masks.ports import Click


def test_a_grid_lies_evenly_half_a_step_from_the_border():
    prompts = grid_prompts(4)
    assert len(prompts) == 16
    assert prompts[0].clicks == (Click(0.125, 0.125),)
    assert prompts[-1].clicks == (Click(0.875, 0.875),)
    assert prompts[1].clicks == (Click(0.375, 0.125),)
    with pytest.raises(ValueError, match="at least 1"):
        grid_prompts(0)


def box(left, right):
    mask = np.zeros((10, 20), bool)
    mask[:, left:right] = True
    return mask


def test_of_two_masks_that_overlap_too_much_the_better_stays():
    masks = np.array([box(0, 10), box(0, 9), box(10, 20)])
    assert distinct(masks, np.array([0.8, 0.9, 0.7]), 0.7) == [1, 2]
    assert distinct(masks, np.array([0.8, 0.9, 0.7]), 0.95) == [1, 0, 2]


def test_a_mask_is_compared_with_those_that_stay_only():
    masks = np.array([box(0, 10), box(2, 12), box(4, 14)])  # neighbours overlap by 8/12, the outer two by 6/14
    assert distinct(masks, np.array([0.9, 0.8, 0.7]), 0.6) == [0, 2]


def test_two_masks_with_one_box_both_stay():
    ring = box(0, 20)
    ring[3:7, 5:15] = False
    assert distinct(np.array([ring, box(0, 20)]), np.array([0.9, 0.8]), 0.85) == [0, 1]


def test_empty_masks_do_no_harm():
    masks = np.array([box(0, 0), box(0, 5), box(0, 0)])
    assert distinct(masks, np.array([0.9, 0.8, 0.7]), 0.7) == [0, 1, 2]

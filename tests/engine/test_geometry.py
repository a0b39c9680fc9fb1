import numpy as np
import pytest
from stillbytes.engine import geometry
from stillbytes.engine.geometry import Box, Grid, Size

ORIENTATIONS = range(1, 9)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_box_cut_before_turning_is_the_box_cut_after(orientation):
    stored = np.arange(5 * 7).reshape(5, 7)
    whole = geometry.upright(stored, orientation)
    box = Box(1, 2, 4, 4)
    there = geometry.stored_box(box, Size(7, 5), orientation)
    cut = geometry.upright(stored[there.top : there.bottom, there.left : there.right], orientation)
    assert np.array_equal(cut, whole[2:4, 1:4])
    assert geometry.upright_size(Size(7, 5), orientation) == Size(whole.shape[1], whole.shape[0])


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_inverse_orientation_undoes(orientation):
    pixels = np.arange(6).reshape(2, 3)
    undo = geometry.inverse_orientation(orientation)
    assert np.array_equal(geometry.upright(geometry.upright(pixels, orientation), undo), pixels)
    assert geometry.then_orientation(orientation, undo) == 1


def test_orientation_6_turns_the_left_column_to_the_top():
    assert np.array_equal(geometry.upright(np.array([[1, 2], [3, 4]]), 6), [[3, 1], [4, 2]])


def test_a_whole_grid_has_the_frame_as_its_domain():
    assert Grid.whole(Size(601, 399), Size(100, 66)).domain(Size(601, 399)) == Box(0, 0, 100, 66)
    assert Grid(10.0, 20.0, 1.0, 1.0).domain(Size(50, 50)) == Box(-10, -20, 40, 30)


def test_fit_scales_the_longer_side_down_and_never_up():
    assert Size(6000, 4000).fit(1024) == Size(1024, 683)
    assert Size(300, 200).fit(1024) == Size(300, 200)
    assert Size(10000, 1).fit(100) == Size(100, 1)


def test_intersection_and_containment():
    assert Box(0, 0, 4, 4).intersect(Box(2, 2, 8, 8)) == Box(2, 2, 4, 4)
    assert Box(0, 0, 4, 4).contains(Box(1, 1, 4, 4))
    assert not Box(0, 0, 4, 4).contains(Box(1, 1, 5, 4))

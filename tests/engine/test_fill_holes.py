"""Holes are found wherever a mask selects something, in source px, however the photo is framed."""

import numpy as np
import pytest
from stillbytes.engine.fill.holes import SELECTED, distance_to, fade, grown, joined, selected
from stillbytes.engine.framing import Framing
from stillbytes.engine.geometry import Box, Size
from stillbytes.engine.masks.refine import plain
from stillbytes.engine.photo import Photo

SIZE = Size(160, 120)


@pytest.fixture
def photo(pixel_source):
    return Photo(pixel_source(np.random.default_rng(4).random((SIZE.height, SIZE.width, 3), np.float32)))


def place_in(framing, box):
    """A hard mask over the finished frame that selects `box` of the source."""
    x, y = np.arange(SIZE.width) + 0.5, np.arange(SIZE.height) + 0.5
    source = ((x >= box.left) & (x < box.right))[None] & ((y >= box.top) & (y < box.bottom))[:, None]

    class Shown:
        kind, size = "scene", SIZE

        def read(self, tile, grid, out=None):
            rows = (grid.top + (np.arange(tile.top, tile.bottom) + 0.5) * grid.step_y).astype(int)
            columns = (grid.left + (np.arange(tile.left, tile.right) + 0.5) * grid.step_x).astype(int)
            pixels = np.repeat(source[rows][:, columns, None], 3, axis=2).astype(np.float32)
            if out is None:
                return pixels
            out[...] = pixels
            return out

    return Photo(Shown(), framing=framing).render()[..., 0], source


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_mask_of_the_turned_and_cropped_frame_selects_the_same_pixels_of_the_source(photo, orientation):
    framing = Framing(orientation).cropped(0.1, 0.05, 0.95, 0.9)
    mask, source = place_in(framing, Box(60, 40, 75, 52))
    found = selected(mask, photo.with_framing(framing))
    np.testing.assert_array_equal(found.alpha(Box.of(SIZE)) > 0.5, source)
    (box,) = found.boxes()
    assert box.contains(Box(60, 40, 75, 52))
    assert box.grow(-4).intersect(Box(60, 40, 75, 52)) != box


def test_a_mask_of_a_straightened_frame_selects_the_same_place(photo):
    framing = Framing().straightened(7.0, SIZE)
    mask, source = place_in(framing, Box(60, 40, 90, 70))
    alpha = selected(mask, photo.with_framing(framing)).alpha(Box.of(SIZE))
    assert np.abs((alpha > 0.5).astype(int) - source).sum() < 40
    assert alpha[55, 75] == 1.0


def test_a_mask_of_another_size_is_stretched_over_the_frame(photo):
    mask = np.zeros((30, 40), np.float32)
    mask[10:15, 20:30] = 1
    alpha = selected(mask, photo).alpha(Box.of(SIZE))
    assert alpha[40:60, 80:120].min() > 0.35
    assert alpha[:36].max() == alpha[:, :76].max() == 0


def test_the_smallest_speck_of_a_huge_mask_is_found(photo):
    mask = np.zeros((3000, 4000), np.float32)
    mask[2000, 1000] = 1
    (box,) = selected(mask, photo).boxes()
    assert box.contains(Box(40, 80, 41, 81))
    assert box.width <= 6


def test_a_mask_of_the_engine_gives_its_places(photo):
    alpha = np.zeros((SIZE.height, SIZE.width), np.float32)
    alpha[20:30, 10:30] = 1
    alpha[80:90, 100:110] = SELECTED + 0.05
    found = selected(plain(alpha), photo)
    upper, lower = found.boxes()
    assert upper.contains(Box(10, 20, 30, 30))
    assert lower.contains(Box(100, 80, 110, 90))
    np.testing.assert_allclose(found.alpha(Box(5, 15, 40, 35)), alpha[15:35, 5:40], atol=1e-6)


def test_what_the_framing_cut_off_is_not_selected(photo):
    framing = Framing().cropped(0.25, 0.25, 0.75, 0.75)
    found = selected(np.ones((60, 80), np.float32), photo.with_framing(framing))
    alpha = found.alpha(Box.of(SIZE))
    assert alpha.sum() == 60 * 80
    assert alpha[30:90, 40:120].min() == 1


def test_an_empty_mask_has_no_places(photo):
    assert selected(np.zeros((12, 16), np.float32), photo).boxes() == []


def test_boxes_that_touch_are_united_again_and_again():
    boxes = [Box(0, 0, 10, 10), Box(50, 50, 60, 60), Box(14, 0, 20, 10), Box(24, 4, 30, 60)]
    assert joined(boxes, 3, Size(100, 100)) == [Box(0, 0, 33, 63), Box(47, 47, 63, 63)]
    assert joined(boxes, 1, Size(100, 100))[0] == Box(0, 0, 11, 11)
    assert joined([Box(-20, 0, -5, 5)], 2, Size(10, 10)) == []


def test_growing_moves_the_edge_by_as_many_pixels():
    hole = np.zeros((21, 21), bool)
    hole[10, 10] = True
    wide = grown(hole, 4)
    y, x = np.mgrid[:21, :21]
    np.testing.assert_array_equal(wide, np.hypot(x - 10, y - 10) <= 4)
    np.testing.assert_array_equal(grown(hole, 0), hole)
    np.testing.assert_allclose(distance_to(hole), np.hypot(x - 10, y - 10), atol=1e-5)


def test_fading_is_one_inside_and_zero_just_beyond_the_reach():
    hole = np.zeros((9, 40), bool)
    hole[:, :10] = True
    alpha = fade(hole, 6)
    assert (alpha[:, :10] == 1).all()
    assert (alpha[:, 10:16] > 0).all()
    assert (alpha[:, 16:] == 0).all()
    assert (np.diff(alpha[0]) <= 0).all()
    assert not fade(np.zeros((3, 3), bool), 2).any()

"""A patch lies where its matrix says, at every scale and framing, and nowhere else."""

import numpy as np
import pytest
from stillbytes.engine.fill.patch import Patch
from stillbytes.engine.framing import Framing
from stillbytes.engine.geometry import Box, Size
from stillbytes.engine.photo import Photo
from stillbytes.engine.raster.source import ArraySource

SIZE = Size(96, 64)
BOX = Box(20, 10, 60, 42)
AT_BOX = np.array([[1.0, 0.0, -BOX.left], [0.0, 1.0, -BOX.top]])


@pytest.fixture
def photo():
    pixels = np.random.default_rng(3).random((SIZE.height, SIZE.width, 3), np.float32)
    return Photo(ArraySource(pixels, "linear-rec2020"))


@pytest.fixture
def content():
    return np.random.default_rng(8).random((BOX.height, BOX.width, 3), np.float32) * 3


@pytest.fixture
def alpha():
    alpha = np.zeros((BOX.height, BOX.width), np.float32)
    alpha[8:24, 8:30] = 1
    alpha[8:24, 4:8] = 0.5
    return alpha


def test_at_full_size_the_pixels_are_the_patchs_own(photo, content, alpha):
    before, after = photo.render(), photo.with_edit(Patch(content, alpha, AT_BOX)).render()
    expected = before.copy()
    part = expected[BOX.slices(Box.of(SIZE))]
    part += (content - part) * alpha[..., None]
    np.testing.assert_allclose(after, expected, rtol=1e-6, atol=1e-7)
    solid = np.zeros((SIZE.height, SIZE.width), bool)
    solid[BOX.slices(Box.of(SIZE))] = alpha == 1
    np.testing.assert_array_equal(after[solid], content[alpha == 1])


def test_where_alpha_is_zero_no_bit_changes(photo, content, alpha):
    outside = np.ones((SIZE.height, SIZE.width), bool)
    outside[BOX.slices(Box.of(SIZE))] = alpha == 0
    after = photo.with_edit(Patch(content, alpha, AT_BOX)).render()
    np.testing.assert_array_equal(after[outside], photo.render()[outside])


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.3, 0.07])
@pytest.mark.parametrize("framing", [Framing(), Framing(6), Framing().straightened(5, SIZE)])
def test_tiles_join_to_the_whole(photo, content, alpha, scale, framing):
    edited = photo.with_framing(framing).with_edit(Patch(content, alpha, AT_BOX))
    whole = Box.of(edited.size_at(scale))
    expected = edited.render(scale=scale)
    for left, right in ((0, whole.right // 2), (whole.right // 2, whole.right)):
        if left < right:
            tile = Box(left, 0, right, whole.bottom)
            np.testing.assert_array_equal(edited.render(tile, scale), expected[:, left:right])


@pytest.mark.parametrize("scale", [0.5, 0.25])
def test_a_smaller_rendering_shows_the_mean(photo, scale):
    flat = np.full((32, 40, 3), 2.0, np.float32)
    edited = photo.with_edit(Patch(flat, np.ones((32, 40), np.float32), AT_BOX))
    full, small = edited.render(), edited.render(scale=scale)
    step = round(1 / scale)
    mean = full.reshape(SIZE.height // step, step, SIZE.width // step, step, 3).mean(axis=(1, 3))
    inner = Box(*(v // step for v in BOX)).grow(-1)
    np.testing.assert_allclose(small[inner.slices(Box.of(SIZE))], 2.0)
    assert np.abs(small - mean).mean() < 0.05


def test_a_patch_of_half_the_resolution_covers_the_same_place(photo):
    ramp = np.repeat(np.linspace(0, 1, 20, dtype=np.float32)[None, :, None], 16, 0).repeat(3, 2)
    matrix = np.array([[0.5, 0.0, -BOX.left / 2], [0.0, 0.5, -BOX.top / 2]])
    after = photo.with_edit(Patch(ramp, np.ones((16, 20), np.float32), matrix)).render()
    row = after[30, BOX.left + 4 : BOX.right - 4, 0]
    assert (np.diff(row) > 0).all()
    outside = np.ones((SIZE.height, SIZE.width), bool)
    outside[BOX.slices(Box.of(SIZE))] = False
    np.testing.assert_array_equal(after[outside], photo.render()[outside])


def test_a_patch_elsewhere_changes_nothing(photo, content, alpha):
    away = np.array([[1.0, 0.0, -500.0], [0.0, 1.0, -500.0]])
    np.testing.assert_array_equal(photo.with_edit(Patch(content, alpha, away)).render(), photo.render())

"""Crops for a model hold the hole, have the size asked for, and show the photo as it is."""

import numpy as np
import pytest
from stillbytes.engine.errors import StillbytesError
from stillbytes.engine.fill.crop import CropOptions, Margins, crop_light, cut, expanded, expanded_alpha, pad
from stillbytes.engine.framing import Framing
from stillbytes.engine.geometry import Box, Size
from stillbytes.engine.photo import Photo
from stillbytes.engine.raster.source import ArraySource

SIZE = Size(900, 600)


@pytest.fixture(scope="module")
def photo():
    y, x = np.mgrid[: SIZE.height, : SIZE.width].astype(np.float32)
    pixels = np.stack([x / SIZE.width, y / SIZE.height, 0.5 + 0.3 * np.sin(x / 9) * np.sin(y / 7)], -1)
    return Photo(ArraySource(pixels.astype(np.float32), "linear-rec2020"))


def mask_at(*boxes, size=SIZE):
    mask = np.zeros((size.height, size.width), np.float32)
    for box in boxes:
        mask[box.slices(Box.of(size))] = 1
    return mask


def options(**more):
    return CropOptions(**{"megapixels": 0.25, "multiple": 64} | more)


@pytest.mark.parametrize("multiple", [8, 64])
@pytest.mark.parametrize("megapixels", [0.1, 0.25, 1.0])
@pytest.mark.parametrize("hole", [Box(400, 200, 430, 420), Box(0, 0, 60, 50), Box(100, 90, 820, 180)])
def test_a_crop_holds_its_hole_and_has_a_size_that_models_take(photo, hole, megapixels, multiple):
    (crop,) = cut(photo, mask_at(hole), options(megapixels=megapixels, multiple=multiple))
    assert crop.box.contains(hole)
    assert Box.of(photo.size).contains(crop.box)
    assert crop.size.width % multiple == crop.size.height % multiple == 0
    assert crop.size.pixels == pytest.approx(megapixels * 2**20, rel=0.25)
    stretch = (crop.box.width / crop.size.width) / (crop.box.height / crop.size.height)
    assert stretch == pytest.approx(1, abs=0.12)


def test_more_context_is_a_larger_box(photo):
    near, far = (cut(photo, mask_at(Box(400, 250, 500, 330)), options(context=c))[0].box for c in (1.2, 4.0))
    assert far.contains(near)
    assert far.width > near.width


def test_a_crop_near_the_models_size_is_not_resampled(photo):
    (crop,) = cut(photo, mask_at(Box(300, 200, 560, 450)), options())
    assert crop.box.size == crop.size
    np.testing.assert_array_equal(crop.light(), photo.render(crop.box))


def test_alpha_is_one_on_the_hole_and_zero_beyond_the_feather(photo):
    hole = Box(380, 260, 520, 360)
    (crop,) = cut(photo, mask_at(hole), options(feather_px=10, context=3.0))
    assert crop.box.size == crop.size
    inside = hole.slices(crop.box)
    assert (crop.alpha[inside] == 1).all()
    beyond = np.ones_like(crop.alpha, bool)
    beyond[hole.grow(11).slices(crop.box)] = False
    assert (crop.alpha[beyond] == 0).all()
    assert 0.2 < crop.alpha[inside[0].start - 5, inside[1].start + 20] < 0.8


def test_each_hole_gets_a_crop_of_its_own_or_all_share_one(photo):
    holes = Box(50, 50, 120, 100), Box(700, 450, 800, 560)
    (union,) = cut(photo, mask_at(*holes), options())
    assert all(union.box.contains(hole) for hole in holes)
    apart = cut(photo, mask_at(*holes), options(holes="each hole"))
    assert len(apart) == 2
    assert {crop.size for crop in apart} == {apart[0].size}
    assert all(any(crop.box.contains(hole) for crop in apart) for hole in holes)


def test_an_empty_mask_gives_the_whole_frame_with_nothing_to_paint(photo):
    (crop,) = cut(photo, mask_at(), options())
    assert crop.box == Box.of(photo.size)
    assert not crop.alpha.any()


def test_the_crops_of_a_turned_photo_show_it_turned(photo):
    turned = photo.with_framing(Framing(6))
    (crop,) = cut(turned, mask_at(Box(200, 500, 320, 700), size=turned.size), options(megapixels=0.1))
    np.testing.assert_allclose(crop.light().mean(), turned.render(crop.box).mean(), rtol=2e-3)
    assert Box.of(turned.size).contains(crop.box)


@pytest.mark.parametrize("size", [Size(128, 96), Size(200, 150), Size(640, 480)])
def test_a_resampled_crop_shows_the_same_place(photo, size):
    box = Box(300, 200, 500, 350)
    light = crop_light(photo, box, size)
    assert light.shape == (size.height, size.width, 3)
    x = (box.left + (np.arange(size.width) + 0.5) * box.width / size.width) - 0.5
    np.testing.assert_allclose(light[size.height // 2, 4:-4, 0], x[4:-4] / SIZE.width, atol=6e-4)


def test_a_thin_stroke_in_a_large_mask_is_not_lost(photo):
    mask = np.zeros((2400, 3600), np.float32)
    mask[1200, 400:3200] = 1
    (crop,) = cut(photo, mask, options(megapixels=0.05))
    assert (crop.alpha.max(axis=0)[40:-40] == 1).mean() > 0.6


def test_an_expanded_photo_keeps_its_pixels_and_repeats_its_border(photo):
    margins = Margins(10, 20, 30, 40)
    large = expanded(photo, margins)
    assert large.size == Size(SIZE.width + 40, SIZE.height + 60)
    inner = large.render(Box(10, 20, 10 + SIZE.width, 20 + SIZE.height))
    np.testing.assert_allclose(inner, photo.render(), rtol=1e-7, atol=1e-15)
    np.testing.assert_allclose(
        large.render(Box(0, 20, 10, 21)), np.repeat(photo.render(Box(0, 0, 1, 1)), 10, 1), atol=1e-7
    )
    assert large.source.kind == photo.source.kind
    assert expanded(photo, Margins()) is photo


def test_the_mask_of_an_expanded_photo_is_one_on_the_margins():
    alpha = expanded_alpha(np.zeros((30, 45), np.float32), SIZE, Margins(10, 0, 0, 5))
    assert alpha.shape == (SIZE.height + 5, SIZE.width + 10)
    assert alpha[: SIZE.height, 10:].max() == 0
    assert alpha[:, :10].min() == alpha[SIZE.height :].min() == 1


def test_margins_below_zero_are_an_error():
    with pytest.raises(StillbytesError, match="0 px or more"):
        pad(np.zeros((4, 4, 3), np.float32), Margins(-1))

"""Lens blur: light spreads over a disc, nothing is lost, and what is sharp stays out of it."""

import math

import numpy as np
import pytest
from stillbytes.engine.develop.defocus import LARGEST_SHARE, LensBlur, blurred, disc_half_widths
from stillbytes.engine.geometry import Box
from stillbytes.engine.masks.refine import plain
from stillbytes.engine.photo import Photo


def point(size=41):
    pixels = np.zeros((size, size, 3), np.float32)
    pixels[size // 2, size // 2] = (3.0, 2.0, 1.0)
    return pixels


def everywhere(pixels):
    return np.ones(pixels.shape[:2], np.float32)


@pytest.mark.parametrize("radius", [0.3, 1.0, 4.2, 17.0])
def test_the_rows_of_a_disc_add_up_to_its_area(radius):
    assert 2 * disc_half_widths(radius).sum() == pytest.approx(math.pi * radius**2, rel=1e-9)


@pytest.mark.parametrize("radius", [1.5, 5.0, 8.3])
def test_a_point_becomes_an_even_disc_and_keeps_its_light(radius):
    pixels = point()
    soft = blurred(pixels, everywhere(pixels), radius)
    y, x = np.mgrid[-20:21, -20:21]
    distance = np.hypot(x, y)
    inside = soft[0][distance < radius - 1]
    np.testing.assert_allclose(soft.sum(axis=(1, 2)), (3, 2, 1), rtol=1e-5)
    np.testing.assert_allclose(inside, 3 / (math.pi * radius**2), rtol=1e-5)
    assert (soft[0][distance > radius + 1.5] == 0).all()


def test_a_disc_is_the_same_in_every_direction():
    soft = blurred(point(), everywhere(point()), 6.4)
    np.testing.assert_allclose(soft, soft[:, ::-1], atol=1e-7)
    np.testing.assert_allclose(soft, soft[:, :, ::-1], atol=1e-7)
    y, x = np.mgrid[-20:21, -20:21]
    moments = [(soft[0] * axis**2).sum() for axis in (x, y)]
    assert moments[0] == pytest.approx(moments[1], rel=0.03)


def test_even_light_stays_even_up_to_the_border():
    flat = np.full((20, 30, 3), 0.4, np.float32)
    np.testing.assert_allclose(blurred(flat, everywhere(flat), 7.0), 0.4, rtol=1e-6)


def test_a_radius_near_zero_changes_nothing(scene):
    np.testing.assert_allclose(np.moveaxis(blurred(scene, everywhere(scene), 0.2), 0, 2), scene, rtol=1e-6)


def test_what_is_sharp_does_not_bleed_into_the_blurred_part():
    pixels = np.full((60, 80, 3), 0.1, np.float32)
    pixels[:, 40:] = 5.0
    alpha = np.zeros((60, 80), np.float32)
    alpha[:, :40] = 1.0
    soft = blurred(pixels, alpha, 6.0)
    np.testing.assert_allclose(soft[:, :, :40], 0.1, rtol=1e-6)


def test_amount_0_is_the_photo_itself(pixel_source, scene):
    np.testing.assert_array_equal(Photo(pixel_source(scene)).with_edit(LensBlur(0.0)).render(), scene)


@pytest.mark.parametrize("amount", [30.0, 80.0])
def test_more_amount_leaves_less_detail(pixel_source, scene, amount):
    soft = Photo(pixel_source(scene)).with_edit(LensBlur(amount)).render()
    less = Photo(pixel_source(scene)).with_edit(LensBlur(amount / 2)).render()
    detail = [np.abs(np.diff(p[..., 1], axis=1)).mean() for p in (soft, less, scene)]
    assert detail[0] < detail[1] < detail[2]


@pytest.mark.parametrize("amount", [9.0, 60.0])
def test_tiles_give_the_same_pixels_as_the_whole(pixel_source, amount):
    rng = np.random.default_rng(5)
    pixels = rng.uniform(0, 2, (300, 1500, 3)).astype(np.float32)
    alpha = np.zeros((150, 750), np.float32)
    alpha[20:120, 100:600] = rng.uniform(0.2, 1, (100, 500))
    photo = Photo(pixel_source(pixels)).with_edit(LensBlur(amount, plain(alpha)))
    whole = photo.render()
    for box in (Box(0, 0, 1500, 300), Box(701, 90, 803, 171), Box(0, 250, 40, 300)):
        np.testing.assert_allclose(photo.render(box), whole[box.slices(Box(0, 0, 1500, 300))], rtol=2e-6, atol=1e-7)


def test_outside_its_mask_no_pixel_changes(pixel_source, scene):
    alpha = np.zeros(scene.shape[:2], np.float32)
    alpha[:70] = 1.0
    photo = Photo(pixel_source(scene)).with_edit(LensBlur(50.0, plain(alpha)))
    after = photo.render()
    np.testing.assert_array_equal(after[75:], scene[75:])
    assert np.abs(after[:60] - scene[:60]).mean() > 0.01


def test_a_preview_shows_the_disc_of_the_export(pixel_source):
    """At amount 100 a point's disc is 4 % of the longer side across, whatever the size."""
    for side in (400, 800):
        pixels = np.zeros((side, side, 3), np.float32)
        pixels[side // 2 - 1 : side // 2 + 1, side // 2 - 1 : side // 2 + 1] = 1000.0
        soft = Photo(pixel_source(pixels)).with_edit(LensBlur(100.0)).render()[..., 1]
        across = 2 * math.sqrt((soft > 0.5 * soft.max()).sum() / math.pi)
        assert across / side == pytest.approx(2 * LARGEST_SHARE, rel=0.12)

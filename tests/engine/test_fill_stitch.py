"""What comes back from a model lies where it was cut, in scene light, without a step; the rest keeps its bits."""

import numpy as np
import pytest
from stillbytes.engine.develop.adjust import Adjust
from stillbytes.engine.develop.display import OutputSpec, render_display
from stillbytes.engine.develop.settings import DevelopSettings
from stillbytes.engine.fill import stitch as stitch_module
from stillbytes.engine.fill.crop import CropOptions, as_picture, cut
from stillbytes.engine.fill.seam import match_seam
from stillbytes.engine.fill.stitch import StitchOptions, redrawn, resized, scene_light, stitch
from stillbytes.engine.framing import Framing
from stillbytes.engine.geometry import Box, Size
from stillbytes.engine.photo import Photo
from stillbytes.engine.raster.source import ArraySource

SIZE = Size(420, 300)
HOLE = Box(180, 120, 250, 180)
OPTIONS = CropOptions(megapixels=0.06, multiple=8, feather_px=6)


@pytest.fixture(scope="module")
def light():
    rng = np.random.default_rng(1)
    y, x = np.mgrid[: SIZE.height, : SIZE.width].astype(np.float32)
    base = 0.1 + 0.2 * (x / SIZE.width)[..., None] + 0.1 * np.stack([x / SIZE.width, y / SIZE.height, x * 0 + 0.5], -1)
    base[:40, :60] = 3.0
    return np.maximum(base * (1 + rng.normal(0, 0.02, base.shape)), 0).astype(np.float32)


@pytest.fixture(params=["scene", "display"])
def photo(request, light):
    return (
        Photo(ArraySource(light, "linear-rec2020"))
        if request.param == "scene"
        else Photo(ArraySource(light.clip(0, 1)))
    )


def mask_of(box, size):
    mask = np.zeros((size.height, size.width), np.float32)
    mask[box.slices(Box.of(size))] = 1
    return mask


def crop_of(photo, box=HOLE, **more):
    (crop,) = cut(photo, mask_of(box, photo.size), OPTIONS)
    return crop


def test_light_and_picture_are_inverse(photo):
    light = photo.render(Box(100, 60, 400, 290))
    np.testing.assert_allclose(scene_light(as_picture(light, photo), photo), light, rtol=2e-3, atol=2e-4)


def test_a_crop_that_comes_back_unchanged_changes_nothing_to_be_seen(photo):
    crop = crop_of(photo, Box(20, 10, 90, 60))
    back = stitch(photo, crop, crop.picture())
    np.testing.assert_allclose(back.render(), photo.render(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("framing", [Framing(), Framing(8).cropped(0.1, 0.1, 1, 1), Framing().straightened(4, SIZE)])
@pytest.mark.parametrize("grain", [False, True])
def test_what_was_painted_is_where_it_was_cut_and_nowhere_else(photo, framing, grain):
    photo = photo.with_edit(Adjust(DevelopSettings(exposure_ev=-0.3, contrast=10))).with_framing(framing)
    middle = Box(
        photo.size.width // 2 - 30, photo.size.height // 2 - 20, photo.size.width // 2 + 30, photo.size.height // 2 + 20
    )
    crop = crop_of(photo, middle)
    painted = crop.picture()
    painted[crop.alpha > 0] = (0.1, 0.9, 0.2)
    back = stitch(photo, crop, painted, StitchOptions(grain=grain))
    spec = OutputSpec("srgb", "standard", "uint16")
    before, after = render_display(photo, spec), render_display(back, spec)
    core = after[middle.grow(-3).slices(Box.of(photo.size))] / 65535
    np.testing.assert_allclose(core, np.broadcast_to((0.1, 0.9, 0.2), core.shape), atol=0.06 if grain else 0.004)
    np.testing.assert_allclose(core.mean(axis=(0, 1)), (0.1, 0.9, 0.2), atol=0.004)
    outside = np.ones((photo.size.height, photo.size.width), bool)
    outside[middle.grow(16).slices(Box.of(photo.size))] = False
    np.testing.assert_array_equal(after[outside], before[outside])


def test_a_shift_of_colour_is_taken_back(photo):
    crop = crop_of(photo)
    shifted = np.clip(crop.picture() * 0.96 + np.float32((0.03, 0.0, 0.02)), 0, 1)
    rough = stitch(photo, crop, shifted, StitchOptions(match_color=False)).render(HOLE)
    fine = stitch(photo, crop, shifted).render(HOLE)
    true = photo.render(HOLE)
    assert np.abs(fine - true).mean() < 0.25 * np.abs(rough - true).mean()


def test_highlights_above_white_survive_where_nothing_was_painted(light):
    photo = Photo(ArraySource(light, "linear-rec2020"))
    crop = crop_of(photo, Box(10, 8, 40, 30))
    painted = crop.picture()
    place = Box(15, 12, 20, 18).slices(crop.box)
    if crop.box.size == crop.size:
        painted[place] = 0.2
    back = stitch(photo, crop, painted).render(Box(25, 10, 38, 28))
    np.testing.assert_allclose(back, photo.render(Box(25, 10, 38, 28)), rtol=0.02)


def noisy(size, spread):
    rng = np.random.default_rng(4)
    ramp = np.linspace(0.1, 0.4, size.width, dtype=np.float32)[None, :, None] * np.ones((size.height, 1, 3), np.float32)
    return np.clip(ramp + rng.normal(0, spread, ramp.shape), 0, 1).astype(np.float32)


def residual(picture):
    """Standard deviation of what neighbours differ by."""
    return float(np.diff(picture, axis=1).std() / np.sqrt(2))


@pytest.mark.parametrize("spread", [0.0, 0.02])
def test_what_was_painted_small_and_clean_gets_the_grain_around_it(spread):
    frame = noisy(Size(900, 700), spread)
    photo = Photo(ArraySource(frame))
    hole = Box(300, 220, 560, 480)
    crop = crop_of(photo, hole)
    assert crop.size.width < 0.9 * crop.box.width
    clean = Photo(ArraySource(noisy(Size(900, 700), 0.0)))
    painted = np.where(crop.alpha[..., None] > 0, crop_of(clean, hole).picture() * 0.97, crop.picture())
    inner = hole.grow(-8)
    there = as_picture(photo.render(inner), photo)
    back, plain = (
        as_picture(stitch(photo, crop, painted, StitchOptions(grain=grain)).render(inner), photo)
        for grain in (True, False)
    )
    assert residual(back) == pytest.approx(residual(there), rel=0.25, abs=0.002)
    assert residual(plain) < 0.35 * residual(there) + 0.002
    np.testing.assert_allclose(back.mean(axis=(0, 1)), plain.mean(axis=(0, 1)), atol=0.004)


def test_grain_changes_nothing_outside_the_mask():
    frame = noisy(Size(900, 700), 0.02)
    photo = Photo(ArraySource(frame))
    hole = Box(300, 220, 560, 480)
    crop = crop_of(photo, hole)
    painted = np.where(crop.alpha[..., None] > 0, np.float32(0.5), crop.picture())
    after = stitch(photo, crop, painted).render()
    changed = (after != photo.render()).any(axis=2)
    reach = int(np.ceil((OPTIONS.feather_px + 2) * crop.box.width / crop.size.width))
    changed[hole.grow(reach).slices(Box.of(photo.size))] = False
    assert not changed.any()


def test_a_place_too_large_to_hold_stays_at_the_size_of_the_crop(monkeypatch):
    monkeypatch.setattr(stitch_module, "_MOST_NATIVE_PX", 1000)
    photo = Photo(ArraySource(noisy(Size(900, 700), 0.02)))
    crop = crop_of(photo, Box(300, 220, 560, 480))
    painted = np.full_like(crop.picture(), 0.5)
    with_grain, without = (
        stitch(photo, crop, painted, StitchOptions(grain=grain)).render(crop.box) for grain in (True, False)
    )
    np.testing.assert_array_equal(with_grain, without)


def test_another_size_is_resampled(photo):
    crop = crop_of(photo)
    large = np.repeat(np.repeat(crop.picture(), 2, 0), 2, 1)
    np.testing.assert_allclose(resized(large, crop.size), crop.picture(), atol=1e-5)
    back = stitch(photo, crop, large)
    np.testing.assert_allclose(back.render(HOLE), photo.render(HOLE), rtol=2e-3, atol=1e-4)


def test_nothing_selected_gives_the_photo_itself(photo):
    (crop,) = cut(photo, np.zeros((10, 10), np.float32), OPTIONS)
    assert stitch(photo, crop, crop.picture()) is photo


def test_an_image_keeps_every_value_that_was_not_painted(light):
    frame = light.clip(0, 1)
    photo = Photo(ArraySource(frame))
    crop = crop_of(photo)
    painted = np.where(crop.alpha[..., None] > 0, np.float32(0.5), crop.picture())
    after = stitch(photo, crop, painted, StitchOptions(grain=False))
    drawn = redrawn(frame, photo, after, [crop.box])
    changed = (drawn != frame).any(axis=2)
    inside = np.zeros_like(changed)
    inside[HOLE.grow(16).slices(Box.of(SIZE))] = True
    assert not changed[~inside].any()
    np.testing.assert_allclose(drawn[HOLE.grow(-2).slices(Box.of(SIZE))], 0.5, atol=0.01)


def test_a_seam_without_surroundings_is_left():
    painted = np.full((8, 8, 3), 0.4, np.float32)
    np.testing.assert_array_equal(match_seam(painted, painted * 0.5, np.ones((8, 8), np.float32)), painted)


def test_a_smooth_shift_is_taken_back_in_the_hole_and_the_rest_is_left():
    y, x = np.mgrid[:90, :120].astype(np.float32)
    shown = np.random.default_rng(2).uniform(0.3, 0.6, (90, 120, 3)).astype(np.float32)
    painted = shown + (0.02 + 0.0003 * x - 0.0002 * y)[..., None]
    alpha = np.zeros((90, 120), np.float32)
    alpha[30:60, 40:80] = 1
    matched = match_seam(painted, shown, alpha)
    np.testing.assert_array_equal(matched[alpha == 0], painted[alpha == 0])
    assert np.abs(matched - shown)[alpha > 0].max() < 0.006

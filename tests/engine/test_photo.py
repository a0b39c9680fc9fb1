"""The laws: tiled is untiled, untouched is bit-identical, and framing commutes with cutting."""

import numpy as np
import pytest
from stillbytes.engine.develop.adjust import Adjust
from stillbytes.engine.develop.settings import SETTINGS, DevelopSettings, Grade, HueShift
from stillbytes.engine.framing import Framing
from stillbytes.engine.geometry import Box, Size
from stillbytes.engine.masks.mask import Mask
from stillbytes.engine.photo import GUIDE_SIDE, Photo, forget_proxy, luminance, source_proxy

BOXES = [Box(0, 0, 220, 150), Box(31, 17, 32, 18), Box(5, 90, 140, 149), Box(111, 0, 220, 64)]


def every_setting():
    for name, rule in SETTINGS.items():
        for value in {rule.low, rule.high} - {rule.neutral}:
            companions = {"sharpen_radius_px": {"sharpening": 80.0}, "grain_size": {"grain": 50.0}}.get(name, {})
            if name.startswith("vignette_"):
                companions = {"vignette": -60.0}
            yield pytest.param(DevelopSettings(**{name: float(value), **companions}), id=f"{name}={value:g}")
    yield pytest.param(DevelopSettings(color_mixer={"blue": HueShift(30, -50, 20)}), id="mixer")
    yield pytest.param(DevelopSettings(color_grading={"shadows": Grade(220, 60, -20)}), id="grading")
    yield pytest.param(DevelopSettings(curve={"rgb": ((0, 0), (0.3, 0.2), (1, 1))}), id="curve")


def half_mask(height=30, width=44):
    offset = np.zeros((height, width), np.float32)
    offset[:, width // 2 :] = 1.0
    return Mask(np.zeros_like(offset), offset)


@pytest.mark.parametrize("settings", list(every_setting()))
@pytest.mark.parametrize("masked", [False, True])
def test_tiled_is_untiled_for_every_setting(scene, pixel_source, settings, masked):
    photo = Photo(pixel_source(scene)).with_edit(Adjust(settings, half_mask() if masked else None))
    whole = photo.render()
    assert np.isfinite(whole).all()
    for box in BOXES:
        part = photo.render(box)
        assert np.array_equal(part, whole[box.top : box.bottom, box.left : box.right]), box


@pytest.mark.parametrize("scale", [0.5, 0.37])
def test_tiled_is_untiled_at_a_scale(scene, pixel_source, scale):
    edits = (Adjust(DevelopSettings(shadows=60, clarity=40, sharpening=90)), Adjust(DevelopSettings(dehaze=30)))
    photo = Photo(pixel_source(scene), edits)
    size = photo.size_at(scale)
    whole = photo.render(scale=scale)
    box = Box(size.width // 3, 5, size.width - 2, size.height // 2)
    assert np.array_equal(photo.render(box, scale), whole[box.top : box.bottom, box.left : box.right])


def test_a_stack_of_edits_and_a_straightened_crop_is_tiled_as_untiled(scene, pixel_source):
    framing = Framing().turned(1).straightened(4.0, Size(220, 150)).cropped(0.1, 0.1, 0.8, 0.9)
    edits = tuple(
        Adjust(s, half_mask())
        for s in (DevelopSettings(texture=80), DevelopSettings(noise_reduction=60), DevelopSettings(vignette=-70))
    )
    photo = Photo(pixel_source(scene), edits, framing)
    whole = photo.render()
    box = Box(3, 20, 61, 77)
    assert np.array_equal(photo.render(box), whole[20:77, 3:61])


@pytest.mark.parametrize("settings", list(every_setting()))
def test_pixels_outside_the_mask_are_bit_identical(scene, pixel_source, settings):
    photo = Photo(pixel_source(scene))
    edited = photo.with_edit(Adjust(settings, half_mask())).render()
    assert np.array_equal(edited[:, :100], scene[:, :100])


def test_pixels_inside_the_mask_are_as_without_it(scene, pixel_source):
    photo = Photo(pixel_source(scene))
    adjust = DevelopSettings(exposure_ev=-1, saturation=40)
    masked, bare = (photo.with_edit(Adjust(adjust, m)).render() for m in (half_mask(), None))
    assert np.array_equal(masked[:, 120:], bare[:, 120:])


def test_one_stop_doubles_linear_light(scene, pixel_source):
    photo = Photo(pixel_source(scene)).with_edit(Adjust(DevelopSettings(exposure_ev=1.0)))
    assert np.array_equal(photo.render(), scene * 2)


@pytest.mark.parametrize("settings", list(every_setting()))
def test_grey_stays_grey_unless_colour_is_asked_for(pixel_source, settings):
    if settings.temperature or settings.tint or settings.color_grading:
        pytest.skip("this setting colours greys")
    grey = np.repeat(np.linspace(0.01, 1.2, 200, dtype=np.float32)[None, :, None], 3, axis=2).repeat(40, axis=0)
    out = Photo(pixel_source(grey)).with_edit(Adjust(settings)).render()
    assert np.ptp(out, axis=2).max() <= 8e-6 * out.max()


def test_settings_at_rest_change_nothing(scene, pixel_source):
    assert DevelopSettings(vignette_midpoint=10.0, sharpen_radius_px=2.0).neutral
    assert np.array_equal(Photo(pixel_source(scene)).with_edit(Adjust(DevelopSettings())).render(), scene)


def test_size_follows_the_framing_and_the_scale(scene, pixel_source):
    photo = Photo(pixel_source(scene)).with_framing(Framing().turned(1))
    assert photo.size == Size(150, 220)
    assert photo.size_at(0.1) == Size(15, 22)
    assert photo.render(scale=0.1).shape == (22, 15, 3)


def test_wrong_boxes_and_scales_are_refused(scene, pixel_source):
    photo = Photo(pixel_source(scene))
    with pytest.raises(ValueError, match="scale"):
        photo.render(scale=1.5)
    with pytest.raises(ValueError, match="inside"):
        photo.render(Box(0, 0, 221, 10))


def test_luminance_is_the_cube_root_of_bt2020_luma():
    pixels = np.array([[[1.0, 1.0, 1.0], [0.5, 0.25, 0.125]]], np.float32)
    expected = np.cbrt([1.0, 0.5 * 0.2627 + 0.25 * 0.6780 + 0.125 * 0.0593])
    assert luminance(pixels)[0] == pytest.approx(expected, rel=1e-6)


def test_the_guide_is_small():
    assert Size(11648, 8736).fit(GUIDE_SIDE).pixels < 1_000_000


def test_a_forgotten_proxy_is_computed_again(scene, pixel_source):
    source = pixel_source(scene)
    before = source_proxy(source)
    forget_proxy(source)
    forget_proxy(source)
    again = source_proxy(source)
    assert again is not before
    assert np.array_equal(again, before)

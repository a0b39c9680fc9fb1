import numpy as np
import pytest
from stillbytes.engine import color
from stillbytes.engine.develop import display
from stillbytes.engine.develop.display import OutputSpec, encode_display, photo_strips, render_display
from stillbytes.engine.errors import CancelledError
from stillbytes.engine.geometry import Box
from stillbytes.engine.photo import Photo


def light_of(codes, profile, full):
    """Return (1, n, 3) scene-linear Rec.2020 light of encoded samples (n, 3)."""
    space = color.SPACES[profile]
    linear = color.decode(np.asarray(codes) / full, space.transfer)
    return (linear @ color.convert(space, color.REC2020).T).astype(np.float32)[None]


@pytest.mark.parametrize("profile", color.PROFILES)
def test_every_16_bit_grey_comes_back(profile):
    codes = np.repeat(np.arange(65536)[:, None], 3, axis=1)
    out = encode_display(light_of(codes, profile, 65535), OutputSpec(profile, dtype="uint16"), "display")
    assert np.array_equal(out[0], codes)


@pytest.mark.parametrize("profile", color.PROFILES)
def test_random_colours_come_back_in_8_and_16_bit(profile):
    rng = np.random.default_rng(5)
    for dtype, full in (("uint8", 255), ("uint16", 65535)):
        codes = rng.integers(0, full + 1, (5000, 3))
        out = encode_display(light_of(codes, profile, full), OutputSpec(profile, dtype=dtype), "display")
        ordinary = codes > full / 100  # darker ones next to a bright channel run out of float32 digits
        assert np.abs(out[0].astype(int) - codes)[ordinary].max() <= (0 if full == 255 else 1)


def test_the_neutral_rendering_rises_and_ends_at_white():
    x = np.linspace(0, 1.25, 1001)
    y = display.tone(x)
    assert (np.diff(y) > 0).all()
    assert y[0] == 0
    assert y[-1] == pytest.approx(1.0)
    assert 0.24 < display.tone(np.array(0.18)) < 0.29
    assert 0.94 < display.tone(np.array(1.0)) < 0.98
    assert display.untone(y) == pytest.approx(x, abs=1e-9)


def test_the_kernel_renders_the_documented_curve():
    x = np.linspace(0.0005, 1.2, 500)
    grey = np.repeat(x[None, :, None], 3, axis=2).astype(np.float32)
    out = encode_display(grey, OutputSpec("linear"), "scene")
    assert out[0, :, 1] == pytest.approx(display.tone(x), abs=2e-6)
    assert np.ptp(out, axis=2).max() < 2e-6


def test_highlights_keep_their_hue_on_the_way_to_white():
    stops = 2.0 ** np.linspace(-4, 3, 60)
    orange = (np.array([0.30, 0.20, 0.12]) * stops[:, None])[None].astype(np.float32)
    out = encode_display(orange, OutputSpec("linear"), "scene")[0]
    place = (out[:, 1] - out[:, 2]) / (out[:, 0] - out[:, 2])
    assert place[out[:, 0] - out[:, 2] > 0.02] == pytest.approx(0.08 / 0.18, abs=1e-3)


def test_linear_tone_is_plain_srgb():
    rng = np.random.default_rng(6)
    linear = rng.random((1, 400, 3)) @ color.convert(color.SPACES["srgb"], color.REC2020).T
    out = encode_display(linear.astype(np.float32), OutputSpec(tone="linear"), "scene")
    expected = color.encode(linear @ color.convert(color.REC2020, color.SPACES["srgb"]).T, "srgb")
    assert out == pytest.approx(expected, abs=3e-6)


def test_colours_outside_the_gamut_keep_their_luminance_and_lose_only_saturation():
    green = np.array([[[0.05, 0.6, 0.05]]], np.float32)
    out = encode_display(green, OutputSpec(tone="linear"), "scene")
    linear = color.decode(out[0, 0], "srgb")
    assert linear.min() >= 0
    assert color.to_xyz(color.SPACES["srgb"])[1] @ linear == pytest.approx(
        float(color.LUMINANCE @ green[0, 0]), rel=1e-4
    )


def test_linear_float_output_keeps_what_lies_above_white():
    bright = np.full((2, 2, 3), 3.5, np.float32)
    assert np.array_equal(encode_display(bright, OutputSpec("linear", "linear"), "scene"), bright)


def test_baseline_exposure_brightens_a_scene_before_it_is_rendered():
    grey = np.full((1, 1, 3), 0.1, np.float32)
    spec = OutputSpec("linear")
    assert encode_display(grey, spec, "scene", 1.0) == pytest.approx(encode_display(grey * 2, spec, "scene"))


def test_a_bright_yellow_that_leaves_the_gamut_stays_yellow():
    yellow = (
        color.decode(np.array([[[252, 206, 20]]]) / 255, "srgb") @ color.convert(color.SPACES["srgb"], color.REC2020).T
    )
    red, green, blue = encode_display((yellow * 1.1).astype(np.float32), OutputSpec(dtype="uint8"), "display")[0, 0]
    assert (red, blue < 70) == (255, True)
    assert 205 <= green <= 225


def test_strips_are_the_frame(scene, pixel_source):
    photo = Photo(pixel_source(scene))
    spec = OutputSpec(dtype="uint16")
    whole = render_display(photo, spec)
    strips = list(photo_strips(photo, spec, 1.0, 32))
    assert [len(s) for s in strips] == [32, 32, 32, 32, 22]
    assert np.array_equal(np.concatenate(strips), whole)
    assert np.array_equal(render_display(photo, spec, Box(9, 8, 60, 70)), whole[8:70, 9:60])


def test_strips_stop_when_progress_cancels(scene, pixel_source):
    def progress(done, total):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        list(photo_strips(Photo(pixel_source(scene)), OutputSpec(), 1.0, 16, progress))

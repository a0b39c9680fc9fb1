import numpy as np
import pytest
from stillbytes.engine.develop import tables
from stillbytes.engine.develop.adjust import Adjust
from stillbytes.engine.develop.display import OutputSpec, render_display
from stillbytes.engine.develop.settings import SETTINGS, DevelopSettings, Grade, HueShift
from stillbytes.engine.photo import Photo, luminance


def developed(pixels, pixel_source, kind="scene", **settings):
    return Photo(pixel_source(pixels, kind)).with_edit(Adjust(DevelopSettings(**settings))).render()


def patch(value):
    return np.broadcast_to(np.asarray(value, np.float32), (48, 64, 3)).copy()


@pytest.mark.parametrize(
    ("setting", "light"),
    [("shadows", 0.02), ("highlights", 0.8), ("whites", 0.9), ("blacks", 0.004), ("exposure_ev", 0.2)],
)
def test_tone_settings_brighten_above_zero_and_darken_below(pixel_source, setting, light):
    step = 1.0 if setting == "exposure_ev" else 50.0
    up = developed(patch(light), pixel_source, **{setting: step})[5, 5, 1]
    down = developed(patch(light), pixel_source, **{setting: -step})[5, 5, 1]
    assert down < light * 0.95
    assert up > light * 1.05


def test_shadows_leave_highlights_alone_and_the_reverse(pixel_source):
    assert developed(patch(0.8), pixel_source, shadows=100.0) == pytest.approx(0.8, rel=2e-3)
    assert developed(patch(0.03), pixel_source, highlights=-100.0) == pytest.approx(0.03, rel=2e-3)


def test_contrast_pivots_on_middle_grey(pixel_source):
    assert developed(patch(0.18), pixel_source, contrast=80.0) == pytest.approx(0.18, rel=1e-3)
    assert developed(patch(0.02), pixel_source, contrast=80.0)[0, 0, 0] < 0.015
    assert developed(patch(0.7), pixel_source, contrast=80.0)[0, 0, 0] > 0.8


@pytest.mark.parametrize(
    "settings", [{n: s} for n in ("contrast", "highlights", "shadows", "whites", "blacks") for s in (-100.0, 100.0)]
)
def test_tone_tables_never_reverse_the_order_of_tones(settings):
    table = tables.tone_tables(DevelopSettings(**settings))
    ev = np.arange(table.shape[1]) / tables.EV_STEPS
    assert (np.diff(ev + table[0] + table[1]) > 0).all()


def test_warmth_moves_white_towards_red_and_keeps_its_luminance(pixel_source):
    warm = developed(patch(0.5), pixel_source, temperature=50.0)[0, 0]
    cool = developed(patch(0.5), pixel_source, temperature=-50.0)[0, 0]
    assert warm[0] > warm[1] > warm[2]
    assert cool[0] < cool[1] < cool[2]
    assert luminance(warm[None, None])[0, 0] == pytest.approx(np.cbrt(0.5), rel=2e-3)


def test_tint_moves_white_towards_magenta(pixel_source):
    magenta = developed(patch(0.5), pixel_source, tint=80.0)[0, 0]
    assert magenta[1] < min(magenta[0], magenta[2])


def test_full_desaturation_is_grey_and_saturation_widens(pixel_source):
    red = patch((0.4, 0.2, 0.15))
    assert np.ptp(developed(red, pixel_source, saturation=-100.0)[0, 0]) < 1e-5
    assert np.ptp(developed(red, pixel_source, saturation=40.0)[0, 0]) > 1.2 * np.ptp(red[0, 0])


def test_vibrance_moves_muted_colours_more_than_vivid_ones(pixel_source):
    muted, vivid = patch((0.18, 0.2, 0.24)), patch((0.02, 0.08, 0.6))
    ratio = [np.ptp(developed(p, pixel_source, vibrance=80.0)[0, 0]) / np.ptp(p[0, 0]) for p in (muted, vivid)]
    assert ratio[0] > 1.3
    assert ratio[0] > ratio[1] + 0.2


def test_the_mixer_changes_its_own_hue_and_no_other(pixel_source):
    blue, skin = patch((0.05, 0.12, 0.5)), patch((0.45, 0.27, 0.18))
    mixer = {"blue": HueShift(0, -100, 0)}
    assert np.ptp(developed(blue, pixel_source, color_mixer=mixer)[0, 0]) < 0.35 * np.ptp(blue[0, 0])
    assert developed(skin, pixel_source, color_mixer=mixer) == pytest.approx(skin, rel=1e-4)


def test_grading_tints_its_own_tones(pixel_source):
    grade = {"shadows": Grade(240, 80, 0)}
    dark, bright = (developed(patch(v), pixel_source, color_grading=grade)[0, 0] for v in (0.01, 0.9))
    assert dark[2] > 1.15 * dark[0]
    assert bright == pytest.approx([0.9] * 3, rel=2e-3)


def test_a_curve_is_drawn_over_the_picture_as_shown(pixel_source):
    curve = {"rgb": ((0.0, 0.0), (0.5, 0.7), (1.0, 1.0))}
    for kind in ("scene", "display"):
        photo = Photo(
            pixel_source(np.linspace(0.001, 1, 64 * 48, dtype=np.float32).reshape(48, 64, 1).repeat(3, 2), kind)
        )
        before = render_display(photo, OutputSpec())
        after = render_display(photo.with_edit(Adjust(DevelopSettings(curve=curve))), OutputSpec())
        middle = np.abs(before - 0.5) < 0.004
        assert middle.any()
        assert after[middle] == pytest.approx(0.7, abs=0.01)
        assert (np.diff(after[..., 0].ravel()) > -1e-6).all()


def test_brightening_a_rendered_picture_leaves_its_white_white_and_its_order(pixel_source):
    ramp = np.linspace(0.0, 1.0, 64 * 48, dtype=np.float32).reshape(48, 64, 1).repeat(3, 2)
    out = developed(ramp, pixel_source, "display", exposure_ev=1.0)[..., 0].ravel()
    assert out[-1] == pytest.approx(1.0, abs=1e-5)
    assert (np.diff(out) > 0).all()
    dark = ramp[..., 0].ravel() < 0.29
    assert out[dark] == pytest.approx(2 * ramp[..., 0].ravel()[dark], rel=1e-6)


def test_clarity_widens_local_contrast(scene, pixel_source):
    flat, strong = scene[100:], developed(scene, pixel_source, clarity=100.0)[100:]
    assert np.log(strong[..., 1] + 0.01).std() > 1.1 * np.log(flat[..., 1] + 0.01).std()


def test_dehaze_takes_a_veil_away(pixel_source):
    rng = np.random.default_rng(4)
    blocks = rng.random((16, 22, 1), np.float32).repeat(6, 0).repeat(6, 1)[:, :128]
    clear = blocks * np.float32([0.6, 0.5, 0.3])
    share = np.linspace(0.1, 0.8, 128, dtype=np.float32)[None, :, None]
    hazy = clear * (1 - share) + np.float32(0.85) * share
    out = developed(hazy, pixel_source, dehaze=80.0)
    right = np.s_[:, 70:110]
    assert np.abs(out[right] - clear[right]).mean() < 0.8 * np.abs(hazy[right] - clear[right]).mean()
    assert out[right].std() > 1.3 * hazy[right].std()


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1)])
@pytest.mark.parametrize("dehaze", [60.0, -60.0])
def test_a_photo_of_a_few_pixels_of_one_colour_is_all_haze(pixel_source, shape, dehaze):
    pixels = np.full((*shape, 3), 0.4, np.float32)
    assert developed(pixels, pixel_source, dehaze=dehaze) == pytest.approx(pixels, rel=1e-5)


def test_noise_reduction_lowers_noise_and_keeps_an_edge(pixel_source):
    rng = np.random.default_rng(8)
    edge = patch(0.05)
    edge[:, 32:] = 0.5
    noisy = np.maximum(edge * (1 + rng.normal(0, 0.06, edge.shape)), 0).astype(np.float32)
    out = developed(noisy, pixel_source, noise_reduction=60.0, color_noise_reduction=60.0)
    flat = np.s_[10:38, 6:22]
    assert out[flat].std() < 0.2 * noisy[flat].std()
    assert out[20, 28, 1] < 0.08
    assert out[20, 36, 1] > 0.4


def test_noise_reduction_keeps_fine_stripes_that_are_as_faint_as_the_noise(pixel_source):
    rng = np.random.default_rng(9)
    stripes = np.full((48, 64, 3), 0.2, np.float32)
    stripes[:, 32::2] *= 1.25
    noisy = (stripes * (1 + rng.normal(0, 0.1, stripes.shape))).astype(np.float32)
    out = developed(noisy, pixel_source, noise_reduction=40.0, color_noise_reduction=60.0)
    assert out[8:40, 4:26].std() < 0.2 * noisy[8:40, 4:26].std()
    contrast = out[8:40, 36:60:2].mean() - out[8:40, 37:60:2].mean()
    assert contrast > 0.5 * 0.05
    assert np.abs(out - stripes)[8:40, 36:60].mean() < 0.6 * np.abs(noisy - stripes)[8:40, 36:60].mean()


def test_sharpening_steepens_an_edge_without_a_wide_halo(pixel_source):
    x = np.arange(64, dtype=np.float32)
    soft = (0.1 + 0.4 / (1 + np.exp(-(x - 32) / 1.5)))[None, :, None].repeat(48, 0).repeat(3, 2)
    out = developed(soft, pixel_source, sharpening=120.0)
    assert np.diff(out[24, :, 1]).max() > 1.15 * np.diff(soft[24, :, 1]).max()
    assert out[24, 44:, 1] == pytest.approx(soft[24, 44:, 1], rel=0.02)
    assert out.max() < 0.5 * 1.1


def test_the_vignette_is_centred_on_the_crop(pixel_source):
    photo = Photo(pixel_source(patch(0.5)))
    cut = photo.with_framing(photo.framing.cropped(0.5, 0.0, 1.0, 1.0)).with_edit(
        Adjust(DevelopSettings(vignette=-80.0))
    )
    out = cut.render()[..., 1]
    assert out[24, 16] == pytest.approx(0.5)
    corners = out[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners == pytest.approx([corners[0]] * 4, rel=0.01)
    assert corners[0] < 0.3


def test_grain_is_even_and_averages_out(pixel_source):
    out = developed(patch(0.18), pixel_source, grain=80.0)[..., 1]
    assert out.std() > 0.01
    assert out.mean() == pytest.approx(0.18, rel=0.1)


def test_strength_scales_amounts_and_stays_in_range():
    settings = DevelopSettings(
        exposure_ev=-2, contrast=80, sharpen_radius_px=2.0, color_mixer={"red": HueShift(90, 0, 0)}
    )
    half, double = settings.scaled(0.5), settings.scaled(2.0)
    assert (half.exposure_ev, half.contrast, half.sharpen_radius_px) == (-1.0, 40.0, 2.0)
    assert (double.exposure_ev, double.contrast) == (-4.0, 100.0)
    assert double.color_mixer["red"].hue == 100.0
    assert settings.scaled(0.0).neutral


def test_the_table_of_settings_matches_the_dataclass():
    for name, rule in SETTINGS.items():
        assert getattr(DevelopSettings(), name) == rule.neutral
        assert rule.low <= rule.neutral <= rule.high

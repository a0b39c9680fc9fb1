"""Automatic settings brighten the dark, darken the bright, clip nothing, and leave what is right alone."""

import numpy as np
import pytest
from stillbytes.engine.develop.adjust import Adjust
from stillbytes.engine.develop.auto import automatic
from stillbytes.engine.develop.display import OutputSpec, render_display
from stillbytes.engine.develop.settings import AUTO_PARTS
from stillbytes.engine.photo import Photo

TONE = ("exposure_ev", "contrast", "highlights", "shadows", "whites", "blacks")


@pytest.fixture
def hills(pixel_source):
    """Grey hills of many tones, as a photo of this kind and lightness."""

    def made(gain=1.0, kind="display", cast=(1.0, 1.0, 1.0)):
        rng = np.random.default_rng(8)
        tones = rng.uniform(0.02, 1.0, (8, 12, 1)).repeat(16, 0).repeat(16, 1) ** 1.6
        pixels = tones * rng.uniform(0.9, 1.0, (128, 192, 1)) * np.array(cast)
        return Photo(pixel_source((0.95 * gain * pixels).astype(np.float32), kind))

    return made


def picture(photo):
    return render_display(photo, OutputSpec())


def developed(photo, part="all"):
    return photo.with_edit(Adjust(automatic(photo, part).settings))


@pytest.mark.parametrize("kind", ["display", "scene"])
def test_an_underexposed_photo_is_brightened_and_clips_nothing(hills, kind):
    dark = hills(0.12, kind)
    before, after = picture(dark), picture(developed(dark))
    assert after.mean() > 1.3 * before.mean()
    assert (after >= 0.995).mean() < 0.01


def test_an_overexposed_scene_is_darkened(hills):
    bright = hills(3.0, "scene")
    assert automatic(bright, "exposure").settings.exposure_ev < -0.2


def test_a_photo_in_order_keeps_its_exposure_and_its_white_balance(hills):
    settings = automatic(hills()).settings
    assert settings.exposure_ev == 0
    assert (settings.temperature, settings.tint) == (0, 0)


def test_a_night_with_lights_stays_a_night(pixel_source):
    pixels = np.full((128, 192, 3), 0.004, np.float32)
    pixels[::9, ::11] = 0.85
    found = automatic(Photo(pixel_source(pixels, "display")), "exposure").settings
    assert found.exposure_ev <= 0.6


def test_white_without_detail_is_not_made_grey(hills, pixel_source):
    pixels = hills().source.pixels.copy()
    pixels[:60] = 1.0
    found = automatic(Photo(pixel_source(pixels, "display"))).settings
    assert found.exposure_ev >= 0
    assert found.highlights == 0
    assert (found.temperature, found.tint) == (0, 0)


@pytest.mark.parametrize("part", AUTO_PARTS)
def test_each_part_sets_its_own_settings_only(hills, part):
    settings = automatic(hills(0.15, cast=(0.75, 1.0, 1.2)), part).settings
    colour = bool(settings.temperature or settings.tint)
    tone = [name for name in TONE if getattr(settings, name)]
    assert colour == (part in ("all", "white_balance"))
    assert bool(tone) == (part != "white_balance")
    if part == "exposure":
        assert set(tone) <= {"exposure_ev", "highlights", "shadows"}


def test_amount_is_a_share_of_the_settings(hills):
    dark = hills(0.15)
    whole, half = automatic(dark, "exposure").settings, automatic(dark, "exposure", 50.0).settings
    assert half.exposure_ev == pytest.approx(whole.exposure_ev / 2, abs=0.01)
    assert automatic(dark, "exposure", 0.0).settings.neutral


def misty(hills, veil):
    """The hills in haze: `veil` says how much of each row, from the top, is the air's own light."""
    photo = hills()
    pixels, air = photo.source.pixels, np.array([0.62, 0.66, 0.72], np.float32)
    share = np.linspace(*veil, len(pixels), dtype=np.float32)[:, None, None]
    photo.source.pixels = pixels * (1 - share) + air * share
    return photo


def test_haze_over_what_is_far_is_taken_away_and_told(hills):
    found = automatic(misty(hills, (0.95, 0.2)), "tone")
    assert 5 <= found.settings.dehaze <= 30
    assert "Haze lies over what is far." in found.reason


def test_what_is_clear_or_grey_everywhere_is_no_haze(hills):
    for photo in (hills(), misty(hills, (0.5, 0.5)), misty(hills, (0.2, 0.95))):
        found = automatic(photo, "tone")
        assert found.settings.dehaze == 0
        assert "Haze" not in found.reason


def test_haze_is_no_matter_of_exposure(hills):
    assert automatic(misty(hills, (0.95, 0.2)), "exposure").settings.dehaze == 0


def half(photo):
    """A mask of the left half."""
    from stillbytes.engine.masks.refine import from_alpha

    alpha = np.zeros(photo.source.pixels.shape[:2], np.float32)
    alpha[:, : alpha.shape[1] // 2] = 1.0
    return from_alpha(alpha, photo)


def backlit(hills):
    """The hills, with their left half in the dark."""
    photo = hills()
    pixels = photo.source.pixels.copy()
    pixels[:, : pixels.shape[1] // 2] *= 0.12
    photo.source.pixels = pixels
    return photo


def test_a_dark_part_is_brightened_by_its_own_figures(hills):
    photo = backlit(hills)
    part, opposite = automatic(photo, "exposure", mask=half(photo)), automatic(hills(), "exposure", mask=half(hills()))
    assert 0.4 < part.settings.exposure_ev <= 1.2
    assert opposite.settings.exposure_ev == 0
    assert part.settings.exposure_ev > automatic(photo, "exposure").settings.exposure_ev


def test_a_part_keeps_its_white_balance(hills):
    photo = hills(cast=(0.75, 1.0, 1.2))
    assert automatic(photo, "all").settings.temperature != 0
    found = automatic(photo, "all", mask=half(photo)).settings
    assert (found.temperature, found.tint) == (0, 0)


def test_a_part_of_a_few_pixels_is_not_measured(hills):
    from stillbytes.engine.masks.refine import from_alpha

    photo = backlit(hills)
    alpha = np.zeros(photo.source.pixels.shape[:2], np.float32)
    alpha[60:64, 20:24] = 1.0
    found = automatic(photo, "all", mask=from_alpha(alpha, photo))
    assert found.settings.neutral
    assert found.reason == "It is too small to be measured."


def test_settings_made_by_hand_are_not_undone(hills):
    from stillbytes.engine.develop.settings import DevelopSettings

    photo = hills()
    darkened = photo.with_edit(Adjust(DevelopSettings(exposure_ev=-2.0)))
    assert automatic(darkened) == automatic(photo)


def test_it_says_what_was_measured(hills):
    reason = automatic(hills(0.15, cast=(0.8, 1.0, 1.15))).reason
    assert "cool" in reason
    assert "Mean lightness" in reason

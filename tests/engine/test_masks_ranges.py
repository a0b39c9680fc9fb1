import numpy as np
import pytest
from stillbytes.engine.masks.ranges import hue_mask, lightness_mask


def test_lightness_selects_from_black_to_white_by_what_the_eye_sees():
    grey = np.repeat(np.linspace(0, 1, 11, dtype=np.float32)[None, :, None], 3, axis=2)
    value = lightness_mask(grey, 0.4, 0.7, 0.05)[0]
    lightness = 116 * np.cbrt(((grey[0, :, 0] + 0.055) / 1.055) ** 2.4) - 16  # CIE L* of sRGB above its linear toe
    inside = (lightness > 41) & (lightness < 69)
    np.testing.assert_allclose(value[inside], 1, atol=1e-4)
    np.testing.assert_allclose(value[(lightness < 34) | (lightness > 76)], 0, atol=1e-4)


def flat(color):
    return np.broadcast_to(np.float32(color), (9, 9, 3)).copy()


@pytest.mark.parametrize(
    ("color", "hue"), [((0.9, 0.1, 0.1), 0), ((0.1, 0.8, 0.1), 120), ((0.1, 0.1, 0.9), 240), ((0.9, 0.9, 0.1), 60)]
)
def test_a_hue_selects_its_own_colour_and_not_the_opposite(color, hue):
    assert hue_mask(flat(color), hue, 20).min() > 0.99
    assert hue_mask(flat(color), (hue + 180) % 360, 60).max() == 0


def test_red_is_near_to_both_ends_of_the_scale():
    assert hue_mask(flat((0.9, 0.1, 0.15)), 0, 20).min() > 0.9
    assert hue_mask(flat((0.9, 0.1, 0.15)), 360, 20).min() > 0.9


def test_a_hue_is_half_selected_at_its_width():
    assert hue_mask(flat((0.9, 0.1, 0.1)), 30, 30)[4, 4] == pytest.approx(0.5, abs=0.01)


def test_grey_has_no_hue():
    assert hue_mask(flat((0.5, 0.5, 0.5)), 0, 180).max() == 0
    assert hue_mask(flat((0.02, 0.0, 0.0)), 0, 180).max() == 0

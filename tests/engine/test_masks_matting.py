import numpy as np
import pytest
from stillbytes.engine.masks.evaluate import measure_matte
from stillbytes.engine.masks.matting import soften_edge


def disc(size, radius, softness):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.clip((radius - np.hypot(x, y)) / softness + 0.5, 0, 1).astype(np.float32)


def mixed(alpha, thing=(0.8, 0.2, 0.1), rest=(0.1, 0.3, 0.7)):
    """A picture of two colours, mixed as the matte says."""
    return (alpha[..., None] * np.float32(thing) + (1 - alpha[..., None]) * np.float32(rest)).astype(np.float32)


@pytest.mark.parametrize(("size", "softness"), [(64, 5), (300, 9)])
def test_a_matte_of_two_colours_is_found_from_a_hard_mask(size, softness):
    truth = disc(size, size * 0.3, softness)
    hard = (truth > 0.5).astype(np.float32)
    found = soften_edge(mixed(truth), hard, softness)
    assert np.abs(found - truth).mean() < 0.15 * np.abs(hard - truth).mean()


def test_an_outline_that_is_a_little_off_moves_to_the_colours_edge():
    truth, off = disc(128, 40, 1), disc(128, 36, 1)
    found = soften_edge(mixed(truth), off, 8)
    assert np.abs(found - truth).mean() < 0.25 * np.abs(off - truth).mean()


def test_pixels_outside_the_band_stay_as_they_are():
    rng = np.random.default_rng(0)
    alpha = disc(96, 30, 20)
    found = soften_edge(rng.random((96, 96, 3), np.float32), alpha, 5)
    distance = np.abs(np.hypot(*(np.mgrid[:96, :96] - 47.5)) - 30)
    np.testing.assert_array_equal(found[distance > 7], alpha[distance > 7])
    assert (found != alpha).any()


def test_values_stay_between_0_and_1_on_noise_and_on_one_colour():
    alpha = disc(64, 20, 1)
    for picture in (np.random.default_rng(1).random((64, 64, 3), np.float32), np.full((64, 64, 3), 0.4, np.float32)):
        found = soften_edge(picture, alpha, 6)
        assert np.isfinite(found).all()
        assert found.min() >= 0
        assert found.max() <= 1


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_mask_without_an_outline_comes_back(value):
    alpha = np.full((20, 30), value, np.float32)
    np.testing.assert_array_equal(soften_edge(np.zeros((20, 30, 3), np.float32), alpha, 4), alpha)


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (1, 40), (5, 3)])
def test_tiny_pictures_are_no_trouble(shape):
    alpha = np.zeros(shape, np.float32)
    alpha[0, 0] = 1
    found = soften_edge(np.random.default_rng(2).random((*shape, 3), np.float32), alpha, 3)
    assert found.shape == shape
    assert np.isfinite(found).all()


def test_a_band_that_no_pixel_lies_in_leaves_the_mask():
    alpha = disc(32, 9, 1)
    assert np.array_equal(soften_edge(mixed(alpha), alpha, 0.96), alpha)


def test_a_view_into_a_larger_picture_gives_the_same():
    truth = disc(80, 25, 4)
    wide = np.zeros((80, 160, 3), np.float32)
    wide[:, ::2] = mixed(truth)
    hard = (truth > 0.5).astype(np.float32)
    np.testing.assert_array_equal(soften_edge(wide[:, ::2], hard, 5), soften_edge(mixed(truth), hard, 5))


def test_sizes_that_differ_are_refused():
    with pytest.raises(ValueError, match="alpha is"):
        soften_edge(np.zeros((4, 5, 3), np.float32), np.zeros((4, 4), np.float32), 2)


def test_fur_is_matted_twice_as_well_as_by_its_hard_outline(shared_data):
    cv2 = pytest.importorskip("cv2")
    before, after = [], []
    for name in ("alphamatting_GT15", "alphamatting_GT18", "alphamatting_GT22"):
        folder = shared_data / "subject" / "matting"
        picture = cv2.imread(str(folder / f"{name}.png"))[..., ::-1].astype(np.float32) / 255
        truth = cv2.imread(str(folder / f"{name}_alpha.png"), 0).astype(np.float32) / 255
        coarse = cv2.resize((truth > 0.5).astype(np.float32), (256, 200), interpolation=cv2.INTER_AREA)
        hard = (cv2.resize(coarse, truth.shape[::-1]) > 0.5).astype(np.float32)
        before.append(measure_matte(hard, truth).error)
        after.append(measure_matte(soften_edge(picture, hard, 12), truth).error)
    assert np.mean(after) < 0.6 * np.mean(before)

import numpy as np
import pytest
from stillbytes.engine.masks.sky_light import Gradient, below_horizon, fit_gradient, reach_odds, weighted_median
from stillbytes.engine.masks.sky_scene import Scene


def polynomial(shape):
    """A smooth L*a*b* picture that a Gradient can follow exactly, and the picture as its sums of terms."""
    y, x = ((np.arange(n) + 0.5) / n * 2 - 1 for n in shape)
    x, y = np.meshgrid(x, y)
    light = 70 + 5 * x - 8 * y + 2 * x * x - 3 * x * y + y * y + 2 * y**3
    return np.stack([light, 1 + 0 * x, -20 + 6 * y], axis=-1).astype(np.float32)


def test_a_polynomial_sky_is_fitted_at_every_resolution():
    gradient = fit_gradient(polynomial((80, 120)), np.ones((80, 120)))
    assert gradient is not None
    for shape in [(80, 120), (33, 50), (161, 240)]:
        lab = polynomial(shape)
        assert np.abs(gradient.above(lab)).max() < 0.5
        assert gradient.odds(lab).min() > 0.95


def test_clouds_cost_less_than_what_is_as_much_darker():
    gradient = Gradient(np.zeros((7, 3)), np.ones(3))
    lab = np.zeros((1, 3, 3), np.float32)
    lab[0, :, 0] = (0, 3, -3)
    assert gradient.odds(lab)[0] == pytest.approx([1, 1 - 0.35 * 0.4 * 3, 1 - 0.35 * 3], abs=1e-5)
    assert gradient.above(lab)[0] == pytest.approx([0, 3, -3])


def test_the_upper_rows_of_a_sky_are_as_in_the_whole_frame():
    gradient, lab = fit_gradient(polynomial((80, 120)), np.ones((80, 120))), polynomial((33, 50))[::-1].copy()
    assert gradient is not None
    assert np.array_equal(gradient.odds(lab, 9), gradient.odds(lab)[:9])
    assert np.array_equal(gradient.above(lab, 9), gradient.above(lab)[:9])


def test_too_little_sky_has_no_gradient():
    assert fit_gradient(polynomial((80, 120)), np.zeros((80, 120))) is None


def test_the_weighted_median_and_quantile_are_those_of_repeated_values():
    values, weights = np.array([5.0, 1.0, 3.0]), np.array([1.0, 2.0, 7.0])
    assert weighted_median(values, weights) == 3
    assert weighted_median(values, weights, 0.1) == 1
    assert weighted_median(values, weights, 0.95) == 5
    assert weighted_median(np.array([]), np.array([])) == 0


def sea(slant=0.0):
    """A sky over a darker, livelier sea, and where the sea begins in every column."""
    rng = np.random.default_rng(4)
    y, horizon = np.mgrid[:120, :160][0], 70 + slant * (np.arange(160) - 80)
    water = y >= horizon
    picture = np.where(water[..., None], (0.3, 0.4, 0.5), (0.6, 0.7, 0.85)) + rng.normal(0, 0.004, (120, 160, 1))
    picture += np.where(water[..., None], rng.normal(0, 0.02, (120, 160, 1)), 0)
    return Scene.of(np.clip(picture, 0, 1).astype(np.float32)), water


@pytest.mark.parametrize("slant", [0.0, 0.02, -0.03])
def test_what_lies_below_a_horizon_is_found(slant):
    scene, water = sea(slant)
    below = below_horizon(scene, np.ones(scene.shape, bool))
    assert below is not None
    assert np.mean(below == water) > 0.97


def test_a_smooth_sky_has_no_horizon():
    y = np.linspace(0.4, 0.9, 120, dtype=np.float32)[:, None, None]
    scene = Scene.of(np.broadcast_to(y, (120, 160, 3)).copy())
    assert below_horizon(scene, np.ones(scene.shape, bool)) is None


def test_a_smooth_path_leads_on_and_a_sharp_step_ends_it():
    picture = np.full((60, 80, 3), 0.7, np.float32)
    picture[40:] = 0.2
    scene = Scene.of(picture)
    sky = np.zeros(scene.shape, bool)
    sky[:10] = True
    odds = reach_odds(scene, sky)
    assert odds[30].min() > 1.4
    assert odds[50].max() < -1.4

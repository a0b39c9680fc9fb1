import numpy as np
import pytest
from stillbytes.engine import guided
from stillbytes.engine.geometry import Box, Grid, Size


def test_box_mean_is_the_mean_of_the_window_cut_at_the_border():
    plane = np.arange(20, dtype=np.float32).reshape(4, 5)
    mean = guided.box_mean(plane, 1)
    assert mean[1, 2] == pytest.approx(plane[0:3, 1:4].mean())
    assert mean[0, 0] == pytest.approx(plane[0:2, 0:2].mean())


def test_a_target_that_is_a_line_over_the_guide_is_found_exactly():
    rng = np.random.default_rng(1)
    guide = rng.random((24, 32), np.float32)
    gain, offset = guided.coefficients(guide, 2 * guide - 0.5, 4, 1e-9)
    assert gain * guide + offset == pytest.approx(2 * guide - 0.5, abs=1e-4)


def test_a_strong_edge_survives_smoothing_and_small_noise_does_not():
    rng = np.random.default_rng(2)
    step = np.repeat([0.0, 4.0], 32)[None, :].repeat(48, axis=0).astype(np.float32)
    noisy = step + rng.normal(0, 0.05, step.shape).astype(np.float32)
    gain, offset = guided.smooth_coefficients(noisy, 6, 0.25)
    smooth = gain * noisy + offset
    assert np.abs(smooth - step)[:, 28:36].mean() < 0.4
    assert (smooth - step)[:, 4:20].std() < 0.02


def test_reading_small_planes_does_not_depend_on_the_box():
    rng = np.random.default_rng(3)
    planes = rng.random((2, 9, 13), np.float32)
    source, grid = Size(130, 90), Grid(0.0, 0.0, 1.0, 1.0)
    whole = guided.interpolate(planes, Box(0, 0, 130, 90), grid, source)
    part = guided.interpolate(planes, Box(37, 11, 91, 64), grid, source)
    assert np.array_equal(part, whole[:, 11:64, 37:91])


def test_small_planes_line_up_with_the_source():
    ramp = np.tile(np.arange(10, dtype=np.float32), (4, 1))[None]
    out = guided.interpolate(ramp, Box(0, 0, 100, 40), Grid(0.0, 0.0, 1.0, 1.0), Size(100, 40))
    assert out[0, 20, 45:55] == pytest.approx(np.linspace(4.05, 4.95, 10), abs=1e-5)

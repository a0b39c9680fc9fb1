import numpy as np
import pytest
from stillbytes.engine.masks import ops

RNG = np.random.default_rng(0)
A, B = RNG.random((24, 31), np.float32), RNG.random((24, 31), np.float32)


def square(size, low, high):
    mask = np.zeros((size, size), np.float32)
    mask[low:high, low:high] = 1
    return mask


def test_subtracting_is_intersecting_with_the_complement():
    assert np.array_equal(ops.combine(A, B, "subtract"), ops.combine(A, ops.invert(B), "intersect"))


def test_union_is_the_complement_of_the_intersection_of_complements():
    expected = ops.invert(ops.combine(ops.invert(A), ops.invert(B), "intersect"))
    assert np.allclose(ops.combine(A, B, "add"), expected, atol=1e-6)


def test_combining_a_mask_with_itself_changes_nothing():
    assert np.array_equal(ops.combine(A, A, "add"), A)
    assert np.array_equal(ops.combine(A, A, "intersect"), A)


def test_masks_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="masks of"):
        ops.combine(A, B[1:], "add")


def test_grow_moves_an_edge_by_whole_pixels_and_shrink_undoes_it():
    mask = square(32, 10, 20)
    grown = ops.grow(mask, 3)
    assert grown[15].tolist() == [0.0] * 7 + [1.0] * 16 + [0.0] * 9
    assert np.array_equal(ops.grow(grown, -3), mask)


def test_grow_by_half_a_pixel_is_between_none_and_one():
    mask = square(32, 10, 20)
    assert np.allclose(ops.grow(mask, 0.5), (mask + ops.grow(mask, 1)) / 2)


def test_feather_keeps_the_amount_and_the_bounds():
    soft = ops.feather(square(64, 20, 44), 6.0)
    assert soft.sum() == pytest.approx(24 * 24, rel=1e-3)
    assert soft.min() >= 0
    assert soft.max() <= 1
    assert np.array_equal(ops.feather(A, 0), A)


def test_specks_and_holes_below_the_size_go_and_the_rest_stays():
    mask = square(32, 8, 24)
    spotted = mask.copy()
    spotted[2, 2:4] = 1
    spotted[15, 15:17] = 0
    assert np.array_equal(ops.remove_specks(spotted, 3)[:8], np.zeros((8, 32), np.float32))
    assert np.array_equal(ops.fill_holes(ops.remove_specks(spotted, 3), 3), mask)
    assert np.array_equal(ops.remove_specks(spotted, 2), spotted)


def test_luminance_range_is_1_inside_and_0_beyond_its_softness():
    luma = np.array([[0.1, 0.3, 0.35, 0.4, 0.6, 0.65, 0.9]], np.float32)
    value = ops.luminance_range(luma, 0.4, 0.6, 0.1)
    assert np.allclose(value, [[0, 0, 0.5, 1, 1, 0.5, 0]], atol=1e-5)


def test_linear_gradient_falls_from_1_to_0_between_its_points():
    value = ops.linear_gradient((100, 4), (0.5, 0.2), (0.5, 0.8))
    assert np.all(value[:20] == 1)
    assert np.all(value[80:] == 0)
    assert value[50, 0] == pytest.approx(0.5, abs=0.02)
    assert np.all(np.diff(value[:, 0]) <= 0)
    with pytest.raises(ValueError, match="starts where it ends"):
        ops.linear_gradient((4, 4), (0.5, 0.5), (0.5, 0.5))


def test_radial_gradient_is_1_at_the_centre_and_0_outside_the_ellipse():
    value = ops.radial_gradient((101, 101), (0.5, 0.5), (0.4, 0.2), 0.5)
    assert value[50, 50] == 1
    assert np.all(value[:29] == 0)
    assert value[50, 88] > 0
    with pytest.raises(ValueError, match="above 0"):
        ops.radial_gradient((4, 4), (0.5, 0.5), (0.0, 0.2), 0.5)


def test_a_resized_mask_keeps_its_mean_and_its_bounds():
    for shape in ((12, 10), (24, 60), (50, 31), (5, 90), (24, 31)):
        value = ops.resized(A, shape)
        assert value.shape == shape
        assert value.min() >= 0
        assert value.max() <= 1
        assert value.mean() == pytest.approx(A.mean(), abs=0.02)
    assert np.array_equal(ops.resized(A, A.shape), A)

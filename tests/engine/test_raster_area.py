"""Area averages: registration, independence of the box, agreement with a direct computation."""

from __future__ import annotations

import numpy as np
import pytest
from stillbytes.engine.geometry import Box, Grid, Size
from stillbytes.engine.raster.area import area_average, spans


def _picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(7).random((height, width, 3), np.float32)


def _direct(pixels: np.ndarray, grid: Grid, box: Box) -> np.ndarray:
    """The same means by brute force: the source repeated 60 times finer."""
    fine = 60
    columns = np.repeat(pixels.astype(np.float64), fine, 1)
    both = np.repeat(columns, fine, 0)

    def edges(start: float, step: float, index: int) -> slice:
        return slice(round((start + index * step) * fine), round((start + (index + 1) * step) * fine))

    return np.array(
        [
            [
                both[edges(grid.top, grid.step_y, y), edges(grid.left, grid.step_x, x)].mean((0, 1))
                for x in range(box.left, box.right)
            ]
            for y in range(box.top, box.bottom)
        ]
    )


@pytest.mark.parametrize("grid", [Grid(0.0, 0.0, 2.0, 3.0), Grid(0.5, 1.25, 1.5, 2.4), Grid(2.0, 0.0, 1.2, 1.2)])
def test_a_pixel_is_the_mean_over_its_own_rectangle(grid: Grid) -> None:
    pixels, box = _picture(16, 18), Box(0, 0, 5, 4)
    np.testing.assert_allclose(area_average(pixels, grid, box), _direct(pixels, grid, box), rtol=2e-6)


def test_the_native_grid_gives_the_pixels_themselves() -> None:
    pixels = _picture(9, 7)
    assert np.array_equal(area_average(pixels, Grid(0.0, 0.0, 1.0, 1.0), Box(0, 0, 7, 9)), pixels)


def test_a_pixel_does_not_depend_on_the_box_it_was_asked_for_in() -> None:
    pixels, grid = _picture(67, 83), Grid.whole(Size(83, 67), Size(19, 15))
    whole = area_average(pixels, grid, Box(0, 0, 19, 15))
    for box in (Box(0, 0, 1, 1), Box(3, 2, 19, 11), Box(18, 14, 19, 15)):
        assert np.array_equal(area_average(pixels, grid, box), whole[box.slices(Box(0, 0, 19, 15))])


def test_a_flat_source_stays_flat_up_to_its_border() -> None:
    pixels = np.full((50, 33, 3), 0.25, np.float32)
    out = area_average(pixels, Grid.whole(Size(33, 50), Size(7, 11)), Box(0, 0, 7, 11))
    np.testing.assert_allclose(out, 0.25, rtol=1e-6)


def test_a_whole_frame_keeps_its_mean() -> None:
    pixels = _picture(60, 90)
    out = area_average(pixels, Grid.whole(Size(90, 60), Size(7, 5)), Box(0, 0, 7, 5))
    np.testing.assert_allclose(out.mean((0, 1)), pixels.mean((0, 1)), rtol=1e-5)


def test_spans_at_the_border_count_what_lies_inside() -> None:
    found = spans(0.0, 2.0, 0, 3, limit=5)
    assert found.first.tolist() == [0, 2, 4]
    np.testing.assert_allclose(found.weights[:, :2], [[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]])


def test_a_position_outside_takes_the_nearest_sample() -> None:
    found = spans(0.0, 2.0, -2, 5, limit=4)
    assert (found.first[0], found.weights[0, 0]) == (0, 1.0)
    assert (found.first[-1], found.weights[-1, 0]) == (3, 1.0)

"""A patched source is the photo as if it had been taken that way, at every scale, and untouched elsewhere."""

import numpy as np
import pytest
from stillbytes.engine.develop.display import OutputSpec, render_display
from stillbytes.engine.fill.patched import PatchedSource, painted
from stillbytes.engine.geometry import Box, Grid, Size
from stillbytes.engine.open import open_photo
from stillbytes.engine.photo import Photo
from stillbytes.engine.raster.source import ArraySource

SIZE = Size(120, 90)
PLACE = Box(30, 20, 71, 55)


@pytest.fixture
def noise():
    return np.random.default_rng(11).random((SIZE.height, SIZE.width, 3), np.float32)


def soft_disc(box):
    y, x = np.mgrid[: box.height, : box.width]
    r = np.hypot((x + 0.5) / box.width - 0.5, (y + 0.5) / box.height - 0.5)
    return np.clip((0.45 - r) / 0.12, 0, 1).astype(np.float32)


def lay(source, box, value, alpha=None):
    base = source.read(box, Grid(0.0, 0.0, 1.0, 1.0))
    light = np.broadcast_to(np.float32(value), base.shape)
    patch = painted(box, light, base, soft_disc(box) if alpha is None else alpha)
    return PatchedSource(source, [patch])


def composite(pixels, box, value, alpha):
    out = pixels.astype(np.float64)
    out[box.slices(Box.of(SIZE))] += (value - out[box.slices(Box.of(SIZE))]) * alpha[..., None]
    return out


def test_the_native_reading_is_the_composite(noise):
    source = lay(ArraySource(noise, "linear-rec2020"), PLACE, 3.0)
    got = source.read(Box.of(SIZE), Grid(0.0, 0.0, 1.0, 1.0))
    np.testing.assert_allclose(got, composite(noise, PLACE, 3.0, soft_disc(PLACE)), rtol=1e-6)


@pytest.mark.parametrize("frame", [Size(60, 45), Size(37, 29), Size(7, 5), Size(1, 1), Size(119, 89)])
def test_a_reduced_reading_is_the_area_mean_of_the_composite(noise, frame):
    source = lay(ArraySource(noise, "linear-rec2020"), PLACE, 3.0)
    grid = Grid.whole(SIZE, frame)
    got = source.read(Box.of(frame), grid)
    flat = composite(noise, PLACE, 3.0, soft_disc(PLACE)).astype(np.float32)
    expected = ArraySource(flat, "linear-rec2020").read(Box.of(frame), grid)
    np.testing.assert_allclose(got, expected, rtol=2e-5)


@pytest.mark.parametrize("grid", [Grid(0.0, 0.0, 1.0, 1.0), Grid(3.4, 2.2, 1.7, 2.3), Grid(0.0, 0.0, 8.0, 9.0)])
def test_tiles_join_to_the_whole(noise, grid):
    source = lay(ArraySource(noise, "linear-rec2020"), PLACE, 0.2)
    whole = grid.domain(SIZE)
    middle_x, middle_y = (whole.left + whole.right) // 2, (whole.top + whole.bottom) // 2
    expected = source.read(whole, grid)
    for left, right in ((whole.left, middle_x), (middle_x, whole.right)):
        for top, bottom in ((whole.top, middle_y), (middle_y, whole.bottom)):
            tile = Box(left, top, right, bottom)
            np.testing.assert_array_equal(source.read(tile, grid), expected[tile.slices(whole)])


def test_what_is_fully_covered_shows_nothing_of_the_source_however_it_was_read(pixel_source):
    rng = np.random.default_rng(2)
    source = pixel_source(rng.random((90, 120, 3), np.float32))  # reads the nearest px instead of the mean
    covered = lay(source, PLACE, 0.5, np.ones((PLACE.height, PLACE.width), np.float32))
    got = covered.read(Box(9, 7, 16, 12), Grid(0.0, 0.0, 4.0, 4.0))
    np.testing.assert_allclose(got, 0.5, atol=2e-6)


def test_a_second_patch_lies_on_the_first(noise):
    first = lay(ArraySource(noise, "linear-rec2020"), PLACE, 3.0)
    second = lay(first, PLACE.shift(10, 10), 1.0)
    assert second.source is first.source
    assert len(second.patches) == 2
    flat = composite(composite(noise, PLACE, 3.0, soft_disc(PLACE)), PLACE.shift(10, 10), 1.0, soft_disc(PLACE)).astype(
        np.float32
    )
    for frame in (SIZE, Size(31, 23)):
        got = second.read(Box.of(frame), Grid.whole(SIZE, frame))
        expected = ArraySource(flat, "linear-rec2020").read(Box.of(frame), Grid.whole(SIZE, frame))
        np.testing.assert_allclose(got, expected, rtol=3e-5)


def test_reading_into_a_view_fills_it(noise):
    source = lay(ArraySource(noise, "linear-rec2020"), PLACE, 3.0)
    large = np.zeros((SIZE.height + 2, SIZE.width + 2, 3), np.float32)
    source.read(Box.of(SIZE), Grid(0.0, 0.0, 1.0, 1.0), large[1:-1, 1:-1])
    np.testing.assert_array_equal(large[1:-1, 1:-1], source.read(Box.of(SIZE), Grid(0.0, 0.0, 1.0, 1.0)))


def test_a_patch_is_cut_to_where_it_shows(noise):
    alpha = np.zeros((PLACE.height, PLACE.width), np.float32)
    assert (
        painted(PLACE, np.zeros((*alpha.shape, 3), np.float32), np.zeros((*alpha.shape, 3), np.float32), alpha) is None
    )
    alpha[3:5, 7:10] = 0.5
    patch = painted(PLACE, np.ones((*alpha.shape, 3), np.float32), np.zeros((*alpha.shape, 3), np.float32), alpha)
    assert patch.box == Box(37, 23, 40, 25)
    np.testing.assert_array_equal(patch.pixels, 0.5)


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.21])
def test_16_bit_output_is_the_same_bits_outside_the_patch_of_a_raw_photo(repo_root, scale):
    photo = open_photo(repo_root / "samples" / "balloon.dng")
    width, height = photo.source.size
    place = Box(width // 2, height // 2, width // 2 + 200, height // 2 + 150)
    patched = Photo(lay(photo.source, place, 0.4))
    spec = OutputSpec("srgb", "standard", "uint16")
    frame = photo.size_at(scale)
    near = Box(*(round(v * scale) for v in place)).grow(60).intersect(Box.of(frame))
    before, after = (render_display(p, spec, near, scale) for p in (photo, patched))
    x = (np.arange(near.left, near.right) + 0.5) * width / frame.width
    y = (np.arange(near.top, near.bottom) + 0.5) * height / frame.height
    reach_x, reach_y = width / frame.width / 2, height / frame.height / 2
    outside_x = (x < place.left - reach_x) | (x > place.right + reach_x)
    outside_y = (y < place.top - reach_y) | (y > place.bottom + reach_y)
    outside = outside_x[None] | outside_y[:, None]
    assert (before != after).any(axis=2)[~outside].mean() > 0.5
    np.testing.assert_array_equal(after[outside], before[outside])

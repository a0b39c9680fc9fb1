import numpy as np
import pytest
from stillbytes.engine.framing import Framing
from stillbytes.engine.geometry import Box, Grid, Size
from stillbytes.engine.masks import refine
from stillbytes.engine.masks.mask import Mask
from stillbytes.engine.masks.refine import RADIUS_PX, constant, evaluate, from_alpha, invert, plain, render_alpha, snap
from stillbytes.engine.metadata import Metadata
from stillbytes.engine.photo import Photo, luminance


class Flat:
    """A source of one grey with a brighter left half."""

    kind = "display"
    metadata = Metadata()
    name = "flat"

    def __init__(self, width, height):
        self.size = Size(width, height)

    def read(self, box, grid, out=None):
        x = grid.left + (np.arange(box.left, box.right) + 0.5) * grid.step_x
        row = np.where(x < self.size.width / 2, 0.6, 0.1).astype(np.float32)
        out = np.empty((box.height, box.width, 3), np.float32) if out is None else out
        out[...] = row[None, :, None]
        return out


def disc(size, radius):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return (np.hypot(x, y) < radius).astype(np.float32)


def area_half(values):
    return values.reshape(values.shape[0] // 2, 2, values.shape[1] // 2, 2).mean(axis=(1, 3)).astype(np.float32)


def test_a_mask_is_exactly_0_and_1_away_from_its_edges():
    rng = np.random.default_rng(1)
    alpha = disc(64, 20)
    value = render_alpha(snap(alpha, rng.random((64, 64), np.float32)), rng.random((64, 64), np.float32))
    far_out, far_in = disc(64, 20 + 2 * RADIUS_PX + 4) == 0, disc(64, 20 - 2 * RADIUS_PX - 4) == 1
    assert np.all(value[far_out] == 0)
    assert np.all(value[far_in] == 1)
    assert np.all((value >= 0) & (value <= 1))


def test_a_flat_photo_gives_the_mask_back():
    alpha = disc(48, 15)
    value = render_alpha(
        snap(alpha, np.full((48, 48), 0.5, np.float32), faithful=1.0), np.full((48, 48), 0.5, np.float32)
    )
    assert np.allclose(value, alpha, atol=1e-5)


def test_a_snapped_mask_is_nearer_to_the_full_resolution_edge_than_an_enlarged_one():
    truth = disc(128, 41.3)
    luma = (0.3 + 0.5 * truth + np.random.default_rng(2).normal(0, 0.01, truth.shape)).astype(np.float32)
    small, small_luma = area_half(area_half(truth)), area_half(area_half(luma))
    snapped = render_alpha(snap(small, small_luma), luma)
    enlarged = render_alpha(plain(small), luma)
    assert np.abs(snapped - truth).mean() < 0.4 * np.abs(enlarged - truth).mean()


def test_a_pixel_does_not_depend_on_the_tile_it_is_computed_in():
    rng = np.random.default_rng(3)
    size = Size(211, 157)
    mask = snap(disc(40, 12), rng.random((40, 40), np.float32))
    luma = rng.random((157, 211), np.float32)
    grid = Grid(0.0, 0.0, 1.0, 1.0)
    whole = evaluate(mask, luma, Box.of(size), grid, size)
    for tile in (Box(0, 0, 1, 1), Box(13, 7, 98, 60), Box(50, 100, 211, 157), Box(210, 0, 211, 157)):
        part = evaluate(mask, luma[tile.slices(Box.of(size))], tile, grid, size)
        assert np.array_equal(part, whole[tile.slices(Box.of(size))])


def test_pixels_beyond_the_source_repeat_its_border():
    mask = plain(np.array([[0.0, 1.0]], np.float32))
    size = Size(8, 4)
    value = evaluate(mask, np.zeros((1, 12), np.float32), Box(-2, 0, 10, 1), Grid(0.0, 0.0, 1.0, 1.0), size)
    assert value[0, :4].tolist() == [0.0] * 4
    assert value[0, -4:].tolist() == [1.0] * 4


def test_invert_is_the_complement_everywhere():
    rng = np.random.default_rng(4)
    luma = rng.random((32, 32), np.float32)
    mask = snap(disc(32, 9), luma)
    assert np.allclose(render_alpha(mask, luma) + render_alpha(invert(mask), luma), 1, atol=1 / 128)


def test_sizes_that_differ_are_refused():
    with pytest.raises(ValueError, match="alpha is"):
        snap(np.zeros((4, 4), np.float32), np.zeros((4, 5), np.float32))
    with pytest.raises(ValueError, match="luma is"):
        evaluate(
            plain(np.zeros((4, 4), np.float32)),
            np.zeros((2, 2), np.float32),
            Box(0, 0, 3, 2),
            Grid(0, 0, 1, 1),
            Size(4, 4),
        )


def test_a_mask_of_the_whole_frame_comes_back_unchanged():
    photo = Photo(Flat(96, 64))
    alpha = np.zeros((64, 96), np.float32)
    alpha[:, :48] = 1
    value = render_alpha(from_alpha(alpha, photo), luminance(photo.source.read(Box(0, 0, 96, 64), Grid(0, 0, 1, 1))))
    assert np.allclose(value, alpha, atol=1e-3)


def test_a_mask_of_a_cropped_and_turned_frame_lands_where_it_was_drawn():
    source = Flat(96, 64)
    framing = Framing().turned(1).cropped(0.25, 0.0, 1.0, 0.5)
    photo = Photo(source, framing=framing)
    alpha = np.zeros((photo.size.height, photo.size.width), np.float32)
    alpha[: photo.size.height // 2] = 1
    mask = from_alpha(alpha, photo)
    value = render_alpha(mask, luminance(source.read(Box(0, 0, 96, 64), Grid(0, 0, 1, 1))))
    shown = np.rot90(value, -1)[: photo.size.height, 64 - photo.size.width :]
    assert np.mean(np.abs(shown - alpha)) < 0.03


def test_a_large_mask_is_averaged_down_to_the_proxy():
    photo = Photo(Flat(64, 64))
    fine = np.tile(np.array([0.0, 1.0], np.float32), (128, 64))
    mask = from_alpha(fine, photo)
    assert np.allclose(mask.offset + mask.gain * 0.6 ** (1 / 3), 0.5, atol=0.2)


def test_a_constant_part_of_a_mask_is_known_without_looking_at_the_photo():
    offset = np.zeros((40, 60), np.float32)
    offset[:, 30:] = 1.0
    mask = Mask(np.zeros_like(offset), offset)
    grid, source = Grid(0.0, 0.0, 1.0, 1.0), Size(600, 400)
    assert constant(mask, Box(0, 0, 200, 400), grid, source) == 0.0
    assert constant(mask, Box(320, 0, 600, 400), grid, source) == 1.0
    assert constant(mask, Box(280, 0, 320, 10), grid, source) is None
    mask.gain[3, 3] = 0.1
    assert constant(mask, Box(0, 0, 200, 400), grid, source) is None


def test_the_strips_that_a_mask_is_snapped_in_do_not_show(monkeypatch):
    rng = np.random.default_rng(8)
    luma, alpha = rng.random((150, 40), np.float32), (rng.random((150, 40)) > 0.5).astype(np.float32)
    alpha[60:90] = 0
    whole = snap(alpha, luma)
    monkeypatch.setattr(refine, "_STRIP_PX", 16)
    strips = snap(alpha, luma)
    assert np.allclose(strips.gain, whole.gain, atol=1e-5)
    assert np.allclose(strips.offset, whole.offset, atol=1e-5)

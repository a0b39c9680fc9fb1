import tracemalloc

import numpy as np
import pytest
from stillbytes.engine.geometry import Box, Grid, Size
from stillbytes.engine.masks.frame import render_mask
from stillbytes.engine.masks.polish import Polish, polish
from stillbytes.engine.masks.refine import evaluate
from stillbytes.engine.metadata import Metadata
from stillbytes.engine.photo import Photo, luminance


def disc(height, width, radius):
    y, x = np.mgrid[:height, :width]
    return (np.hypot(x - width / 2, y - height / 2) < radius).astype(np.float32)


@pytest.fixture
def flat(pixel_source):
    return Photo(pixel_source(np.full((200, 300, 3), 0.3, np.float32), "display"))


def test_a_mask_that_is_not_polished_comes_back(flat):
    alpha = disc(200, 300, 60)
    np.testing.assert_allclose(render_mask(flat, polish(flat, alpha, Polish())), alpha, atol=1e-4)


@pytest.mark.parametrize("pixels", [-12, 7.5, 20])
def test_growing_moves_the_edge_by_px_of_the_photo(flat, pixels):
    alpha = render_mask(flat, polish(flat, disc(200, 300, 60), Polish(grow_px=pixels)))
    assert np.sqrt(alpha.sum() / np.pi) == pytest.approx(60 + pixels, abs=0.7)


def test_feathering_keeps_the_amount_and_softens_the_edge(flat):
    hard = disc(200, 300, 60)
    soft = render_mask(flat, polish(flat, hard, Polish(feather_px=20)))
    assert soft.sum() == pytest.approx(hard.sum(), rel=0.02)
    assert ((soft > 0.1) & (soft < 0.9)).sum() > 2 * np.pi * 60 * 8


def test_specks_and_holes_up_to_the_size_go(flat):
    alpha = disc(200, 300, 60)
    alpha[10:14, 10:14] = 1
    alpha[98:102, 148:152] = 0
    cleaned = render_mask(flat, polish(flat, alpha, Polish(specks_px=8, holes_px=8)))
    np.testing.assert_allclose(cleaned, disc(200, 300, 60), atol=1e-3)


def test_the_edge_follows_the_colours_of_the_photo(pixel_source):
    truth = disc(200, 300, 60)
    pixels = np.where(truth[..., None] > 0, np.float32((0.5, 0.1, 0.05)), np.float32((0.05, 0.15, 0.5)))
    photo = Photo(pixel_source(pixels, "display"))
    found = render_mask(photo, polish(photo, disc(200, 300, 56), Polish(edge_px=10)))
    assert np.abs(found - truth).mean() < 0.3 * np.abs(disc(200, 300, 56) - truth).mean()


class Large:
    """A source of 45 MP whose pixels are made as they are read."""

    kind = "display"
    metadata = Metadata()
    name = "large"
    size = Size(8192, 5464)

    def read(self, box, grid, out=None):
        x = grid.left + (np.arange(box.left, box.right) + 0.5) * grid.step_x
        y = grid.top + (np.arange(box.top, box.bottom) + 0.5) * grid.step_y
        inside = np.hypot(x[None] - 4096, y[:, None] - 2732) < 1500
        out = np.empty((box.height, box.width, 3), np.float32) if out is None else out
        out[...] = np.where(inside, np.float32(0.6), np.float32(0.1))[..., None]
        return out


def test_refining_a_mask_of_45_mp_needs_memory_for_the_proxy_and_the_tile_only():
    photo = Photo(Large())
    alpha = disc(683, 1024, 1500 / 8)
    how = Polish(specks_px=40, holes_px=40, edge_px=120, grow_px=4, feather_px=10)
    polish(photo, alpha, how)  # compiles, and fills the cache of proxies
    tracemalloc.start()
    mask = polish(photo, alpha, how)
    after = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    tile, grid = Box(2500, 2600, 3236, 2728), Grid(0.0, 0.0, 1.0, 1.0)
    value = evaluate(mask, luminance(photo.source.read(tile, grid)), tile, grid, photo.source.size)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after < 120e6  # one plane of the full frame alone is 179 MB
    assert peak - held < 10e6
    assert value[:, 0].max() < 0.1
    assert value[:, -1].min() > 0.9

import numpy as np
import pytest
from stillbytes.engine.framing import Framing
from stillbytes.engine.masks.ports import Area
from stillbytes.engine.masks.view import PhotoView, viewable
from stillbytes.engine.photo import Photo


@pytest.fixture
def photo(pixel_source, scene):
    return Photo(pixel_source(scene, "display"))


def test_a_viewable_proxy_is_display_encoded(scene):
    shown = viewable(scene * np.float32(0.1), "scene")
    assert shown.dtype == np.float32
    assert shown.min() >= 0
    assert 0.6 < shown.max() <= 1


def test_a_small_photo_is_seen_whole_and_turned_as_it_is_framed(photo):
    upright = PhotoView.of(photo).pixels
    turned = PhotoView.of(photo.with_framing(Framing().turned(1))).pixels
    assert upright.shape == (150, 220, 3)
    np.testing.assert_array_equal(turned, np.rot90(upright, -1))


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_crop_shows_what_the_view_shows_there(photo, quarters):
    view = PhotoView.of(photo.with_framing(Framing().turned(quarters)))
    height, width = view.shape
    part = view.crop(Area(0.2, 0.4, 0.5, 0.9))
    rows = slice(int(0.4 * height), round(0.9 * height))
    columns = slice(int(0.2 * width), round(0.5 * width))
    np.testing.assert_allclose(part, view.pixels[rows, columns], atol=1e-6)


def test_a_crop_of_a_scene_keeps_the_tones_of_the_whole_view(pixel_source, scene):
    view = PhotoView.of(Photo(pixel_source(scene * np.float32(0.05))))
    np.testing.assert_allclose(view.crop(Area(0, 0.5, 1, 1)), view.pixels[75:], atol=1e-6)


def test_masks_go_to_the_source_and_back(photo):
    alpha = np.random.default_rng(0).random((220, 150), np.float32)
    view = PhotoView.of(photo.with_framing(Framing().turned(3)))
    assert view.to_source(alpha).shape == (150, 220)
    np.testing.assert_array_equal(view.from_source(view.to_source(alpha)), alpha)

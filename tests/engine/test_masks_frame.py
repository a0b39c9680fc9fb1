import numpy as np
import pytest
from stillbytes.engine.framing import Framing
from stillbytes.engine.masks.frame import render_mask
from stillbytes.engine.masks.refine import from_alpha, plain
from stillbytes.engine.photo import Photo


def test_a_mask_is_shown_on_the_frame_as_it_is_turned_and_cropped(scene, pixel_source):
    alpha = np.zeros((150, 220), np.float32)
    alpha[:, 110:] = 1.0
    photo = Photo(pixel_source(scene), framing=Framing().turned(1).cropped(0.0, 0.25, 1.0, 1.0))
    shown = render_mask(photo, plain(alpha))
    assert shown.shape == (165, 150)
    assert (shown[:50] == 0).all()
    assert (shown[60:] == 1).all()


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_mask_drawn_on_the_frame_is_shown_as_it_was_drawn(scene, pixel_source, scale):
    photo = Photo(pixel_source(scene), framing=Framing().flipped("horizontal"))
    drawn = np.zeros((150, 220), np.float32)
    drawn[40:100, 30:120] = 1.0
    shown = render_mask(photo, from_alpha(drawn, photo), scale)
    step = round(1 / scale)
    assert np.abs(shown - drawn[::step, ::step]).mean() < 0.02

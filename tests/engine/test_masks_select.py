import gc

import numpy as np
import pytest
from stillbytes.engine.framing import Framing
from stillbytes.engine.geometry import Size
from stillbytes.engine.masks import select as module
from stillbytes.engine.masks.refine import render_alpha
from stillbytes.engine.masks.select import select
from stillbytes.engine.metadata import Metadata
from stillbytes.engine.photo import Photo, luminance


class Landscape:
    """A blue sky over dark busy ground, linear Rec.2020, 200 x 150 px."""

    kind = "display"
    metadata = Metadata()
    name = "landscape"
    size = Size(200, 150)

    def __init__(self, exposure=1.0):
        rng = np.random.default_rng(0)
        self.pixels = np.empty((150, 200, 3), np.float32)
        self.pixels[:80] = [0.2, 0.35, 0.75]
        self.pixels[80:] = [0.06, 0.07, 0.02] * rng.uniform(0.3, 2.5, (70, 200, 1))
        self.pixels *= np.float32(exposure)

    def read(self, box, grid, out=None):
        out = np.empty((box.height, box.width, 3), np.float32) if out is None else out
        out[...] = self.pixels[box.top : box.bottom, box.left : box.right]
        return out


def test_whole_is_1_everywhere():
    selection, mask = select(Photo(Landscape()), "whole")
    assert selection.coverage == 1
    assert np.all(render_alpha(mask, np.zeros((10, 14), np.float32)) == 1)


def test_sky_is_found_and_its_mask_has_the_edge():
    source = Landscape()
    selection, mask = select(Photo(source), "sky")
    value = render_alpha(mask, luminance(source.pixels))
    assert selection.found
    assert np.all(value[:74] == 1)
    assert np.all(value[86:] == 0)


def test_a_photo_is_looked_at_once(monkeypatch):
    looks = []
    find = module.find_sky

    def counted(proxy):
        looks.append(proxy.shape)
        return find(proxy)

    monkeypatch.setattr(module, "find_sky", counted)
    photo = Photo(Landscape())
    first = select(photo, "sky")
    assert select(photo.with_framing(Framing().cropped(0, 0, 0.5, 0.5)), "sky")[0] is first[0]
    assert looks == [(150, 200, 3)]


def test_what_was_found_is_forgotten_with_the_photo():
    source = Landscape()
    select(Photo(source), "sky")
    known = len(module._found)
    del source
    gc.collect()
    assert len(module._found) == known - 1


def test_background_is_the_complement_of_the_subject():
    photo = Photo(Landscape())
    photo.source.pixels[50:110, 80:120] = [0.7, 0.1, 0.05]
    subject, background = select(photo, "subject")[0], select(photo, "background")[0]
    assert subject.found
    assert np.array_equal(background.alpha, 1 - subject.alpha)


def test_a_photo_turned_by_its_framing_is_looked_at_upright():
    source = Landscape()
    source.pixels = np.ascontiguousarray(np.rot90(source.pixels))
    source.size = Size(150, 200)
    selection, _ = select(Photo(source, framing=Framing().turned(1)), "sky")
    assert selection.alpha.shape == (200, 150)
    assert selection.alpha[:, :70].mean() > 0.95
    assert selection.alpha[:, 90:].mean() < 0.05


@pytest.mark.parametrize("exposure", [0.02, 0.3, 4.0])
def test_exposure_does_not_hide_the_sky_of_a_raw(exposure):
    source = Landscape(exposure)
    source.kind = "scene"
    assert select(Photo(source), "sky")[0].coverage == pytest.approx(80 / 150, abs=0.03)

import numpy as np
import pytest
from stillbytes.engine.masks.lab import to_lab
from stillbytes.engine.masks.salience import barriers, centred, salience, unlike_sides


def scene(left=60, noise=0.02):
    """A sharp red disc before a bluish wall; and where it is."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:96, :128]
    inside = np.hypot(x - left, y - 50) < 18
    picture = np.full((96, 128, 3), (0.4, 0.45, 0.6), np.float32)
    picture[inside] = (0.8, 0.25, 0.2)
    return np.clip(picture + rng.normal(0, noise, picture.shape), 0, 1).astype(np.float32), inside


@pytest.mark.parametrize("cue", [lambda lab: barriers(lab, 1.0), unlike_sides])
def test_what_no_path_of_even_colour_joins_to_the_border_stands_out(cue):
    picture, inside = scene()
    found = cue(to_lab(picture))
    assert found.shape == inside.shape
    assert found.dtype == np.float32
    assert 0 <= found.min() <= found.max() <= 1
    assert found[inside].mean() > found[~inside].mean() + 0.5


def test_what_the_border_cuts_still_stands_out_if_its_colour_is_rare_there():
    picture, inside = scene(left=4)
    assert barriers(to_lab(picture), 1.0)[inside].mean() > 0.5


def test_a_flat_tone_has_no_barriers():
    assert barriers(to_lab(np.full((40, 50, 3), 0.5, np.float32)), 1.0).max() < 0.01


def test_all_cues_prefer_the_middle_of_the_frame():
    picture = np.concatenate([scene()[0][:, 30:], scene(left=110)[0][:, 30:]], axis=1)
    cues, parted = salience(picture, to_lab(picture))
    assert cues.shape == parted.shape == picture.shape[:2]
    off_middle, at_the_edge = np.hypot(*np.ogrid[-50:46, -30:166]) < 15, np.hypot(*np.ogrid[-50:46, -178:18]) < 15
    assert cues[off_middle].mean() > cues[at_the_edge].mean()
    assert parted[off_middle].mean() > parted[at_the_edge].mean()


@pytest.mark.parametrize("shape", [(8, 8, 3), (8, 40, 3)])
def test_small_pictures_have_cues_too(shape):
    picture = np.random.default_rng(1).random(shape, np.float32)
    assert all(np.isfinite(values).all() for values in salience(picture, to_lab(picture)))


def test_places_run_from_minus_a_half_to_a_half():
    x, y = centred((2, 4))
    assert x.tolist() == [[-0.375, -0.125, 0.125, 0.375]]
    assert y.tolist() == [[-0.25], [0.25]]

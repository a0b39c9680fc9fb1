import numpy as np
import pytest
from stillbytes.engine.masks.network import read_arrays
from stillbytes.engine.masks.sky_net import Recognised, recognise_sky


def scene(seed=0):
    """Blue above, busy dark green below, from two fifths of the height."""
    rng = np.random.default_rng(seed)
    y = np.linspace(0, 1, 200, dtype=np.float32)[:, None, None]
    sky = np.array([0.35, 0.55, 0.9]) * (1 - y) + 0.9 * y
    ground = np.array([0.2, 0.28, 0.1]) * rng.uniform(0.3, 1.6, (50, 75, 1)).repeat(4, 0).repeat(4, 1)
    return np.where(y < 0.4, sky, ground).astype(np.float32)


def test_the_shipped_weights_are_small_and_finite(repo_root):
    path = repo_root / "engine" / "masks" / "sky_net.safetensors"
    assert path.stat().st_size < 1_000_000
    assert all(np.isfinite(values).all() for values in read_arrays(path).values())


def test_a_sky_over_ground_is_recognised_and_ground_alone_is_not():
    picture = scene()
    assert recognise_sky(picture).anywhere > 0.5
    assert recognise_sky(np.ascontiguousarray(picture[90:])).anywhere < -0.5


def test_the_cells_of_the_sky_say_sky_and_those_of_the_ground_do_not():
    cells = recognise_sky(scene()).cells
    assert cells.shape == (24, 24)
    assert cells[:8].mean() > 0.5
    assert cells[12:].mean() < -1.0


def test_a_sky_anywhere_is_as_sure_as_its_six_surest_cells():
    cells = np.full((24, 24), -4, np.float32)
    cells[3, 5:9] = 2.0
    assert Recognised(cells).anywhere == pytest.approx((4 * 2 - 2 * 4) / 6)


def test_a_mirrored_picture_gets_the_same_answer():
    picture = np.random.default_rng(2).random((60, 90, 3), np.float32)
    picture[:30, :45] = (0.4, 0.6, 0.9)
    cells, mirrored = recognise_sky(picture).cells, recognise_sky(np.ascontiguousarray(picture[:, ::-1])).cells
    assert mirrored[:, ::-1] == pytest.approx(cells, abs=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 3), (9, 200, 3), (700, 500, 3)])
def test_a_picture_of_any_shape_gets_an_answer(shape):
    assert np.isfinite(recognise_sky(np.full(shape, 0.5, np.float32)).cells).all()


def test_the_picture_is_not_changed():
    picture = scene(3)
    kept = picture.copy()
    recognise_sky(picture)
    assert np.array_equal(picture, kept)

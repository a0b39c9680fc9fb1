import cv2
import numpy as np
import pytest
from stillbytes.engine.masks.network import read_arrays
from stillbytes.engine.masks.subject_net import recognise_subject


def figure(seed=0):
    """A dark upright figure with a round head before a bright, soft room; and where it stands."""
    rng = np.random.default_rng(seed)
    y, x = (np.mgrid[:240, :200] + 0.5) / 200
    room = 0.62 + 0.1 * np.sin(3 * x)[..., None] * np.array([1, 0.9, 0.7]) - 0.1 * y[..., None]
    head = np.hypot(x - 0.5, (y - 0.3) * 0.8) < 0.11
    body = (np.abs(x - 0.5) < 0.1 + 0.16 * (y - 0.4)) & (y > 0.42)
    picture = np.where(head[..., None], [0.75, 0.55, 0.45], room)
    picture = np.where(body[..., None], np.array([0.15, 0.18, 0.3]) * rng.uniform(0.8, 1.2, (240, 200, 1)), picture)
    return np.clip(picture, 0, 1).astype(np.float32), head | body


def test_the_shipped_weights_are_small_and_finite(repo_root):
    path = repo_root / "engine" / "masks" / "subject_net.safetensors"
    assert path.stat().st_size < 2_000_000
    assert all(np.isfinite(values).all() for values in read_arrays(path).values())


def test_a_figure_is_likelier_than_the_room_behind_it():
    picture, inside = figure()
    p = recognise_subject(picture)
    assert p.shape == (48, 48)
    assert 0 <= p.min() <= p.max() <= 1
    cells = cv2.resize(inside.astype(np.float32), (48, 48), interpolation=cv2.INTER_AREA) > 0.5
    assert p[cells].mean() > p[~cells].mean() + 0.4


def test_a_mirrored_picture_gets_the_mirrored_answer():
    picture, _ = figure(1)
    picture[:, :60] *= 0.5
    mirrored = recognise_subject(np.ascontiguousarray(picture[:, ::-1]))
    assert mirrored[:, ::-1] == pytest.approx(recognise_subject(picture), abs=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 3), (9, 200, 3), (700, 500, 3)])
def test_a_picture_of_any_shape_gets_an_answer(shape):
    assert np.isfinite(recognise_subject(np.full(shape, 0.5, np.float32))).all()


def test_the_picture_is_not_changed():
    picture, _ = figure(2)
    kept = picture.copy()
    recognise_subject(picture)
    assert np.array_equal(picture, kept)

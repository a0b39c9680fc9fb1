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
    assert p.shape == inside.shape
    assert 0 <= p.min() <= p.max() <= 1
    assert p[inside].mean() > p[~inside].mean() + 0.4


def test_a_mirrored_picture_gets_the_mirrored_answer():
    picture, _ = figure(1)
    picture[:, :60] *= 0.5
    mirrored = recognise_subject(np.ascontiguousarray(picture[:, ::-1]))
    assert mirrored[:, ::-1] == pytest.approx(recognise_subject(picture), abs=1e-4)


def small_figure(left):
    """The figure at a third of its size, before a wall that gets darker to the right; and where it stands."""
    picture, inside = figure(3)
    wall = np.repeat(np.linspace(0.75, 0.6, 256, dtype=np.float32)[None], 192, axis=0)
    scene, where = np.repeat(wall[..., None], 3, axis=2), np.zeros((192, 256), bool)
    small = cv2.resize(np.where(inside[..., None], picture, 0), (66, 80), interpolation=cv2.INTER_AREA)
    share = cv2.resize(inside.astype(np.float32), (66, 80), interpolation=cv2.INTER_AREA)[..., None]
    scene[60:140, left : left + 66] = scene[60:140, left : left + 66] * (1 - share) + small
    where[60:140, left : left + 66] = share[..., 0] > 0.5
    return scene, where


@pytest.mark.parametrize("left", [20, 150])
def test_a_small_figure_and_its_mirror_image_get_the_same_outline(left):
    scene, where = small_figure(left)
    p = recognise_subject(scene)
    assert p[where].mean() > p[~where].mean() + 0.4
    mirrored = recognise_subject(np.ascontiguousarray(scene[:, ::-1]))
    assert mirrored[:, ::-1] == pytest.approx(p, abs=2e-3)


@pytest.mark.parametrize("shape", [(1, 1, 3), (9, 200, 3), (700, 500, 3)])
def test_a_picture_of_any_shape_gets_an_answer(shape):
    assert np.isfinite(recognise_subject(np.full(shape, 0.5, np.float32))).all()


def test_the_picture_is_not_changed():
    picture, _ = figure(2)
    kept = picture.copy()
    recognise_subject(picture)
    assert np.array_equal(picture, kept)

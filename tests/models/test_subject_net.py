"""The network that numpy computes is the one that the training script makes."""

import runpy

import numpy as np
import pytest
from stillbytes.engine.masks.network import prepared, read_arrays
from stillbytes.engine.masks.subject_net import SIDE, answer

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")


@pytest.fixture(scope="module")
def training(repo_root):
    return runpy.run_path(str(repo_root / "training" / "subject_net.py"))


def photos(training, count=8):
    """Orange discs at random places before dark noise, and noise alone."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:80, :96]
    known = []
    for number in range(count):
        picture, truth = rng.integers(0, 90, (80, 96, 3), np.uint8), np.zeros((80, 96), np.uint8)
        if number % 4:
            disc = np.hypot(y - rng.uniform(30, 50), x - rng.uniform(30, 60)) < 18
            picture[disc], truth[disc] = (240, 160, 60), 255
        known.append(training["Photo"](picture, truth, f"source {number % 2}"))
    return known


def test_the_export_computes_in_numpy_what_the_network_does_in_torch(training, tmp_path):
    torch.manual_seed(1)
    net = training["SubjectNet"]()
    net(torch.randn(8, 3, SIDE, SIDE) * 2)  # moves the running means and variances off their start
    net.eval()
    training["export"](net, tmp_path / "net.safetensors", training["ONLY_LEARNING"])
    picture = np.random.default_rng(2).random((SIDE, SIDE, 3), np.float32)
    with torch.no_grad():
        said = net(training["as_tensor"]([picture]))[0].numpy()
    assert answer(prepared(picture, SIDE), read_arrays(tmp_path / "net.safetensors")) == pytest.approx(said, abs=3e-3)


def test_a_few_steps_learn_to_tell_discs_from_noise(training):
    known = photos(training)
    trained = training["train"](known, 40, 0)
    assert training["overlap"](trained, [photo for photo in known if photo.box]) > 0.6


def test_crops_are_pictures_with_a_share_of_subject_per_known_cell(training):
    known, rng = training["Known"](photos(training)), np.random.default_rng(4)
    shares = []
    for _ in range(40):
        crop = training["draw"](known, rng)
        assert crop.picture.shape == (SIDE, SIDE, 3)
        assert crop.picture.dtype == np.float32
        assert 0 <= crop.picture.min() <= crop.picture.max() <= 1
        assert crop.share.shape == crop.known.shape == (SIDE // 2, SIDE // 2)
        assert 0 <= crop.share.min() <= crop.share.max() <= 1 + 1e-6
        shares.append(crop.share.mean())
    assert min(shares) == 0 < max(shares)


def test_a_pasted_subject_is_where_its_truth_says(training):
    orange, bare = (
        photos(training)[1],
        training["Photo"](np.full((70, 90, 3), 20, np.uint8), np.zeros((70, 90), np.uint8)),
    )
    rng = np.random.default_rng(5)
    for _ in range(20):
        picture, truth = training["paste"](orange, bare, rng)
        redder = picture[..., 0].astype(int) - picture[..., 2]
        assert np.median(redder[truth == 255]) > 40
        assert redder[truth == 0].max() < 60

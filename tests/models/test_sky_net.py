"""The network that numpy computes is the one that the training script makes."""

import runpy

import numpy as np
import pytest
from stillbytes.engine.masks.network import MEAN, SPREAD, read_arrays
from stillbytes.engine.masks.sky_net import SIDE, answer

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")


@pytest.fixture(scope="module")
def training(repo_root):
    return runpy.run_path(str(repo_root / "training" / "sky_net.py"))


def photos(training, count=6):
    """Blue over dark noise, and noise alone."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 90, (count, 64, 80, 3), np.uint8)
    truths = np.zeros((count, 64, 80), np.uint8)
    pictures[::2, :30], truths[::2, :30] = (100, 150, 240), 255
    return [training["Photo"](picture, truth) for picture, truth in zip(pictures, truths, strict=True)]


def test_the_export_computes_in_numpy_what_the_network_does_in_torch(training, tmp_path):
    torch.manual_seed(1)
    net = training["SkyNet"]()
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    net(torch.randn(8, 3, 96, 96) * 2)  # makes the running means and variances those of this batch
    net.eval()
    training["export"](net, tmp_path / "net.safetensors", training["ONLY_LEARNING"])
    arrays = read_arrays(tmp_path / "net.safetensors")
    picture = np.random.default_rng(2).random((SIDE, SIDE, 3), np.float32)
    with torch.no_grad():
        said = net(training["as_tensor"]([picture]))[0][0].numpy()
    cells = answer((picture - np.float32(MEAN)) / np.float32(SPREAD), arrays)
    assert said.std() > 0.05
    assert cells == pytest.approx(said, abs=5e-3)


def test_a_few_steps_learn_to_tell_blue_from_noise(training):
    known = photos(training)
    rng = np.random.default_rng(3)
    groups = [p for p in known if p.sky], [p for p in known if not p.sky]
    crops = [training["draw"](*groups, rng) for _ in range(16)]
    torch.manual_seed(0)
    untrained = training["loss_of"](training["SkyNet"]().eval(), crops).item()
    trained = training["train"](known, 30, 0)
    assert training["loss_of"](trained, crops).item() < 0.7 * untrained
    assert training["tell_apart"](trained, known) > 0.9


def test_crops_are_pictures_with_a_share_of_sky_per_known_cell(training):
    known = photos(training)
    rng = np.random.default_rng(4)
    groups = [p for p in known if p.sky], [p for p in known if not p.sky]
    for _ in range(20):
        crop = training["draw"](*groups, rng)
        assert crop.picture.shape == (SIDE, SIDE, 3)
        assert crop.picture.dtype == np.float32
        assert 0 <= crop.picture.min() <= crop.picture.max() <= 1
        assert crop.share.shape == crop.known.shape == (24, 24)
        assert 0 <= crop.share.min() <= crop.share.max() <= 1
        assert crop.known.min() > 0.99


def test_a_night_has_a_dark_sky_over_the_same_ground(training):
    photo = photos(training)[0]
    for seed in range(4):
        night = training["_at_night"](photo, np.random.default_rng(seed))
        assert (night.truth == photo.truth).all()
        assert night.picture[:25].mean() < 60 < photo.picture[:25].mean()
        alike = np.corrcoef(night.picture[34:].ravel(), photo.picture[34:].ravel())[0, 1]
        assert alike > 0.8


def test_a_frame_full_of_sky_does_not_become_a_night(training):
    photo = photos(training)[0]
    full = photo._replace(truth=np.full_like(photo.truth, 255))
    assert training["_at_night"](full, np.random.default_rng(0)) is full

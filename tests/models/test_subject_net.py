"""The network that numpy computes is the one that the training script makes."""

import runpy

import numpy as np
import pytest
from stillbytes.engine.masks.network import read_arrays
from stillbytes.engine.masks.subject_net import SIDE, answer, seen

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
    net(torch.randn(8, training["CHANNELS"], SIDE, SIDE) * 2)  # moves the running means and variances off their start
    net.eval()
    training["export"](net, tmp_path / "net.safetensors", training["ONLY_LEARNING"])
    picture = np.random.default_rng(2).random((SIDE, SIDE, 3), np.float32)
    with torch.no_grad():
        said = net(training["as_tensor"]([picture]))[0].numpy()
    assert answer(seen(picture), read_arrays(tmp_path / "net.safetensors")) == pytest.approx(said, abs=3e-3)


def test_a_few_steps_learn_to_tell_discs_from_noise(training):
    known = photos(training)
    trained = training["train"](known, 40, 0)
    assert training["overlap"](trained, [photo for photo in known if photo.box]) > 0.6


def test_half_of_a_later_batch_is_mirrored_from_earlier_ones(training):
    crops = training["Crops"](training["Known"](photos(training)), np.random.default_rng(6))
    first, second = crops.batch(), crops.batch()
    assert first.x.shape == second.x.shape == (training["BATCH"], training["CHANNELS"], SIDE, SIDE)
    again = second.x[training["BATCH"] // 2 :].flip(-1)
    assert all(any(torch.equal(crop, kept) for kept in first.x) for crop in again)
    assert not any(torch.equal(crop, kept) for kept in first.x for crop in second.x[: training["BATCH"] // 2])

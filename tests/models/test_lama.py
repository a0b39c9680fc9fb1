"""LaMa with random weights of its real size, in every form in which people have it."""

import pickle
import warnings

import numpy as np
import pytest
from stillbytes.engine.errors import ModelMissingError, ModelReadError
from stillbytes.engine.fill.lama import load_lama
from stillbytes.engine.models.residence import Local

torch = pytest.importorskip("torch")
pytest.importorskip("spandrel")


@pytest.fixture(scope="module")
def net():
    from spandrel.architectures.LaMa import LaMa

    torch.manual_seed(1)
    return LaMa(in_nc=4, out_nc=3).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def weights(net):
    """The generator's own state dict, in half precision, as small files have it."""
    return {name: value.half() for name, value in net.model.state_dict().items()}


@pytest.fixture(scope="module")
def lama(tmp_path_factory, weights):
    return load_lama(write(tmp_path_factory.mktemp("lama") / "a.safetensors", weights, "safetensors"))


@pytest.fixture
def picture():
    return np.random.default_rng(5).random((45, 70, 3), np.float32)


@pytest.fixture
def hole():
    hole = np.zeros((45, 70), bool)
    hole[12:30, 20:48] = True
    return hole


def write(path, weights, form):
    from safetensors.torch import save_file

    whole = {f"generator.{name}": value for name, value in weights.items()}
    extra = {"discriminator.model0.0.weight": torch.zeros(3), "loss.weight": torch.zeros(2)}
    if form == "safetensors":
        save_file({f"model.{name}": value for name, value in weights.items()}, str(path))
    elif form == "state dict":
        torch.save(weights, path)
    elif form == "checkpoint":
        torch.save({"state_dict": whole | extra, "epoch": 40}, path)
    else:
        torch.save(whole | extra, path, _use_new_zipfile_serialization=False)
    return path


@pytest.mark.parametrize(
    ("form", "name"),
    [("safetensors", "a.safetensors"), ("state dict", "a.pt"), ("checkpoint", "a.ckpt"), ("old state dict", "a.pth")],
)
def test_every_form_of_the_weights_loads_as_the_same_net(tmp_path, net, weights, form, name):
    lama = load_lama(write(tmp_path / name, weights, form))
    loaded = dict(lama._net.state_dict())
    for key, value in net.state_dict().items():
        if value.is_floating_point():
            assert loaded[key].dtype == torch.float32
            torch.testing.assert_close(loaded[key], value.half().float())
    assert not lama._net.training


def test_a_torchscript_archive_gives_its_weights(tmp_path, net):
    class Shell(torch.nn.Module):
        """big-lama.pt holds the generator under this name."""

        def __init__(self):
            super().__init__()
            self.generator = net.model

        def forward(self, image, mask):
            return self.generator(image, mask)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(Shell(), (torch.zeros(1, 3, 32, 32), torch.zeros(1, 1, 32, 32)), check_trace=False)
        torch.jit.save(traced, str(tmp_path / "big-lama.pt"))
    lama = load_lama(tmp_path / "big-lama.pt")
    torch.testing.assert_close(
        lama._net.state_dict()["model.model.1.ffc.convl2l.weight"], net.model.model[1].ffc.convl2l.weight
    )


def test_painting_changes_the_hole_alone_at_any_size(lama, picture, hole):
    painted = lama.paint(picture, hole)
    np.testing.assert_array_equal(painted[~hole], picture[~hole])
    assert painted.dtype == np.float32
    assert (painted[hole] != picture[hole]).any()
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_what_was_in_the_hole_does_not_show_through(lama, picture, hole):
    other = np.where(hole[..., None], np.float32(1) - picture, picture)
    np.testing.assert_allclose(lama.paint(other, hole)[hole], lama.paint(picture, hole)[hole], atol=1e-5)


def test_an_empty_hole_leaves_the_picture(lama, picture, hole):
    np.testing.assert_array_equal(lama.paint(picture, np.zeros_like(hole)), picture)


def test_the_net_works_where_its_residence_says(tmp_path, weights, picture, hole):
    asked = []

    class Elsewhere(Local):
        def at_work(self, memory_bytes=0):
            asked.append(memory_bytes)
            return super().at_work(memory_bytes)

    lama = load_lama(write(tmp_path / "a.safetensors", weights, "safetensors"), Elsewhere)
    assert isinstance(lama.residence, Elsewhere)
    lama.paint(picture, hole)
    assert asked == [48 * 72 * 1024]


def test_a_file_that_is_missing_broken_or_something_else_is_one_sentence(tmp_path, weights):
    with pytest.raises(ModelMissingError, match="no model file"):
        load_lama(tmp_path / "none.pt")
    for name in ("broken.pt", "broken.safetensors"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 not a model at all")
        with pytest.raises(ModelReadError, match=name):
            load_lama(tmp_path / name)
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(ModelReadError, match="this is not a LaMa model"):
        load_lama(tmp_path / "other.pt")
    few = dict(list(weights.items())[:40])
    with pytest.raises(ModelReadError, match="do not fit LaMa"):
        load_lama(write(tmp_path / "few.pt", few, "state dict"))


def test_a_file_that_would_run_code_is_not_opened(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "run"), "w"))

    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"a": Evil()}, protocol=2))
    with pytest.raises(ModelReadError, match="could run code"):
        load_lama(tmp_path / "evil.pt")
    assert not (tmp_path / "run").exists()

"""Weight files of every kind and every kind of damage."""

import json
import os
import pickle
import sys
import zipfile

import pytest
from stillbytes.engine.errors import ModelMissingError, ModelReadError
from stillbytes.engine.models import load
from stillbytes.engine.models.load import build, load_folder, read_config, read_weights

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
save_file = pytest.importorskip("safetensors.torch").save_file


@pytest.fixture
def weights():
    generator = torch.Generator().manual_seed(3)
    return {"a": torch.randn(40, 30, generator=generator), "b.weight": torch.arange(6.0).reshape(2, 3)}


class Hostile:
    """Runs a command when it is unpickled the plain way."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


def equal(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("wrap", [lambda w: w, lambda w: {"model": w}, lambda w: {"state_dict": w, "epoch": 3}])
@pytest.mark.parametrize("zipped", [True, False])
def test_what_torch_saved_comes_back_under_any_of_its_wrappings(tmp_path, weights, wrap, zipped):
    torch.save(wrap(weights), tmp_path / "m.pt", _use_new_zipfile_serialization=zipped)
    assert equal(read_weights(tmp_path / "m.pt"), weights)


def test_the_format_is_told_from_the_content_not_from_the_name(tmp_path, weights):
    save_file(weights, tmp_path / "m.pt")
    torch.save(weights, tmp_path / "m.safetensors")
    assert equal(read_weights(tmp_path / "m.pt"), weights)
    assert equal(read_weights(tmp_path / "m.safetensors"), weights)


@pytest.mark.parametrize("share", [0.3, 0.97])
@pytest.mark.parametrize("name", ["m.safetensors", "m.pt"])
def test_a_file_that_is_cut_off_is_one_sentence(tmp_path, weights, name, share):
    path = tmp_path / name
    save_file(weights, path) if path.suffix == ".safetensors" else torch.save(weights, path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ModelReadError, match=rf"{name}: the file is damaged") as caught:
        read_weights(path)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "an empty file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"nothing of the kind", "something else"),
    ],
)
def test_what_is_no_weight_file_is_named(tmp_path, content, named):
    (tmp_path / "m.safetensors").write_bytes(content)
    with pytest.raises(ModelReadError, match=f"expected a weight file, found {named}"):
        read_weights(tmp_path / "m.safetensors")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_with_code_is_refused_and_the_code_does_not_run(tmp_path, weights, zipped):
    target = tmp_path / "it-ran"
    content = {"model": weights, "extra": Hostile(target)}
    torch.save(content, tmp_path / "m.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelReadError, match=r"more than weights.*could run code") as caught:
        read_weights(tmp_path / "m.pt")
    assert "safetensors" in caught.value.hint
    assert not target.exists()


def test_a_bare_pickle_with_code_is_refused(tmp_path):
    target = tmp_path / "it-ran"
    (tmp_path / "m.bin").write_bytes(pickle.dumps(Hostile(target)))
    with pytest.raises(ModelReadError, match=r"^m\.bin: "):
        read_weights(tmp_path / "m.bin")
    assert not target.exists()


def test_a_torchscript_program_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
        for name in ("version", "constants.pkl", "data.pkl", "code/__torch__.py"):
            archive.writestr(f"m/{name}", b"3\n" if name == "version" else b"\x80\x02}q\x00.")
    with pytest.raises(ModelReadError, match="it is a program"):
        read_weights(tmp_path / "m.pt")


def test_an_old_pytorch_does_not_read_pickles(tmp_path, weights, monkeypatch):
    torch.save(weights, tmp_path / "m.pt")
    save_file(weights, tmp_path / "m.safetensors")
    monkeypatch.setattr(torch, "__version__", "2.5.1+cu121")
    with pytest.raises(ModelReadError, match=r"PyTorch 2\.6 or newer, found 2\.5\.1"):
        read_weights(tmp_path / "m.pt")
    assert equal(read_weights(tmp_path / "m.safetensors"), weights)


def test_a_file_without_tensors_and_a_missing_one_say_so(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "m.pt")
    with pytest.raises(ModelReadError, match="expected named tensors, found none"):
        read_weights(tmp_path / "m.pt")
    with pytest.raises(ModelMissingError, match="no model file"):
        read_weights(tmp_path / "other.pt")


@pytest.fixture
def config():
    return transformers.SegformerConfig(
        num_encoder_blocks=2, depths=[1, 1], hidden_sizes=[8, 16], num_attention_heads=[1, 2], sr_ratios=[2, 1],
        decoder_hidden_size=8, num_labels=3, patch_sizes=[7, 3], strides=[4, 2], mlp_ratios=[2, 2],
    )  # fmt: skip


NAME = "SegformerForSemanticSegmentation"


@pytest.fixture
def original(config):
    torch.manual_seed(1)
    return transformers.SegformerForSemanticSegmentation(config).half()


@pytest.fixture
def folder(tmp_path, original):
    original.save_pretrained(tmp_path / "net")
    return tmp_path / "net"


def same_values(net, original):
    return equal(net.state_dict(), original.float().state_dict())


def test_a_folder_gives_the_model_that_was_saved_as_float32_in_eval_mode(folder, original):
    net = load_folder(folder, NAME)
    assert same_values(net, original)
    assert net.dtype == torch.float32
    assert not net.training
    assert not any(p.requires_grad for p in net.parameters())


def test_build_puts_weights_into_a_configured_model(folder, config, original):
    assert same_values(build("m.pt", NAME, config, read_weights(folder / "model.safetensors")), original)


def test_missing_and_misshapen_weights_are_named(folder, config):
    stored = read_weights(folder / "model.safetensors")
    key = "decode_head.classifier.bias"
    with pytest.raises(ModelReadError, match=rf"m\.pt: .* 1 are missing, such as {key}"):
        build("m.pt", NAME, config, {k: v for k, v in stored.items() if k != key})
    with pytest.raises(ModelReadError, match=rf"wants {key} of \(3,\), found \(7,\)"):
        build("m.pt", NAME, config, stored | {key: torch.zeros(7)})


def test_loading_leaves_the_terminal_and_the_settings_of_transformers_alone(folder, capfd):
    logging = transformers.utils.logging
    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    load_folder(folder, NAME)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    assert capfd.readouterr() == ("", "")


def test_a_folder_without_its_parts_says_which(folder):
    (folder / "model.safetensors").rename(folder / "elsewhere")
    with pytest.raises(ModelMissingError, match="has no weights"):
        load_folder(folder, NAME)
    (folder / "config.json").unlink()
    with pytest.raises(ModelMissingError, match=r"has no config\.json"):
        load_folder(folder, NAME)


def test_damaged_weights_in_a_folder_are_one_sentence(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelReadError, match="damaged or cut off"):
        load_folder(folder, NAME)


def test_a_folder_of_another_architecture_is_refused(folder):
    with pytest.raises(ModelReadError, match=r"net: "):
        load_folder(folder, "Sam2Model")
    with pytest.raises(ModelMissingError, match=r"this version of transformers has no NoSuchModel"):
        load_folder(folder, "NoSuchModel")


@pytest.mark.parametrize("text", ["[1, 2]", "{", "\udcff", '{"a": "' + "x" * (5 << 20) + '"}'])
def test_a_config_that_is_no_settings_is_refused(tmp_path, text):
    (tmp_path / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelReadError, match=r"/config\.json: expected a model's settings"):
        read_config(tmp_path)


def test_a_folder_with_code_runs_none_of_it(folder):
    target = folder / "it-ran"
    (folder / "modeling_own.py").write_text(f"import os\nos.mkdir({str(target)!r})\n")
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "modeling_own.Model", "AutoConfig": "modeling_own.Config"}
    (folder / "config.json").write_text(json.dumps(config))
    assert load_folder(folder, NAME) is not None
    assert not target.exists()


def test_a_package_that_an_architecture_needs_is_named(folder, monkeypatch):
    class Needy:
        @staticmethod
        def from_pretrained(*_, **__):
            raise ImportError("\nThing requires the timm library but it was not found in your environment.")

    monkeypatch.setattr(load.package("transformers"), "Needy", Needy, raising=False)
    with pytest.raises(ModelMissingError, match="Needy needs a Python package") as caught:
        load_folder(folder, "Needy")
    assert caught.value.hint == f'Install it with: "{sys.executable}" -m pip install timm'

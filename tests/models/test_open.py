"""Any model from its path: its kind is told from what it holds, and the engines that it becomes answer targets."""

import numpy as np
import pytest
from stillbytes.engine.errors import ModelMissingError, ModelReadError
from stillbytes.engine.geometry import Size
from stillbytes.engine.masks.learned.open import load_segmenter, merged
from stillbytes.engine.masks.ports import BUILT_IN
from stillbytes.engine.masks.resolve import resolve
from stillbytes.engine.metadata import Metadata
from stillbytes.engine.photo import Photo
from stillbytes.engine.plan.schema import BoxTarget, Points, Region

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


class Noise:
    """A source of fixed noise, 120 x 90 px."""

    kind = "display"
    metadata = Metadata()
    name = "noise"
    size = Size(120, 90)
    pixels = np.random.default_rng(0).random((90, 120, 3), np.float32)

    def read(self, box, grid, out=None):
        rows = (grid.top + (np.arange(box.top, box.bottom) + 0.5) * grid.step_y).astype(int)
        columns = (grid.left + (np.arange(box.left, box.right) + 0.5) * grid.step_x).astype(int)
        pixels = self.pixels[rows][:, columns]
        if out is None:
            return pixels
        out[...] = pixels
        return out


@pytest.fixture(scope="module")
def sam(tmp_path_factory):
    torch.manual_seed(1)
    vision = transformers.SamVisionConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=128, patch_size=16, mlp_dim=64,
        output_channels=32, window_size=4, global_attn_indexes=[1], num_pos_feats=16,
    )  # fmt: skip
    prompt = transformers.SamPromptEncoderConfig(hidden_size=32, image_size=128, patch_size=16, mask_input_channels=8)
    decoder = transformers.SamMaskDecoderConfig(
        hidden_size=32, mlp_dim=64, num_hidden_layers=2, num_attention_heads=2, iou_head_hidden_dim=32
    )
    config = transformers.SamConfig(
        vision_config=vision.to_dict(), prompt_encoder_config=prompt.to_dict(), mask_decoder_config=decoder.to_dict()
    )
    folder = tmp_path_factory.mktemp("sam") / "tiny"
    transformers.SamModel(config).save_pretrained(folder)
    return folder


def test_folders_become_the_engine_that_their_config_names(sam, segformer):
    engines = merged(load_segmenter(sam), load_segmenter(segformer))
    assert len(engines.promptable) == len(engines.classifiers) == 1
    assert engines.detectors == ()
    assert "sky" in engines.classifiers[0].vocabulary


def test_of_two_of_a_kind_the_one_loaded_last_comes_first(sam):
    first, second = load_segmenter(sam), load_segmenter(sam)
    assert merged(merged(BUILT_IN, first), second).promptable == (*second.promptable, *first.promptable)


def test_targets_are_answered_by_the_loaded_engines(sam, segformer):
    engines = merged(load_segmenter(sam), load_segmenter(segformer))
    photo = Photo(Noise())
    for target, engine in (
        (Points(include=((0.5, 0.5),), exclude=((0.1, 0.1),)), engines.promptable[0].name),
        (BoxTarget(left=0.2, top=0.2, right=0.8, bottom=0.7), engines.promptable[0].name),
        (Region("sky"), engines.classifiers[0].name),
    ):
        selection, mask = resolve(photo, target, engines)
        assert selection.engine == engine
        assert selection.alpha.shape == (90, 120)
        assert np.isfinite(mask.gain).all()
        assert 0 <= selection.confidence <= 1


def test_what_is_no_model_is_one_sentence(tmp_path):
    with pytest.raises(ModelMissingError, match="no model file or folder"):
        load_segmenter(tmp_path / "none.safetensors")
    (tmp_path / "page.safetensors").write_text("<!doctype html>")
    with pytest.raises(ModelReadError, match="web page"):
        load_segmenter(tmp_path / "page.safetensors")
    torch.save({"model": {"weight": torch.zeros(3)}}, tmp_path / "other.pt")
    with pytest.raises(ModelReadError, match="expected the weights"):
        load_segmenter(tmp_path / "other.pt")


def test_a_pickle_that_names_ultralytics_is_not_read_unless_it_is_allowed(tmp_path):
    (tmp_path / "yolo.pt").write_bytes(b"PK" + b"cultralytics.nn.tasks\nSegmentationModel\n" * 3)
    with pytest.raises(ModelReadError, match=r"(?i)sha-256|allow"):
        load_segmenter(tmp_path / "yolo.pt")

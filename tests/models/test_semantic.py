"""Semantic segmentation with small random models of real architectures, saved and loaded as folders."""

import json
import shutil

import numpy as np
import pytest
from stillbytes.engine.errors import ModelMissingError, ModelReadError
from stillbytes.engine.geometry import Size
from stillbytes.engine.masks.learned.folder import Preparation, read_preparation
from stillbytes.engine.masks.learned.semantic import class_numbers, load_semantic
from stillbytes.engine.models.residence import Local

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

NAMES = {0: "wall", 1: "sky", 2: "tree;palm", 3: "water", 4: "door, double door"}
LABELS = {"id2label": NAMES, "label2id": {name: number for number, name in NAMES.items()}}


def swin():
    return transformers.SwinConfig(
        image_size=64, embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2], window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )  # fmt: skip


def save(folder, net, **preprocessor):
    net.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    return folder


@pytest.fixture(scope="module")
def segformer(tmp_path_factory):
    torch.manual_seed(3)
    config = transformers.SegformerConfig(
        hidden_sizes=[8, 16, 24, 32], num_attention_heads=[1, 2, 2, 4], depths=[1, 1, 1, 1], decoder_hidden_size=32,
        **LABELS,
    )  # fmt: skip
    net = transformers.SegformerForSemanticSegmentation(config)
    return save(tmp_path_factory.mktemp("a") / "segformer", net, size={"height": 128, "width": 160})


@pytest.fixture(scope="module")
def mask2former(tmp_path_factory):
    torch.manual_seed(4)
    config = transformers.Mask2FormerConfig(
        backbone_config=swin(), feature_size=32, mask_feature_size=32, hidden_dim=32, encoder_feedforward_dim=16,
        encoder_layers=1, decoder_layers=2, num_attention_heads=2, dim_feedforward=16, num_queries=7, **LABELS,
    )  # fmt: skip
    net = transformers.Mask2FormerForUniversalSegmentation(config)
    with torch.no_grad():  # fresh weights see no difference between places
        for name, weight in net.named_parameters():
            weight.mul_(15 if "class_predictor" in name or "mask_embedder" in name else 2 if weight.ndim == 2 else 1)
    return save(tmp_path_factory.mktemp("b") / "mask2former", net, size={"shortest_edge": 96, "longest_edge": 640})


@pytest.fixture
def view():
    return np.random.default_rng(8).random((90, 151, 3), np.float32)


class Counting(Local):
    """A residence that counts its calls."""

    calls: list = []  # noqa: RUF012

    def at_work(self, memory_bytes=0):
        self.calls.append(memory_bytes)
        return super().at_work(memory_bytes)


@pytest.mark.parametrize("kind", ["segformer", "mask2former"])
def test_every_class_is_a_probability_at_the_size_of_the_view(kind, view, request):
    model = load_semantic(request.getfixturevalue(kind))
    labels = ["wall", "sky", "tree", "water", "door"]
    seen = model.classify(view, labels)
    assert list(seen) == labels
    assert all(alpha.shape == (90, 151) and alpha.dtype == np.float32 for alpha in seen.values())
    total = sum(seen.values())
    assert min(alpha.min() for alpha in seen.values()) >= 0
    assert total.max() <= 1 + 1e-4
    assert (total > 1 - 1e-4).mean() > (0.99 if kind == "segformer" else 0.3)  # queries may leave a place to no class
    assert max(alpha.std() for alpha in seen.values()) > 1e-4


def test_segformer_gives_what_transformers_gives(segformer, view):
    model = load_semantic(segformer)
    net = transformers.SegformerForSemanticSegmentation.from_pretrained(segformer).eval()
    picture = (view - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    tensor = torch.from_numpy(picture.transpose(2, 0, 1)[None]).float()
    tensor = torch.nn.functional.interpolate(tensor, (128, 160), mode="bilinear")
    with torch.inference_mode():
        share = net(pixel_values=tensor).logits.softmax(dim=1)
        share = torch.nn.functional.interpolate(share, (90, 151), mode="bilinear")[0].numpy()
    mine = model.classify(view, ["sky", "water"])
    np.testing.assert_allclose(mine["sky"], share[1], atol=2e-3)
    np.testing.assert_allclose(mine["water"], share[3], atol=2e-3)


def test_mask2former_ranks_classes_as_transformers_does(mask2former, view):
    model = load_semantic(mask2former)
    net = transformers.Mask2FormerForUniversalSegmentation.from_pretrained(mask2former).eval()
    prepared = read_preparation(mask2former, Preparation(multiple=32)).prepare(view)
    with torch.inference_mode():
        seen = net(pixel_values=torch.from_numpy(prepared))
        classes = seen.class_queries_logits.softmax(-1)[0, :, :-1]
        theirs = torch.einsum("qc,qhw->chw", classes, seen.masks_queries_logits.sigmoid()[0]).numpy()
    size = (theirs.shape[2], theirs.shape[1])
    mine = model.classify(view, ["wall", "sky", "tree", "water", "door"])
    import cv2

    small = np.stack([cv2.resize(alpha, size, interpolation=cv2.INTER_AREA) for alpha in mine.values()])
    assert (small.argmax(0) == theirs.argmax(0)).mean() > 0.95


def test_a_class_has_each_of_its_names(segformer, view):
    model = load_semantic(segformer)
    assert model.vocabulary == {"wall", "sky", "tree", "palm", "water", "door", "double door"}
    seen = model.classify(view, ["tree", "palm"])
    np.testing.assert_array_equal(seen["tree"], seen["palm"])
    assert model.classify(view, []) == {}
    with pytest.raises(ValueError, match="does not know 'car'"):
        model.classify(view, ["car"])


def test_only_its_residence_moves_the_model(segformer, view):
    Counting.calls.clear()
    load_semantic(segformer, Counting).classify(view, ["sky"])
    assert Counting.calls == [2500 * 128 * 160]


def test_oneformer_is_asked_for_its_semantic_task(tmp_path, view):
    torch.manual_seed(6)
    config = transformers.OneFormerConfig(
        backbone_config=swin(), conv_dim=32, mask_dim=32, hidden_dim=32, encoder_feedforward_dim=16, encoder_layers=1,
        decoder_layers=3, num_attention_heads=2, dim_feedforward=16, num_queries=5, is_training=False, task_seq_len=12,
        text_encoder_width=16, text_encoder_context_length=12, text_encoder_num_layers=1, text_encoder_vocab_size=99,
        query_dec_layers=1, use_auxiliary_loss=False, contrastive_temperature=0.07, **LABELS,
    )  # fmt: skip
    folder = save(tmp_path / "oneformer", transformers.OneFormerForUniversalSegmentation(config), size=96)
    with pytest.raises(ModelMissingError, match="no tokenizer"):
        load_semantic(folder)
    letters = [*"abcdefghijklmnopqrstuvwxyz"]
    words = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer"}))
    seen = load_semantic(folder).classify(view, ["sky", "water"])
    assert seen["sky"].shape == (90, 151)
    assert 0 < seen["sky"].mean() < 1


def beit():
    config = transformers.BeitConfig(
        hidden_size=32, num_hidden_layers=4, num_attention_heads=2, intermediate_size=32, image_size=64,
        out_indices=[1, 2, 3, 4], use_relative_position_bias=True, **LABELS,
    )  # fmt: skip
    return transformers.BeitForSemanticSegmentation(config), {"size": {"height": 640, "width": 640}}


def upernet():
    config = transformers.UperNetConfig(
        backbone_config=swin(), hidden_size=32, auxiliary_in_channels=32, auxiliary_channels=16, **LABELS
    )
    return transformers.UperNetForSemanticSegmentation(config), {"size": 128}


def dpt():
    config = transformers.DPTConfig(
        hidden_size=32, num_hidden_layers=4, num_attention_heads=2, intermediate_size=32, image_size=64,
        backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[8, 8, 16, 16], fusion_hidden_size=16, **LABELS,
    )  # fmt: skip
    return transformers.DPTForSemanticSegmentation(config), {"size": {"height": 96, "width": 96}}


def maskformer():
    decoder = transformers.DetrConfig(
        d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=16, decoder_ffn_dim=16, num_queries=5,
    )  # fmt: skip
    config = transformers.MaskFormerConfig(
        backbone_config=swin(), decoder_config=decoder, fpn_feature_size=32, mask_feature_size=32, **LABELS
    )
    return transformers.MaskFormerForInstanceSegmentation(config), {"size": {"shortest_edge": 96}, "size_divisor": 32}


def eomt():
    config = transformers.EomtConfig(
        hidden_size=32, num_hidden_layers=4, num_attention_heads=2, image_size=64, num_queries=5, num_blocks=1,
        num_upscale_blocks=1, num_register_tokens=2, **LABELS,
    )  # fmt: skip
    return transformers.EomtForUniversalSegmentation(config), {"size": {"shortest_edge": 64, "longest_edge": None}}


@pytest.mark.parametrize("make", [beit, upernet, dpt, maskformer, eomt])
def test_other_architectures_are_read_the_same_way(make, view, tmp_path):
    torch.manual_seed(1)
    net, preprocessor = make()
    seen = load_semantic(save(tmp_path / make.__name__, net, **preprocessor)).classify(view, ["wall", "sky", "door"])
    assert all(alpha.shape == (90, 151) and alpha.min() >= 0 for alpha in seen.values())
    assert 0.1 < sum(seen.values()).mean() <= 1 + 1e-4


@pytest.mark.parametrize("name", ["SegformerImageProcessor", "GroundingDinoImageProcessor"])
def test_pictures_are_prepared_as_transformers_does_up_to_its_8_bits(name, tmp_path):
    y, x = np.mgrid[0:120, 0:200]
    view = np.stack([0.5 + 0.4 * np.sin(x / 25), 0.5 + 0.4 * np.cos(y / 30), (x + y) / 320], -1).astype(np.float32)
    theirs = getattr(transformers, name)()
    theirs.save_pretrained(tmp_path)
    expected = theirs(images=np.rint(view * 255).astype(np.uint8), return_tensors="np")["pixel_values"]
    got = read_preparation(tmp_path, Preparation()).prepare(view)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, atol=1.5 / 255 / 0.224)


def test_another_model_is_refused(segformer, tmp_path):
    other = tmp_path / "bert"
    other.mkdir()
    for architecture in ("BertModel", "os.system", ["x"], None):
        (other / "config.json").write_text(json.dumps({"model_type": "bert", "architectures": [architecture]}))
        with pytest.raises(ModelReadError, match="expected a model for semantic segmentation"):
            load_semantic(other)
    shutil.copytree(segformer, tmp_path / "wrong")
    config = json.loads((segformer / "config.json").read_text()) | {"hidden_sizes": [8, 16, 24, 64]}
    (tmp_path / "wrong" / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelReadError):
        load_semantic(tmp_path / "wrong")


def test_a_damaged_folder_is_one_sentence(segformer, tmp_path):
    with pytest.raises(ModelMissingError, match="There is no model folder"):
        load_semantic(tmp_path / "none")
    folder = tmp_path / "cut"
    shutil.copytree(segformer, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-5000])
    with pytest.raises(ModelReadError, match="damaged or cut off"):
        load_semantic(folder)
    weights.unlink()
    with pytest.raises(ModelMissingError, match="has no weights"):
        load_semantic(folder)
    (folder / "preprocessor_config.json").write_text('{"size": {"height": 1e9, "width": 2}}')
    with pytest.raises(ModelReadError, match="does not make sense"):
        load_semantic(folder)


def test_a_folder_may_not_ask_for_weights_from_elsewhere(segformer, tmp_path):
    folder = tmp_path / "asking"
    shutil.copytree(segformer, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"backbone_config": {"use_pretrained_backbone": True}}))
    with pytest.raises(ModelReadError, match="from elsewhere"):
        load_semantic(folder)


def test_a_model_without_class_names_is_refused():
    assert class_numbers("m", {0: "wall", 1: "traffic_light"}) == {"wall": 0, "traffic light": 1}
    with pytest.raises(ModelReadError, match="does not name its classes"):
        class_numbers("m", {0: "LABEL_0", 1: "LABEL_1"})


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ({"size": {"height": 128, "width": 160}}, Size(160, 128)),
        ({"size": 256}, Size(256, 256)),
        ({"size": 512, "max_size": 600}, Size(600, 400)),
        ({"size": {"shortest_edge": 512, "longest_edge": 2048}}, Size(768, 512)),
        ({"size": {"shortest_edge": 512, "longest_edge": None}}, Size(768, 512)),
        ({}, Size(512, 512)),
    ],
)
def test_the_folder_says_how_large_a_picture_is_seen(said, size, tmp_path):
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(said))
    read = read_preparation(tmp_path, Preparation(size=Size(512, 512)))
    assert read.size_of(Size(1024, 683)) == size
    nested = tmp_path / "nested"
    nested.mkdir()
    (nested / "processor_config.json").write_text(json.dumps({"image_processor": said}))
    assert read_preparation(nested, Preparation(size=Size(512, 512))).size_of(Size(1024, 683)) == size


def test_a_picture_is_given_the_mean_and_spread_that_the_folder_says(tmp_path):
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps({"size": 32, "image_mean": [0.5, 0.25, 0], "image_std": [0.5, 0.25, 1]})
    )
    view = np.full((40, 60, 3), 0.75, np.float32)
    picture = read_preparation(tmp_path, Preparation()).prepare(view)
    assert picture.shape == (1, 3, 32, 32)
    np.testing.assert_allclose(picture[0, :, 0, 0], [0.5, 2.0, 0.75], atol=1e-6)
    (tmp_path / "preprocessor_config.json").write_text('{"do_flip_channel_order": true}')
    view[..., 0] = 0.5
    picture = read_preparation(tmp_path, Preparation()).prepare(view)
    np.testing.assert_allclose(picture[0, :, 0, 0], [0.75, 0.75, 0.5], atol=1e-6)

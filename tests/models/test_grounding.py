"""GroundingDINO with a small random model of the real architecture, saved and loaded as a folder."""

import contextlib
import json
import shutil

import numpy as np
import pytest
from stillbytes.engine.errors import ModelMissingError, ModelReadError
from stillbytes.engine.masks.learned import grounding
from stillbytes.engine.masks.learned.grounding import as_caption, load_grounding
from stillbytes.engine.models.residence import Local

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", ",", "red", "car", "sign", "the"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(5)
    backbone = transformers.SwinConfig(
        image_size=64, embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2], window_size=4,
        out_features=["stage2", "stage3", "stage4"],
    )  # fmt: skip
    text = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    config = transformers.GroundingDinoConfig(
        backbone_config=backbone, text_config=text, num_queries=30, d_model=32, encoder_layers=1, decoder_layers=2,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_text_len=24,
        fusion_dropout=0.0, fusion_droppath=0.0,
    )  # fmt: skip
    net = transformers.GroundingDinoForObjectDetection(config)
    path = tmp_path_factory.mktemp("g") / "tiny-dino"
    net.save_pretrained(path)
    (path / "vocab.txt").write_text("\n".join(WORDS))
    (path / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512})
    )
    (path / "preprocessor_config.json").write_text(
        json.dumps({"size": {"shortest_edge": 64, "longest_edge": 96}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3})
    )
    return path


@pytest.fixture
def view():
    return np.random.default_rng(2).random((60, 90, 3), np.float32)


def test_boxes_and_scores_are_those_of_transformers(folder, view, monkeypatch):
    monkeypatch.setattr(grounding, "_LEAST_SCORE", 0.0)
    monkeypatch.setattr(grounding, "_MOST_OVERLAP", 1.0)
    found = load_grounding(folder).detect(view, "Red car")
    net = transformers.GroundingDinoForObjectDetection.from_pretrained(folder).eval()
    reader = transformers.AutoTokenizer.from_pretrained(folder)
    words = reader("red car.", return_tensors="pt")
    assert words["input_ids"][0].tolist() == [2, 8, 9, 5, 3]
    import cv2

    picture = cv2.resize(view, (96, 64), interpolation=cv2.INTER_LINEAR) / 0.5 - 1
    with torch.inference_mode():
        seen = net(pixel_values=torch.from_numpy(picture.transpose(2, 0, 1)[None].copy()), **words)
    scores = seen.logits[0, :, 1:3].sigmoid().amax(dim=1).numpy()
    order = np.argsort(-scores, kind="stable")
    np.testing.assert_allclose([c.score for c in found], scores[order], atol=1e-5)
    centre_x, centre_y, width, height = seen.pred_boxes[0, order[0]].tolist()
    best = found[0]
    assert (best.area.left, best.area.right) == pytest.approx(
        (max(centre_x - width / 2, 0), min(centre_x + width / 2, 1)), abs=1e-4
    )
    assert (best.area.top, best.area.bottom) == pytest.approx(
        (max(centre_y - height / 2, 0), min(centre_y + height / 2, 1)), abs=1e-4
    )
    assert all(c.alpha is None and c.label == "Red car" for c in found)


def test_the_phrase_matters_and_weak_boxes_are_nothing_found(folder, view, monkeypatch):
    detector = load_grounding(folder)
    assert detector.vocabulary is None
    assert detector.name == "tiny-dino"
    monkeypatch.setattr(grounding, "_LEAST_SCORE", 0.0)
    red, sign = detector.detect(view, "red car"), detector.detect(view, "sign")
    assert [c.score for c in red] != [c.score for c in sign]
    monkeypatch.setattr(grounding, "_LEAST_SCORE", 0.999999)
    assert detector.detect(view, "red car") == []
    assert detector.detect(view, " . ") == []


def test_words_beyond_what_the_model_reads_are_cut(folder, view, monkeypatch):
    monkeypatch.setattr(grounding, "_LEAST_SCORE", 0.0)
    detector = load_grounding(folder)
    long, longer = detector.detect(view, "red car sign " * 100), detector.detect(view, "red car sign " * 200)
    assert len(long) > 0
    assert [c.area for c in long] == [c.area for c in longer]


def test_boxes_that_show_one_thing_twice_are_one():
    boxes = np.array([[0.5, 0.5, 0.4, 0.4], [0.51, 0.5, 0.4, 0.4], [0.2, 0.2, 0.1, 0.1], [0.9, 0.9, 0.4, 0.4]])
    scores = np.array([0.6, 0.7, 0.5, 0.29])
    found = grounding._candidates(boxes.astype(np.float32), scores.astype(np.float32), "car")
    assert [round(c.score, 2) for c in found] == [0.7, 0.5]
    assert found[1].area.left == pytest.approx(0.15)


def test_a_box_round_everything_counts_only_as_the_best():
    boxes = np.array([[0.5, 0.5, 1.0, 1.0], [0.2, 0.2, 0.1, 0.1]], np.float32)
    for scores, kept in (([0.5, 0.6], [0.6]), ([0.6, 0.5], [0.6, 0.5])):
        found = grounding._candidates(boxes, np.array(scores, np.float32), "car")
        assert [round(c.score, 2) for c in found] == kept


def test_a_phrase_is_read_in_lower_case_with_one_full_stop():
    assert as_caption("  The Red\tCar. ") == "the red car."
    assert as_caption("Mr. Smith") == "mr smith."
    assert as_caption("...") == ""


def test_only_its_residence_moves_the_model(folder, view):
    asked = []

    class Watched(Local):
        def at_work(self, memory_bytes=0):
            asked.append(memory_bytes)
            return super().at_work(memory_bytes)

    load_grounding(folder, Watched).detect(view, "car")
    assert asked == [1800 * 96 * 64]


def test_what_lacks_is_named(folder, tmp_path):
    with pytest.raises(ModelMissingError, match="There is no model folder"):
        load_grounding(tmp_path / "none")
    shutil.copytree(folder, tmp_path / "a")
    (tmp_path / "a" / "vocab.txt").unlink()
    with pytest.raises(ModelMissingError, match="has no tokenizer"):
        load_grounding(tmp_path / "a")
    shutil.copytree(folder, tmp_path / "b")
    (tmp_path / "b" / "config.json").write_text('{"model_type": "sam2"}')
    with pytest.raises(ModelReadError, match="expected a model of type grounding-dino, found sam2"):
        load_grounding(tmp_path / "b")


def test_a_broken_tokenizer_or_weight_file_is_one_sentence(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "a")
    (tmp_path / "a" / "tokenizer.json").write_text('{"version": ')
    with pytest.raises(ModelReadError, match=r"tokenizer\.json: the file is damaged"):
        load_grounding(tmp_path / "a")
    (tmp_path / "a" / "tokenizer.json").write_text('{"version": "1.0", "model": {"type": "x"}}')
    with pytest.raises(ModelReadError, match="its tokenizer does not load"):
        load_grounding(tmp_path / "a")
    shutil.copytree(folder, tmp_path / "b")
    weights = tmp_path / "b" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:3000])
    with pytest.raises(ModelReadError, match=r"model\.safetensors: the file is damaged or cut off"):
        load_grounding(tmp_path / "b")


def test_code_in_a_model_folder_does_not_run(folder, tmp_path):
    marker = tmp_path / "ran"
    shutil.copytree(folder, tmp_path / "evil")
    (tmp_path / "evil" / "evil.py").write_text(f"open({str(marker)!r}, 'w').close()\nclass Tokenizer: pass\n")
    config = {"auto_map": {"AutoTokenizer": ["evil.Tokenizer", None]}, "tokenizer_class": "Tokenizer"}
    (tmp_path / "evil" / "tokenizer_config.json").write_text(json.dumps(config))
    with contextlib.suppress(ModelReadError):
        load_grounding(tmp_path / "evil")
    assert not marker.exists()

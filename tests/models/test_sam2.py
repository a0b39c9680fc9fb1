"""SAM 2 from a folder: prompts, and what comes back."""

import json
import shutil

import numpy as np
import pytest
from stillbytes.engine.errors import CancelledError, ModelMissingError, ModelReadError
from stillbytes.engine.masks.learned.sam import SamModel, Traits
from stillbytes.engine.masks.learned.sam2 import load_sam2
from stillbytes.engine.masks.learned.sam_grid import GridRules
from stillbytes.engine.masks.ports import Area, Click, Prompt
from stillbytes.engine.models.residence import Local

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

POINT = Prompt((Click(0.3, 0.4),))
TWO = Prompt((Click(0.3, 0.4), Click(0.6, 0.7, include=False)))
BOX = Prompt((), Area(0.2, 0.3, 0.6, 0.8))
BOTH = Prompt((Click(0.3, 0.4),), Area(0.2, 0.3, 0.6, 0.8))


@pytest.fixture(scope="module")
def small_net():
    """The real architecture, small: 128 px, one block per stage."""
    torch.manual_seed(2)
    backbone = transformers.Sam2HieraDetConfig(
        hidden_size=8, blocks_per_stage=[1, 1, 2, 1], embed_dim_per_stage=[8, 16, 32, 64], image_size=[128, 128],
        num_attention_heads_per_stage=[1, 1, 2, 2], window_size_per_stage=[4, 4, 4, 4], global_attention_blocks=[3],
    )  # fmt: skip
    vision = transformers.Sam2VisionConfig(
        backbone_config=backbone, backbone_channel_list=[64, 32, 16, 8], fpn_hidden_size=32,
        backbone_feature_sizes=[[32, 32], [16, 16], [8, 8]],
    )  # fmt: skip
    net = transformers.Sam2Model(
        transformers.Sam2Config(
            vision_config=vision,
            prompt_encoder_config=transformers.Sam2PromptEncoderConfig(hidden_size=32, image_size=128),
            mask_decoder_config=transformers.Sam2MaskDecoderConfig(
                hidden_size=32, mlp_dim=32, num_attention_heads=2, iou_head_hidden_dim=16
            ),
        )
    ).eval()
    for parameter in net.parameters():
        parameter.data += 0.15 * torch.randn(parameter.shape)
    return net


@pytest.fixture(scope="module")
def folder(small_net, tmp_path_factory):
    path = tmp_path_factory.mktemp("folders") / "sam2.1-hiera-small-copy"
    small_net.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def model(folder):
    return load_sam2(folder)


@pytest.fixture
def view():
    return np.random.default_rng(3).random((60, 90, 3), np.float32)


def test_a_folder_gives_the_masks_of_transformers_own_pipeline(model, small_net, view):
    (found,) = model.ask(model.look(view), [POINT])
    pixels = torch.from_numpy(view).permute(2, 0, 1)[None]
    pixels = torch.nn.functional.interpolate(pixels, (128, 128), mode="bilinear", antialias=True)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    pixels = (pixels - mean[:, None, None]) / deviation[:, None, None]
    with torch.no_grad():
        answer = small_net(pixel_values=pixels, input_points=torch.tensor([[[[0.3 * 128 - 0.5, 0.4 * 128 - 0.5]]]]))
    full = torch.nn.functional.interpolate(answer.pred_masks[0], (60, 90), mode="bilinear")[0]
    order = torch.argsort(answer.iou_scores[0, 0], descending=True)
    seen = [i for i in order.tolist() if (full[i] > 0).any()]
    assert len(found) == len(seen) >= 1
    for candidate, i in zip(found, seen, strict=True):
        np.testing.assert_allclose(candidate.score, answer.iou_scores[0, 0, i], atol=1e-5)
        np.testing.assert_allclose(candidate.alpha, (full[i] / 4 + 0.5).clamp(0, 1), atol=1e-4)


def test_alpha_is_exact_where_the_model_is_sure_and_the_box_lies_around_it(model, view):
    for candidate in model.ask(model.look(view), [POINT])[0]:
        assert candidate.alpha.shape == (60, 90)
        assert candidate.alpha.dtype == np.float32
        assert 0 <= candidate.alpha.min() <= candidate.alpha.max() <= 1
        rows, columns = np.nonzero(candidate.alpha > 0.5)
        left, top, right, bottom = columns.min() / 90, rows.min() / 60, (columns.max() + 1) / 90, (rows.max() + 1) / 60
        assert candidate.area == Area(left, top, right, bottom)


def test_a_lone_click_may_mean_three_things_and_more_than_that_means_one(model, view):
    one, two, box, both = model.ask(model.look(view), [POINT, TWO, BOX, BOTH])
    assert 1 <= len(one) <= 3
    assert [c.score for c in one] == sorted((c.score for c in one), reverse=True)
    assert max(len(two), len(box), len(both)) <= 1


def test_prompts_of_any_mixture_are_answered_as_if_asked_alone(model, view):
    looked = model.look(view)
    prompts = [BOX, POINT, TWO, Prompt((Click(0.9, 0.1),)), BOTH, BOX] * 4
    together = model.ask(looked, prompts)
    for prompt, answer in list(zip(prompts, together, strict=True))[:5]:
        (alone,) = model.ask(looked, [prompt])
        assert len(alone) == len(answer)
        for first, second in zip(alone, answer, strict=True):
            np.testing.assert_allclose(first.alpha, second.alpha, atol=2e-4)
            np.testing.assert_allclose(first.score, second.score, atol=1e-4)


def test_asking_needs_no_second_look(model, small_net, view, monkeypatch):
    looked = model.look(view)
    monkeypatch.setattr(type(model._net), "get_image_features", None)
    assert model.ask(looked, [POINT])[0]


def test_an_embedding_lies_on_the_cpu_in_float32(model, view):
    looked = model.look(view)
    assert {(f.device.type, f.dtype) for f in looked.features} == {("cpu", torch.float32)}
    assert looked.size_bytes == sum(f.nbytes for f in looked.features)


def test_a_prompt_that_points_at_nothing_and_a_view_that_is_none_are_refused(model, view):
    with pytest.raises(ValueError, match="needs a click or a box"):
        model.ask(model.look(view), [Prompt()])
    with pytest.raises(ValueError, match="a view is"):
        model.look(view[..., 0])
    assert model.ask(model.look(view), []) == []


def loose(small_net, **rules):
    return SamModel(small_net, Local(small_net), Traits("loose", 128, True, GridRules(**rules)))


def test_everything_gives_distinct_things_largest_first(small_net, view):
    model = loose(small_net, score=0, stability=0, overlap=0.7, smallest=0)
    found = model.everything(model.look(view), 4)
    assert len(found) >= 2
    areas = [float(c.alpha.sum()) for c in found]
    assert areas == sorted(areas, reverse=True)
    masks = [c.alpha > 0.5 for c in found]
    overlaps = [(a & b).sum() / (a | b).sum() for i, a in enumerate(masks) for b in masks[:i]]
    assert max(overlaps) < 0.8  # they were compared at the model's own size


def test_everything_keeps_only_what_the_model_is_sure_of(small_net, view):
    looked = loose(small_net).look(view)
    every = loose(small_net, score=0, stability=0, overlap=1, smallest=0).everything(looked, 3)
    threshold = float(np.median([c.score for c in every]))
    some = loose(small_net, score=threshold, stability=0, overlap=1, smallest=0).everything(looked, 3)
    assert 0 < len(some) < len(every)
    assert min(c.score for c in some) >= threshold - 1e-6
    assert loose(small_net, score=1.1).everything(looked, 3) == []


def test_everything_tells_how_far_it_is_and_can_be_stopped(small_net, view):
    model, told = loose(small_net), []
    looked = model.look(view)
    model.everything(looked, 5, lambda done, total: told.append((done, total)))
    assert told == [(0, 25), (16, 25), (25, 25)]

    def stop(done, total):
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        model.everything(looked, 5, stop)


def test_the_net_is_given_to_its_host_and_used_only_at_work(folder, view):
    used = []

    class Watched(Local):
        def at_work(self, memory_bytes=0):
            used.append(memory_bytes)
            return super().at_work(memory_bytes)

    model = load_sam2(folder, Watched)
    model.ask(model.look(view), [POINT])
    assert len(used) == 2
    assert min(used) > 0


def test_a_folder_of_the_video_model_serves_as_well(small_net, folder, tmp_path):
    copy = tmp_path / "sam2-video"
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text())
    config |= {"model_type": "sam2_video", "architectures": ["Sam2VideoModel"]}
    (copy / "config.json").write_text(json.dumps(config))
    assert load_sam2(copy)._net.no_memory_embedding.equal(small_net.no_memory_embedding)


def test_wrong_folders_are_named_for_what_they_are(tmp_path):
    with pytest.raises(ModelMissingError, match=r"has no config\.json"):
        load_sam2(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelReadError, match="expected a SAM 2 model, found 'bert'"):
        load_sam2(tmp_path)
    with pytest.raises(ModelMissingError, match="no model file"):
        load_sam2(tmp_path / "absent.pt")

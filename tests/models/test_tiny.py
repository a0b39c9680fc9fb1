"""SAM, SlimSAM and EdgeTAM: folders and original checkpoints."""

import sys

import numpy as np
import pytest
from stillbytes.engine.errors import ModelMissingError, ModelReadError
from stillbytes.engine.masks.learned import tiny
from stillbytes.engine.masks.learned.sam_keys import sam_names
from stillbytes.engine.masks.learned.tiny import load_tiny
from stillbytes.engine.masks.ports import Area, Click, Prompt

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
save_file = pytest.importorskip("safetensors.torch").save_file

POINT = Prompt((Click(0.3, 0.4),))
BOX = Prompt((), Area(0.2, 0.3, 0.6, 0.8))


def shaken(net):
    for parameter in net.parameters():
        parameter.data += 0.15 * torch.randn(parameter.shape)
    return net.eval()


@pytest.fixture(scope="module")
def net():
    """SAM's architecture as SlimSAM has it, small: 64 px."""
    torch.manual_seed(4)
    vision = transformers.SamVisionConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=64, patch_size=8, output_channels=16,
        global_attn_indexes=[1], window_size=4, mlp_dim=24, num_pos_feats=8,
    )  # fmt: skip
    prompts = transformers.SamPromptEncoderConfig(hidden_size=16, image_size=64, patch_size=8)
    decoder = transformers.SamMaskDecoderConfig(
        hidden_size=16, mlp_dim=16, num_attention_heads=2, iou_head_hidden_dim=8
    )
    config = transformers.SamConfig(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)
    return shaken(transformers.SamModel(config))


@pytest.fixture(scope="module")
def folder(net, tmp_path_factory):
    path = tmp_path_factory.mktemp("sam") / "slimsam-50-uniform"
    net.save_pretrained(path)
    return path


@pytest.mark.parametrize("size", [(40, 60), (60, 40), (64, 64), (200, 130)])
def test_a_view_is_fitted_padded_and_its_masks_come_back_at_its_size(net, folder, size):
    height, width = size
    view = np.random.default_rng(3).random((*size, 3), np.float32)
    model = load_tiny(folder)
    assert model.name == "SlimSAM"
    (found,) = model.ask(model.look(view), [POINT])
    scale = 64 / max(size)
    h, w = int(height * scale + 0.5), int(width * scale + 0.5)
    pixels = torch.nn.functional.interpolate(
        torch.from_numpy(view).permute(2, 0, 1)[None], (h, w), mode="bilinear", antialias=True
    )
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    pixels = torch.nn.functional.pad((pixels - mean[:, None, None]) / deviation[:, None, None], (0, 64 - w, 0, 64 - h))
    with torch.no_grad():
        answer = net(pixel_values=pixels, input_points=torch.tensor([[[[0.3 * w - 0.5, 0.4 * h - 0.5]]]]))
    full = torch.nn.functional.interpolate(answer.pred_masks[0], (64, 64), mode="bilinear")[..., :h, :w]
    shown = torch.nn.functional.interpolate(full, size, mode="bilinear")[0]
    best = max(found, key=lambda c: c.score)
    i = int(np.argmin(np.abs(answer.iou_scores[0, 0].numpy() - best.score)))
    assert best.alpha.shape == size
    np.testing.assert_allclose(best.alpha, (shown[i] / 4 + 0.5).clamp(0, 1), atol=1e-4)


def test_points_and_boxes_are_answered_and_everything_is_found(folder):
    model = load_tiny(folder)
    looked = model.look(np.random.default_rng(3).random((40, 60, 3), np.float32))
    point, box = model.ask(looked, [POINT, BOX])
    assert 1 <= len(point) <= 3
    assert len(box) <= 1
    assert all(c.alpha.shape == (40, 60) for c in model.everything(looked, 3))


def original(state):
    """The weights of transformers' SamModel under Meta's names, written from the modules of Meta's code."""
    rules = [
        ("vision_encoder.", "image_encoder."), (".layers.", ".blocks.", "image_encoder"),
        ("layer_norm1", "norm1", "blocks"), ("layer_norm2", "norm2", "blocks"),
        ("patch_embed.projection", "patch_embed.proj"),
        ("neck.conv1", "neck.0"), ("neck.layer_norm1", "neck.1"), ("neck.conv2", "neck.2"),
        ("neck.layer_norm2", "neck.3"),
        ("shared_embedding.positional_embedding", "pe_layer.positional_encoding_gaussian_matrix"),
        ("mask_embed.conv1", "mask_downscaling.0"), ("mask_embed.layer_norm1", "mask_downscaling.1"),
        ("mask_embed.conv2", "mask_downscaling.3"), ("mask_embed.layer_norm2", "mask_downscaling.4"),
        ("mask_embed.conv3", "mask_downscaling.6"), (".point_embed.", ".point_embeddings."),
        ("upscale_conv1", "output_upscaling.0"), ("upscale_layer_norm", "output_upscaling.1"),
        ("upscale_conv2", "output_upscaling.3"), ("layer_norm_final_attn", "norm_final_attn"),
        ("layers.0.", "layers.1.", "_mlps"), ("layers.0.", "layers.1.", "iou_pred"), ("proj_in", "layers.0"),
        ("proj_out", "layers.2"), ("layer_norm", "norm", "transformer"),
    ]  # fmt: skip
    named = {}
    for key, value in state.items():
        for old, new, *where in rules:
            if not where or where[0] in key:
                key = key.replace(old, new)
        named[key] = value.contiguous().clone()
    named.pop("shared_image_embedding.positional_embedding")
    return named


NAMES = {
    "image_encoder.pos_embed", "image_encoder.blocks.1.attn.rel_pos_h", "image_encoder.blocks.1.mlp.lin2.bias",
    "image_encoder.blocks.0.norm2.weight", "image_encoder.neck.3.bias", "image_encoder.patch_embed.proj.weight",
    "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", "prompt_encoder.point_embeddings.3.weight",
    "prompt_encoder.mask_downscaling.6.weight", "prompt_encoder.not_a_point_embed.weight",
    "mask_decoder.iou_token.weight",
    "mask_decoder.transformer.layers.1.cross_attn_image_to_token.out_proj.bias",
    "mask_decoder.output_upscaling.3.weight",
    "mask_decoder.transformer.layers.0.norm4.weight", "mask_decoder.transformer.norm_final_attn.weight",
    "mask_decoder.transformer.layers.0.mlp.lin1.weight", "mask_decoder.output_hypernetworks_mlps.2.layers.1.weight",
    "mask_decoder.output_hypernetworks_mlps.0.layers.2.bias", "mask_decoder.iou_prediction_head.layers.0.weight",
}  # fmt: skip


def test_the_names_of_an_original_checkpoint_give_every_weight_of_transformers_model(net):
    named = original(net.state_dict())
    assert named.keys() >= NAMES
    back = sam_names(named)
    assert back.keys() == net.state_dict().keys()
    assert all(back[key].equal(value) for key, value in net.state_dict().items())


def test_an_original_checkpoint_loads_by_its_width(net, tmp_path, monkeypatch):
    monkeypatch.setattr(tiny, "_SIZES", {16: tiny._Size("SAM base", 2, 2, (1,))})
    monkeypatch.setattr(tiny, "_config", lambda size, weights: net.config)
    torch.save(original(net.state_dict()), tmp_path / "sam_vit_b_01ec64.pth")
    model = load_tiny(tmp_path / "sam_vit_b_01ec64.pth")
    assert model.name == "SAM base"
    held = model._net.state_dict()
    assert all(held[key].equal(value) for key, value in net.state_dict().items())


def test_the_sizes_of_the_first_sam_are_those_of_its_code():
    first = {"image_encoder.patch_embed.proj.weight": torch.empty(1280, 3, 16, 16, device="meta")}
    size = tiny._SIZES[1280]
    config = tiny._config(size, first).vision_config
    assert (config.hidden_size, config.num_hidden_layers, config.num_attention_heads) == (1280, 32, 16)
    assert (config.mlp_dim, config.global_attn_indexes, config.window_size) == (5120, [7, 15, 23, 31], 14)


def test_edgetam_needs_timm_and_says_so(tmp_path):
    if transformers.utils.import_utils.is_timm_available():
        pytest.skip("timm is installed here")
    (tmp_path / "config.json").write_text(
        '{"model_type": "edgetam", "architectures": ["EdgeTamModel"], "vision_config": {"backbone_config": '
        '{"model_type": "timm_wrapper", "architecture": "repvit_m1"}}}'
    )
    save_file({"a": torch.zeros(3)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelMissingError, match="timm") as caught:
        load_tiny(tmp_path)
    assert caught.value.hint == f'Install it with: "{sys.executable}" -m pip install timm'


def test_a_backbone_that_would_be_looked_up_on_the_network_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(
        '{"model_type": "edgetam_video", "vision_config": {"backbone_config": {"architecture": "hf-hub:some/where"}}}'
    )
    with pytest.raises(ModelReadError, match="found 'hf-hub:some/where'"):
        load_tiny(tmp_path)


def test_wrong_files_and_folders_are_named_for_what_they_are(tmp_path):
    save_file({"b.weight": torch.ones(3), "a": torch.ones(2)}, tmp_path / "m.safetensors")
    with pytest.raises(ModelReadError, match="expected the weights of SAM, found others, such as a"):
        load_tiny(tmp_path / "m.safetensors")
    save_file({"image_encoder.patch_embed.seq.0.c.weight": torch.ones(3)}, tmp_path / "m.safetensors")
    with pytest.raises(ModelReadError, match="does not load as MobileSAM"):
        load_tiny(tmp_path / "m.safetensors")
    odd = {
        "image_encoder.patch_embed.proj.weight": torch.ones(768, 3, 2, 2),
        "mask_decoder.iou_token.weight": torch.ones(1, 256),
        "image_encoder.blocks.4.norm1.bias": torch.ones(768),
    }
    save_file(odd, tmp_path / "m.safetensors")
    with pytest.raises(ModelReadError, match="no known size of SAM has 5 blocks of width 768"):
        load_tiny(tmp_path / "m.safetensors")
    (tmp_path / "config.json").write_text('{"model_type": "yolos"}')
    with pytest.raises(ModelReadError, match="expected EdgeTAM or SAM, found a model of type 'yolos'"):
        load_tiny(tmp_path)

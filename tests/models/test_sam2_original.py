"""SAM 2's original checkpoints: their names, their sizes and the logits that they give.

The golden logits come from Meta's own code (facebookresearch/sam2, SAM2ImagePredictor) with the weights that
`original_weights` makes; it clips them to 32.
"""

import hashlib

import numpy as np
import pytest
from stillbytes.engine.errors import ModelReadError
from stillbytes.engine.masks.learned.sam2 import load_sam2
from stillbytes.engine.masks.learned.sam_keys import sam2_names
from stillbytes.engine.masks.ports import Area, Click, Prompt
from stillbytes.engine.models.residence import Local

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
save_file = pytest.importorskip("safetensors.torch").save_file

POINT = Prompt((Click(0.3, 0.4),))
TWO = Prompt((Click(0.3, 0.4), Click(0.6, 0.7, include=False)))
BOX = Prompt((), Area(0.2, 0.3, 0.6, 0.8))
BOTH = Prompt((Click(0.3, 0.4),), Area(0.2, 0.3, 0.6, 0.8))

# Names of the image part and their shapes in Meta's hiera-tiny checkpoints, hashed as `digest` does.
TINY_DIGEST = "d4c2f294669ace9866ae8bb96249f7047290a152a4d5d759489dbb3873ef2616"


def linear(name, n_out, n_in, *kernel):
    return {f"{name}.weight": (n_out, n_in, *kernel), f"{name}.bias": (n_out,)}


def norm(name, n):
    return {f"{name}.weight": (n,), f"{name}.bias": (n,)}


def trunk(width, stages, windows, background):
    names = {"pos_embed": (1, width, background, background), "pos_embed_window": (1, width, windows, windows)}
    names |= linear("patch_embed.proj", width, 3, 7, 7)
    block, n_in = 0, width
    for stage, blocks in enumerate(stages):
        n = width * 2**stage
        for _ in range(blocks):
            name = f"blocks.{block}"
            names |= norm(f"{name}.norm1", n_in) | norm(f"{name}.norm2", n)
            names |= linear(f"{name}.attn.qkv", 3 * n, n_in) | linear(f"{name}.attn.proj", n, n)
            names |= linear(f"{name}.mlp.layers.0", 4 * n, n) | linear(f"{name}.mlp.layers.1", n, 4 * n)
            names |= linear(f"{name}.proj", n, n_in) if n != n_in else {}
            block, n_in = block + 1, n
    return {f"image_encoder.trunk.{key}": shape for key, shape in names.items()}


def attention(name, inner):
    names = {}
    for part in ("q_proj", "k_proj", "v_proj"):
        names |= linear(f"{name}.{part}", inner, 256)
    return names | linear(f"{name}.out_proj", 256, inner)


def mlp(name, n_out):
    return linear(f"{name}.0", 256, 256) | linear(f"{name}.1", 256, 256) | linear(f"{name}.2", n_out, 256)


def decoder():
    names = {"iou_token.weight": (1, 256), "mask_tokens.weight": (4, 256), "obj_score_token.weight": (1, 256)}
    for i in range(2):
        layer = f"transformer.layers.{i}"
        names |= attention(f"{layer}.self_attn", 256)
        names |= attention(f"{layer}.cross_attn_token_to_image", 128)
        names |= attention(f"{layer}.cross_attn_image_to_token", 128)
        names |= linear(f"{layer}.mlp.layers.0", 2048, 256) | linear(f"{layer}.mlp.layers.1", 256, 2048)
        for j in range(1, 5):
            names |= norm(f"{layer}.norm{j}", 256)
    names |= attention("transformer.final_attn_token_to_image", 128) | norm("transformer.norm_final_attn", 256)
    names |= {"output_upscaling.0.weight": (256, 64, 2, 2), "output_upscaling.0.bias": (64,)}
    names |= norm("output_upscaling.1", 64)
    names |= {"output_upscaling.3.weight": (64, 32, 2, 2), "output_upscaling.3.bias": (32,)}
    names |= linear("conv_s0", 32, 256, 1, 1) | linear("conv_s1", 64, 256, 1, 1)
    for i in range(4):
        names |= mlp(f"output_hypernetworks_mlps.{i}.layers", 32)
    names |= mlp("iou_prediction_head.layers", 4) | mlp("pred_obj_score_head.layers", 1)
    return {f"sam_mask_decoder.{key}": shape for key, shape in names.items()}


def prompts():
    names = {"pe_layer.positional_encoding_gaussian_matrix": (2, 128), "not_a_point_embed.weight": (1, 256)}
    names |= {f"point_embeddings.{i}.weight": (1, 256) for i in range(4)} | {"no_mask_embed.weight": (1, 256)}
    names |= linear("mask_downscaling.0", 4, 1, 2, 2) | norm("mask_downscaling.1", 4)
    names |= linear("mask_downscaling.3", 16, 4, 2, 2) | norm("mask_downscaling.4", 16)
    names |= linear("mask_downscaling.6", 256, 16, 1, 1)
    return {f"sam_prompt_encoder.{key}": shape for key, shape in names.items()}


def original_shapes(width=96, stages=(1, 2, 7, 2), windows=8, background=7):
    """The image part of an original checkpoint: names and shapes."""
    names = trunk(width, stages, windows, background) | prompts() | decoder() | {"no_mem_embed": (1, 1, 256)}
    for i in range(4):
        names |= linear(f"image_encoder.neck.convs.{i}.conv", 256, width * 2 ** (3 - i), 1, 1)
    return names


def digest(shapes):
    return hashlib.sha256("\n".join(f"{k} {tuple(v)}" for k, v in sorted(shapes.items())).encode()).hexdigest()


def original_weights(**size):
    """Weights for the names of an original checkpoint, random and in range, and some of its video part."""
    rng = np.random.default_rng(11)
    weights = {}
    for name, shape in sorted(original_shapes(**size).items()):
        values = rng.standard_normal(shape, np.float32)
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 0
        values = values * np.float32(0.1) if len(shape) == 1 else values * np.float32((2.0 / max(fan_in, 1)) ** 0.5)
        weights[name] = torch.from_numpy(values + np.float32("norm" in name and name.endswith("weight")))
    return weights


def with_video_part(weights):
    return weights | {"maskmem_tpos_enc": torch.zeros(7, 1, 1, 64), "no_obj_embed_spatial": torch.zeros(1, 64)}


def golden_view():
    rng = np.random.default_rng(5)
    return np.kron(rng.random((6, 8, 3), np.float32), np.ones((20, 20, 1), np.float32))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("sam2") / "sam2.1_hiera_tiny.pt"
    torch.save({"model": with_video_part(original_weights())}, path)
    return path


def test_the_names_of_a_real_tiny_checkpoint_give_every_weight_of_transformers_model():
    shapes = original_shapes()
    assert digest(shapes) == TINY_DIGEST
    with torch.device("meta"):
        wanted = {k: tuple(v.shape) for k, v in transformers.Sam2Model(transformers.Sam2Config()).state_dict().items()}
    named = sam2_names({k: torch.empty(v, device="meta") for k, v in shapes.items()}, torch.cat)
    assert {k: tuple(v.shape) for k, v in named.items()} == wanted


GOLDEN = {
    "point": (
        [0.23032, 0.5223, 0.3538],
        [
            23.9359,
            -1.8379,
            25.6881,
            -4.6755,
            21.965,
            -20.9449,
            17.1892,
            23.8344,
            21.0289,
            11.1599,
            -20.7327,
            5.6632,
            5.7379,
            -17.8391,
            32.0,
            17.5855,
            -22.3968,
            -24.9473,
            -15.7567,
            -15.2541,
            -32.0,
            -32.0,
            25.8425,
            -32.0,
            -0.7667,
            15.0802,
            13.573,
        ],
    ),
    "two": (
        [0.47445],
        [19.5301, 32.0, 31.4426, 32.0, 31.6195, 32.0, 9.4734, 32.0, 32.0],
    ),
    "box": (
        [0.4602],
        [20.7323, 32.0, 31.8066, 32.0, 29.6245, 32.0, 8.884, 32.0, 32.0],
    ),
    "both": (
        [0.47016],
        [21.876, 32.0, 32.0, 32.0, 32.0, 32.0, 9.5367, 32.0, 32.0],
    ),
}


def test_an_original_checkpoint_gives_the_logits_of_the_original_code(checkpoint):
    model = load_sam2(checkpoint)
    assert model.name == "SAM 2.1 tiny"
    looked = model.look(golden_view())
    assert looked.size_bytes == (256 * 64**2 + 64 * 128**2 + 32 * 256**2) * 4
    for name, prompt in (("point", POINT), ("two", TWO), ("box", BOX), ("both", BOTH)):
        with Local(model._net).at_work():
            logits, scores = model._decode([f.clone() for f in looked.features], [prompt], looked.fit)
        expected_scores, expected_logits = GOLDEN[name]
        np.testing.assert_allclose(scores[0].cpu(), expected_scores, rtol=2e-3)
        np.testing.assert_allclose(
            logits[0, :, 40::88, 30::97].flatten().cpu().clip(-32, 32), expected_logits, rtol=2e-3, atol=2e-3
        )


def test_half_precision_files_are_computed_in_float32(tmp_path):
    weights = {k: v.half() for k, v in with_video_part(original_weights()).items()}
    save_file(weights, tmp_path / "sam2.1_hiera_tiny-fp16.safetensors")
    model = load_sam2(tmp_path / "sam2.1_hiera_tiny-fp16.safetensors")
    assert model._net.dtype == torch.float32
    held = model._net.vision_encoder.backbone.blocks[3].attn.qkv.weight
    assert held.half().equal(weights["image_encoder.trunk.blocks.3.attn.qkv.weight"])


def test_wrong_files_are_named_for_what_they_are(tmp_path):
    def refused(weights, match):
        save_file({k: v.contiguous().clone() for k, v in weights.items()}, tmp_path / "m.safetensors")
        with pytest.raises(ModelReadError, match=match):
            load_sam2(tmp_path / "m.safetensors")

    few = {k: v for k, v in original_weights().items() if "trunk.blocks.11." not in k}
    refused(few, "no known size of SAM 2 has 11 blocks of width 96")
    lacking = {k: v for k, v in original_weights().items() if "iou_token" not in k}
    refused(lacking, r"1 are missing, such as mask_decoder\.iou_token\.weight")
    refused({"image_encoder.blocks.0.norm1.weight": torch.ones(3)}, "found those of the first SAM")
    refused({"something.weight": torch.ones(3)}, r"found others, such as something\.weight")
    refused({"vision_encoder.backbone.pos_embed": torch.ones(3)}, "choose the folder instead")

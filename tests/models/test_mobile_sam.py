"""MobileSAM's checkpoint: the names of its image encoder, TinyViT, and the numbers that it gives.

GOLDEN comes from the original code (ChaoningZhang/MobileSAM, TinyViT with `NARROW`'s widths) with the weights of
`encoder_weights` for the picture of `picture`.
"""

import numpy as np
import pytest
from stillbytes.engine.errors import ModelReadError
from stillbytes.engine.masks.learned.open import load_segmenter
from stillbytes.engine.masks.learned.tiny_vit import Shape, load_tiny_vit, shape_of
from stillbytes.engine.masks.ports import Area, Click, Prompt

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
save_file = pytest.importorskip("safetensors.torch").save_file

PUBLISHED = Shape((64, 128, 160, 320), (2, 2, 6, 2), (4, 5, 10), (7, 14, 7))
NARROW = Shape((8, 16, 24, 320), (1, 1, 2, 1), (2, 3, 5), (7, 14, 7))
PLACES = [(0, 0, 0), (3, 10, 20), (100, 63, 63), (200, 31, 5), (255, 40, 50), (17, 5, 60)]
GOLDEN = (0.868645, -1.327897, 1.306222, 0.377990, 1.483637, -0.334669)


def convolution(name, before, after, side):
    statistics = {f"{name}.bn.{part}": (after,) for part in ("weight", "bias", "running_mean", "running_var")}
    return {f"{name}.c.weight": (after, before, side, side), **statistics, f"{name}.bn.num_batches_tracked": ()}


def linear(name, before, after):
    return {f"{name}.weight": (after, before), f"{name}.bias": (after,)}


def norm(name, width):
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def three(name, before, between, after):
    return {
        **convolution(f"{name}.conv1", before, between, 1), **convolution(f"{name}.conv2", 1, between, 3),
        **convolution(f"{name}.conv3", between, after, 1),
    }  # fmt: skip


def encoder_shapes(shape):
    """The names of TinyViT's weights and their shapes, written from the modules of the original code."""
    first = shape.widths[0]
    found = {
        **convolution("patch_embed.seq.0", 3, first // 2, 3),
        **convolution("patch_embed.seq.2", first // 2, first, 3),
    }
    for stage, (width, depth) in enumerate(zip(shape.widths, shape.depths, strict=True)):
        for block in range(depth):
            name = f"layers.{stage}.blocks.{block}"
            if stage == 0:
                found |= three(name, width, 4 * width, width)
                continue
            window = shape.windows[stage - 1]
            found |= {f"{name}.attn.attention_biases": (shape.heads[stage - 1], window * window)}
            found |= norm(f"{name}.attn.norm", width) | linear(f"{name}.attn.qkv", width, 3 * width)
            found |= linear(f"{name}.attn.proj", width, width) | norm(f"{name}.mlp.norm", width)
            found |= linear(f"{name}.mlp.fc1", width, 4 * width) | linear(f"{name}.mlp.fc2", 4 * width, width)
            found |= convolution(f"{name}.local_conv", 1, width, 3)
        if stage < 3:
            after = shape.widths[stage + 1]
            found |= three(f"layers.{stage}.downsample", width, after, after)
    last = shape.widths[-1]
    found |= norm("norm_head", last) | linear("head", last, 10)
    found |= {"neck.0.weight": (256, last, 1, 1), "neck.2.weight": (256, 256, 3, 3)}
    return found | norm("neck.1", 256) | norm("neck.3", 256)


def encoder_weights(shape):
    """Weights that need no random numbers: sines whose pitch depends on the place of the name in the alphabet."""
    made = {}
    for number, (name, size) in enumerate(sorted(encoder_shapes(shape).items())):
        count = int(np.prod(size))
        waves = np.sin(np.arange(count) * (0.71 + 0.013 * number) + number).reshape(size)
        if name.endswith("num_batches_tracked"):
            made[name] = torch.tensor(0)
        elif name.endswith("running_var"):
            made[name] = torch.from_numpy(1 + 0.5 * waves).float()
        elif name.endswith("attention_biases"):
            made[name] = torch.from_numpy(2 * waves).float()
        elif len(size) == 1 and name.endswith("weight"):
            made[name] = torch.from_numpy(1 + 0.3 * waves).float()
        else:
            fan = max(1, count // size[0])
            made[name] = torch.from_numpy(waves * (0.2 if len(size) == 1 else 1.4 / fan**0.5)).float()
    return made


def picture():
    y, x = np.mgrid[:1024, :1024].astype(np.float32)
    planes = [np.sin(x / 37 + y / 91), np.cos(x / 53 - y / 29), np.sin(x * y / 40000)]
    return torch.from_numpy(np.stack(planes)[None].astype(np.float32))


@pytest.fixture(scope="module")
def checkpoint():
    """A whole checkpoint with a narrow encoder and the first SAM's decoder, under the original names."""
    torch.manual_seed(5)
    small = transformers.SamVisionConfig(hidden_size=8, mlp_dim=8, num_hidden_layers=1, num_attention_heads=1)
    net = transformers.SamModel(transformers.SamConfig(vision_config=small))
    rest = {k: v for k, v in net.state_dict().items() if k.startswith(("prompt_encoder.", "mask_decoder."))}
    return {
        **{f"image_encoder.{name}": value for name, value in encoder_weights(NARROW).items()},
        **{original(name): value.contiguous().clone() for name, value in rest.items()},
    }


def original(name):
    """The name of a weight of transformers' prompt encoder or mask decoder in a checkpoint of the first SAM."""
    for old, new, where in (
        ("shared_embedding.positional_embedding", "pe_layer.positional_encoding_gaussian_matrix", ""),
        ("mask_embed.conv1", "mask_downscaling.0", ""), ("mask_embed.layer_norm1", "mask_downscaling.1", ""),
        ("mask_embed.conv2", "mask_downscaling.3", ""), ("mask_embed.layer_norm2", "mask_downscaling.4", ""),
        ("mask_embed.conv3", "mask_downscaling.6", ""), (".point_embed.", ".point_embeddings.", ""),
        ("upscale_conv1", "output_upscaling.0", ""), ("upscale_layer_norm", "output_upscaling.1", ""),
        ("upscale_conv2", "output_upscaling.3", ""), ("layer_norm_final_attn", "norm_final_attn", ""),
        ("layers.0.", "layers.1.", "_mlps"), ("layers.0.", "layers.1.", "iou_pred"), ("proj_in", "layers.0", ""),
        ("proj_out", "layers.2", ""), ("layer_norm", "norm", "transformer"),
    ):  # fmt: skip
        if where in name:
            name = name.replace(old, new)
    return name


def test_the_shape_of_the_network_is_told_from_its_weights():
    for shape in (PUBLISHED, NARROW):
        sizes = encoder_shapes(shape).items()
        assert shape_of({name: torch.empty(size, device="meta") for name, size in sizes}) == shape


def test_the_encoder_gives_the_numbers_of_the_original_code():
    net = load_tiny_vit("mobile_sam.pt", encoder_weights(NARROW))
    with torch.no_grad():
        (found,) = net(picture())
    assert found.shape == (1, 256, 64, 64)
    np.testing.assert_allclose([float(found[(0, *place)]) for place in PLACES], GOLDEN, rtol=0, atol=2e-4)


@pytest.mark.parametrize("half", [False, True])
def test_a_checkpoint_becomes_an_engine_for_clicks_and_boxes(checkpoint, tmp_path, half):
    path = tmp_path / "mobile_sam.pt"
    torch.save({k: v.half() if half and v.is_floating_point() else v for k, v in checkpoint.items()}, path)
    (model,) = load_segmenter(path).promptable
    assert model.name == "MobileSAM"
    looked = model.look(np.random.default_rng(3).random((40, 60, 3), np.float32))
    point, box = model.ask(looked, [Prompt((Click(0.3, 0.4),)), Prompt((), Area(0.2, 0.3, 0.6, 0.8))])
    assert len(point) <= 3
    assert len(box) <= 1
    assert all(c.alpha.shape == (40, 60) and 0 <= c.score <= 1 for c in [*point, *box])


def test_the_decoder_holds_every_weight_of_the_checkpoint(checkpoint, tmp_path):
    save_file(checkpoint, tmp_path / "mobile_sam.safetensors")
    held = load_segmenter(tmp_path / "mobile_sam.safetensors").promptable[0]._net.state_dict()
    theirs = {v.numpy().tobytes() for k, v in checkpoint.items() if not k.startswith("image_encoder.")}
    assert theirs <= {v.numpy().tobytes() for v in held.values()}


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ("image_encoder.layers.2.blocks.1.mlp.fc1.bias", "1 are missing, such as layers.2.blocks.1.mlp.fc1.bias"),
        ("mask_decoder.iou_token.weight", "1 are missing, such as mask_decoder.iou_token.weight"),
        ("image_encoder.layers.1.blocks.0.attn.attention_biases", "does not load as MobileSAM"),
    ],
)
def test_a_part_of_a_checkpoint_is_named_as_such(checkpoint, tmp_path, lost, says):
    save_file({k: v for k, v in checkpoint.items() if k != lost}, tmp_path / "part.safetensors")
    with pytest.raises(ModelReadError, match=says):
        load_segmenter(tmp_path / "part.safetensors")


def test_weights_of_another_form_are_refused(checkpoint, tmp_path):
    for name in ("image_encoder.neck.2.weight", "mask_decoder.iou_token.weight"):
        save_file({**checkpoint, name: torch.ones(2, 3)}, tmp_path / "odd.safetensors")
        with pytest.raises(ModelReadError, match="does not load as MobileSAM"):
            load_segmenter(tmp_path / "odd.safetensors")

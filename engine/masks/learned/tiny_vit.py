"""TinyViT (Wu et al. 2022), the image encoder of MobileSAM (Zhang et al. 2023), in the layout of its checkpoint.

A stem and a stage of convolutions, then three stages of attention in windows. Between stages the picture is halved, but
not before the last one, so that 1024 px become 64 x 64 vectors, as the first SAM's decoder expects them.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from ...errors import ModelReadError
from ...models.load import check_complete
from ...models.packages import torch

_STAGES = 4
_NECK = 256
_EPS_NECK = 1e-6


class Shape(NamedTuple):
    """Per stage: channels and blocks; per stage of attention (all but the first): heads and side of the window."""

    widths: tuple[int, ...]
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    windows: tuple[int, ...]


def load_tiny_vit(name: str, weights: Mapping[str, Any]) -> Any:
    """Return the network with `weights`, float32, in eval mode, on the CPU: from (n, 3, h, w) to (n, 256, h/16, w/16).

    weights: by the names under `image_encoder.` in the checkpoint; those of the classifier are left out. name: the
    file, for messages. Raises ModelReadError if weights are missing or misshapen.
    """
    try:
        net = _class()(shape_of(weights))
        kept = {key: value.float() for key, value in weights.items() if key in net.state_dict()}
        missing = net.load_state_dict(kept, strict=False).missing_keys
    except (RuntimeError, KeyError, ValueError, IndexError) as error:
        raise ModelReadError(f"{name}: it does not load as MobileSAM: {error}.", "Is it another model?") from error
    check_complete(name, "MobileSAM", [key for key in missing if not key.endswith("num_batches_tracked")])
    return net.eval().requires_grad_(False)


def shape_of(weights: Mapping[str, Any]) -> Shape:
    """Return the network's shape as its weights tell it. Raises KeyError or ValueError if they are not TinyViT's."""
    blocks = [
        len({key.split(".")[3] for key in weights if key.startswith(f"layers.{stage}.blocks.")})
        for stage in range(_STAGES)
    ]
    biases = [weights[f"layers.{stage}.blocks.0.attn.attention_biases"] for stage in range(1, _STAGES)]
    widths = [weights[f"layers.{stage}.blocks.0.attn.qkv.weight"].shape[1] for stage in range(1, _STAGES)]
    first = weights["patch_embed.seq.2.c.weight"].shape[0]
    windows = [math.isqrt(bias.shape[1]) for bias in biases]  # one bias per distance across and down
    return Shape((first, *widths), tuple(blocks), tuple(bias.shape[0] for bias in biases), tuple(windows))


@cache
def _class() -> Any:
    """Return the class of the network; it is made when PyTorch is there."""

    class TinyVit(torch().nn.Module):
        def __init__(self, shape: Shape) -> None:
            super().__init__()
            nn = torch().nn
            self.shape = shape
            first = shape.widths[0]
            halves = _convolution(3, first // 2, 3, stride=2), nn.GELU(), _convolution(first // 2, first, 3, stride=2)
            self.patch_embed = nn.ModuleDict({"seq": nn.Sequential(*halves)})
            self.layers = nn.ModuleList([_stage(shape, number) for number in range(_STAGES)])
            self.neck = nn.ModuleList(
                [
                    nn.Conv2d(shape.widths[-1], _NECK, 1, bias=False),
                    nn.LayerNorm(_NECK, eps=_EPS_NECK),
                    nn.Conv2d(_NECK, _NECK, 3, padding=1, bias=False),
                    nn.LayerNorm(_NECK, eps=_EPS_NECK),
                ]
            )

        def forward(self, pixel_values: Any, **_: Any) -> tuple[Any]:
            """Return the embedding in a tuple, as transformers' SamModel takes it from its own encoder."""
            return (_embedded(self, pixel_values),)

    return TinyVit


def _convolution(before: int, after: int, side: int, stride: int = 1, groups: int = 1) -> Any:
    """Return a convolution whose scale and offset are those of a batch's statistics."""
    nn = torch().nn
    plain = nn.Conv2d(before, after, side, stride, side // 2, groups=groups, bias=False)
    return nn.Sequential(OrderedDict(c=plain, bn=nn.BatchNorm2d(after)))


def _stage(shape: Shape, number: int) -> Any:
    nn = torch().nn
    width, depth = shape.widths[number], shape.depths[number]
    if number == 0:
        blocks = [_three(width, 4 * width, width, 1) for _ in range(depth)]
    else:
        heads, window = shape.heads[number - 1], shape.windows[number - 1]
        blocks = [_attention_block(width, heads, window) for _ in range(depth)]
    stage = nn.ModuleDict({"blocks": nn.ModuleList(blocks)})
    if number + 1 < _STAGES:
        after = shape.widths[number + 1]
        stage["downsample"] = _three(width, after, after, 1 if number + 2 == _STAGES else 2)
    return stage


def _three(before: int, between: int, after: int, stride: int) -> Any:
    """Return a pointwise, a 3 x 3 depthwise and another pointwise convolution."""
    return torch().nn.ModuleDict(
        {
            "conv1": _convolution(before, between, 1),
            "conv2": _convolution(between, between, 3, stride, between),
            "conv3": _convolution(between, after, 1),
        }
    )


def _attention_block(width: int, heads: int, window: int) -> Any:
    nn = torch().nn
    attention = nn.Module()
    attention.norm = nn.LayerNorm(width)
    attention.qkv, attention.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
    attention.attention_biases = nn.Parameter(torch().zeros(heads, window * window))
    mlp = nn.ModuleDict(
        {"norm": nn.LayerNorm(width), "fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)}
    )
    return nn.ModuleDict({"attn": attention, "mlp": mlp, "local_conv": _convolution(width, width, 3, groups=width)})


def _embedded(net: Any, pixels: Any) -> Any:
    x = net.patch_embed["seq"](pixels)
    for number, stage in enumerate(net.layers):
        for block in stage["blocks"]:
            x = _attended(block, x, net.shape.windows[number - 1]) if number else _gelu(x + _through(block, x))
        if "downsample" in stage:
            x = _through(stage["downsample"], x)
    reduce, first_norm, mix, last_norm = net.neck
    return _over_channels(last_norm, mix(_over_channels(first_norm, reduce(x))))


def _through(block: Any, x: Any) -> Any:
    return block["conv3"](_gelu(block["conv2"](_gelu(block["conv1"](x)))))


def _gelu(x: Any) -> Any:
    return torch().nn.functional.gelu(x)


def _over_channels(norm: Any, x: Any) -> Any:
    return norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def _attended(block: Any, x: Any, window: int) -> Any:
    """Return `x`, (n, channels, h, w), after attention in windows, a local convolution and the two layers."""
    height, width = x.shape[2:]
    tokens = x.permute(0, 2, 3, 1)
    padded = torch().nn.functional.pad(tokens, (0, 0, 0, -width % window, 0, -height % window))
    x = x + _in_windows(block["attn"], padded, window)[:, :height, :width].permute(0, 3, 1, 2)
    x = block["local_conv"](x)
    mlp = block["mlp"]
    return x + mlp["fc2"](_gelu(mlp["fc1"](mlp["norm"](x.permute(0, 2, 3, 1))))).permute(0, 3, 1, 2)


def _in_windows(attention: Any, tokens: Any, window: int) -> Any:
    """Return the attention within each window of `tokens`, (n, h, w, channels) of whole windows."""
    n, height, width, channels = tokens.shape
    heads = attention.attention_biases.shape[0]
    down, across, area = height // window, width // window, window * window
    cut = tokens.view(n, down, window, across, window, channels).transpose(2, 3).reshape(-1, area, channels)
    parts = attention.qkv(attention.norm(cut)).view(-1, area, heads, 3, channels // heads)
    query, key, value = (part.transpose(1, 2) for part in parts.unbind(3))
    bias = attention.attention_biases[:, _distances(window).to(tokens.device)]
    mixed = torch().nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
    out = attention.proj(mixed.transpose(1, 2).reshape(-1, area, channels))
    return out.view(n, down, across, window, window, channels).transpose(2, 3).reshape(n, height, width, channels)


@cache
def _distances(window: int) -> Any:
    """Return for each pair of a window's places the number of their bias, (window², window²), on the CPU.

    Pairs the same number of px apart, across and down, share one; row by row from the first place, no two are equal.
    """
    place = torch().arange(window)
    apart = (place[:, None] - place).abs()
    down, across = apart.repeat_interleave(window, 0).repeat_interleave(window, 1), apart.repeat(window, window)
    return down * window + across

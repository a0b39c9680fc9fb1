"""The names of weights: from the original SAM and SAM 2 checkpoints to those of transformers' models.

The facts are those of Meta's segment-anything and sam2 repositories on one side and of transformers' Sam2Model and
SamModel on the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_Rule = tuple[re.Pattern[str], str]

_PROMPT: tuple[tuple[str, str], ...] = (
    (r"pe_layer\.positional_encoding_gaussian_matrix$", "shared_embedding.positional_embedding"),
    (r"mask_downscaling\.0\.", "mask_embed.conv1."),
    (r"mask_downscaling\.1\.", "mask_embed.layer_norm1."),
    (r"mask_downscaling\.3\.", "mask_embed.conv2."),
    (r"mask_downscaling\.4\.", "mask_embed.layer_norm2."),
    (r"mask_downscaling\.6\.", "mask_embed.conv3."),
)
_DECODER: tuple[tuple[str, str], ...] = (
    (r"output_upscaling\.0\.", "upscale_conv1."),
    (r"output_upscaling\.1\.", "upscale_layer_norm."),
    (r"output_upscaling\.3\.", "upscale_conv2."),
    (r"\.norm_final_attn\.", ".layer_norm_final_attn."),
    (r"(hypernetworks_mlps\.\d|iou_prediction_head|pred_obj_score_head)\.layers\.0\.", r"\1.proj_in."),
    (r"(hypernetworks_mlps\.\d|iou_prediction_head|pred_obj_score_head)\.layers\.1\.", r"\1.layers.0."),
    (r"(hypernetworks_mlps\.\d|iou_prediction_head|pred_obj_score_head)\.layers\.2\.", r"\1.proj_out."),
)
_SAM2: tuple[tuple[str, str], ...] = (
    (r"^image_encoder\.trunk\.", "vision_encoder.backbone."),
    (r"^image_encoder\.neck\.convs\.(\d)\.conv\.", r"vision_encoder.neck.convs.\1."),
    (r"^sam_prompt_encoder\.", "prompt_encoder."),
    (r"^sam_mask_decoder\.", "mask_decoder."),
    (r"^no_mem_embed$", "no_memory_embedding"),
    (r"\.patch_embed\.proj\.", ".patch_embed.projection."),
    (r"\.out_proj\.", ".o_proj."),
    (r"\.mlp\.layers\.0\.", ".mlp.proj_in."),
    (r"\.mlp\.layers\.1\.", ".mlp.proj_out."),
    (r"\.norm(\d)\.", r".layer_norm\1."),
)
_SAM: tuple[tuple[str, str], ...] = (
    (r"^image_encoder\.", "vision_encoder."),
    (r"^vision_encoder\.blocks\.", "vision_encoder.layers."),
    (r"\.patch_embed\.proj\.", ".patch_embed.projection."),
    (r"\.neck\.0\.", ".neck.conv1."),
    (r"\.neck\.1\.", ".neck.layer_norm1."),
    (r"\.neck\.2\.", ".neck.conv2."),
    (r"\.neck\.3\.", ".neck.layer_norm2."),
    (r"\.point_embeddings\.", ".point_embed."),
    (r"\.norm(\d)\.", r".layer_norm\1."),
)
_IMAGE_PART = ("vision_encoder.", "prompt_encoder.", "mask_decoder.", "no_memory_embedding")


def sam2_names(weights: Mapping[str, Any], join: Callable[[list[Any]], Any]) -> dict[str, Any]:
    """Return the weights of an original SAM 2 or 2.1 checkpoint under the names of transformers' Sam2Model.

    Only the part for still images is kept; the memory of the video part is left out. `join` stacks a list of
    tensors of (1, n) to (len, n).
    """
    points = sorted(key for key in weights if ".point_embeddings." in key)
    named = _renamed(((k, v) for k, v in weights.items() if k not in points), _SAM2)
    if points:
        named["prompt_encoder.point_embed.weight"] = join([weights[key] for key in points])
    return _shared(named)


def sam_names(weights: Mapping[str, Any]) -> dict[str, Any]:
    """Return the weights of an original SAM checkpoint under the names of transformers' SamModel."""
    return _shared(_renamed(weights.items(), _SAM))


def _renamed(weights: Iterable[tuple[str, Any]], own: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    rules: list[_Rule] = [(re.compile(pattern), name) for pattern, name in (*own, *_PROMPT, *_DECODER)]
    named: dict[str, Any] = {}
    for key, value in weights:
        new = key
        for pattern, name in rules:
            new = pattern.sub(name, new)
        if new.startswith(_IMAGE_PART):
            named[new] = value
    return named


def _shared(named: dict[str, Any]) -> dict[str, Any]:
    """Return the weights with the position code of prompts, which the image uses as well, under its second name."""
    code = named.get("prompt_encoder.shared_embedding.positional_embedding")
    return named if code is None else {**named, "shared_image_embedding.positional_embedding": code}

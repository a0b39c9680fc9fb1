"""SAM 2 and 2.1 (Ravi et al. 2024): masks of what is pointed at, through transformers' Sam2Model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import ModelReadError
from ...models.load import build, load_folder, read_config, read_weights
from ...models.packages import package, torch
from ...models.residence import Host, Local
from ..ports import Promptable
from .sam import SamModel, Traits
from .sam_keys import sam2_names


class _Size(NamedTuple):
    """A size of the model, with what its weights do not tell (Meta's sam2/configs)."""

    name: str
    stages: tuple[int, ...]
    heads: int
    global_blocks: tuple[int, ...]
    windows: tuple[int, ...]
    background: int


# By the width of the first stage and the number of blocks.
_SIZES = {
    (96, 12): _Size("tiny", (1, 2, 7, 2), 1, (5, 7, 9), (8, 4, 14, 7), 7),
    (96, 16): _Size("small", (1, 2, 11, 2), 1, (7, 10, 13), (8, 4, 14, 7), 7),
    (112, 24): _Size("base plus", (2, 3, 16, 3), 2, (12, 16, 20), (8, 4, 14, 7), 14),
    (144, 48): _Size("large", (2, 6, 36, 4), 2, (23, 33, 43), (8, 4, 16, 8), 7),
}
_BLOCK = re.compile(r"^image_encoder\.trunk\.blocks\.(\d+)\.")
_FIRST = "image_encoder.trunk.patch_embed.proj.weight"
_FOLDERS = ("sam2", "sam2_video")


def load_sam2(path: Path, host: Host = Local) -> Promptable:
    """Return the SAM 2 or 2.1 model at `path`: a checkpoint with Meta's names, or a folder in transformers' layout.

    The size is told from the weights, not from the file's name. Raises ModelMissingError if the file or a package
    is not there, ModelReadError if the file is broken or is another model.
    """
    net, name = _from_folder(path) if path.is_dir() else _from_file(path)
    side = net.config.prompt_encoder_config.image_size
    return SamModel(net, host(net), Traits(name, side))


def _from_folder(folder: Path) -> tuple[Any, str]:
    config = read_config(folder)
    if (kind := config.get("model_type")) not in _FOLDERS:
        raise ModelReadError(f"{folder.name}: expected a SAM 2 model, found {kind!r}.", "Choose another folder.")
    net = load_folder(folder, "Sam2Model")
    backbone = net.config.vision_config.backbone_config
    known = _SIZES.get((backbone.hidden_size, sum(backbone.blocks_per_stage)))
    newer = config.get("enable_occlusion_spatial_embedding") or "2.1" in folder.name
    return net, _title(known, bool(newer))


def _from_file(path: Path) -> tuple[Any, str]:
    weights = read_weights(path)
    size = _size(path.name, weights)
    named = sam2_names(weights, lambda points: torch().cat(points))
    newer = "no_obj_embed_spatial" in weights
    return build(path.name, "Sam2Model", _config(size, weights), named), _title(size, newer)


def _size(name: str, weights: Mapping[str, Any]) -> _Size:
    """Return the size of the model. Raises ModelReadError if the weights are not SAM 2's."""
    first = weights.get(_FIRST)
    if first is None:
        raise ModelReadError(f"{name}: expected the weights of SAM 2, found {_guess(weights)}.", "Choose another file.")
    blocks = 1 + max((int(m[1]) for key in weights if (m := _BLOCK.match(key))), default=-1)
    if (size := _SIZES.get((first.shape[0], blocks))) is None:
        raise ModelReadError(f"{name}: no known size of SAM 2 has {blocks} blocks of width {first.shape[0]}.")
    return size


def _guess(weights: Mapping[str, Any]) -> str:
    if "vision_encoder.backbone.pos_embed" in weights:
        return "a part of a transformers folder; choose the folder instead"
    if "image_encoder.blocks.0.norm1.weight" in weights:
        return "those of the first SAM"
    return f"others, such as {min(weights)}"


def _config(size: _Size, weights: Mapping[str, Any]) -> Any:
    width = int(weights[_FIRST].shape[0])
    widths = [width * 2**i for i in range(4)]
    transformers = package("transformers")
    backbone = transformers.Sam2HieraDetConfig(
        hidden_size=width,
        num_attention_heads=size.heads,
        blocks_per_stage=list(size.stages),
        embed_dim_per_stage=widths,
        num_attention_heads_per_stage=[size.heads * 2**i for i in range(4)],
        window_size_per_stage=list(size.windows),
        global_attention_blocks=list(size.global_blocks),
        window_positional_embedding_background_size=[size.background] * 2,
    )
    vision = transformers.Sam2VisionConfig(backbone_config=backbone, backbone_channel_list=widths[::-1])
    return transformers.Sam2Config(vision_config=vision)


def _title(size: _Size | None, newer: bool) -> str:
    return f"SAM 2{'.1' if newer else ''}{f' {size.name}' if size else ''}"

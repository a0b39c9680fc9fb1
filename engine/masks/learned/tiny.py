"""Small models of the SAM family for clicks on a CPU: EdgeTAM and SlimSAM folders, checkpoints of SAM and MobileSAM."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import ModelReadError
from ...models.load import build, check_complete, load_folder, read_config, read_weights
from ...models.packages import package
from ...models.residence import Host, Local
from ..ports import Promptable
from .sam import SamModel, Traits
from .sam_grid import GridRules
from .sam_keys import sam_names
from .tiny_vit import load_tiny_vit

_RULES = GridRules(score=0.88)


class _Size(NamedTuple):
    """A size of the first SAM, with what its weights do not tell (Meta's segment_anything/build_sam.py)."""

    name: str
    layers: int
    heads: int
    global_layers: tuple[int, ...]


# By the width of the image encoder.
_SIZES = {
    768: _Size("SAM base", 12, 12, (2, 5, 8, 11)),
    1024: _Size("SAM large", 24, 16, (5, 11, 17, 23)),
    1280: _Size("SAM huge", 32, 16, (7, 15, 23, 31)),
}
_FIRST = "image_encoder.patch_embed.proj.weight"
_ENCODER = "image_encoder."
_MOBILE = "image_encoder.patch_embed.seq.0.c.weight"
_BLOCK = re.compile(r"^image_encoder\.blocks\.(\d+)\.")


def load_tiny(path: Path, host: Host = Local) -> Promptable:
    """Return the EdgeTAM, SAM (SlimSAM as well) or MobileSAM model at `path`.

    A folder in transformers' layout, or a checkpoint of the first SAM or MobileSAM with their own names. Raises
    ModelMissingError if the file or a package is not there (EdgeTAM needs timm), ModelReadError if it is broken or is
    another model.
    """
    return _from_folder(path, host) if path.is_dir() else _from_file(path, host)


def _from_folder(folder: Path, host: Host) -> Promptable:
    config = read_config(folder)
    kind = str(config.get("model_type"))
    if kind == "sam":
        net = load_folder(folder, "SamModel")
        thin = config.get("vision_config", {}).get("hidden_size", 768) < min(_SIZES)
        name = "SlimSAM" if thin else "SAM"
        return SamModel(net, host(net), Traits(name, net.config.vision_config.image_size, squash=False, rules=_RULES))
    if kind in ("edgetam", "edgetam_video"):
        _check_backbone(folder.name, config)
        net = load_folder(folder, "EdgeTamModel")
        return SamModel(net, host(net), Traits("EdgeTAM", net.config.prompt_encoder_config.image_size))
    raise ModelReadError(f"{folder.name}: expected EdgeTAM or SAM, found a model of type {kind!r}.")


def _check_backbone(name: str, config: Mapping[str, Any]) -> None:
    """Raise ModelReadError if the backbone's name is an address: timm would ask the network about it."""
    vision = config.get("vision_config")
    backbone = vision.get("backbone_config") if isinstance(vision, dict) else None
    architecture = backbone.get("architecture", "") if isinstance(backbone, dict) else ""
    if not re.fullmatch(r"[\w.]*", str(architecture)):
        raise ModelReadError(f"{name}: expected the name of a timm model as backbone, found {str(architecture)!r}.")


def _from_file(path: Path, host: Host) -> Promptable:
    weights = read_weights(path)
    if _MOBILE in weights:
        net = _mobile(path.name, weights)
        return SamModel(net, host(net), Traits("MobileSAM", squash=False, rules=_RULES))
    size = _size(path.name, weights)
    net = build(path.name, "SamModel", _config(size, weights), sam_names(weights))
    return SamModel(net, host(net), Traits(size.name, squash=False, rules=_RULES))


def _mobile(name: str, weights: Mapping[str, Any]) -> Any:
    """Return transformers' SamModel with MobileSAM's image encoder in the place of its own."""
    transformers = package("transformers")
    placeholder = transformers.SamVisionConfig(hidden_size=8, mlp_dim=8, num_hidden_layers=1, num_attention_heads=1)
    net = transformers.SamModel(transformers.SamConfig(vision_config=placeholder)).float()
    inner = {key.removeprefix(_ENCODER): value for key, value in weights.items() if key.startswith(_ENCODER)}
    net.vision_encoder = load_tiny_vit(name, inner)
    rest = sam_names({key: value.float() for key, value in weights.items() if not key.startswith(_ENCODER)})
    try:
        missing = net.load_state_dict(rest, strict=False).missing_keys
    except RuntimeError as error:
        raise ModelReadError(f"{name}: it does not load as MobileSAM: {error}.", "Is it another model?") from error
    check_complete(name, "MobileSAM", [key for key in missing if not key.startswith("vision_encoder.")])
    return net.eval().requires_grad_(False)


def _size(name: str, weights: Mapping[str, Any]) -> _Size:
    """Return the size of the model. Raises ModelReadError if the weights are not those of the first SAM."""
    first = weights.get(_FIRST)
    if first is None or "mask_decoder.iou_token.weight" not in weights:
        raise ModelReadError(
            f"{name}: expected the weights of SAM, found others, such as {min(weights)}.", "Choose another file."
        )
    blocks = 1 + max((int(m[1]) for key in weights if (m := _BLOCK.match(key))), default=-1)
    size = _SIZES.get(first.shape[0])
    if size is None or size.layers != blocks:
        raise ModelReadError(f"{name}: no known size of SAM has {blocks} blocks of width {first.shape[0]}.")
    return size


def _config(size: _Size, weights: Mapping[str, Any]) -> Any:
    transformers = package("transformers")
    width = int(weights[_FIRST].shape[0])
    vision = transformers.SamVisionConfig(
        hidden_size=width,
        mlp_dim=4 * width,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        global_attn_indexes=list(size.global_layers),
    )
    return transformers.SamConfig(vision_config=vision)

"""Masks that keep the engine's own form on their way from node to node.

A MASK is a picture, and the engine's mask is finer: it follows the photo's edges at any size. A tensor that comes from
a selecting node carries the engine's masks along; Develop and Fill take them where they belong to the same photos. Any
other node makes a new tensor, which carries nothing and counts as the picture that it is.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .convert import alphas_of

if TYPE_CHECKING:
    from ..engine.masks.mask import Mask
    from .convert import Photos

_NAME = "stillbytes_masks"


@dataclass(frozen=True, eq=False)
class _Kept:
    masks: tuple[Mask, ...]
    sources: tuple[Any, ...]
    checksum: int


def keep(tensor: torch.Tensor, masks: Sequence[Mask], photos: Photos) -> torch.Tensor:
    """Return `tensor`, the picture of `masks` on `photos`, which from now on carries them."""
    setattr(tensor, _NAME, _Kept(tuple(masks), tuple(p.source for p in photos), _checksum(tensor)))
    return tensor


def kept(tensor: torch.Tensor, photos: Photos) -> list[Mask] | None:
    """Return the masks that `tensor` carries for these photos; None if it does not, or was written into since."""
    found: _Kept | None = getattr(tensor, _NAME, None)
    if found is None or len(found.masks) != len(photos) or found.checksum != _checksum(tensor):
        return None
    same = all(source is photo.source for source, photo in zip(found.sources, photos, strict=True))
    return list(found.masks) if same else None


def masks_of(tensor: torch.Tensor | None, photos: Photos) -> Sequence[Mask | None]:
    """Return a mask per photo: what a MASK carries for them, else what it shows; None for all where there is no MASK.

    Raises StillbytesError if the MASK is a batch that does not fit the photos.
    """
    from ..engine.masks.refine import from_alpha

    if tensor is None:
        return [None] * len(photos)
    if (masks := kept(tensor, photos)) is not None:
        return masks
    alphas = alphas_of(tensor, len(photos))
    return [from_alpha(alpha, photo) for photo, alpha in zip(photos, alphas, strict=True)]


def inverted(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return `second`, which shows the opposite of `first`, carrying the opposite of what `first` carries."""
    found: _Kept | None = getattr(first, _NAME, None)
    if found is not None and found.checksum == _checksum(first):
        from ..engine.masks.refine import invert

        setattr(second, _NAME, _Kept(tuple(map(invert, found.masks)), found.sources, _checksum(second)))
    return second


def _checksum(tensor: torch.Tensor) -> int:
    """Return a number that changes when somebody writes into the tensor; inference tensors count no versions."""
    return zlib.crc32(np.ascontiguousarray(tensor.detach().float().cpu().numpy()))

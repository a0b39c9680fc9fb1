"""Between ComfyUI's tensors and the engine's photos. Only this module knows batches.

A PHOTO carries a tuple of photos: an IMAGE batch of N becomes N photos that travel together and come back as an IMAGE
batch of N. A MASK for N photos is a batch of N, or one mask for all of them. A MASK batch that meets a single photo,
such as the separate objects that a detector found, counts as one selection: its masks are joined; none select nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import comfy.model_management as memory
import numpy as np
import torch
from numpy.typing import NDArray

from ..engine.errors import StillbytesError

if TYPE_CHECKING:
    from ..engine.photo import Photo, Source

    Photos = tuple[Photo, ...]

Frame = NDArray[np.float32]
# ComfyUI's savers cut to 8 bits instead of rounding, so a level that is met to within float32's rounding gets lost.
_LIFT = 2.0**-18


def photos_of(value: Any, encoding: str = "srgb") -> Photos:
    """Return the photos that a PHOTO or IMAGE input carries, one for each picture of a batch.

    encoding: how IMAGE values are to be read, one of choices.ENCODINGS.
    """
    from ..engine.photo import Photo

    if isinstance(value, torch.Tensor):
        return tuple(Photo(_source(frame, encoding)) for frame in _frames(value))
    if isinstance(value, tuple) and value and all(isinstance(photo, Photo) for photo in value):
        return value
    raise StillbytesError(f"Expected a PHOTO or an IMAGE, found {type(value).__name__}.", "Check what is connected.")


def image_of(frames: Sequence[Frame]) -> torch.Tensor:
    """Return float32 (h, w, 3) frames of one size as an IMAGE (n, h, w, 3); the frames are taken over."""
    stacked = _stacked(frames)
    np.add(stacked, np.float32(_LIFT), out=stacked, where=stacked < 1.0)
    np.minimum(stacked, np.float32(1.0), out=stacked, where=stacked < 1.0 + 2 * _LIFT)
    return _handed_over(stacked)


def mask_of(alphas: Sequence[Frame]) -> torch.Tensor:
    """Return float32 (h, w) masks of one size as a MASK (n, h, w)."""
    return _handed_over(_stacked(alphas))


def alphas_of(mask: torch.Tensor, count: int) -> list[Frame]:
    """Return one float32 (h, w) mask in [0, 1] for each of `count` photos; see the module's words on batches."""
    masks = mask.detach().float().clamp(0.0, 1.0).nan_to_num(0.0).cpu()
    height, width = masks.shape[-2:]
    masks = masks.reshape(masks.shape[:-2].numel(), height, width)
    if len(masks) == 0:  # the objects that a detector found, where it found none
        masks = torch.zeros(1, height, width)
    if count == 1:
        return [masks.amax(dim=0).numpy()]
    if len(masks) not in (1, count):
        raise StillbytesError(
            f"The MASK batch has {len(masks)} masks for {count} photos.", "Give one mask for all, or one for each."
        )
    return [masks[index % len(masks)].numpy() for index in range(count)]


def _frames(image: torch.Tensor) -> list[Frame]:
    """Return the pictures of an IMAGE as float32 (h, w, 3); grey becomes RGB, alpha is left out."""
    pixels = image.detach().float().cpu()
    if pixels.ndim != 4 or pixels.shape[-1] not in (1, 3, 4) or 0 in pixels.shape:
        raise StillbytesError(f"Expected an IMAGE of 1, 3 or 4 channels, found the shape {tuple(image.shape)}.")
    pixels = pixels.expand(-1, -1, -1, 3) if pixels.shape[-1] == 1 else pixels[..., :3]
    return [np.ascontiguousarray(frame) for frame in pixels.numpy()]


def _source(frame: Frame, encoding: str) -> Source:
    from ..engine.color import REC2020, SPACES, convert
    from ..engine.raster.source import ArraySource

    if encoding == "linear-srgb":
        frame, encoding = frame @ convert(SPACES["srgb"], REC2020).T.astype(np.float32), "linear-rec2020"
    return ArraySource(frame, encoding)


def _stacked(frames: Sequence[Frame]) -> Frame:
    sizes = sorted({f"{frame.shape[1]} x {frame.shape[0]}" for frame in frames})
    if len(sizes) > 1:
        raise StillbytesError(
            f"The photos of a batch must have one size, found {', '.join(sizes)}.", "Render them one by one."
        )
    return frames[0][None] if len(frames) == 1 else np.stack(frames)


def _handed_over(values: Frame) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(memory.intermediate_device(), memory.intermediate_dtype())

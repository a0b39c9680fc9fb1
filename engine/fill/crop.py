"""Cutting out what a diffusion model is to repaint: the hole with its surroundings, at the size that the model likes.

Everything here counts in px of the finished frame, edited, turned and cropped as the photo is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from ..develop.display import OutputSpec, encode_display
from ..errors import StillbytesError
from ..geometry import Box, Grid, Size
from ..opencv import cv2
from ..photo import Photo, Pixels
from ..raster.area import area_average
from ..raster.source import ArraySource
from ..resample import REACH_PX, sample_affine
from ..tiles import Progress, no_progress
from .holes import SELECTED, Alpha, around, components, fade, joined, pooled, scaled

HoleMode = Literal["union", "each hole"]
HOLE_MODES: tuple[HoleMode, ...] = get_args(HoleMode)
MULTIPLES = (8, 16, 32, 64)
MAX_ASPECT = 2.5
_MEGAPIXEL = 1024 * 1024
_NATIVE_FROM = 0.6
"""A crop that would be enlarged by less than 1 / this takes more context instead and is not enlarged at all."""
_PICTURE = OutputSpec("srgb", "standard", "float32")


class Margins(NamedTuple):
    """How many px the finished frame grows on each side."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


@dataclass(frozen=True)
class CropOptions:
    """How crops are cut.

    context: the crop's side as a multiple of the hole's, 1 or more. megapixels: the crop's size in units of 1024 x 1024
    px. multiple: what its sides divide by. feather_px: how far, in px of the crop, the mask reaches beyond the hole
    and fades out.
    """

    holes: HoleMode = "union"
    context: float = 1.5
    megapixels: float = 1.0
    multiple: int = 64
    feather_px: float = 12.0


@dataclass(frozen=True, eq=False)
class InpaintCrop:
    """One crop: `box` of the finished frame of `photo`, shown in `size` px. alpha (h, w) is where it will be used."""

    photo: Photo
    box: Box
    size: Size
    alpha: Alpha = field(repr=False)

    def light(self, progress: Progress = no_progress) -> Pixels:
        """Return the crop's pixels, float32 (h, w, 3), scene-linear Rec.2020."""
        return crop_light(self.photo, self.box, self.size, progress)

    def picture(self, progress: Progress = no_progress) -> Pixels:
        """Return the crop as a person sees it, float32 (h, w, 3), sRGB-encoded in [0, 1]."""
        return as_picture(self.light(progress), self.photo)


def as_picture(light: Pixels, photo: Photo) -> Pixels:
    """Return scene-linear `light` (h, w, 3) of `photo` as its sRGB-encoded rendering in [0, 1]."""
    baseline_ev = float(getattr(photo.source, "baseline_ev", 0.0))
    return encode_display(light, _PICTURE, photo.source.kind, baseline_ev)


def cut(photo: Photo, alpha: Alpha, options: CropOptions | None = None, size: Size | None = None) -> list[InpaintCrop]:
    """Return the crops that hold all places of `photo` where `alpha` selects something.

    alpha: float32 (h, w) in [0, 1] over the finished frame, any size. size: the crops' size, where several photos must
    agree; without it the first crop's shape decides. An empty mask gives the whole frame, with nothing to paint.
    """
    options = options or CropOptions()
    frame = photo.size
    hit, factor = pooled(alpha > SELECTED)
    step_x, step_y = frame.width / alpha.shape[1] * factor, frame.height / alpha.shape[0] * factor
    holes = joined([scaled(box, step_x, step_y) for box in components(hit)], 1, frame)
    if not holes:
        whole = Box.of(frame)
        size = size or _model_size(whole.size, options)
        return [InpaintCrop(photo, whole, size, np.zeros((size.height, size.width), np.float32))]
    if options.holes == "union":
        holes = [around(holes)]
    holes.sort(key=lambda box: -box.size.pixels)
    size = size or _model_size(_with_context(holes[0], frame, options), options)
    boxes = _covering(holes, frame, options, size)
    return [InpaintCrop(photo, box, size, _crop_alpha(alpha, frame, box, size, options)) for box in boxes]


def _covering(holes: list[Box], frame: Size, options: CropOptions, size: Size) -> list[Box]:
    """Return one box for each hole that no box before it holds already."""
    boxes: list[Box] = []
    for hole in holes:
        if not any(box.contains(hole) for box in boxes):
            boxes.append(_placed(hole, frame, _shaped(_with_context(hole, frame, options), frame, size)))
    return boxes


def _with_context(hole: Box, frame: Size, options: CropOptions) -> Size:
    """Return the size of a hole with its surroundings, no narrower than MAX_ASPECT, inside the frame."""
    reach = 2 * math.ceil(options.feather_px)
    width, height = (
        max(hole.width * options.context, hole.width + reach),
        max(hole.height * options.context, hole.height + reach),
    )
    width, height = max(width, height / MAX_ASPECT), max(height, width / MAX_ASPECT)
    return Size(min(math.ceil(width), frame.width), min(math.ceil(height), frame.height))


def _model_size(shape: Size, options: CropOptions) -> Size:
    """Return the crop's own size for something of `shape`: the wanted area, the same aspect, divisible sides."""
    aspect = min(max(shape.width / shape.height, 1 / MAX_ASPECT), MAX_ASPECT)
    area, multiple = options.megapixels * _MEGAPIXEL, options.multiple
    width = max(1, round(math.sqrt(area * aspect) / multiple)) * multiple
    return Size(width, max(1, round(width / aspect / multiple)) * multiple)


def _shaped(wanted: Size, frame: Size, size: Size) -> Size:
    """Return `wanted` made larger until it has the aspect of `size`, as far as the frame allows."""
    width = max(wanted.width, wanted.height * size.width / size.height)
    height = max(wanted.height, wanted.width * size.height / size.width)
    fits = size.width <= frame.width and size.height <= frame.height
    if fits and _NATIVE_FROM * size.width <= width <= size.width and height <= size.height:
        return size
    return Size(min(round(width), frame.width), min(round(height), frame.height))


def _placed(hole: Box, frame: Size, size: Size) -> Box:
    """Return a box of `size` about the hole's middle, moved inside the frame."""
    left = min(max((hole.left + hole.right - size.width) // 2, 0), frame.width - size.width)
    top = min(max((hole.top + hole.bottom - size.height) // 2, 0), frame.height - size.height)
    return Box(left, top, left + size.width, top + size.height)


def _crop_alpha(alpha: Alpha, frame: Size, box: Box, size: Size, options: CropOptions) -> Alpha:
    """Return where the crop is to be used: 1 where the mask selects anything, fading out around."""
    grid_x, grid_y = alpha.shape[1] / frame.width, alpha.shape[0] / frame.height
    scale_x, scale_y = box.width * grid_x / size.width, box.height * grid_y / size.height
    matrix = np.array([[scale_x, 0.0, box.left * grid_x], [0.0, scale_y, box.top * grid_y]])
    if max(scale_x, scale_y) > 1:  # a thin stroke must not fall between the crop's px
        reach = (math.ceil(scale_x / 2) * 2 + 1, math.ceil(scale_y / 2) * 2 + 1)
        alpha = cv2().dilate(alpha, np.ones(reach[::-1], np.uint8), borderType=cv2().BORDER_REPLICATE)
    matrix[:, 2] += matrix @ (0.5, 0.5, 0.0) - 0.5
    flags = cv2().INTER_LINEAR | cv2().WARP_INVERSE_MAP
    seen = cv2().warpAffine(alpha, matrix, size, flags=flags, borderMode=cv2().BORDER_REPLICATE)
    return fade(seen > SELECTED, options.feather_px)


def crop_light(photo: Photo, box: Box, size: Size, progress: Progress = no_progress) -> Pixels:
    """Return `box` of the finished frame in `size` px, float32 (h, w, 3) scene-linear.

    Reduced crops are area means, made from a rendering of at most twice their size; enlarged ones are bicubic.
    """
    step = max(box.width / size.width, box.height / size.height)
    if box.size == size:
        return photo.render(box, 1.0, progress)
    if step <= 1.0:
        reach = box.grow(REACH_PX).intersect(Box.of(photo.size))
        matrix = np.array([[box.width / size.width, 0.0, box.left], [0.0, box.height / size.height, box.top]])
        return sample_affine(photo.render(reach, 1.0, progress), reach, Box.of(size), matrix)
    scale = min(1.0, 2.0 / step)
    frame = photo.size_at(scale)
    ratio_x, ratio_y = frame.width / photo.size.width, frame.height / photo.size.height
    reach = scaled(box, ratio_x, ratio_y).intersect(Box.of(frame))
    pixels = photo.render(reach, scale, progress)
    grid = Grid(
        box.left * ratio_x - reach.left,
        box.top * ratio_y - reach.top,
        box.width * ratio_x / size.width,
        box.height * ratio_y / size.height,
    )
    return area_average(pixels, grid, Box.of(size))


class Canvas(ArraySource):
    """A finished photo with margins around it, in memory, as the source of a larger one. The border is repeated."""

    def __init__(self, photo: Photo, margins: Margins, progress: Progress = no_progress) -> None:
        pixels = photo.render(progress=progress)
        super().__init__(pad(pixels, margins), "linear-rec2020", photo.source.name, photo.source.metadata)
        self._kind = photo.source.kind
        self.path = photo.source.path
        self.baseline_ev = float(getattr(photo.source, "baseline_ev", 0.0))


def pad(pixels: NDArray[np.float32], margins: Margins) -> NDArray[np.float32]:
    """Return `pixels` (h, w, ...) with its border repeated over the margins. Raises StillbytesError for one below 0."""
    if min(margins) < 0:
        raise StillbytesError(f"Margins must be 0 px or more, found {tuple(margins)}.", "Crop the photo to cut it.")
    widths = [(margins.top, margins.bottom), (margins.left, margins.right), *[(0, 0)] * (pixels.ndim - 2)]
    return np.pad(pixels, widths, mode="edge")


def expanded(photo: Photo, margins: Margins, progress: Progress = no_progress) -> Photo:
    """Return the finished photo on a larger frame; its edits and framing become part of its pixels.

    The whole full-resolution photo is held in memory, 12 bytes per px.
    """
    return Photo(Canvas(photo, margins, progress)) if any(margins) else photo


def expanded_alpha(alpha: Alpha, frame: Size, margins: Margins) -> Alpha:
    """Return a mask over the expanded frame, in its px: `alpha` (over `frame`, any size) inside, 1 on the margins."""
    if not any(margins):
        return alpha
    inside = alpha
    if alpha.shape != (frame.height, frame.width):
        inside = cv2().resize(alpha, frame, interpolation=cv2().INTER_LINEAR)
    widths = ((margins.top, margins.bottom), (margins.left, margins.right))
    return np.pad(inside, widths, constant_values=1.0).astype(np.float32)

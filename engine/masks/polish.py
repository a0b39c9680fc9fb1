"""Making a mask better by hand: soft edges, growing, feathering, specks and holes, in px of the full-size photo."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..photo import Photo, Pixels
from .mask import Mask
from .matting import soften_edge
from .ops import feather, fill_holes, grow, remove_specks
from .refine import snap, to_source
from .view import PhotoView


@dataclass(frozen=True)
class Polish:
    """What is done to a mask, in this order. Lengths are px of the full-size photo; 0 leaves a step out.

    specks_px, holes_px: separate parts, and holes, up to this wide go. edge_px: half the band around the outline in
    which colours decide what hair, fur or leaves cover. grow_px: outwards, inwards below 0. feather_px: how far the
    edge is blurred.
    """

    specks_px: float = 0.0
    holes_px: float = 0.0
    edge_px: float = 0.0
    grow_px: float = 0.0
    feather_px: float = 0.0


def polish(photo: Photo, alpha: Pixels, how: Polish) -> Mask:
    """Return the mask of `alpha`, float32 (h, w) in [0, 1] over the finished frame of `photo`, polished.

    The work is done at proxy size, so its memory and time do not depend on the photo's; the mask follows the edges
    of the full-size photo where it is rendered, tile by tile.
    """
    view = PhotoView.of(photo)
    values = to_source(alpha, photo, view.luma.shape)
    scale = view.luma.shape[1] / photo.source.size.width
    values = fill_holes(remove_specks(values, _disc(how.specks_px * scale)), _disc(how.holes_px * scale))
    if how.edge_px > 0:
        soft = soften_edge(view.pixels, view.from_source(values), max(1.0, how.edge_px * scale))
        values = view.to_source(soft)
    values = feather(grow(values, how.grow_px * scale), how.feather_px * scale)
    return snap(values, view.luma, faithful=1.0)


def _disc(diameter_px: float) -> float:
    """Return the area of a disc, in px."""
    return math.pi / 4 * diameter_px**2

"""From a photo and a target's name to a mask, by the built-in engines, looked for once per photo."""

from __future__ import annotations

import threading
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np

from ..photo import GUIDE_SIDE, Photo, Source
from .mask import Mask, Selection, Target
from .ops import invert as invert_alpha
from .refine import invert, plain, snap
from .sky import find_sky
from .subject import find_subject
from .view import PhotoView

_Found = Literal["sky", "subject"]
_Looked = tuple[_Found, int]

_found: WeakKeyDictionary[Source, dict[_Looked, tuple[Selection, Mask]]] = WeakKeyDictionary()
_lock = threading.Lock()


def select(photo: Photo, target: Target) -> tuple[Selection, Mask]:
    """Return what `target` is in `photo`, and its mask, both over the whole source (upright, uncropped).

    "Nothing found" is a selection with alpha all 0 and a mask of 0. The unedited photo is looked at, turned as it is
    framed, once per source. Raises ModelMissingError without OpenCV.
    """
    if target == "whole":
        size = photo.source.size.fit(GUIDE_SIDE)
        alpha = np.ones((size.height, size.width), np.float32)
        return Selection(alpha, 1.0, "built-in", "The whole photo."), plain(alpha)
    if target == "background":
        return opposite(*_look(photo, "subject"), "Everything but the subject.")
    return _look(photo, target)


def opposite(found: Selection, mask: Mask, words: str) -> tuple[Selection, Mask]:
    """Return everything but what was found, described by `words`; nothing where nothing was found."""
    if not found.found:
        return found, mask
    reason = f"{words} {found.reason}"
    return Selection(invert_alpha(found.alpha), found.confidence, found.engine, reason), invert(mask)


def _look(photo: Photo, target: _Found) -> tuple[Selection, Mask]:
    orientation = photo.framing.orientation
    with _lock:
        known = _found.setdefault(photo.source, {})
        if (target, orientation) not in known:
            known[target, orientation] = _find(PhotoView.of(photo), target)
        return known[target, orientation]


def _find(view: PhotoView, target: _Found) -> tuple[Selection, Mask]:
    seen = (find_sky if target == "sky" else find_subject)(view.pixels)
    alpha = view.to_source(seen.alpha)
    return Selection(alpha, seen.confidence, seen.engine, seen.reason), snap(alpha, view.luma)

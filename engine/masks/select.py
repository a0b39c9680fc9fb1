"""From a photo and a target's name to a mask, looked for once per photo."""

from __future__ import annotations

import threading
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np

from ..develop.display import OutputSpec, encode_display
from ..geometry import inverse_orientation, upright
from ..photo import GUIDE_SIDE, Photo, Pixels, Source, luminance, source_proxy
from .mask import Mask, Selection, Target
from .ops import invert as invert_alpha
from .refine import invert, plain, snap
from .sky import find_sky
from .subject import find_subject

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
        return _background(*_look(photo, "subject"))
    return _look(photo, target)


def _background(subject: Selection, mask: Mask) -> tuple[Selection, Mask]:
    if not subject.found:
        return Selection(subject.alpha, subject.confidence, subject.engine, subject.reason), mask
    reason = f"Everything but the subject. {subject.reason}"
    return Selection(invert_alpha(subject.alpha), subject.confidence, subject.engine, reason), invert(mask)


def _look(photo: Photo, target: _Found) -> tuple[Selection, Mask]:
    orientation = photo.framing.orientation
    with _lock:
        known = _found.setdefault(photo.source, {})
        if (target, orientation) not in known:
            known[target, orientation] = _find(photo.source, target, orientation)
        return known[target, orientation]


def _find(source: Source, target: _Found, orientation: int) -> tuple[Selection, Mask]:
    proxy = source_proxy(source)
    find = find_sky if target == "sky" else find_subject
    seen = find(np.ascontiguousarray(upright(viewable(proxy, source.kind), orientation)))
    alpha = np.ascontiguousarray(upright(seen.alpha, inverse_orientation(orientation)))
    return Selection(alpha, seen.confidence, seen.engine, seen.reason), snap(alpha, luminance(proxy))


def viewable(proxy: Pixels, kind: Literal["scene", "display"]) -> Pixels:
    """Return the linear Rec.2020 `proxy` as a person would want to see it: display-encoded sRGB in [0, 1].

    Scene light is brightened or darkened first so that its bright parts come near white.
    """
    if kind == "scene":
        proxy = proxy * _gain(proxy)
    return encode_display(proxy, OutputSpec("srgb", "standard", "float32"), kind)


def _gain(proxy: Pixels) -> np.float32:
    """Return the gain that puts the brightest 2 % near white, at most 16 and never so much that most turns white."""
    light = proxy[::4, ::4].max(axis=2)
    bright, middle = float(np.percentile(light, 98)), float(np.median(light))
    return np.float32(np.clip(min(0.8 / max(bright, 1e-6), 0.4 / max(middle, 1e-6)), 0.25, 16.0))

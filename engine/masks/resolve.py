"""From any target of a plan to a mask of one photo."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary, ref

from ..errors import ModelMissingError
from ..photo import Photo, Source
from ..plan.schema import ColorRange, LuminanceRange, Phrase, Region, Target, Whole
from ..tiles import Progress, no_progress
from .find import ENGINES, EngineChoice, Search
from .learned.phrase import read_phrases
from .mask import Mask, Selection
from .matting import soften_edge
from .ports import BUILT_IN, Segmenters
from .refine import snap
from .select import opposite, select
from .sides import means_side
from .view import PhotoView
from .wording import meaning, means_spots

__all__ = ["ENGINES", "EngineChoice", "resolve"]

_KEEP = 8
_EDGE_SHARE = 0.015

_Key = tuple[Any, ...]
_Resolved = tuple[Selection, Mask]


@dataclass(frozen=True)
class _Answers:
    """What was found in one source, and who looks at it now."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    known: OrderedDict[_Key, _Resolved] = field(default_factory=OrderedDict[_Key, _Resolved])


_sources: WeakKeyDictionary[Source, _Answers] = WeakKeyDictionary()
_lock = threading.Lock()


def resolve(
    photo: Photo,
    target: Target,
    segmenters: Segmenters = BUILT_IN,
    engine: str = "auto",
    progress: Progress = no_progress,
) -> tuple[Selection, Mask]:
    """Return what `target` is in `photo`, and its mask, both over the whole source (upright, uncropped).

    The unedited photo is looked at, turned as it is framed; the latest answers are kept per source. engine: "auto"
    takes the best of `segmenters` that can say something about the target, else the built-in engine; one of ENGINES,
    or the name of a loaded engine, is asked alone. "Nothing found" is a selection with alpha all 0, a reason and a
    mask of 0. `progress` is told of a search among all things, which takes long, and cancels it by raising.
    Raises ModelMissingError if no engine can look for the target, or the named one is not there.
    """
    allowed = _narrowed(segmenters, engine)
    if isinstance(target, Whole):
        return select(photo, "whole")
    if isinstance(target, Region | Phrase) and target.invert:
        found, mask = resolve(photo, replace(target, invert=False), segmenters, engine, progress)
        return opposite(found, mask, "The opposite.")
    if isinstance(target, Region) and target.kind == "background":
        found, mask = resolve(photo, Region("subject"), segmenters, engine, progress)
        return opposite(found, mask, "Everything but the subject.")
    engines = (*allowed.promptable, *allowed.detectors, *allowed.classifiers)
    key = (target, photo.framing.orientation, engine, *(ref(e) for e in engines))
    answers = _answers_of(photo.source)
    with answers.lock:
        known = answers.known
        if key not in known:
            known[key] = _look(Search(photo, PhotoView.of(photo), allowed, engine, progress), target)
        known.move_to_end(key)
        while len(known) > _KEEP:
            known.popitem(last=False)
        return known[key]


def _answers_of(source: Source) -> _Answers:
    with _lock:
        return _sources.setdefault(source, _Answers())


def _look(search: Search, target: Any) -> _Resolved:
    view, found = search.view, search.find(target)
    if found.engine == "built-in" and target == Region("sky"):
        return select(search.photo, "sky")
    if found.found and not _follows_pixels(target):
        found = replace(found, alpha=soften_edge(view.pixels, found.alpha, _EDGE_SHARE * max(view.shape)))
    alpha = view.to_source(found.alpha)
    return replace(found, alpha=alpha), snap(alpha, view.luma, faithful=1.0)


def _follows_pixels(target: Target) -> bool:
    """Return whether the mask is made pixel by pixel or fades out, so that there is no outline to soften."""
    ranges = LuminanceRange | ColorRange
    parts = read_phrases(target.text) if isinstance(target, Phrase) else ()
    return isinstance(target, ranges) or any(
        means_spots(part) or means_side(part) or isinstance(meaning(part), ranges) for part in parts
    )


def _narrowed(segmenters: Segmenters, engine: str) -> Segmenters:
    """Return the engines that may be asked. Raises ModelMissingError if the one that is named is not loaded."""
    if engine == "auto":
        return segmenters
    if engine == "built-in":
        return Segmenters()
    kinds = {"sam": "promptable", "detector": "detectors", "semantic": "classifiers"}
    if engine in kinds:
        if not getattr(segmenters, kinds[engine]):
            raise ModelMissingError(f"No model of the kind “{engine}” is loaded.", "Load one, or choose auto.")
        return segmenters
    named = Segmenters(
        tuple(e for e in segmenters.promptable if e.name == engine),
        tuple(e for e in segmenters.detectors if e.name == engine),
        tuple(e for e in segmenters.classifiers if e.name == engine),
    )
    if not named:
        loaded = [e.name for e in (*segmenters.promptable, *segmenters.detectors, *segmenters.classifiers)]
        raise ModelMissingError(f"No engine “{engine}” is loaded.", f"There is: {', '.join(['built-in', *loaded])}.")
    return named

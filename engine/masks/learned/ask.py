"""Asking the learned engines at hand: each function returns what one kind of engine says, as a selection of the view.

None means that no engine of that kind can say anything about what is wanted; nothing found is a selection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...tiles import Progress, no_progress
from ..clicks import cut_box
from ..mask import Selection
from ..ports import Alpha, Candidate, Detector, Prompt, Promptable, Segmenters
from ..view import PhotoView
from . import choose as rules
from . import position
from .closer import agreement, look_closer, prompt_for
from .embeddings import EMBEDDINGS
from .phrase import Wanted
from .words import labels_for

_LEAST_SHARE = 0.001
_SAME_THING = 0.5
_LARGEST_PARTS = 3


@dataclass(frozen=True, eq=False)
class Asker:
    """A photo's view and the engines that may be asked about it; `progress` is told of what takes long."""

    view: PhotoView
    segmenters: Segmenters
    progress: Progress = no_progress

    def point(self, prompt: Prompt) -> Selection | None:
        """Return what a person points at."""
        if not self.segmenters.promptable:
            return None
        engine = self.segmenters.promptable[0]
        found = self._best(engine, prompt)
        if found is None or found.alpha is None:
            return self._nothing(engine.name, f"{engine.name} sees nothing there.")
        alpha = self._closer(engine, found, prompt)
        return Selection(alpha, found.score, engine.name, "What was pointed at.")

    def outline(self, wanted: rules.Wanted, hint: Selection) -> Selection | None:
        """Return what the built-in engine found, `hint`, with the outlines of the things that lie there."""
        if not self.segmenters.promptable or not hint.found:
            return None
        engine = self.segmenters.promptable[0]
        prompts = [p for part in _largest(hint.alpha) for p in (prompt_for(part), replace(prompt_for(part), area=None))]
        if not prompts:
            return None
        answers = [c for answer in engine.ask(self._looked(engine), prompts) for c in answer]
        return rules.choose(wanted, answers, self.view.pixels, engine.name, hint)

    def among_everything(self, wanted: rules.Wanted, hint: Selection | None) -> Selection | None:
        """Return the sky or the subject among all things in the view, found with a grid of points: slow on a CPU."""
        if not self.segmenters.promptable:
            return None
        engine = self.segmenters.promptable[0]
        things = engine.everything(self._looked(engine), progress=self.progress)
        return rules.choose(wanted, things, self.view.pixels, engine.name, hint)

    def detect(self, wanted: Wanted) -> Selection | None:
        """Return the things that a detector knows by name."""
        engine = self._detector(wanted.noun)
        if engine is None:
            return None
        found = engine.detect(self.view.pixels, wanted.noun)
        kept = position.choose(found, wanted)
        if not kept:
            return self._nothing(engine.name, _none(engine.name, wanted, len(found)), found)
        alpha = np.maximum.reduce([self.alpha_of(c) for c in kept])
        helper = f" with {self.segmenters.promptable[0].name}" if self.segmenters.promptable else ""
        reason = f"{len(kept)} of {len(found)} found as {wanted.noun}."
        return Selection(alpha, min(c.score for c in kept), engine.name + helper, reason)

    def classify(self, wanted: Wanted) -> Selection | None:
        """Return the parts of the view that a semantic engine gives the class that is wanted."""
        for engine in self.segmenters.classifiers:
            if not (labels := labels_for(wanted.noun, engine.vocabulary)):
                continue
            shares = engine.classify(self.view.pixels, labels)
            alpha = np.clip(np.sum(list(shares.values()), axis=0), 0, 1).astype(np.float32)
            reason = f"{engine.name} gives these pixels the class {', '.join(labels)}."
            if (alpha > 0.5).mean() < _LEAST_SHARE:
                return self._nothing(engine.name, f"{engine.name} sees no {wanted.noun}.")
            return at_place(Selection(alpha, float(alpha[alpha > 0.5].mean()), engine.name, reason), wanted)
        return None

    def alpha_of(self, candidate: Candidate) -> Alpha:
        """Return the mask of what a detector found: by the promptable engine if there is one, else cut from its box."""
        if self.segmenters.promptable:
            engine, prompt = self.segmenters.promptable[0], Prompt(area=candidate.area)
            found = self._best(engine, prompt)
            if found is not None and found.alpha is not None and _agrees(found.alpha, candidate):
                return self._closer(engine, found, prompt)
        return cut_box(self.view.pixels, candidate.area).alpha if candidate.alpha is None else candidate.alpha

    def _detector(self, noun: str) -> Detector | None:
        """Return the best detector for `noun`: of one word one with that class, of several one that reads phrases."""
        able = [d for d in self.segmenters.detectors if d.vocabulary is None or labels_for(noun, d.vocabulary)]
        several = " " in noun
        return min(able, key=lambda d: (d.vocabulary is None) != several, default=None)

    def _looked(self, engine: Promptable) -> object:
        where = (self.view.orientation, None)
        return EMBEDDINGS.look(engine, self.view.source, where, lambda: self.view.pixels)

    def _best(self, engine: Promptable, prompt: Prompt) -> Candidate | None:
        (answers,) = engine.ask(self._looked(engine), [prompt])
        return answers[0] if answers else None

    def _closer(self, engine: Promptable, found: Candidate, prompt: Prompt) -> Alpha:
        finer = look_closer(engine, found, prompt, self.view.crop)
        assert finer.alpha is not None
        return finer.alpha

    def _nothing(self, engine: str, reason: str, found: Sequence[Candidate] = ()) -> Selection:
        sure = 1 - max((c.score for c in found), default=0.0)
        return Selection(np.zeros(self.view.shape, np.float32), sure, engine, reason)


def at_place(found: Selection, wanted: Wanted) -> Selection:
    """Return those connected parts of `found` that lie where `wanted` says; all of them if it names no place."""
    if not wanted.placed or not found.found:
        return found
    candidates = position.separate(found.alpha)
    kept = [c.alpha for c in position.choose(candidates, wanted) if c.alpha is not None]
    if not kept:
        empty = np.zeros_like(found.alpha)
        return Selection(empty, found.confidence, found.engine, _none(found.engine, wanted, len(candidates)))
    return replace(found, alpha=np.maximum.reduce(kept))


def _largest(alpha: Alpha) -> list[Alpha]:
    return [c.alpha for c in position.separate(alpha)[:_LARGEST_PARTS] if c.alpha is not None]


def _agrees(alpha: Alpha, candidate: Candidate) -> bool:
    return candidate.alpha is None or agreement(alpha, candidate.alpha) >= _SAME_THING


def _none(engine: str, wanted: Wanted, found: int) -> str:
    what = wanted.noun or "thing"
    return (
        f"{engine} sees no {what}."
        if not found
        else f"{engine} sees {what}, {found} in all, but not where it should be."
    )

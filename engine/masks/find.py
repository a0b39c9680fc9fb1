"""Who is asked for a target, and in which order: the best engine that can say something about it answers.

With "auto" the chain of a target is walked from learned engines to the built-in one; a named engine answers alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, get_args

import numpy as np

from ..errors import ModelMissingError
from ..photo import Photo
from ..plan.schema import BoxTarget, ColorRange, LuminanceRange, Phrase, Points, Region
from ..tiles import Progress, no_progress
from .clicks import cut_box, cut_clicks
from .learned.ask import Asker, at_place
from .learned.phrase import Wanted, read_phrases
from .mask import Selection
from .ops import combine
from .people import person_of
from .ports import Area, Click, Prompt, Segmenters
from .ranges import hue_mask, lightness_mask
from .select import select
from .sides import means_side, side_mask, side_words
from .spots import spots
from .view import PhotoView
from .wording import meaning, means_spots

EngineChoice = Literal["auto", "built-in", "sam", "detector", "semantic"]
ENGINES: tuple[EngineChoice, ...] = get_args(EngineChoice)
Sought = Region | Phrase | LuminanceRange | ColorRange | BoxTarget | Points
_Step = tuple[str, Callable[[], Selection | None]]

_NO_FINDER = "Finding “{}” needs a segmentation model."
_KNOWN = "The built-in engines know sky, subject, background, people, colours, tones and sides of the frame."
_LOAD = "A model is loaded with Load Segmenter in ComfyUI, with --segmenter on the command line."


@dataclass(frozen=True, eq=False)
class Search:
    """One search in one photo."""

    photo: Photo
    view: PhotoView
    segmenters: Segmenters
    engine: str = "auto"
    progress: Progress = no_progress

    def find(self, target: Sought) -> Selection:
        """Return what `target` is, over the view. Raises ModelMissingError if no engine at hand can look for it."""
        match target:
            case Phrase():
                return self._phrase(target.text)
            case LuminanceRange():
                alpha = lightness_mask(self.view.pixels, target.low, target.high, target.feather)
                return self._range(alpha, "Tones of this lightness.", "No tone of this lightness")
            case ColorRange():
                alpha = hue_mask(self.view.pixels, target.hue_deg, target.width_deg)
                return self._range(alpha, "Colours of this hue.", "No colour of this hue")
            case BoxTarget():
                area = Area(target.left, target.top, target.right, target.bottom)
                return self._first(
                    "a box", ("sam", lambda: self._ask.point(Prompt(area=area))), ("built-in", lambda: self._box(area))
                )
            case Points():
                clicks = _clicks(target)
                return self._first(
                    "points",
                    ("sam", lambda: self._ask.point(Prompt(clicks))),
                    ("built-in", lambda: cut_clicks(self.view.pixels, clicks, self._built_in("subject").alpha)),
                )
            case Region():
                return self._region(target)

    @property
    def _ask(self) -> Asker:
        return Asker(self.view, self.segmenters, self.progress)

    def _box(self, area: Area) -> Selection:
        return cut_box(self.view.pixels, area)

    def _range(self, alpha: np.ndarray[tuple[int, int], np.dtype[np.float32]], words: str, none: str) -> Selection:
        found = bool((alpha > 0.5).any())
        reason = words if found else f"{none} is in this photo."
        return Selection(alpha if found else np.zeros_like(alpha), 1.0, "built-in", reason)

    def _built_in(self, region: Literal["sky", "subject"]) -> Selection:
        found, _ = select(self.photo, region)
        return replace(found, alpha=self.view.from_source(found.alpha))

    def _region(self, target: Region) -> Selection:
        name = target.kind
        if name == "person":
            people = Wanted("person", many=True)
            return self._first(
                "people",
                ("detector", partial(self._ask.detect, people)),
                ("semantic", partial(self._ask.classify, people)),
                ("sam", lambda: self._ask.outline("subject", self._person())),
                ("built-in", self._person),
            )
        if name == "sky":
            return self._first(
                "the sky",
                ("semantic", partial(self._ask.classify, Wanted("sky"))),
                ("sam", lambda: self._outlined("sky")),
                ("built-in", lambda: self._built_in("sky")),
            )
        assert name == "subject", f"{name} is made from the subject"
        return self._first(
            "the subject",
            ("sam", lambda: self._outlined("subject")),
            ("detector", self._main_thing),
            ("built-in", lambda: self._built_in("subject")),
        )

    def _person(self) -> Selection:
        return person_of(self._built_in("subject"), self.view.pixels)

    def _outlined(self, region: Literal["sky", "subject"]) -> Selection | None:
        """Ask the promptable engine: where the built-in one points, or, if it was named, among everything."""
        hint = self._built_in(region)
        if self.engine not in ("auto", "built-in"):
            return self._ask.among_everything(region, hint)
        found = self._ask.outline(region, hint)
        return found if found is not None and found.found else None

    def _main_thing(self) -> Selection | None:
        """Return the people or, if there are none, the animals that a detector finds, as the subject."""
        answers = [self._ask.detect(Wanted(noun, many=True)) for noun in ("person", "animal")]
        return next((answer for answer in answers if answer is not None and answer.found), None)

    def _phrase(self, text: str) -> Selection:
        wanted = read_phrases(text)
        if not wanted:
            raise ModelMissingError(f"“{text}” names nothing that could be looked for.", "Name a thing.")
        found = [self._part(part, text) for part in wanted]
        some = [part for part in found if part.found] or found[:1]
        alpha = some[0].alpha
        for part in some[1:]:
            alpha = combine(alpha, part.alpha, "add")
        engines = " and ".join(dict.fromkeys(part.engine for part in some))
        reason = " ".join(dict.fromkeys(part.reason for part in found))
        return Selection(alpha, min(part.confidence for part in some), engines, reason)

    def _part(self, wanted: Wanted, text: str) -> Selection:
        if means_spots(wanted):
            return at_place(spots(self.view.pixels), wanted)
        if means_side(wanted):
            return Selection(side_mask(self.view.shape, wanted), 1.0, "built-in", side_words(wanted))
        plain = meaning(wanted)
        if isinstance(plain, Region) and plain.kind != "person":
            if plain.kind == "background":
                return at_place(_all_but(self.find(Region("subject"))), wanted)
            return at_place(self.find(plain), wanted)
        steps: list[_Step] = [
            ("detector", partial(self._ask.detect, wanted)),
            ("semantic", partial(self._ask.classify, wanted)),
        ]
        if plain is not None:
            named = Search(self.photo, self.view, Segmenters(), "built-in")
            steps.append(("built-in", lambda: at_place(named.find(plain), wanted)))
        return self._first(text, *steps)

    def _first(self, what: str, *chain: _Step) -> Selection:
        """Return the first answer of `chain`. Raises ModelMissingError if no engine that may answer has one."""
        for kind, ask in chain:
            if self.engine in ("auto", kind) or (kind != "built-in" and self.engine not in ENGINES):
                answer = ask()
                if answer is not None:
                    return answer
        if self.engine == "auto":
            raise ModelMissingError(_NO_FINDER.format(what), f"{_KNOWN} {_LOAD}")
        raise ModelMissingError(f"The engine “{self.engine}” cannot look for {what} here.", f"Choose auto. {_LOAD}")


def _clicks(target: Points) -> tuple[Click, ...]:
    return tuple(
        Click(point[0], point[1], include)
        for points, include in ((target.include, True), (target.exclude, False))
        for point in points
    )


def _all_but(found: Selection) -> Selection:
    if not found.found:
        return found
    return replace(found, alpha=1 - found.alpha, reason=f"Everything but the subject. {found.reason}")

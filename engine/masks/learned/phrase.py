"""Taking a phrase apart into what it names and where that is: "the second car from the right", "both dogs".

Words that place a thing beside another ("left of the tree") stay with the noun: an engine that takes any phrase may
understand them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, TypeVar

from ...plan.words.lexicon import lexicon
from .words import is_plural

Side = Literal["left", "right", "top", "bottom", "middle"]
Depth = Literal["foreground", "background"]
Order = Literal["left", "right", "top", "bottom", "middle", "large", "small", "tall", "short", "wide", "near", "far"]
_T = TypeVar("_T", bound=str)

_EARLY = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8}
_NTHS = _EARLY | {"1st": 1, "2nd": 2, "3rd": 3, "last": -1} | {f"{n}th": n for n in range(4, 21)}
_SPELLED = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_NUMBERS = _SPELLED | {"couple of": 2, "pair of": 2} | {str(n): n for n in range(1, 21)}
_NTH = re.compile(rf"\b(?P<take>{'|'.join(_NTHS)})\b(?! (?:floor|storey|story)\b)")
_COUNTED = re.compile(
    rf"^(?:(?:the|these|those|my|all|a) )*(?P<take>both|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\b(?= )"
)
_LONGEST = 300  # characters; patterns take much longer on what nobody says
_FAR = r"(?:far|furthest|farthest|very|extreme)"
_ORDERS: tuple[tuple[Order, re.Pattern[str]], ...] = (
    ("left", re.compile(rf"\b(?:{_FAR} (?:to|on) the left|left-?most|{_FAR} left)\b")),
    ("right", re.compile(rf"\b(?:{_FAR} (?:to|on) the right|right-?most|{_FAR} right)\b")),
    ("top", re.compile(r"\b(?:top-?most|upper-?most|highest)\b")),
    ("bottom", re.compile(r"\b(?:bottom-?most|lower-?most|lowest)\b")),
    ("large", re.compile(r"\b(?:biggest|largest|bigger|larger)\b")),
    ("small", re.compile(r"\b(?:smallest|tiniest|littlest|smaller)\b")),
    ("tall", re.compile(r"\b(?:tallest|taller)\b")),
    ("short", re.compile(r"\b(?:shortest|shorter)\b")),
    ("wide", re.compile(r"\b(?:widest|longest|broadest)\b")),
    ("near", re.compile(r"\b(?:nearest|closest|closer|nearer)\b(?: to (?:the camera|me|us))?+(?! to\b)")),
    ("far", re.compile(r"\b(?:farthest|furthest|most distant|farther|further)\b(?: away)?+")),
    ("middle", re.compile(r"^(?:the )?(?:middle|center|centre)(?= \w)(?! (?:of|part|third|left|right|top|bottom)\b)")),
)  # fmt: skip
_DETERMINERS = re.compile(
    r"^(?:the|a|an|my|his|her|its|our|their|your|this|that|these|those|of|one|some|whole|entire)\b ?"
)
_EVERY = re.compile(r"^(?:(?:all|every|each|any)\b(?: of)? ?(?:the |my |these |those )?)")
_NO_NOUN = r"(?! (?:of|from|in|on|at|to|behind|around|near|with|so|is|out|out of|who|that)\b)"
_LOOSE_END = re.compile(r"(?:[\s,]|\b(?:is|are|that|which|who|that's|who's|at|in|on|to|the|and|of|from|by))+$")


@dataclass(frozen=True)
class Wanted:
    """A phrase taken apart.

    `noun` says what it is, without the words about its place, "" if nothing else was said. `many` asks for all of
    them, `count` for so many. `nth` counts from 1 in the order `order`; below 0 it counts from that order's end.
    """

    noun: str
    many: bool = False
    across: Side | None = None
    down: Side | None = None
    depth: Depth | None = None
    order: Order | None = None
    nth: int = 1
    count: int | None = None

    @property
    def placed(self) -> bool:
        """Whether more was said than what it is."""
        said = (self.across, self.down, self.depth, self.order, self.count)
        return any(part is not None for part in said)


def read_phrases(text: str) -> tuple[Wanted, ...]:
    """Return what each part of `text` asks for; parts are joined by "and", "or", "&", "+", "," or ";".

    Words of place after the last part hold for those before it that have none: "people and cars in the background".
    """
    parts = [read_phrase(part) for part in _joined().split(_plain(text)) if part.strip()]
    if not parts:
        return ()
    last = parts[-1]
    spread = replace(last, noun="", many=False, order=None, nth=1, count=None)
    return tuple(part if part.placed or part is last else _given(part, spread) for part in parts)


def read_phrase(text: str) -> Wanted:
    """Return what one phrase asks for."""
    rest = _Text(_plain(text))
    start = rest.take(_COUNTED)
    count = 2 if start == "both" else _NUMBERS.get(start) if start else None
    order = _first(rest, _ORDERS) or _direction(rest.take(_from_side()))
    nth = rest.take(_NTH)
    depth = _first(rest, _depths())
    across, down = _sides(rest, taken=order is not None and nth is None)
    if nth is not None and order is None:
        order, across = across or "left", None
    noun = rest.noun()
    many = bool(rest.every) or count not in (None, 1) or is_plural(noun)
    return Wanted(noun, many and nth is None, across, down, depth, order, _NTHS.get(nth or "", 1), count)


class _Text:
    """The words of a phrase that are not read yet."""

    def __init__(self, text: str) -> None:
        self._left = text
        self.every = False

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """Return what `pattern` finds (its group "take" if it has one), which is read then; None if nothing."""
        found = pattern.search(self._left)
        if found is None:
            return None
        self._left = " ".join(f"{self._left[: found.start()]} {self._left[found.end() :]}".split())
        return found["take"] if "take" in pattern.groupindex else found[0]

    def noun(self) -> str:
        """Return what is left, without determiners and words that led to what was read."""
        left = self._left
        if found := _EVERY.match(left):
            self.every, left = True, left[found.end() :]
        while (found := _DETERMINERS.match(left)) and found.end():
            left = left[found.end() :]
        return _LOOSE_END.sub("", _from_photo().sub("", left)).strip()


def _first(rest: _Text, table: Sequence[tuple[_T, re.Pattern[str]]]) -> _T | None:
    return next((name for name, pattern in table if rest.take(pattern) is not None), None)


def _plain(text: str) -> str:
    return " ".join(text[:_LONGEST].casefold().replace("\u2019", "'").strip(" .!?;,\n").split())


@cache
def _joined() -> re.Pattern[str]:
    return re.compile(r"\s*(?:[,;&+]|(?<!black )\b(?:and|or|as well as)\b(?! (?:white|blue|red|green|yellow)\b))\s*")


@cache
def _photo() -> str:
    """Return the pattern of every word for a photo that the planner knows."""
    words = sorted((p for p, tags in lexicon().entries.items() if "whole" in tags), key=len, reverse=True)
    return rf"(?:{'|'.join(map(re.escape, words))})\b"


@cache
def _of_photo() -> str:
    """Return the pattern of " of the photo", which may be there or not."""
    return rf"(?: (?:of|in) (?:(?:the|this|my) )?{_photo()})?+"


@cache
def _from_photo() -> re.Pattern[str]:
    return re.compile(rf" (?:in|from|of|on|out of) (?:the|this|that|my|our) {_photo()}$")


@cache
def _depths() -> tuple[tuple[Depth, re.Pattern[str]], ...]:
    where = r"\b(?:in|at|from|on|out of) (?:the |my |our )?(?:very |far |distant |immediate )?"
    return (
        ("background", re.compile(rf"{where}(?:background|back|distance|rear)\b{_of_photo()}(?! of\b)")),
        ("background", re.compile(rf"\b(?:background|distant|far-?away)(?= \w){_NO_NOUN}")),
        ("foreground", re.compile(rf"{where}(?:foreground|front)\b{_of_photo()}(?! of\b)")),
        ("foreground", re.compile(rf"\bforeground(?= \w){_NO_NOUN}")),
    )


@cache
def _from_side() -> re.Pattern[str]:
    return re.compile(rf"\b(?:from|counting from) (?:the )?(?P<take>left|right|top|bottom)(?: side)?+{_of_photo()}")


def _direction(word: str | None) -> Order | None:
    return next((side for side in ("left", "right", "top", "bottom") if side == word), None)


@cache
def _places() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a place after its preposition, before the thing, and at the end or all alone."""
    down, across = "top|upper|bottom|lower", "left|right"
    corner = rf"(?:{down})(?:[ -]?(?:{across})(?:[ -]hand)?)?"
    side = rf"(?:{across})(?:[ -]hand)?(?:[ -](?:top|bottom))?"
    place = rf"(?>{corner}|{side}|(?:middle|center|centre|central)(?: (?:left|right|top|bottom))?)"
    parts = "side|part|half|third|quarter|edge|corner|area|end|portion"
    part = rf"(?: (?:{parts})s?)?+"
    lead = r"(?:(?:standing|sitting|located|over) )?\b(?:on|at|in|to|toward|towards|along|near|by|across) "
    after = rf"{lead}(?:the |its )?(?P<take>{place}){part}{_of_photo()}(?![-\w]| of\b)"
    before = rf"^(?:the )?(?P<take>{place})(?! (?:{parts}|hat|coat|knot|of)\b)(?= \w)"
    alone = rf"(?:(?<=\w )|^(?:the )?)(?P<take>{place}){part}{_of_photo()}$"
    return re.compile(after), re.compile(before), re.compile(alone)


def _sides(rest: _Text, *, taken: bool) -> tuple[Side | None, Side | None]:
    """Read the place in the frame: (across, down). `taken`: an order was read, which may have used up the side."""
    after, before, alone = _places()
    words = rest.take(after) or (None if taken else rest.take(before) or rest.take(alone)) or ""
    across: Side | None = "left" if "left" in words else "right" if "right" in words else None
    top, bottom = re.search("top|upper", words), re.search("bottom|lower", words)
    down: Side | None = "top" if top else "bottom" if bottom else None
    if "cent" in words or "middle" in words:
        across = across or "middle"
    return across, down


def _given(part: Wanted, place: Wanted) -> Wanted:
    return replace(part, across=place.across, down=place.down, depth=place.depth)

"""Reading amounts ("a bit", "by half a stop") and noun phrases ("the sky", "the contrast", "the red car")."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ..schema import WHOLE, Phrase, Region, RegionName, Target
from .tokens import Item

NpKind = Literal["target", "it", "them", "rest", "quality", "color", "cast", "band", "straight"]
_MODIFIERS = (
    *("adj", "complaint", "color", "cast", "side", "number", "numbers", "left", "right", "neutral_colors"),
    *("degrees", "larger", "middle"),
)
_NOUNS = (
    *("region", "whole", "people", "quality", "band", "tone_nouns", "style_nouns", "things", "straight_nouns"),
    *("art", "scenes", "sizes", "room", "side_nouns", "not_painted", "place", "replace", "tintable", "moments"),
)
_NOUN_TAGS, _NAMING = frozenset(_NOUNS), frozenset(_NOUNS + _MODIFIERS)
_PLACES = frozenset({"in", "on", "of", "at", "behind", "near", "under", "above", "over", "inside", "below", "beside",
                     "next to", "in front of", "with", "against", "around", "between"})  # fmt: skip
_MAY_BE_AMOUNT = ("little", "lot", "plain", "number", "numbers", "fraction", "factors", "prepositions", "determiners")
_STYLED = (" look", " vibe", " vibes", " style", " effect", " feel", " mood")
_ALONE = ("only", "just")
_LEAST_KELVIN = 100  # "4k" is a size
MAX_PHRASE = 200


@dataclass(frozen=True)
class Amount:
    """How much: times the usual amount, EV, per cent, a slider's value, or times the light there is."""

    kind: Literal["usual", "ev", "percent", "value", "times"]
    number: float


LITTLE, PLAIN, LOT = Amount("usual", 0.55), Amount("usual", 1.0), Amount("usual", 1.9)


@dataclass(frozen=True)
class Np:
    """A noun phrase: what kind of thing it names, its name, the target it names or is limited to, and its adjectives.

    `value` is an effect for "quality" and a colour for "color", "cast" and "band".
    """

    kind: NpKind
    value: str = ""
    target: Target | None = None
    modifiers: tuple[Item, ...] = ()


class Reader:
    """The items of a request, read from a place on; methods return what they found and the place after it."""

    def __init__(self, text: str, items: list[Item]) -> None:
        self.text = text
        self.items = items
        self._tags = [item.tags.keys() for item in items]
        self._nominal = [not item.mark and not (item.known and _NAMING.isdisjoint(item.tags)) for item in items]
        self._nouns = [not item.known or not _NOUN_TAGS.isdisjoint(item.tags) for item in items]
        self._amounts: dict[int, tuple[Amount | None, int]] = {}
        self._noun_phrases: dict[tuple[int, bool], tuple[Np | None, int]] = {}

    def has(self, place: int, *tags: str) -> bool:
        return 0 <= place < len(self._tags) and not self._tags[place].isdisjoint(tags)

    def tag(self, place: int, tag: str) -> str:
        return self.items[place].tags.get(tag, "") if 0 <= place < len(self.items) else ""

    def mark(self, place: int) -> str:
        return self.items[place].mark if 0 <= place < len(self.items) else "."

    def word(self, place: int) -> str:
        return self.items[place].text if 0 <= place < len(self.items) else ""

    def slice(self, start: int, end: int) -> str:
        """Return the request's own words from item `start` up to item `end`."""
        words = self.text[self.items[start].start : self.items[end - 1].end]
        return " ".join("".join(c if c.isprintable() else " " for c in words).split())

    def amount(self, place: int) -> tuple[Amount | None, int]:
        """Read how much, for example "a lot", "by 20 %", "+0.5 EV"."""
        if place not in self._amounts:
            self._amounts[place] = self._read_amount(place)
        return self._amounts[place]

    def _read_amount(self, place: int) -> tuple[Amount | None, int]:
        found: Amount | None = None
        while self.has(place, *_MAY_BE_AMOUNT):
            number, after = self._measured(place)
            if number is not None:
                found, place = number, after
            elif self.has(place, "factors"):
                found, place = Amount("times", float(self.tag(place, "factors"))), place + 1
                place += self.word(place) in ("as", "the")
            elif self.has(place, "little"):
                found, place = LITTLE, place + 1
            elif self.has(place, "lot"):
                found, place = (found if found == LITTLE else LOT), place + 1
            elif self.has(place, "plain"):
                found, place = found or PLAIN, place + 1
            else:
                break
        return found, place

    def number(self, place: int) -> tuple[float | None, int]:
        """Read a number in digits or words."""
        if self.has(place, "number"):
            digits = _digits(self.word(place))
            part, after = self._fraction(place + 1)
            if part is not None and digits.lstrip("+-").isdigit() and self.word(place + 1)[0].isdigit():
                return float(digits) + math.copysign(part, float(digits)), after
            return float(digits), place + 1
        if self.has(place, "fraction"):
            return self._fraction(place)
        if self.has(place, "numbers"):
            return float(self.tag(place, "numbers")), place + 1
        return None, place

    def _fraction(self, place: int) -> tuple[float | None, int]:
        """Read "2/3" or "-1/3"; None where it divides by nothing."""
        top, _, bottom = _digits(self.word(place)).partition("/")
        if not self.has(place, "fraction") or not int(bottom):
            return None, place
        return float(Fraction(int(top), int(bottom))), place + 1

    def _measured(self, place: int) -> tuple[Amount | None, int]:
        start = place
        place += self.word(place) in ("by", "to", "of", "at")
        if self.word(place) in ("a", "about", "around", "another"):
            place += 1
            if self.has(place, "stop_units"):
                return Amount("ev", 1.0), place + 1
        number, after = self.number(place)
        if number is None:
            return None, start
        part = self.word(place - 1) == "by" and self.has(place, "numbers") and 0 < number < 1
        after += 1 if self.word(after) == "of" and self.word(after + 1) == "a" else 0
        after += self.word(after) == "a" and self.has(after + 1, "stop_units")
        if self.has(after, "stop_units"):
            return Amount("ev", number), after + 1
        if self.has(after, "percent_units") or self.mark(after) == "%":
            return Amount("percent", number), after + 1
        if self.has(after, "kelvin_units") and number >= _LEAST_KELVIN:
            return Amount("value", number), after + 1
        if part and self._ends_clause(after):
            return Amount("percent", 100 * number), after
        if self.has(after - 1, "fraction") and self._ends_clause(after):  # of a stop
            return Amount("ev", number), after
        if self.has(place, "number") and self._ends_clause(after):
            return Amount("value", number), after
        return None, start

    def _ends_clause(self, place: int) -> bool:
        return bool(self.mark(place)) or self.has(place, "conjunctions", "leads", "prepositions", "quality")

    def noun_phrase(self, place: int, *, places: bool = True) -> tuple[Np | None, int]:
        """Read a noun phrase; `places` lets "in ...", "with ..." belong to it. (None, place) if there is none."""
        if (place, places) not in self._noun_phrases:
            self._noun_phrases[place, places] = self._read_noun_phrase(place, places)
        return self._noun_phrases[place, places]

    def _read_noun_phrase(self, place: int, places: bool) -> tuple[Np | None, int]:
        start = place
        if self.word(place) in _ALONE and (self.has(place + 1, "determiners") or self.nominal(place + 1)):
            meant, after = self.noun_phrase(place + 1, places=places)
            return meant, start if meant is None else after
        pronoun = self._pronoun(place)
        if pronoun is not None:
            return pronoun, place + 1
        while self.has(place, "determiners") or self._inner_little(place):
            place += 1
        while (
            place > start and self.has(place, "little", "more", "lot") and self.has(place + 1, "adj", "cast", "color")
        ):
            place += 1
        if self.has(place, "rest") or self.word(place) == "everything":
            return self._everything(place)
        first, head = place, self._noun_end(place)
        if head == first:
            return None, start
        found = self._named(start, first, head)
        if found is None:
            return None, start
        if places and found.kind == "target" and isinstance(found.target, Phrase | Region):
            return self._placed(found, start, head)
        return found, head

    def _inner_little(self, place: int) -> bool:
        return self.word(place) == "little" and self.word(place - 1) in ("the", "this", "that", "my")

    def _pronoun(self, place: int) -> Np | None:
        kind = self.tag(place, "pronoun")
        if self.word(place) == "her" and not self.nominal(place + 1):
            kind = "person"
        if not kind or (
            self.has(place, "determiners") and (self.nominal(place + 1) or self.has(place + 1, "determiners"))
        ):
            return None
        return Np("target", "person", Region("person")) if kind == "person" else Np("it" if kind == "it" else "them")

    def _everything(self, place: int) -> tuple[Np | None, int]:
        place += 1
        if self.has(place, "rest"):
            return Np("rest"), place + 1
        if self.has(place, "except"):
            inner, after = self.noun_phrase(place + 1)
            if inner is not None and inner.kind == "target" and inner.target is not None:
                opposite = inverted(inner.target)
                return (Np("target", "", opposite), after) if opposite else (None, place)
            return None, place
        if self.has(place - 1, "rest"):
            inner, after = self.noun_phrase(place + 1) if self.word(place) == "of" else (None, place)
            return Np("rest"), after if inner is not None and inner.target == WHOLE else place
        return Np("target", "", WHOLE), place

    def nominal(self, place: int) -> bool:
        """Return whether the item may be part of a noun phrase: a noun, an adjective, an unknown word."""
        return 0 <= place < len(self.items) and self._nominal[place]

    def _noun_end(self, place: int) -> int:
        """Return the place after the last word of the noun phrase whose first adjective or noun is at `place`."""
        noun_seen = False
        while self.nominal(place):
            noun = self._nouns[place]
            acts = self.has(place, "verb", "raise", "lower", "remove", "make", "crop", "leads", "place", "replace")
            if noun_seen and (not noun or acts):
                break
            if noun_seen and not self.items[place].known and self.has(place - 1, "whole", "region"):
                break
            if (
                noun_seen
                and self.has(place, "should_be")
                and self.has(place - 1, "whole", "region", "people", "things")
            ):
                break
            if acts and not noun and not self.nominal(place + 1):
                break
            if self.has(place, "adj") and not noun_seen and not self.nominal(place + 1) and noun:
                noun = True
            noun_seen = noun_seen or noun
            place += 1
        return place

    def _named(self, start: int, first: int, end: int) -> Np | None:
        head, before = end - 1, range(first, end - 1)
        modifiers = tuple(self.items[i] for i in before if self.has(i, "adj", "complaint"))
        color = next((self.tag(i, t) for i in before for t in ("color", "cast") if self.has(i, t)), "")
        limit = self._limit(first, head)
        if self.has(head, "tone_nouns", "quality") and color and not self.has(head - 1, "quality"):
            return Np("cast", color, limit)
        if self.has(head, "tone_nouns") and any(self.has(i, "things", "people") for i in before) and not color:
            return Np("target", "", Phrase(self.slice(start, end)[:MAX_PHRASE]))
        if self.has(head, "tone_nouns", "style_nouns") and modifiers and "adj" in modifiers[-1].tags:
            return Np("quality", modifiers[-1].tags["adj"], limit)
        if self.tag(head, "adj") and self.word(head).endswith(_STYLED):
            return Np("quality", self.tag(head, "adj"), limit)
        if self.word(head).startswith("light") and any(not self.items[i].known for i in before):
            return None
        if self.has(head, "quality"):
            return Np("quality", self.tag(head, "quality"), limit, modifiers)
        for kind in ("band", "color", "cast"):
            if self.has(head, kind):
                return Np(
                    "band" if kind == "band" else "cast" if kind == "cast" else "color", self.tag(head, kind), limit
                )
        if self.has(head, "straight_nouns"):
            return Np("straight", modifiers=modifiers)
        if self.has(head, "whole"):
            return Np("target", "", WHOLE, modifiers)
        if self.has(head, "region") and not any(self.has(i, "people") for i in before):
            return Np("target", "", Region(_region(self.tag(head, "region"))), modifiers)
        if head > first and self.has(head, "side_nouns") and self._side(head - 1):
            return Np("target", "", Phrase(self.slice(start, end)[:MAX_PHRASE]))
        if self.has(head, "adj", "complaint", "tone_nouns", "style_nouns", "left", "right", "numbers", "number"):
            return None
        if self.has(head, "people") and first == head and self.word(head) != "face":
            return Np("target", "person", Region("person"))
        return Np("target", "", Phrase(self.slice(start, end)[:MAX_PHRASE]), modifiers)

    def _side(self, place: int) -> bool:
        return self.has(place, "side", "left", "right") or self.word(place) in ("upper", "lower")

    def _limit(self, first: int, head: int) -> Target | None:
        """Return the target that words before a quality name, as in "sky contrast" or "skin color"."""
        for place in range(first, head):
            if self.has(place, "region"):
                return Region(_region(self.tag(place, "region")))
            if self.has(place, "things", "people"):
                return Phrase(self.slice(place, place + 1))
        return None

    def _placed(self, found: Np, start: int, end: int) -> tuple[Np, int]:
        """Return the phrase with the place words that follow it, as in "the man in the background"."""
        if self.word(end) not in _PLACES:
            return found, end
        after = end + 1
        while self.has(after, "determiners") or self.word(after) == "far":
            after += 1
        if self.has(after, "side", "left", "right"):
            after += 1
        else:
            inner, after = self.noun_phrase(end + 1)
            if inner is None or inner.kind != "target" or inner.value == "person":
                return found, end
            if inner.target == WHOLE:
                return found, after
        if isinstance(found.target, Region) and found.target.kind != "person":
            return found, after
        return Np("target", "", Phrase(self.slice(start, after)[:MAX_PHRASE]), found.modifiers), after


def _digits(word: str) -> str:
    return word.replace("−", "-").replace("±", "").replace(" ", "")


def inverted(target: Target) -> Target | None:
    """Return everything but `target`, None where that has no name."""
    if isinstance(target, Phrase):
        return Phrase(target.text, not target.invert)
    if not isinstance(target, Region):
        return None
    if target.kind == "subject" and not target.invert:
        return Region("background")
    if target.kind == "background" and not target.invert:
        return Region("subject")
    return Region(target.kind, not target.invert)


def _region(name: str) -> RegionName:
    return "sky" if name == "sky" else "subject" if name == "subject" else "background"

"""The words that the rule parser knows: loaded from words.json, with their inflected forms and near misspellings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Tags = Mapping[str, str]

# Words that name an effect, "brightness" or "-brightness": their class in words.json -> the tag they get.
_EFFECT_CLASSES = {
    "qualities": "quality",
    "verbs": "verb",
    "adjectives": "adj",
    "comparatives": "adj_er",
    "complaints": "complaint",
}
_VALUED_CLASSES = {
    "regions": "region",
    "pronouns": "pronoun",
    "raise": "raise",
    "lower": "lower",
    "sides": "side",
    "around": "around",
    "degrees": "degrees",
    "hints": "hint",
}
_NOT_CLASSES = frozenset(
    {"moods", "always_complaints", "casts_by_themselves", "correctly_spelled", "inflected", "hints", "foreign"}
)
_DOUBLED = re.compile(r"[^aeiou]*[aeiou][bdgklmnprt]")
_CORRECTED_TO = frozenset(
    {
        "quality",
        "verb",
        "verb_ed",
        "adj",
        "adj_er",
        "complaint",
        "region",
        "whole",
        "raise",
        "lower",
        "remove",
        "straighten",
    }
)
_CORRECTED_FROM_LENGTH = 5
_ANY_MISTAKE_FROM_LENGTH = 6  # in shorter words only swapped neighbours are taken for a mistake


@dataclass(frozen=True)
class Lexicon:
    """Every known phrase with its tags, and what effects, casts and moods mean."""

    entries: Mapping[str, Tags]
    longest: Mapping[str, int]  # first word -> words in the longest phrase that starts with it
    near: Mapping[str, str]  # a word with one letter left out -> the word, where there is only one
    correct: frozenset[str]
    effects: Mapping[str, Mapping[str, Mapping[str, Any]]]
    casts: Mapping[str, Mapping[str, float]]
    moods: frozenset[str]
    always_complaints: frozenset[str]
    sides: frozenset[str]

    def lookup(self, words: tuple[str, ...]) -> Tags | None:
        return self.entries.get(" ".join(words))

    def corrected(self, word: str) -> str:
        """Return the known word that `word` misspells by one letter, or `word` itself.

        Words of at least six letters with the right first letter are corrected, words of five where two letters are
        swapped or one inside is missing, and none that English knows.
        """
        if word in self.longest or word in self.correct or len(word) < _CORRECTED_FROM_LENGTH:
            return word
        for short in (word, *_shortened(word)):
            known = self.near.get(short, "")
            if known and known[0] == word[0] and _misspells(word, known):
                return known
        return word


@cache
def _data() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "words.json").read_text(encoding="utf-8"))


def word_lists(name: str) -> Mapping[str, list[str]]:
    """Return a table of word lists of words.json, such as "foreign": language -> words."""
    return _data()[name]


@cache
def lexicon() -> Lexicon:
    """Return the lexicon, read once."""
    data = _data()
    entries: dict[str, dict[str, str]] = {}
    for phrase, tag, value in _tagged(data):
        entries.setdefault(phrase, {}).setdefault(tag, value)
    longest: dict[str, int] = {}
    for phrase in entries:
        words = phrase.split()
        longest[words[0]] = max(longest.get(words[0], 1), len(words))
    return Lexicon(
        entries,
        longest,
        _near(phrase for phrase, tags in entries.items() if not _CORRECTED_TO.isdisjoint(tags)),
        frozenset(data["correctly_spelled"]),
        data["effects"],
        data["casts"],
        frozenset(data["moods"]),
        frozenset(data["always_complaints"]),
        frozenset(word for words in data["sides"].values() for word in words),
    )


def _tagged(data: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (phrase, tag, value) of every phrase and its inflected forms."""
    for name, tag in (_EFFECT_CLASSES | _VALUED_CLASSES).items():
        for value, phrases in data[name].items():
            yield from _forms(phrases, tag, value, data)
    for name, phrases in data.items():
        if isinstance(phrases, list) and name not in _NOT_CLASSES:
            yield from _forms(phrases, name, "", data)
    for color, words in data["colors"].items():
        for word in words:
            yield word, "cast" if word in data["casts_by_themselves"] else "color", color
            if word == color or word in ("pink", "gold", "cyan", "teal"):
                yield word + "s", "band", color
                yield from ((form, "color_er", color) for form in _compared(word))
    for name in ("numbers", "factors"):
        yield from ((phrase, name, str(value)) for phrase, value in data[name].items())


def _forms(phrases: Iterable[str], tag: str, value: str, data: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for phrase in phrases:
        yield phrase, tag, value
        head, _, rest = phrase.partition(" ")
        if tag in data["inflected"]:
            for form in data["irregular"].get(head) or _conjugated(head):
                kind = tag + "_ed" if form.endswith("ed") else tag
                yield f"{form} {rest}".strip(), kind, value
        elif tag == "adj" and not rest and len(phrase) <= 8:
            yield from ((form, "adj_er", value) for form in _compared(phrase))


def _conjugated(verb: str) -> tuple[str, str, str]:
    """Return the -s, -ing and -ed forms of a regular verb."""
    if verb.endswith("e"):
        return verb + "s", verb[:-1] + "ing", verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies", verb + "ing", verb[:-1] + "ied"
    stem = verb + verb[-1] if _DOUBLED.fullmatch(verb) else verb
    plural = verb + "es" if verb.endswith(("s", "sh", "ch", "x")) else verb + "s"
    return plural, stem + "ing", stem + "ed"


def _compared(adjective: str) -> tuple[str, str]:
    """Return the comparative and the superlative of a short adjective."""
    if adjective.endswith("y"):
        stem = adjective[:-1] + "i"
    elif adjective.endswith("e"):
        stem = adjective[:-1]
    else:
        stem = adjective + adjective[-1] if _DOUBLED.fullmatch(adjective) else adjective
    return stem + "er", stem + "est"


def _shortened(word: str) -> Iterator[str]:
    return (word[:i] + word[i + 1 :] for i in range(1, len(word)))


def _near(words: Iterable[str]) -> dict[str, str]:
    """Return each long word, less one letter, mapped to the word; ambiguous ones are dropped."""
    found: dict[str, str] = {}
    clash: set[str] = set()
    for word in words:
        if len(word) < _CORRECTED_FROM_LENGTH or not word.isalpha():
            continue
        for short in {word, *_shortened(word)}:
            if found.setdefault(short, word) != word:
                clash.add(short)
    return {short: word for short, word in found.items() if short not in clash or short == word}


def _misspells(word: str, known: str) -> bool:
    """Return whether `word` is near enough to `known` for its length."""
    if min(len(word), len(known)) < _ANY_MISTAKE_FROM_LENGTH:
        swapped = len(word) == len(known) and sorted(word) == sorted(known)
        inside_missing = len(word) < len(known) and not known.startswith(word)  # "dream" is no misspelt "dreamy"
        if not swapped and not inside_missing:
            return False
    return _one_apart(*sorted((word, known), key=len))


def _one_apart(one: str, other: str) -> bool:
    """Return whether one letter left out or replaced, or two neighbours swapped, make the longer word the shorter."""
    start = next((i for i, letter in enumerate(one) if letter != other[i]), len(one))
    if len(one) < len(other):
        return len(other) - len(one) == 1 and one[start:] == other[start + 1 :]
    swapped = one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]
    return swapped or one[start + 1 :] == other[start + 1 :]

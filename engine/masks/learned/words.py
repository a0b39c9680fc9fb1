"""Words for things: which of an engine's labels a phrase means, and which phrases name a built-in region."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ...plan.schema import RegionName
from ...plan.words.lexicon import lexicon

_ENDS_HEAD = re.compile(
    r" (?:with|without|in|on|of|at|by|behind|near|under|above|over|inside|below|beside|next to|to|from|against|around"
    r"|between|that|which|who|whose|left of|right of|parked|seated|dressed|made"
    r"|(?:wear|hold|carry|rid|sitt|stand|lean|walk|runn|ly|lay|look|wait|jump|hang|point|smil|swimm|play|eat|talk)ing"
    r"(?! (?:pool|room|stick|area))"
    r")\b.*$"
)
_EXCEPT = re.compile(r"\b(?:except|but|besides|other than|apart from|aside from|excluding)\b")
_NOT_PLURAL = re.compile(r"(?:ss|us|is|as|os)$")


@cache
def _data() -> Mapping[str, Any]:
    return json.loads((Path(__file__).parent / "words.json").read_text(encoding="utf-8"))


def coco_labels() -> tuple[str, ...]:
    """Return the 80 classes of COCO detection in the order in which networks number them (Lin et al. 2014)."""
    return tuple(_data()["coco"])


def labels_for(noun: str, vocabulary: Collection[str]) -> tuple[str, ...]:
    """Return those labels of `vocabulary` that `noun` means, () if it knows none; the label itself comes first.

    noun: lower case, without words about its place, as `phrase.read_phrase` gives it. "red sports car" means "car",
    "people" means "person", "water" also "sea", "river" and "lake". "people except the bride" means no label: a
    closed list cannot tell who is left out.
    """
    if _EXCEPT.search(noun):
        return ()
    for name in _names(noun):
        if found := tuple(dict.fromkeys(label for label in _meanings(name) if label in vocabulary)):
            return found
    return ()


def region_of(noun: str) -> RegionName | None:
    """Return the built-in region that `noun` names ("sky", "blue sky", "backdrop", "woman"), None if it is another."""
    words = noun.split()
    entries = lexicon().entries
    while len(words) > 1 and not entries.get(" ".join(words), {}).keys() & {"region", "people"}:
        if not entries.get(words[0], {}).keys() & {"adj", "color", "complaint"}:
            return None
        del words[0]
    tags = entries.get(" ".join(words), {})
    if "people" in tags:
        return "person"
    regions: tuple[RegionName, ...] = ("sky", "subject", "background")
    return next((name for name in regions if tags.get("region") == name), None)


def is_plural(noun: str) -> bool:
    """Return whether the noun phrase means several: "people", "red cars", "signs with letters"."""
    words = head(noun).split()
    return bool(words) and singular(words[-1]) != words[-1]


def singular(word: str) -> str:
    """Return the singular of an English noun, the word itself if it is one."""
    irregular: Mapping[str, str] = _data()["irregular"]
    if word in irregular:
        return irregular[word]
    if not word.endswith("s") or len(word) < 4 or _NOT_PLURAL.search(word) or word in _data()["ending_in_s"]:
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if re.search(r"(?:s|x|z|ch|sh)es$", word) and word[:-1] not in _data()["ending_in_e"]:
        return word[:-2]
    return word[:-1]


def head(noun: str) -> str:
    """Return the noun phrase without what follows its noun: "man with a hat" -> "man"."""
    return _ENDS_HEAD.sub("", noun)


def _names(noun: str) -> Iterator[str]:
    """Yield the names to try: the whole phrase, then its head from all its words down to the last; also singular."""
    words = head(noun).split()
    for name in (noun, *(" ".join(words[start:]) for start in range(len(words)))):
        before, _, last = name.rpartition(" ")
        yield name
        yield f"{before} {singular(last)}".strip()


def _meanings(name: str) -> Iterator[str]:
    """Yield the labels that `name` may stand for: itself, other names of the same thing, and kinds of it."""
    yield name
    if "people" in lexicon().entries.get(name, {}):
        yield "person"
    same = _same().get(name, (name,))
    yield from same
    kinds: Mapping[str, Sequence[str]] = _data()["kinds"]
    for other in same:
        for kind in kinds.get(other, ()):
            yield from _same().get(kind, (kind,))


@cache
def _same() -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(group) for group in _data()["same"] for name in group}

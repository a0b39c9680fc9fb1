"""From a request to items: known phrases, numbers, unknown words and the marks between them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .lexicon import Lexicon, Tags

_NO_TAGS: Mapping[str, str] = {}

_PATTERN = re.compile(
    r"(?P<note>\[[^\][]{0,40}\])"
    r"|(?P<aspect>(?<![\w.:])\d{1,4}(?:\.\d{1,2})?(?:\s?[:x×]\s?)\d{1,4}(?:\.\d{1,2})?(?![\w:]))"
    r"|(?P<fraction>(?<![\w./])[+\-−]?\s?\d{1,2}/\d{1,2}(?![\w/]))"
    r"|(?P<number>(?<![\w.])[+\-−±]?\s?\d{1,6}(?:\.\d{1,4})?|[+\-−]?\.\d{1,4})"
    r"|(?P<word>b\s?[&/]\s?w\b|[^\W\d_]+(?:['’\-][^\W\d_]+)*)"
    r"|(?P<mark>[.,;:!?\n()/&+%°…]|\s-+\s|—|–)",
    re.IGNORECASE,
)
_STRETCHED = re.compile(r"(.)\1{2,}")
_BRITISH = re.compile(r"colour")
_SENTENCE_MARKS = frozenset(".;!?\n…()")
_WORD_MARKS = frozenset("&+%°/")


@dataclass(frozen=True)
class Item:
    """A known phrase, a number, an unknown word or a mark of the request; `start` and `end` count its characters."""

    text: str
    start: int
    end: int
    tags: Tags

    def has(self, *tags: str) -> bool:
        return not self.tags.keys().isdisjoint(tags)

    @property
    def mark(self) -> str:
        return self.tags.get("mark", "")

    @property
    def known(self) -> bool:
        return bool(self.tags)


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int
    kind: str


def read_items(text: str, lexicon: Lexicon) -> list[Item]:
    """Return the items of a request in order, the longest known phrase at each place."""
    tokens = list(_tokens(text, lexicon))
    items: list[Item] = []
    place = 0
    while place < len(tokens):
        item, count = _item(tokens, place, lexicon)
        items.append(item)
        place += count
    return items


def _tokens(text: str, lexicon: Lexicon) -> Iterator[_Token]:
    for match in _PATTERN.finditer(text):
        kind = match.lastgroup or ""
        if kind == "word":
            yield _Token(_normal(match[0], lexicon), match.start(), match.end(), kind)
        elif kind != "note":
            yield _Token(match[0].strip(" \t") or match[0], match.start(), match.end(), kind)


def _normal(word: str, lexicon: Lexicon) -> str:
    """Return a word as the lexicon spells it: lower case, straight quotes, American, no stretched letters."""
    plain = unicodedata.normalize("NFKC", word).casefold().replace("\u2019", "'")
    plain = _BRITISH.sub("color", plain).replace("grey", "gray")
    if _STRETCHED.search(plain):
        doubled, single = _STRETCHED.sub(r"\1\1", plain), _STRETCHED.sub(r"\1", plain)
        plain = doubled if doubled in lexicon.longest else single
    if plain in lexicon.longest:
        return plain
    if plain.endswith("'s") and plain[:-2] in lexicon.longest:
        return plain[:-2]
    return lexicon.corrected(plain)


def _item(tokens: list[_Token], place: int, lexicon: Lexicon) -> tuple[Item, int]:
    token = tokens[place]
    for count in range(min(lexicon.longest.get(token.text, 1), len(tokens) - place), 0, -1):
        run = tokens[place : place + count]
        tags = lexicon.lookup(tuple(part.text for part in run))
        if tags is not None:
            return Item(" ".join(part.text for part in run), token.start, run[-1].end, tags), count
    if token.kind in ("number", "aspect", "fraction"):
        return Item(token.text, token.start, token.end, {token.kind: token.text}), 1
    if token.kind == "mark":
        mark = "." if token.text in _SENTENCE_MARKS else "," if token.text not in _WORD_MARKS else token.text
        return Item(token.text, token.start, token.end, {"mark": mark}), 1
    return Item(token.text, token.start, token.end, _NO_TAGS), 1

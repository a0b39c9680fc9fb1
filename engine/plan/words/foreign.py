"""Requests in other languages than English, which the rules do not read: told by their letters and small words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache

from .lexicon import word_lists

_WORD = re.compile(r"[^\W\d_]+")
_SHARE = 0.3  # of the words of a sentence, small words and those of photography
_ENGLISH = frozenset(
    ("the", "a", "an", "and", "of", "to", "it", "is", "my", "please", "make", "more", "less", "with", "too", "this")
)


def foreign_language(text: str) -> str | None:
    """Return the language that a request seems to be written in, "another language" where only its letters tell.

    None is English, or too little to say. A word that English has too never counts.
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    if not text.isascii():
        letters = "".join(words)
        if sum(not _is_latin(letter) for letter in letters) * 2 > len(letters):
            return "another language"
    known = _languages()
    found = Counter(language for word in words if word in known for language in known[word])
    if not found:
        return None
    language, hits = found.most_common(1)[0]
    english = sum(word in _ENGLISH for word in words)
    return language if hits > english and hits >= _SHARE * len(words) else None


@cache
def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")


@cache
def _languages() -> Mapping[str, tuple[str, ...]]:
    """Return the languages that have a word, by word."""
    found: dict[str, tuple[str, ...]] = {}
    for language, words in word_lists("foreign").items():
        for word in words:
            found[word] = (*found.get(word, ()), language)
    return found

"""Words to a plan by rules, without a model: what is understood becomes steps, what is not is listed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import PlanInvalidError
from .describe import describe_target
from .schema import MAX_STEPS, WHOLE, Adjust, Auto, Blur, EditPlan, Step, Target, has_target
from .words.foreign import foreign_language
from .words.grammar import Grammar
from .words.lexicon import lexicon
from .words.tokens import Item, read_items
from .words.wishes import steps_of

MAX_WORDS_LENGTH = 2000
_SUMMARY_LENGTH = 500
_ENGLISH_ONLY = "the built-in rules read English, a language model reads other languages."
_WAYS = "say brighter or darker, warmer or cooler, more or less"
_CUT_WAYS = "say what to cut off, as in: crop 20 % off the left; or to remove it"
_EXCEPTION = re.compile(
    r"(not( in| on| to| for)?|except( for)?|excluding|without (touching|changing)) (the|my|his|her|their|our)\b", re.I
)


@dataclass(frozen=True)
class Understanding:
    """A plan, the (start, end) characters of the request that it was made from, the words left over, and notes."""

    plan: EditPlan
    understood: tuple[tuple[int, int], ...]
    not_understood: tuple[str, ...]
    notes: tuple[str, ...]


def plan_from_words(text: str) -> Understanding:
    """Return what an English request asks for, as far as the rules understand it.

    Unknown words never become edits. An empty plan is a valid answer. Raises PlanInvalidError for a request of more
    than MAX_WORDS_LENGTH characters.
    """
    if len(text) > MAX_WORDS_LENGTH:
        raise PlanInvalidError(
            f"The request has {len(text)} characters; at most {MAX_WORDS_LENGTH} are read.", "Say it shorter."
        )
    summary = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SUMMARY_LENGTH]
    language = foreign_language(text)
    if language is not None:
        return Understanding(
            EditPlan(summary=summary), (), (summary,), (f"This seems to be {language}: {_ENGLISH_ONLY}",)
        )
    words = lexicon()
    grammar = Grammar(text, read_items(text, words), words)
    grammar.read()
    steps, notes = steps_of(map(grammar.meant, grammar.found), words, grammar.protected)
    leftovers = _leftovers(grammar)
    steps, spared = _spared(steps, grammar.protected, [words for words in leftovers if _EXCEPTION.match(words)])
    notes += spared
    notes += [f"“{words}” does not say which way: {_WAYS}." for words in grammar.vague]
    notes += [f"“{words}” is no crop, which keeps a rectangle: {_CUT_WAYS}." for words in grammar.cut_out]
    notes += [f"Say where {words} shall go, as in: add {words} in the sky." for words in grammar.unplaced]
    notes += [*grammar.hints, *grammar.known_limits()]
    return Understanding(
        EditPlan(summary=summary, steps=tuple(steps[:MAX_STEPS])),
        _spans(grammar.items, grammar.used),
        leftovers,
        tuple(dict.fromkeys(notes)),
    )


def _spared(steps: list[Step], protected: list[Target], exceptions: list[str]) -> tuple[list[Step], list[str]]:
    """Return the steps without those that would change what is to be left alone, and notes.

    protected: parts of the photo that were named. exceptions: words for others, which were not understood.
    """
    named = {step.target for step in steps if has_target(step)}
    kept = [step for step in steps if not _is_of_all(step)]
    alone = [target for target in dict.fromkeys(protected) if target not in named]
    reasons = [f"the exception “{words}” is not understood" for words in exceptions]
    if alone:
        reasons.append(f"{' and '.join(map(describe_target, alone))} cannot be told from the rest")
    if len(alone) == 1 and any(isinstance(step, Auto) and step.target == WHOLE for step in steps):
        reasons = [f"automatic settings are for all of it, and {describe_target(alone[0])} is to be left alone"]
    if reasons and len(kept) < len(steps):
        return kept, [f"Changes of the whole photo are left out: {reasons[0]}."]
    return steps, [f"Left alone: {describe_target(target)}." for target in alone]


def _is_of_all(step: Step) -> bool:
    return isinstance(step, Adjust | Auto | Blur) and step.target == WHOLE


def _spans(items: list[Item], used: list[bool]) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for number, item in enumerate(items):
        if not used[number]:
            continue
        if number and used[number - 1] and spans:
            spans[-1] = spans[-1][0], item.end
        else:
            spans.append((item.start, item.end))
    return tuple(spans)


def _leftovers(grammar: Grammar) -> tuple[str, ...]:
    """Return the runs of words that gave nothing, without those that only hold a sentence together."""
    found: list[str] = []
    start: int | None = None
    for place in range(len(grammar.items) + 1):
        if place < len(grammar.items) and not grammar.used[place] and not grammar.mark(place):
            start = place if start is None else start
            continue
        if start is not None:
            while start < place and _empty(grammar.items[start]):
                start += 1
            end = place
            while end > start and _empty(grammar.items[end - 1]):
                end -= 1
            if end > start:
                found.append(grammar.slice(start, end))
        start = None
    return tuple(found)


def _empty(item: Item) -> bool:
    return item.has("leads", "conjunctions", "fillers", "determiners", "prepositions", "be")

"""Wishes that leave the numbers to the photo: "auto white balance", "fix the exposure", "make it look good"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ...develop.settings import AutoPart
from ..schema import WHOLE, Auto, Phrase, Region, Target
from .phrases import LITTLE, Np, Reader

_BY_ITSELF = ("auto", "automatic", "automatically", "autocorrect", "auto-correct", "auto-enhance", "autoenhance")
_BALANCE = ("white balance", "wb", "color balance")
_TONES = ("tone", "tones", "tonality", "levels", "curves", "contrast")
_BETTER = ("enhance", "improve", "edit", "optimize", "optimise", "perfect", "beautify")
_GOOD = ("good", "better", "nice", "nicer", "great", "amazing", "awesome", "beautiful", "stunning", "its best", "best")
_CORRECTION = ("correction", "corrections", "adjustment", "fix")
_WRONG = ("off", "wrong", "bad", "incorrect", "inaccurate", "poor", "terrible")
_BALANCING = ("balance", "balances", "balancing")
_LITTLE_PERCENT = 50.0
_Part = Literal["white_balance", "exposure", "tone", "colors"]
_PARTS: Mapping[str, _Part] = {"brightness": "exposure", "color": "colors"}


def read_automatic(reader: Reader, place: int) -> tuple[Auto | None, int]:
    """Read such a wish at `place`; (None, place) where there is none. It has to end where its clause ends."""
    for read in (_auto, _corrected, _enhanced, _made_good, _wrong, _correction):
        part, after = read(reader, place)
        if part is None:
            continue
        target, after = _target(reader, after, part)
        amount, end = reader.amount(after)
        if reader.word(place) == "set" and amount is not None and amount.kind != "usual":  # "set contrast to 15"
            continue
        while reader.word(end) in ("please", "automatically", "for me"):
            end += 1
        if reader.mark(end) or reader.has(end, "conjunctions"):
            return Auto(part, _LITTLE_PERCENT if amount == LITTLE else 100.0, target), end
    return _owned(reader, place)


def _owned(reader: Reader, place: int) -> tuple[Auto | None, int]:
    """Read "fix the foreground lighting", the light of a part that is named before it."""
    if not reader.has(place, "fix") or reader.word(place).startswith("adjust"):
        return None, place
    np, after = reader.noun_phrase(place + 1, places=False)
    light = np is not None and np.kind == "quality" and np.value == "brightness" and not np.modifiers
    if np is None or np.target is None or not light or not (reader.mark(after) or reader.has(after, "conjunctions")):
        return None, place
    return Auto("exposure", target=np.target), after


def _target(reader: Reader, place: int, part: AutoPart) -> tuple[Target, int]:
    """Read the part of the photo that is meant: "on the subject", or "the subject" right behind "auto tone"."""
    if reader.has(place - 1, "whole", "pronoun"):  # "this photo of my mother" says what it shows
        return WHOLE, place
    leads = reader.word(place) in ("of", "in", "on", "for")
    straight = reader.word(place - 1) in _TONES
    np, after = reader.noun_phrase(place + leads) if leads or straight else (None, place)
    named = np is not None and np.kind == "target" and isinstance(np.target, Region | Phrase)
    if np is None or np.target is None or not named or part == "white_balance":
        return WHOLE, place
    return np.target, after


def _auto(reader: Reader, place: int) -> tuple[AutoPart | None, int]:
    """Read "auto", "auto white balance", "automatic exposure", "auto enhance"."""
    if reader.word(place).lower() not in _BY_ITSELF:
        return None, place
    after = place + 1
    while reader.has(after, "fix", "determiners") or reader.word(after) in (*_BETTER, "mode", "adjustment"):
        after += 1
    part, end = _named(reader, after, by_itself=True)
    if part is not None:
        return part, end + (reader.word(end) in _CORRECTION)
    np, end = reader.noun_phrase(after, places=False)
    return "all", end if np is not None and _is_photo(np) else after


def _corrected(reader: Reader, place: int) -> tuple[AutoPart | None, int]:
    """Read "fix the white balance", "correct the exposure", "balance the light"; or "fix the photo"."""
    if reader.word(place).startswith("adjust"):  # which way is not said
        return None, place
    if not reader.has(place, "fix") and reader.word(place) not in (*_BALANCING, "set", "improve"):
        return None, place
    part, after = _named(reader, place + 1)
    if part is not None or reader.word(place) in (*_BALANCING, "set"):
        return part, after
    np, after = reader.noun_phrase(place + 1, places=False)
    named = np is not None and np.target == WHOLE and np.kind == "target" and not np.modifiers
    return ("all", after) if named else (None, place)


def _enhanced(reader: Reader, place: int) -> tuple[AutoPart | None, int]:
    """Read "enhance the photo", "improve it", "enhance"."""
    if reader.word(place) not in _BETTER:
        return None, place
    np, after = reader.noun_phrase(place + 1, places=False)
    if np is None:
        return ("all", place + 1) if reader.word(place) in ("enhance", "beautify") else (None, place)
    return ("all", after) if _is_photo(np) else (None, place)


def _made_good(reader: Reader, place: int) -> tuple[AutoPart | None, int]:
    """Read "make it look good", "make this photo better", "I want it to look its best"."""
    if not reader.has(place, "make", "want"):
        return None, place
    np, after = reader.noun_phrase(place + 1, places=False)
    if np is None or not _is_photo(np):
        return None, place
    after += reader.word(after) == "to"
    after += reader.has(after, "be", "should_be")
    while reader.has(after, "lot", "little", "determiners", "more"):
        if reader.word(after) in _GOOD:
            break
        after += 1
    after += reader.word(after) == "its"
    return ("all", after + 1) if reader.word(after) in _GOOD else (None, place)


def _wrong(reader: Reader, place: int) -> tuple[AutoPart | None, int]:
    """Read "the white balance is off", "the exposure looks wrong"."""
    part, after = _named(reader, place)
    if part is None or not reader.has(after, "be"):
        return None, place
    after += 1
    while reader.has(after, "lot", "little", "plain"):
        after += 1
    return (part, after + 1) if reader.word(after) in _WRONG else (None, place)


def _correction(reader: Reader, place: int) -> tuple[AutoPart | None, int]:
    """Read "color correction", "exposure correction", "color correct this photo"."""
    part, after = _named(reader, place, by_itself=True)
    if part is None or reader.word(after) not in ("correction", "corrections", "correct", "corrected"):
        return None, place
    np, end = reader.noun_phrase(after + 1, places=False)
    return part, end if np is not None and _is_photo(np) else after + 1


def _named(reader: Reader, place: int, *, by_itself: bool = False) -> tuple[AutoPart | None, int]:
    """Read what of the photo is meant: "the white balance", "the exposure of the photo", "tone and colors".

    Colours alone are only measured where it is said that they shall be found by themselves; what is wrong with them is
    not always their white balance.
    """
    parts: set[_Part] = set()
    joint = end = place
    while True:
        part, after = _one_named(reader, joint)
        if part is None:
            break
        parts.add(part)
        end = joint = after
        joint += reader.mark(joint) in (",", "&", "/", "+")
        joint += reader.word(joint) in ("and", "&", "+")
        if joint == end:
            break
    by_itself = by_itself or reader.word(end).lower() in _BY_ITSELF
    if not parts or (parts == {"colors"} and not by_itself):
        return None, place
    if parts <= {"colors", "white_balance"}:
        return "white_balance", end
    if not parts.isdisjoint({"colors", "white_balance"}):
        return "all", end
    return ("tone" if "tone" in parts else "exposure"), end


def _one_named(reader: Reader, place: int) -> tuple[_Part | None, int]:
    while reader.has(place, "determiners") or (reader.has(place, "whole") and _then_named(reader, place + 1)):
        place += 1
    part = _part_at(reader, place)
    if part is None:
        return None, place
    after = place + 1
    if reader.word(after) in ("of", "in", "on"):
        np, end = reader.noun_phrase(after + 1, places=False)
        if np is not None and _is_photo(np):
            after = end
    return part, after


def _then_named(reader: Reader, place: int) -> bool:
    return _part_at(reader, place) is not None


def _part_at(reader: Reader, place: int) -> _Part | None:
    word = reader.word(place).lower()
    if word in _BALANCE or (word == "white" and reader.word(place + 1) == "balance"):
        return "white_balance"
    if word in _TONES:
        return "tone"
    return _PARTS.get(reader.tag(place, "quality"))


def _is_photo(np: Np) -> bool:
    return np.kind == "it" or (np.kind == "target" and np.target == WHOLE and not np.modifiers)

"""Phrases that need no model: words for regions, for colours and for tones."""

from __future__ import annotations

from ..plan.schema import ColorRange, LuminanceRange, Region
from ..plan.words.lexicon import lexicon
from .learned.phrase import Wanted, read_phrases
from .learned.words import region_of, singular
from .sides import means_side

Plain = Region | ColorRange | LuminanceRange

_HUES: dict[str, tuple[float, float]] = {  # name -> hue and half width, in degrees of HSV
    "red": (0, 22),
    "orange": (30, 16),
    "yellow": (56, 18),
    "green": (115, 45),
    "aqua": (180, 22),
    "blue": (222, 35),
    "purple": (275, 22),
    "magenta": (318, 28),
}
_TONES = {
    "highlight": LuminanceRange(low=0.75, high=1.0, feather=0.15),
    "bright": LuminanceRange(low=0.65, high=1.0, feather=0.15),
    "light": LuminanceRange(low=0.65, high=1.0, feather=0.15),
    "midtone": LuminanceRange(low=0.35, high=0.65, feather=0.15),
    "mid-tone": LuminanceRange(low=0.35, high=0.65, feather=0.15),
    "shadow": LuminanceRange(low=0.0, high=0.25, feather=0.15),
    "dark": LuminanceRange(low=0.0, high=0.3, feather=0.15),
}
_ANYTHING = frozenset({"part", "area", "tone", "color", "colour", "region", "everything", "anything", "spot", "pixel"})
_SPOTS = frozenset({"spot", "speck", "speckle", "blemish", "pimple", "dust", "mote"})
_OF_SPOTS = frozenset({"dust", "dirt", "sensor", "skin", "little", "small", "tiny", "particle"})


def means_spots(wanted: Wanted) -> bool:
    """Return whether a phrase names dust, specks or blemishes: "the dust spots", "specks of dust", "blemishes"."""
    words = {singular(word) for word in wanted.noun.split()} - {"of", "on", "the"}
    return bool(words & _SPOTS) and words <= _SPOTS | _OF_SPOTS


def names_spots(text: str) -> bool:
    """Return whether all that a text names is dust, specks or blemishes."""
    parts = read_phrases(text)
    return bool(parts) and all(means_spots(part) for part in parts)


def meaning(wanted: Wanted) -> Plain | None:
    """Return the region, the colour or the tones that a phrase names; None if it names a thing."""
    if region := region_of(wanted.noun):
        return Region(region)
    words = [singular(word) for word in wanted.noun.split()]
    said = [word for word in words if word not in _ANYTHING]
    if len(said) != 1 or wanted.order is not None or wanted.count is not None:
        return None
    (word,) = said
    if word in _TONES and (len(words) > 1 or word not in ("bright", "light", "dark")):
        return _TONES[word]
    color = lexicon().entries.get(word, {}).get("color", "")
    return ColorRange(hue_deg=_HUES[color][0], width_deg=_HUES[color][1]) if color in _HUES else None


def needs_no_model(text: str) -> bool:
    """Return whether every part of the phrase `text` is something that the built-in engines look for."""
    parts = read_phrases(text)
    return bool(parts) and all(meaning(part) is not None or means_spots(part) or means_side(part) for part in parts)


def names_side(text: str) -> bool:
    """Return whether any part of a text says where and names no thing, so that it has no outline."""
    return any(means_side(part) for part in read_phrases(text))

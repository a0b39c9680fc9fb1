"""Framing wishes: crop, rotate, flip and straighten."""

from __future__ import annotations

import math

from ..schema import WHOLE, Crop, Flip, Rotate, Step, Straighten
from .phrases import PLAIN, Reader

_MAX_ASPECT = 9999
_TURNS = (0.25, 0.5, 0.75)
_USUAL = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "4:5", "5:4", "5:7", "7:5", "21:9", "2:1", "1:2")
_CLOSER = ("in", "tighter", "closer", "tightly")
_SHARES = {"third": 0.3333, "a third": 0.3333, "half": 0.5, "a half": 0.5, "a quarter": 0.25, "quarter": 0.25}


def read_framing(reader: Reader, place: int) -> tuple[Step | None, int]:
    """Read a framing wish whose verb is at `place`; (None, place) where what to do is not said or not sure."""
    for verb, read in (
        ("crop", _crop),
        ("rotate", _rotate),
        ("flip", _flip),
        ("straighten", _straighten),
        ("zoom_in", _closer),
    ):
        if reader.has(place, verb):
            step, after = read(reader, place + 1)
            if step is not None:
                return step, after
    return _shape_first(reader, place)


def read_shape(reader: Reader, place: int) -> tuple[str | None, int]:
    """Read an aspect ratio such as "square", "16:9", "4 by 5", as a plan writes it."""
    while reader.word(place) in ("a", "an", "the", "aspect", "ratio", "of", "format"):
        place += 1
    if reader.has(place, "square"):
        return "1:1", place + 1
    if reader.has(place, "aspect"):
        parts = reader.word(place).lower().replace("x", ":").replace("×", ":").split(":")
        return _aspect(float(parts[0]), float(parts[1])), _past_nouns(reader, place + 1)
    width, after = reader.number(place)
    if width is not None and reader.word(after) == "by":
        height, end = reader.number(after + 1)
        if height is not None:
            return _aspect(width, height), _past_nouns(reader, end)
    return None, place


def _past_nouns(reader: Reader, place: int) -> int:
    while reader.word(place) in ("aspect", "ratio", "format"):
        place += 1
    return place


def _aspect(width: float, height: float) -> str | None:
    if not (width.is_integer() and height.is_integer()):
        width, height = round(width * 100), round(height * 100)
    if not (1 <= width <= _MAX_ASPECT and 1 <= height <= _MAX_ASPECT and 0.05 <= width / height <= 20):
        return None
    common = math.gcd(int(width), int(height))
    return f"{int(width) // common}:{int(height) // common}"


def _photo(reader: Reader, place: int) -> int | None:
    """Return the place after "the photo", "it" or nothing; None where something else is named."""
    found, after = reader.noun_phrase(place, places=False)
    if found is None:
        return place
    return after if found.kind in ("it", "straight") or found.target == WHOLE else None


def _crop(reader: Reader, place: int) -> tuple[Step | None, int]:
    photo = _photo(reader, place)
    for start in (place, photo):
        if start is None:
            return None, place
        cut = _cut_side(reader, start)
        if cut is not None:
            return cut
        _, tighter = reader.amount(start)
        if reader.word(tighter) in _CLOSER:
            return _closer(reader, start)
    assert photo is not None
    after = photo
    if reader.word(after) in ("to", "into", "as", "in", "at", "for"):
        after += 1
    shape, end = read_shape(reader, after)
    return (Crop(aspect=shape), end) if shape else (None, place)


def _closer(reader: Reader, place: int) -> tuple[Step | None, int]:
    """Read "zoom in", "crop it tighter": a tenth off every side, half of it for "a bit"."""
    amount, after = reader.amount(place)
    late, after = reader.amount(after + (reader.word(after) in _CLOSER))
    if not reader.mark(after) and not reader.has(after, "conjunctions"):
        return None, place
    margin = 0.1 if (late or amount or PLAIN).number >= PLAIN.number else 0.05
    return Crop(margin, margin, 1 - margin, 1 - margin), after


def _cut_side(reader: Reader, place: int) -> tuple[Step, int] | None:
    """Read "20 % off the bottom" or "the bottom 20 %" or "the bottom by 20 %"."""
    share, after = _percent(reader, place)
    if share is not None:
        while reader.word(after) in ("off", "from", "of", "the", "on", "at"):
            after += 1
        return (_crop_off(reader.tag(after, "side"), share), after + 1) if reader.has(after, "side") else None
    if reader.word(place) in ("off", "the"):
        place += 1 + (reader.word(place + 1) == "the")
    if not reader.has(place, "side"):
        return None
    share, after = _percent(reader, place + 1 + (reader.word(place + 1) == "by"))
    return (_crop_off(reader.tag(place, "side"), share), after) if share is not None else None


def _percent(reader: Reader, place: int) -> tuple[float | None, int]:
    if reader.word(place) in _SHARES:
        return _SHARES[reader.word(place)], place + 1
    value, after = reader.number(place)
    if value is None or not (reader.has(after, "percent_units") or reader.mark(after) == "%") or not 0 < value < 95:
        return None, place
    return value / 100, after + 1


def _crop_off(side: str, share: float) -> Crop:
    match side:
        case "left":
            return Crop(left=round(share, 4))
        case "top":
            return Crop(top=round(share, 4))
        case "right":
            return Crop(right=round(1 - share, 4))
        case _:
            return Crop(bottom=round(1 - share, 4))


def _shape_first(reader: Reader, place: int) -> tuple[Step | None, int]:
    """Read "square crop" and "16:9 crop", or "16:9" where nothing else is said."""
    shape, after = read_shape(reader, place)
    if shape and reader.has(after, "crop"):
        return Crop(aspect=shape), after + 1
    alone = shape in _USUAL and reader.has(place, "aspect") and reader.mark(place - 1) and reader.mark(after)
    return (Crop(aspect=shape), after) if alone else (None, place)


def _degrees(reader: Reader, place: int) -> tuple[float | None, int]:
    after = place + (reader.word(place) in ("by", "it", "a"))
    value, after = reader.number(after)
    if value is None:
        return None, place
    return value, after + reader.has(after, "degree_units")


def _side(reader: Reader, place: int) -> tuple[int, int]:
    """Read a direction: +1 clockwise, -1 counterclockwise, 0 where none is said."""
    place += reader.word(place) in ("to", "towards")
    place += reader.word(place) == "the" and reader.has(place + 1, "left", "right")
    if reader.has(place, "right"):
        return 1, place + 1
    return (-1, place + 1) if reader.has(place, "left") else (0, place)


def _rotate(reader: Reader, place: int) -> tuple[Step | None, int]:
    after = _photo(reader, place)
    if after is None:
        return None, place
    if reader.word(after) == "upside down":
        return Rotate(2), after + 1
    side, after = _side(reader, after)
    angle, after = _degrees(reader, after)
    if angle in _TURNS and reader.word(after) in ("turn", "turns"):
        angle, after = 360 * angle, after + 1
    if not side:
        side, after = _side(reader, after)
    if angle is None:
        return (Rotate(1 if side > 0 else 3), after) if side else (None, place)
    angle *= side or 1
    if angle % 90 == 0 and angle % 360:
        return Rotate(int(angle // 90) % 4), after
    return (Straighten(angle), after) if 0 < abs(angle) <= 45 else (None, place)


def _flip(reader: Reader, place: int) -> tuple[Step | None, int]:
    after = _photo(reader, place)
    if after is None:
        return None, place
    if reader.has(after, "vertical"):
        return Flip("vertical"), after + 1
    return Flip("horizontal"), after + reader.has(after, "horizontal")


def _straighten(reader: Reader, place: int) -> tuple[Step | None, int]:
    after = _photo(reader, place)
    if after is None:
        return None, place
    side, after = _side(reader, after)
    angle, end = _degrees(reader, after)
    if angle is None:
        return Straighten(), after
    if not side:
        side, end = _side(reader, end)
    angle *= side or 1
    return (Straighten(angle), end) if 0 < abs(angle) <= 45 else (None, place)

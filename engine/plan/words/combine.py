"""What a verb means for what it is said of: "brighten" the photo, the shadows, the colours or the blues."""

from __future__ import annotations

from ...develop.settings import HUES
from ..schema import WHOLE, Phrase, Target
from .phrases import Amount, Np
from .wishes import Wish

_NEAR = 2  # bands of the colour mixer between which a hue may move
_CORNERS = ("corners", "the corners", "edges", "the edges", "the borders", "the four corners")
TONES = frozenset({"highlights", "shadows", "whites", "blacks", "midtones"})
_GRADED = {"highlights": "highlights", "shadows": "shadows", "midtones": "midtones"}
_COLORFUL = frozenset({"color", "saturation", "vibrance", "punch", "brightness", "sharpness", "clearness"})
PARTS_OF_COLOR = {
    "brightness": "luminance",
    "saturation": "saturation",
    "color": "saturation",
    "vibrance": "saturation",
    "punch": "saturation",
    "amount": "saturation",
    "depth": "depth",
}
_TOWARDS_ORANGE = {
    "red": 1,
    "yellow": -1,
    "green": -1,
    "aqua": -1,
    "purple": 1,
    "magenta": 1,
}  # warmer, round the wheel
_LOOKS = ("warmth", "fade", "contrast", "saturation", "matte", "pastel", "vintage", "cinema", "golden_hour", "film")
# What "remove" lessens; any other quality that is to be removed is a thing in the picture.
REMOVABLE = frozenset(
    {"noise", "color_noise", "grain", "haze", "blur", "vignette", "harshness", "fade", "glow", "warmth", "saturation"}
) | {"contrast", "highlights", "mood", "drama", "matte", "hdr", "dream"}
# (what is done, what it is done to) -> the effect, with "-" for the opposite direction.
_PAIRS = {
    ("sharpness", "contrast"): "contrast",
    ("brightness", "contrast"): "contrast",
    ("punch", "contrast"): "contrast",
    ("sharpness", "highlights"): "highlights",
    ("sharpness", "shadows"): "-shadows",
    ("sharpness", "detail"): "sharpness",
    ("punch", "detail"): "detail",
    ("brightness", "detail"): "detail",
    ("warmth", "brightness"): "warmth",
    ("sharpness", "brightness"): "harshness",
    ("brightness", "saturation"): "saturation",
    ("brightness", "vignette"): "-vignette",
    ("brightness", "sharpness"): "sharpness",
    ("brightness", "clarity"): "clarity",
    ("brightness", "warmth"): "warmth",
    ("brightness", "vibrance"): "vibrance",
    ("brightness", "texture"): "texture",
    ("brightness", "haze"): "haze",
    ("brightness", "noise"): "noise",
    ("harshness", "brightness"): "harshness",
    ("harshness", "highlights"): "highlights",
    ("harshness", "shadows"): "-shadows",
    ("blowout", "highlights"): "blowout",
    ("blowout", "whites"): "blowout",
    ("whiteness", "whites"): "whites",
    ("evenness", "brightness"): "evenness",
}


def signed(name: str) -> tuple[str, int]:
    """Return an effect's name and direction from words.json's form, for example "-brightness"."""
    return (name[1:], -1) if name.startswith("-") else (name, 1)


def combined(effect: str, direction: int, np: Np, target: Target, amount: Amount) -> Wish | None:
    """Return the wish for `effect` done to `np`, None where the two do not go together.

    `effect` "amount" is more or less of the thing itself, as in "increase the contrast".
    """
    if np.kind == "quality" and np.value == "color" and effect.startswith(("cast:", "monochrome")):
        return Wish(effect, direction, target, amount)
    if np.kind == "quality":
        name = _of_quality(effect, np.value)
        if name is None:
            return None
        name, sign = signed(name)
        return Wish(name, direction * sign, target, amount)
    if np.kind == "cast" or (np.kind == "color" and effect == "amount"):
        name = f"cast:{np.value}" if effect in ("amount", "punch") else _of_color(effect, np.value)
        return Wish(name, direction, target, amount) if name else None
    if np.kind == "band" and effect.startswith("cast:"):
        step = _turn(np.value, effect.removeprefix("cast:"))
        return Wish(f"mixer:{np.value}:hue", step * direction, target, amount) if step else None
    if np.kind == "band" and effect == "warmth":
        step = _TOWARDS_ORANGE.get(np.value, 0)
        return Wish(f"mixer:{np.value}:hue", step * direction, target, amount) if step else None
    if np.kind in ("band", "color"):
        name = _of_color(effect, np.value)
        return Wish(name, direction, target, amount) if name else None
    if np.kind == "straight" or effect in ("amount", "depth") or (effect == "evenness" and target != WHOLE):
        return None
    if effect == "brightness" and isinstance(target, Phrase) and target.text.casefold() in _CORNERS:
        return Wish("vignette", -direction, WHOLE, amount)
    return Wish(effect, direction, target, amount)


def _turn(color: str, other: str) -> int:
    """Return which way round the wheel a hue goes towards another: 1, -1, or 0 where the two are no neighbours."""
    if color not in HUES or other not in HUES:
        return 0
    steps = (HUES.index(other) - HUES.index(color)) % len(HUES)
    return 1 if 0 < steps <= _NEAR else -1 if steps >= len(HUES) - _NEAR else 0


def _of_quality(effect: str, quality: str) -> str | None:
    plain, sign = signed(quality)
    if effect in ("amount", plain) or (effect == "punch" and plain not in ("sharpness",)):
        return quality
    if plain in TONES:
        if effect == "brightness":
            return quality
        if effect == "warmth" and plain in _GRADED:
            return f"grade:{_GRADED[plain]}"
    if plain in ("color", "saturation", "vibrance") and effect in _COLORFUL:
        return quality
    if plain == "color" and effect in _LOOKS:
        return effect
    pair = _PAIRS.get((effect, plain))
    return pair if pair is None or sign > 0 else f"-{pair}".replace("--", "")


def _of_color(effect: str, color: str) -> str | None:
    part = PARTS_OF_COLOR.get(effect)
    return f"mixer:{color}:{part}" if part else None

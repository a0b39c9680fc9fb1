"""More or less of something: "increase the contrast", "bring the highlights down", "recover the shadows"."""

from __future__ import annotations

from dataclasses import dataclass

from ..schema import WHOLE, Target
from .combine import combined
from .lexicon import Lexicon
from .painting import Painting
from .phrases import PLAIN, Amount, Np
from .tokens import Item
from .wishes import Wish

_ABSTRACT = ("quality", "cast", "color")
_DIRECTIONS = {"up": 1, "down": -1, "back": -1, "in": -1}
_BRIGHT_TONES = ("highlights", "whites")
_BANDS = frozenset({"highlights", "shadows", "whites", "blacks"})


@dataclass(frozen=True)
class _Change:
    """More (+1) or less (-1); `effect` is what it means for a thing, "" where it means nothing for one."""

    effect: str
    direction: int
    amount: Amount
    target: Target | None
    joined: bool


class Changes(Painting):
    """Reads verbs that say more or less; `used` holds which items wishes were made from."""

    def __init__(self, text: str, items: list[Item], lexicon: Lexicon) -> None:
        super().__init__(text, items, lexicon)
        self.used = [False] * len(items)

    def earlier_amount(self, place: int) -> Amount | None:
        """Return the amount that stands before a verb, as in "slightly brighten"."""
        start = place
        while self.has(start - 1, "little", "plain", "lot") and not self.used[start - 1]:
            start -= 1
        amount, after = self.amount(start)
        if amount is None or after != place:
            return None
        self.used[start:place] = [True] * (place - start)
        return amount

    def joined(self, place: int) -> bool:
        """Return whether only "and" stands between the last wish and `place`."""
        back = place - 1
        while back >= 0 and self.has(back, "leads", "little", "plain", "lot") and not self.used[back]:
            if self.has(back, "conjunctions"):
                break
            back -= 1
        return back > 0 and self.has(back, "conjunctions") and self.used[back - 1]

    def change(self, place: int) -> int:
        """Read "increase", "add", "reduce" of something that can be more or less."""
        up = self.has(place, "raise")
        if not up and not self.has(place, "lower"):
            return place
        amount = self.earlier_amount(place)
        inner, after = self.amount(place + 1 + self.has(place + 1, "particles"))
        after += self.has(after, "more", "less") and not self.has(after, "so")
        more, after = self.amount(after)
        after += self.word(after) == "of"
        amount = _lowered(more or inner or amount or PLAIN, up)
        gray = after + self.has(after, "determiners")
        if up and self.has(gray, "monochrome"):
            return self.accept(Wish("monochrome", 1), self.past_style(gray + 1), place)
        owner, after = self._owner(place, after)
        objects, after = self.objects(after)
        if up and [np.value for np in objects] in (["detail"], ["brightness"]):
            end = self._into_tones(after, amount)
            if end > after:
                return end
        objects, after = self.of_a_band(objects, after)
        late, target, after = self.trailing(after, wants_target=all(np.kind != "target" for np in objects))
        if self.tones_follow(after):
            return place
        mood, end = self.colored_part(place + 1)
        if up and mood is not None and end == after:
            return self.accept(mood, end, place)
        name = self.tag(place, "raise" if up else "lower")
        change = _Change(name, 1 if up else -1, _lowered(late or amount, up), target or owner, self.joined(place))
        return after if self._changed(objects, change) else place

    def move(self, place: int) -> int:
        """Read "bring the highlights down", "turn up the contrast"."""
        if not self.has(place, "move"):
            return place
        amount = self.earlier_amount(place)
        early = self.has(place + 1, "particles")
        objects, after = self.objects(place + 1 + early)
        if any(np.kind == "it" for np in objects):  # "dial it back" does not say what there is too much of
            return place
        inner, after = self.amount(after)
        direction = _DIRECTIONS.get(self.word(place + 1 if early else after), 0)
        if not direction:
            return place
        late, target, after = self.trailing(after + (not early), wants_target=True)
        effect = "punch" if self.word(place).startswith("ton") else "brightness"
        change = _Change(effect, direction, late or inner or amount or PLAIN, target, self.joined(place))
        return after if self._changed(objects, change) else place

    def recover(self, place: int) -> int:
        """Read "recover the highlights", which darkens them, and "recover the shadows", which lifts them."""
        if not self.has(place, "recover", "crush") and self.word(place) != "bring back":
            return place
        objects, after = self.objects(place + 1)
        blown = [np for np in objects if any(item.tags.get("complaint") == "blowout" for item in np.modifiers)]
        if blown and len(blown) == len(objects) and all(np.kind == "target" for np in blown):
            self.found += [Wish("blowout", -1, np.target or WHOLE) for np in blown]
            return after
        if [np.value for np in objects] == ["detail"] and self.word(after) in ("in", "from", "of"):
            objects, after = self.objects(after + 1)
        bands = [np.value for np in objects]
        if not bands or not _BANDS.issuperset(bands):
            return place
        late, target, after = self.trailing(after, wants_target=True)
        for band in bands:
            down = self.has(place, "crush") or band in _BRIGHT_TONES
            self.found.append(Wish(band, -1 if down else 1, target or WHOLE, late or PLAIN))
        return after

    def _changed(self, objects: list[Np], change: _Change) -> bool:
        """Keep the wishes that the change means for the objects; False where it means nothing for one of them."""
        wishes: list[Wish] = []
        for np in objects:
            target = change.target or self.target_of(np, change.joined) or WHOLE
            effect = change.effect if np.kind in ("target", "it") else "amount"
            vague = effect == "punch" and target == WHOLE
            wish = combined(effect, change.direction, np, target, change.amount) if effect and not vague else None
            if wish is None:
                return False
            wishes.append(wish)
        self.found += wishes
        return bool(wishes)

    def _into_tones(self, place: int, amount: Amount) -> int:
        """Read the tones that detail or light is asked for: "in the shadows"."""
        if self.word(place) not in ("in", "to", "from"):
            return place
        np, after = self.noun_phrase(place + 1)
        if np is None or np.kind != "quality" or np.value not in _BANDS:
            return place
        late, target, after = self.trailing(after, wants_target=True)
        sign = -1 if np.value in _BRIGHT_TONES else 1
        return self.accept(Wish(np.value, sign, target or WHOLE, late or amount), after, place)

    def _owner(self, place: int, after: int) -> tuple[Target | None, int]:
        """Read whom something is given to: "give the sky more contrast"."""
        if not self.word(place).startswith(("giv", "add", "put")):
            return None, after
        np, end = self.noun_phrase(after, places=False)
        if np is None or np.kind not in ("it", "target"):
            return None, after
        _, inner = self.amount(end)
        inner += self.has(inner, "more")
        _, inner = self.amount(inner)
        second, _ = self.noun_phrase(inner, places=False)
        if second is None or second.kind not in _ABSTRACT:
            return None, after
        return self.target_of(np, joined=False) or WHOLE, inner


def _lowered(amount: Amount, up: bool) -> Amount:
    """Return "in half" of a verb that lowers as how many times less it shall be."""
    fraction = not up and amount.kind == "times" and 0 < amount.number < 1
    return Amount("times", 1 / amount.number) if fraction else amount

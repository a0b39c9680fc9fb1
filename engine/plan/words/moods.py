"""Wishes that name what a photo shall be like: "moody", "vintage look", "a dramatic sky", "a yellow cast"."""

from __future__ import annotations

from dataclasses import replace

from ..schema import WHOLE, Region, Straighten, Target
from .combine import TONES, combined, signed
from .phrases import PLAIN, Amount
from .predicates import Predicates
from .wishes import Wish

_CAST_WORDS = ("cast", "casts", "color cast", "tinge")
_GRAINY, _FILM_LOOKS = "grainy", ("film", "vintage", "noir", "cinema")
_POLITE = ("please", "pls", "plz", "just", "also", "maybe", "to", "in", "into")


class Moods(Predicates):
    """Reads clauses that only name a mood or a fault."""

    def accept(self, wish: Wish | None, end: int, place: int) -> int:
        """Return `end` with the wish kept, or `place` where there is none."""
        if wish is None:
            return place
        self.found.append(wish)
        return end

    def mood(self, place: int) -> int:
        """Read a mood that is the whole clause: "moody", "vintage look", "dramatic sky", "black and white please"."""
        styled = self.has(place, "monochrome") and self.has(place - 1, "adj")  # "grainy", "high contrast"
        if not self._begins(place) and not self._wished(place - 1) and not styled:
            return place
        amount, after = self.amount(place)
        while self.has(after, "determiners"):
            after += 1
        late, after = self.amount(after)
        amount, whose = late or amount or PLAIN, self.scope or WHOLE
        if self.has(after, "monochrome"):
            end = self.past_style(after + 1)
            photo = self.has(end - 1, "whole")
            return self.accept(Wish("monochrome", 1, whose), end, place) if self._ends(end) and not photo else place
        if self.has(after, "bokeh"):
            end = self.past_style(after + 1)
            return self.accept(Wish("blur", 1, whose, amount), end, place) if self._ends(end) else place
        np, end = self.noun_phrase(after, places=False)
        if self.word(place - 1) == "with" and np is not None and np.kind in ("cast", "quality") and self._ends(end):
            deep = self.word(end - 2) in ("deep", "dark", "rich", "crushed")
            sign = -1 if deep and np.value in ("blacks", "shadows") else 1
            if sign > 0 and np.value in TONES:
                return place
            return self.accept(combined("amount", sign, np, np.target or whose, amount), end, place)
        part, end = self.colored_part(after)
        if part is not None and self._ends(end):
            return self.accept(replace(part, amount=amount), end, place)
        return self._adjective_alone(place, after, amount, whose)

    def _wished(self, place: int) -> bool:
        """Return whether the item leads to what is wished for: "want", "would like", "please"."""
        word = self.word(place)
        would = word == "like" and self.word(place - 1).endswith(("'d", "would"))
        return self.has(place, "want") or would or word.endswith(("want", "would like")) or word in _POLITE

    def _adjective_alone(self, place: int, after: int, amount: Amount, whose: Target) -> int:
        name = self.tag(after, "adj")
        if not name:
            return place
        effect, direction = signed(name)
        np, end = self.noun_phrase(after, places=False)
        nouns = ("style_nouns",) if self.is_fault(name) else ("style_nouns", "tone_nouns")
        styled = np is not None and np.kind == "quality" and np.value == name and self.has(end - 1, *nouns)
        said_of = np is not None and np.kind == "quality" and np.value in ("color", "detail")
        if np is not None and said_of and end > after + 1 and self._ends(end):
            return self.accept(combined(effect, direction, np, whose, amount), end, place)
        mood = effect in self.lexicon.moods and not self.is_fault(name)
        end = end if styled else after + 1
        if not (styled or mood) or not self._ends(end):
            return place
        return self.accept(Wish(effect, direction, whose, amount), end, place)

    def colored_part(self, place: int) -> tuple[Wish | None, int]:
        """Read a part of the photo, or all of it, with the mood it shall have: "a dramatic sky", "blue sky"."""
        start = place
        while self.has(place, "determiners"):
            place += 1
        amount, place = self.amount(place)
        np, after = self.noun_phrase(place, places=False)
        if np is None or after == place + 1 or not (isinstance(np.target, Region) or np.target == WHOLE):
            return None, start
        assert np.target is not None
        if np.target == Region("sky") and self.has(place, "color") and after == place + 2:
            return Wish(f"cast:{self.tag(place, 'color')}", 1, np.target, amount or PLAIN), after
        effect, direction = signed(self.tag(place, "adj"))
        if effect not in self.lexicon.moods or self.is_fault(self.tag(place, "adj")) or after != place + 2:
            return None, start
        return Wish(effect, direction, np.target, amount or PLAIN), after

    def named_fault(self, place: int) -> int:
        """Read a clause that only names a fault: "underexposed", "a yellow cast", "washed out colors"."""
        start = place
        if not self._begins(place):
            return start
        while self.has(place, "determiners", "little", "lot", "plain"):
            place += 1
        name = self.tag(place, "complaint") or self.tag(place, "adj")
        if self.has(place, "complaint") or (name and self.is_fault(name)):
            return self._fault_clause(start, place + 1, name)
        np, after = self.noun_phrase(place, places=False)
        if np is None or np.kind != "cast" or self.word(after - 1) not in _CAST_WORDS or not self._ends(after):
            return start
        return self.accept(Wish(f"cast:{np.value}", -1, np.target or WHOLE), after, start)

    def _fault_clause(self, start: int, after: int, name: str) -> int:
        np, past = self.noun_phrase(after, places=False)
        about = np is not None and (np.kind == "quality" or np.target == WHOLE or isinstance(np.target, Region))
        end = past if about else after
        if not self._ends(end) or self.has(end, "adj"):
            return start
        if name == "tilt":
            self.found.append(Straighten())
            return end
        effect, direction = signed(name)
        if self.word(after - 1) == _GRAINY and self._like_film():
            direction = -direction
        target = np.target if np is not None and about else None
        return self.accept(Wish(effect, -direction, target or self.scope or WHOLE), end, start)

    def _like_film(self) -> bool:
        """Return whether the request is for a look that grain belongs to."""
        places = range(len(self.items))
        return any(self.has(i, "monochrome") or self.tag(i, "adj") in _FILM_LOOKS for i in places)

    def _begins(self, place: int) -> bool:
        while self.has(place - 1, "little", "lot", "plain", "determiners"):
            place -= 1
        return bool(self.mark(place - 1)) or self.has(place - 1, "conjunctions")

    def _ends(self, place: int) -> bool:
        return bool(self.mark(place)) or self.has(place, "conjunctions", "leads", "not", "dont", "adj", "monochrome")

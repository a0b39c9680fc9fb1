"""What only a generative model can do: "replace the sky with a sunset", "put a hat on the dog", "a watercolor"."""

from __future__ import annotations

from ..schema import WHOLE, BoxTarget, Expand, Generate, Part, Phrase, Region, Restyle, Step, Upscale
from .lexicon import Lexicon
from .phrases import MAX_PHRASE, Np
from .removal import Removals
from .tokens import Item
from .wishes import Wish

_ONTO = {"replace": ("with", "for", "by", "to", "into"), "transform": ("to", "into")}
_WHERE = ("in", "on", "to", "into", "onto", "over", "above", "behind", "under", "below", "near", "beside", "next to",
          "in front of", "at", "inside", "between", "against", "around")  # fmt: skip
_RESTING = {"to": "in", "into": "in", "onto": "on"}  # "add birds to the sky": the picture shows birds in the sky
_ENLARGED, _SLIGHTLY = 2.0, 1.5
_GROWTH = 0.25
_BANDS = {"left": (0.0, 0.35), "right": (0.65, 1.0), "top": (0.0, 0.35), "bottom": (0.65, 1.0), "middle": (0.3, 0.7)}


class Painting(Removals):
    """Reads wishes for new things in the picture; what the other readers understand is not for it.

    `unplaced` holds the things for which no place was said.
    """

    def __init__(self, text: str, items: list[Item], lexicon: Lexicon) -> None:
        super().__init__(text, items, lexicon)
        self.unplaced: list[str] = []

    def painted(self, place: int) -> int:
        """Read a wish for a step of a generative model."""
        for read in (self._exchanged, self._recolored, self._added_thing, self._styled, self._enlarged, self._grown):
            step, after = read(place)
            if step is not None:
                self.found.append(step)
                return after
        return place

    def _exchanged(self, place: int) -> tuple[Step | Wish | None, int]:
        """Read "replace the sky with a sunset", "turn the dog into a wolf"."""
        kind = next((name for name in _ONTO if self.has(place, name)), "")
        if not kind:
            return None, place
        np, after = self.noun_phrase(place + 1, places=False)
        joint = self._joint(after, _ONTO[kind]) if np is not None else None
        if np is None or joint is None:
            return None, place
        words, end = self._description(joint + 1)
        if not words:
            return None, place
        if np.kind == "it" or np.target == WHOLE:
            return self._repainted(joint + 1, words, end) if kind == "transform" else (None, place)
        if self.has(joint - 1, "moments"):
            return self._repainted(joint + 1, words, end)
        target = self._part(np, place + 1, joint)
        if target is None:
            return None, place
        if not self._is_color(joint + 1, end):
            return Generate(target, words), end
        color = next((self.tag(i, "color") for i in range(joint + 1, end) if self.has(i, "color")), "")
        if self.takes_a_tint(target) and color:
            return Wish(f"cast:{color}", 1, target), end
        return Generate(target, f"{words} {self._bare_name(place + 1, joint)}"), end

    def _joint(self, place: int, words: tuple[str, ...]) -> int | None:
        """Return where the word stands that leads from the old thing to the new one."""
        found = [i for i in range(place, self._clause_end(place)) if self.word(i) in words]
        if len(found) > 1 and found[0] == place and self.word(place) == "with" and not self.has(place - 1, "region"):
            return found[1]
        return found[0] if found else None

    def _recolored(self, place: int) -> tuple[Step | None, int]:
        """Read "make the truck bright green", "change the color of the car to red"."""
        if not self.has(place, "make"):
            return None, place
        start = place + 1
        if self._quality(start) and self.word(start + 1 + self.has(start, "determiners")) == "of":
            start += 2 + self.has(start, "determiners")
        np, after = self.noun_phrase(start)
        target = np.target if np is not None else None
        if not isinstance(target, Phrase) and not (isinstance(target, Region) and target.kind == "background"):
            return None, place
        color = after + (self.word(after) in ("to", "into"))
        color += self.has(color, "determiners")
        words, end = self._description(color)
        if not words or not self._is_color(color, end):
            return None, place
        return Generate(target, f"{words} {self._bare_name(start, after)}"), end

    def _quality(self, place: int) -> bool:
        return self.word(place + self.has(place, "determiners")) in ("color", "colors")

    def _is_color(self, place: int, end: int) -> bool:
        """Return whether the words name a colour and nothing else: "bright green", "blue color", "white"."""
        places = range(place, end)
        named = any(self.has(i, "color", "cast", "neutral_colors") for i in places)
        words = ("color", "cast", "neutral_colors", "adj", "quality", "determiners", "tone_nouns", "lot", "little")
        return named and all(self.has(i, *words) for i in places)

    def _added_thing(self, place: int) -> tuple[Step | None, int]:
        """Read "add a hot air balloon in the sky", "put a hat on the dog", "add a tree on the left"."""
        if not self.has(place, "place"):
            return None, place
        if self.has(place + 1, "determiners", "pronoun") and self.word(place + 1) not in ("a", "an", "some"):
            return None, place
        np, after = self.noun_phrase(place + 1, places=False)
        things = np is not None and np.kind == "target" and isinstance(np.target, Phrase | Region)
        if not things or self._is_light(place, after):
            return None, place
        for where in range(after, self._clause_end(after)):
            if self.word(where) not in _WHERE:
                continue
            box, end = self._frame_part(where + 1)
            if box is not None:
                return Generate(box, self.slice(place + 1, where)), end
            inner, end = self.noun_phrase(where + 1)
            target = self._part(inner, where + 1, end) if inner is not None and inner.kind == "target" else None
            if target is not None:
                joint = _RESTING.get(self.word(where), self.word(where))
                prompt = f"{self.slice(place + 1, where)} {joint} {self.slice(where + 1, end)}"
                return Generate(target, prompt[:MAX_PHRASE]), end
        if self.has(place + 1, "determiners") or self.mark(after):
            self.unplaced.append(self.slice(place + 1, after))
        return None, place

    def _is_light(self, place: int, end: int) -> bool:
        """Return whether what is added is a matter of tone or of lettering, neither of which is painted here."""
        words = ("quality", "cast", "style_nouns", "tone_nouns", "not_painted", "whole")
        return any(self.has(i, *words) for i in range(place + 1, end))

    def _frame_part(self, place: int) -> tuple[BoxTarget | None, int]:
        """Read a part of the frame: "the left", "the top right corner", "the middle"."""
        start = place
        place += self.has(place, "determiners")
        sides: list[str] = []
        while self.has(place, "side", "middle", "left", "right") and len(sides) < 2:
            sides.append(self.tag(place, "side") or ("middle" if self.has(place, "middle") else self.word(place)))
            place += 1
        if not sides or any(side not in _BANDS for side in sides):
            return None, start
        while self.has(place, "side_nouns"):
            place += 1
        if self.word(place) == "of":
            np, after = self.noun_phrase(place + 1)
            if np is None or (np.target != WHOLE and np.kind != "it"):
                return None, start
            place = after
        elif self.nominal(place):
            return None, start
        across = next((_BANDS[s] for s in sides if s in ("left", "right", "middle")), (0.0, 1.0))
        down = next((_BANDS[s] for s in sides if s in ("top", "bottom", "middle")), (0.0, 1.0))
        return BoxTarget(across[0], down[0], across[1], down[1]), place

    def _styled(self, place: int) -> tuple[Step | None, int]:
        """Read "make it look like an oil painting", "in the style of a comic"."""
        if self.has(place, "style_of"):
            words, end = self._description(place + 1)
            return (Restyle(f"in the style of {words}"), end) if words else (None, place)
        if not self.has(place, "make", "transform"):
            return None, place
        np, after = self.noun_phrase(place + 1, places=False)
        if np is None or (np.kind != "it" and np.target != WHOLE):
            return None, place
        while self.has(after, "should_be", "becoming") and not self.has(after, "determiners"):
            after += 1
        words, end = self._description(after)
        return self._repainted(after, words, end) if words else (None, place)

    def _repainted(self, place: int, words: str, end: int) -> tuple[Step | None, int]:
        if any(self.has(i, "art", "scenes") for i in range(place, end)):
            return Restyle(words), end
        return None, place

    def _enlarged(self, place: int) -> tuple[Step | None, int]:
        """Read "upscale it 2x", "increase the resolution", "make the photo bigger"."""
        after = place + 1
        if self.has(place, "upscale"):
            after = self._past_photo(after)
        elif self.has(place, "raise") or self.word(place) in ("double", "triple"):
            np_end = after + self.has(after, "determiners")
            while self.has(np_end, "whole"):
                np_end += 1
            after = np_end + 1 if self.has(np_end, "sizes") else None
        elif self.has(place, "make"):
            after = self._past_photo(after, needed=True)
            if after is not None:
                _, bigger = self.amount(after)
                after = bigger + 1 if self.has(bigger, "larger") else None
        else:
            return None, place
        if after is None:
            return None, place
        factor, end = self._factor(place, after)
        return Upscale(factor), end

    def _past_photo(self, place: int, *, needed: bool = False) -> int | None:
        """Return the place after "it" or "the photo"; None where something else is named."""
        np, after = self.noun_phrase(place, places=False)
        if np is None or np.kind not in ("it", "target"):
            return None if needed else place
        return after if np.kind == "it" or np.target == WHOLE else None

    def _factor(self, start: int, place: int) -> tuple[float, int]:
        end = place
        for step in range(start, self._clause_end(place)):
            value = self.tag(step, "factors") or {"double": "2", "triple": "3"}.get(self.word(step), "")
            number, after = self.number(step)
            if number is not None and (self.word(after) in ("x", "times") or self.word(step - 1) == "by"):
                return min(8.0, max(1.0, number)), max(place, after + (self.word(after) in ("x", "times")))
            if value:
                return min(8.0, max(1.0, float(value))), max(end, step + 1)
        slightly = any(self.has(step, "little") for step in range(start, end))
        return _SLIGHTLY if slightly else _ENLARGED, end

    def _grown(self, place: int) -> tuple[Step | None, int]:
        """Read "extend the picture to the right by 20 %", "add more space above", "zoom out"."""
        if self.has(place, "zoom_out"):
            margin = _GROWTH / 2
            return Expand(margin, margin, margin, margin), place + 1
        after: int | None = place + 1
        if self.has(place, "expand"):
            after = self._room(place + 1) or self._past_photo(place + 1)
            if after is not None and self.word(after) == "":
                return None, place
        elif self.has(place, "place", "raise") and self._room(place + 1):
            after = self._room(place + 1)
        else:
            return None, place
        if after is None:
            return None, place
        sides, share, end = self._growth(after)
        if not sides:
            return None, place
        left, top, right, bottom = (share if side in sides else 0.0 for side in ("left", "top", "right", "bottom"))
        return Expand(left, top, right, bottom), end

    def _room(self, place: int) -> int:
        """Return the place after "some more space", 0 where that is not said."""
        while self.has(place, "more", "determiners", "plain", "little", "lot"):
            place += 1
        return place + 1 if self.has(place, "room") else 0

    def _growth(self, place: int) -> tuple[set[str], float, int]:
        """Read the sides that are to grow, and by which share of the frame."""
        sides: set[str] = set()
        share, end = _GROWTH, place
        for step in range(place, self._clause_end(place)):
            side = self.tag(step, "side") or self.tag(step, "around")
            if self.has(step, "left", "right") and not side:
                side = self.word(step).removeprefix("to the ")
            if side:
                sides |= {"left", "right", "top", "bottom"} if side == "all" else set(side.split())
                end = step + 1
            number, after = self.number(step)
            if number is not None and (self.has(after, "percent_units") or self.mark(after) == "%"):
                share, end = min(1.0, max(0.01, number / 100)), max(end, after + 1)
        known = {"left", "right", "top", "bottom"}
        return sides & known, share, end

    def _part(self, np: Np | None, start: int, end: int) -> Part | None:
        """Return the part of the photo that a noun phrase up to `end` names."""
        if np is None or np.kind != "target":
            return None
        if isinstance(np.target, Region) and (np.target.kind != "person" or self.has(start, "pronoun")):
            return np.target
        return Phrase(self.slice(start, end)[:MAX_PHRASE]) if isinstance(np.target, Phrase | Region) else None

    def _bare_name(self, start: int, end: int) -> str:
        while start < end - 1 and self.has(start, "determiners"):
            start += 1
        return self.slice(start, end)

    def _clause_end(self, place: int) -> int:
        """Return where the words end that belong to one wish."""
        end = place
        while end < len(self.items) and self.mark(end) not in (".", ","):
            joins = self.has(end, "conjunctions") and self.word(end) not in ("with", "&")
            if joins and (
                self.starts_clause(end + 1) or self.has(end + 1, "place", "replace") or self.word(end) != "and"
            ):
                break
            end += 1
        return end

    def _description(self, place: int) -> tuple[str, int]:
        """Read what shall be painted, up to the end of the wish, without politeness at its end."""
        end = self._clause_end(place)
        while end > place and (self.has(end - 1, "leads", "conjunctions", "fillers") or self.mark(end - 1)):
            end -= 1
        return (self.slice(place, end)[:MAX_PHRASE], end) if end > place else ("", place)

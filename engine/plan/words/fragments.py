"""Wishes without a verb, and statements: "more contrast", "the sky is too bright", "her face needs light", "moody"."""

from __future__ import annotations

from dataclasses import replace

from ..schema import WHOLE, Phrase, Straighten, Target
from .combine import combined, signed
from .moods import Moods
from .phrases import LITTLE, PLAIN, Amount, Np
from .wishes import Wish

_ABSTRACT = ("quality", "cast", "color")
_DIRECTIONS = {"up": 1, "down": -1}
_SEEMS = ("looks", "look", "seems", "appears", "feels", "came out", "turned out", "comes out", "looking")
_COLORLESS = ("skin", "snow", "face", "faces", "teeth", "clouds")  # a strong colour of these is the light's, not theirs


class Fragments(Moods):
    """Reads what says a wish without saying what to do."""

    def statement(self, place: int) -> int:
        """Read what is said of something: "the sky is too bright", "her face needs more light"."""
        np, after = self.noun_phrase(place)
        np = np or Np("it")
        whose = self.target_of(np, joined=True)
        if whose is None and np.kind in ("quality", "band", "straight"):
            whose = WHOLE
        if whose is None:
            return place
        _, verb = self.amount(after)
        for read in (self._wanted, self._needed, self._faulty):
            end = read(verb, np, whose)
            if end > verb:
                return end
        return place

    def _wanted(self, place: int, np: Np, whose: Target) -> int:
        """Read "should be darker", "to look warmer"."""
        if not self.has(place, "should_be"):
            return place
        wishes, end = self.complements(place + 1, np, joined=True)
        compared = any(self.has(i, "adj_er", "more", "less", "not") for i in range(place, end))
        if not wishes or (self.has(place, "be") and not compared):
            return place
        self.found += wishes
        return end

    def _needed(self, place: int, np: Np, whose: Target) -> int:
        """Read "needs more light", "needs brightening", "lacks contrast", "needs to be darker"."""
        if not self.has(place, "needs", "too_little") or np.kind not in ("it", "target"):
            return place
        _, after = self.amount(place + 1)
        amount, after = self.amount(after + self.has(after, "more"))
        if self.has(after, "should_be"):
            wishes, end = self.complements(after, np, joined=True)
            self.found += wishes
            return end if wishes else place
        if self.has(after, "verb"):
            effect, direction = signed(self.tag(after, "verb"))
            self.found.append(Wish(effect, direction, whose, amount or PLAIN))
            return after + 1
        quality, end = self.noun_phrase(after, places=False)
        if quality is None or quality.kind not in _ABSTRACT:
            return place
        late, target, end = self.trailing(end, wants_target=True)
        wish = combined("amount", 1, quality, target or quality.target or whose, late or amount or PLAIN)
        return self.accept(wish, end, place)

    def _faulty(self, place: int, np: Np, whose: Target) -> int:
        """Read the fault after "is", "looks": too much of something, or a word that is always a fault."""
        place -= self.has(place, "too") and not self.has(place, "be")
        if not self.has(place, "be") and not self.has(place + 1, "too"):
            return place
        end = self._degree(place + 1, np, whose)
        if end > place + 1:
            return end
        end, fault = self.fault_after(place + 1)
        if fault is None:
            end, fault = self._fault_word(place + 1)
        if fault is None and self.word(place) in _SEEMS:
            end, fault = self._seeming(place + 1, whose)
        if fault is None:
            return place
        effect, direction = fault
        if effect == "tilt":
            self.found.append(Straighten())
            return end
        subject = Np("target") if np.kind == "it" else np
        end = self.accept(combined(effect, -direction, subject, whose, PLAIN), end, place)
        self.stated = whose if whose != WHOLE and end > place else None
        return end

    def _degree(self, place: int, np: Np, whose: Target) -> int:
        """Read how much there is of what `np` names: "too strong", "a bit low", "way over the top"."""
        start, too = place, False
        while self.has(place, "too", "lot", "little", "plain") and not (
            self.has(place, "degrees") and not self.has(place + 1, "degrees")
        ):
            too, place = too or self.has(place, "too", "little"), place + 1
        much = self.tag(place, "degrees") == "high"
        excess = too or self.word(place) == "over the top"
        if not self.has(place, "degrees") or (much and not excess) or np.kind not in (*_ABSTRACT, "band"):
            return start
        kind = "saturation" if np.kind == "band" else "amount"
        return self.accept(combined(kind, -1 if much else 1, np, whose, PLAIN), place + 1, start)

    def _fault_word(self, place: int) -> tuple[int, tuple[str, int] | None]:
        amount, place = self.amount(place)
        name = self.tag(place, "complaint") or self.tag(place, "adj")
        if self.has(place, "complaint") or (name and (self.is_fault(name) or amount == LITTLE)):
            return place + 1, signed(name)
        if self.has(place, "not") and self.has(place + 1, "adj") and self.word(place + 2) == "enough":
            effect, direction = signed(self.tag(place + 1, "adj"))
            return place + 3, (effect, -direction)
        return place + 1, (f"cast:{self.tag(place, 'cast')}", 1) if self.has(place, "cast") else None

    def _seeming(self, place: int, whose: Target) -> tuple[int, tuple[str, int] | None]:
        """Read what is a fault where something looks so: "the snow looks blue", "it came out dark"."""
        _, place = self.amount(place)
        colorless = isinstance(whose, Phrase) and whose.text.casefold().rpartition(" ")[2] in _COLORLESS
        if self.has(place, "color") and (whose == WHOLE or colorless) and not self.nominal(place + 1):
            return place + 1, (f"cast:{self.tag(place, 'color')}", 1)
        name = self.tag(place, "adj")
        fault = whose == WHOLE and name in ("-brightness", "-warmth") and not self.nominal(place + 1)
        return place + 1, signed(name) if fault else None

    def loose_complaint(self, place: int) -> int:
        """Read a complaint anywhere: "... is too dark", "... too much contrast"."""
        after, fault = self.fault_after(place)
        if fault is None or fault[0] == "tilt" or self._said_of_a_thing(place):
            return place
        _, target, after = self.trailing(after, wants_target=True)
        if self.tones_follow(after):
            return place
        effect, direction = fault
        self.found.append(Wish(effect, -direction, target or self.stated or self.scope or WHOLE))
        return after

    def _said_of_a_thing(self, place: int) -> bool:
        """Return whether words before "is too dark" name something other than the photo."""
        before = place - 1
        while self.has(before, "be", "little", "lot"):
            before -= 1
        return before < place - 1 and self.nominal(before) and not self.has(before, "whole")

    def bare(self, place: int) -> int:
        """Read a wish without a verb: "more contrast", "darker sky", "the sky darker", "contrast +20", "moody"."""
        for read in (self._more, self._compared, self._after_noun, self._with_number, self.mood, self.named_fault):
            after = read(place)
            if after > place:
                return after
        return place

    def _more(self, place: int) -> int:
        amount, after = self.amount(place)
        direction = 1 if self.has(after, "more", "too_little") else -1 if self.has(after, "less", "too_much") else 0
        if not direction:
            return place
        complaint = self.has(after, "too_much", "too_little")
        after += 1 + (self.word(after + 1) == "of")
        deep = self.word(after - 1) == "deeper"
        inner, after = self.amount(after)
        amount = inner or amount or PLAIN
        if not complaint and self.has(after, "adj", "color") and not self.has(after, "quality"):
            return self._adjective(place, after, direction, amount)
        objects, after = self.of_a_band(*self.objects(after))
        if deep and objects and all(np.kind == "band" for np in objects):
            return self._of_bands(objects, ("depth", direction), amount, after) or place
        late, target, end = self.trailing(after, wants_target=True)
        if self.tones_follow(end):
            return place
        deep = deep and all(np.value in ("blacks", "shadows") for np in objects)
        direction *= -1 if deep else 1
        wishes = [
            combined("amount", direction, np, target or np.target or self.scope or WHOLE, late or amount)
            for np in objects
            if np.kind in _ABSTRACT and (deep or np.value != "shadows")
        ]
        if not wishes or None in wishes:
            return place
        self.found += [wish for wish in wishes if wish is not None]
        return end

    def _of_bands(self, bands: list[Np], change: tuple[str, int], amount: Amount, end: int) -> int:
        """Keep a change of colours, "less saturated greens and blues"; 0 where one of them cannot change so."""
        late, target, end = self.trailing(end, wants_target=True)
        wishes = [combined(*change, np, target or self.scope or WHOLE, late or amount) for np in bands]
        if None in wishes or any(np.kind != "band" for np in bands):
            return 0
        self.found += [wish for wish in wishes if wish is not None]
        return end

    def _compared(self, place: int) -> int:
        amount, after = self.amount(place)
        after += self.word(after) in ("a", "an") and self.has(after + 1, "adj_er")
        times = amount is not None and amount.kind == "times" and self.has(after, "adj")
        if not self.has(after, "adj_er", "color_er") and not times:
            return place
        return self._adjective(place, after, 1, amount or PLAIN)

    def _adjective(self, place: int, after: int, direction: int, amount: Amount) -> int:
        """Read an adjective at `after` and what it is said of: "darker sky", "more vivid colors", "brighter"."""
        quality, end = self.becoming(after, True, WHOLE)
        if quality is None:
            return place
        place_of_bands = end
        np, past = self.noun_phrase(end, places=False)
        if np is None or self.predicated(past) or np.kind not in ("target", "quality", "band", "it"):
            np, end = None, self.past_style(end)
        elif isinstance(np.target, Phrase) and np.kind == "target" and not self.has(past - 1, "things", "people"):
            return place
        else:
            end = past
        effect, sign = quality
        if np is not None and np.kind == "band":
            bands, end = self.objects(place_of_bands)
            return self._of_bands(bands, (effect, sign * direction), amount, end) or place
        late, target, end = self.trailing(end, wants_target=np is None or np.kind == "quality")
        whose = target or (self.target_of(np, joined=True) if np else None) or self.scope or WHOLE
        subject = np if np is not None and np.kind in ("quality", "band") else Np("target")
        return self.accept(combined(effect, sign * direction, subject, whose, late or amount), end, place)

    def _after_noun(self, place: int) -> int:
        """Read "the sky darker", "palm trees not so dark", "colors enhanced"."""
        np, after = self.noun_phrase(place)
        if np is None or (np.kind in ("it", "them") and not self.has(after, "adj_er")):
            return place
        _, said = self.amount(after)
        whose = self.target_of(np, joined=True) or WHOLE
        if self.has(said, "verb_ed") and not self.nominal(said + 1):
            effect, direction = signed(self.tag(said, "verb_ed"))
            return self.accept(combined(effect, direction, np, whose, PLAIN), said + 1, place)
        if self.has(said, "raise_ed", "lower_ed") and np.kind == "quality":
            direction = 1 if self.has(said, "raise_ed") else -1
            return self.accept(combined("amount", direction, np, whose, PLAIN), said + 1, place)
        if not self.has(said, "adj_er", "color_er", "more", "less") and not (
            self.has(said, "not") and self.has(said + 1, "so")
        ):
            return place
        wishes, end = self.complements(after, np, joined=True)
        self.found += wishes
        return end if wishes else place

    def _with_number(self, place: int) -> int:
        """Read "contrast +20", "+20 contrast", "exposure up", "saturation a bit down"."""
        early, after = self.amount(place)
        if early is not None and early.kind == "ev" and self._begins(place) and self.mark(after):
            return self.accept(Wish("brightness", 1, self.scope or WHOLE, early), after, place)
        after += self.word(after) == "set"
        np, named = self.noun_phrase(after, places=False)
        if self.word(after) == "tint" and self.has(after + 1, "number"):  # else a tint is a cast
            np, named = Np("quality", "tint"), after + 1
        if np is None or np.kind != "quality":
            return place
        late, end = self.amount(named)
        direction = _DIRECTIONS.get(self.word(end), 0)
        amount = late or early
        if not direction and (amount is None or amount.kind == "usual"):
            return place
        later, target, end = self.trailing(end + (direction != 0), wants_target=True)
        whose = target or np.target or self.scope or WHOLE
        if np.value == "-noise" and amount is not None and amount.kind == "value":  # one slider has a number
            np = replace(np, value="luminance_noise")
        return self.accept(combined("amount", direction or 1, np, whose, later or amount or PLAIN), end, place)

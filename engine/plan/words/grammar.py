"""The grammar of requests: from items to wishes.

A wish starts where a request may start one: at the beginning, after a mark, a conjunction, a politeness or another
wish. What stands elsewhere ("it was dark when I took this") is a story and gives nothing. Every reader returns the
place after what it understood, or the place that it was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..schema import WHOLE, Region, Step, Straighten, Target
from .automatic import read_automatic
from .changes import Changes
from .combine import combined, signed
from .frames import read_framing
from .lexicon import Lexicon
from .phrases import LITTLE, PLAIN, Np, inverted
from .predicates import INTRANSITIVE
from .tokens import Item
from .wishes import Wish, lessened

_FAULTS = frozenset({"noise", "color_noise", "haze", "blur", "harshness", "vignette", "grain"})


class Grammar(Changes):
    """Reads one request; `found` holds its wishes in order, `used` which items they were made from.

    `protected`: what is to be left alone. `vague`: wishes to mend something without saying which way. `cut_out`:
    wishes to crop a thing out, which no rectangle can.
    """

    def __init__(self, text: str, items: list[Item], lexicon: Lexicon) -> None:
        super().__init__(text, items, lexicon)
        self.vague: list[str] = []
        self.cut_out: list[str] = []
        self._open: list[int] = []  # wishes without an object that share the object of the next one

    def read(self) -> None:
        """Read all items."""
        place = 0
        while place < len(self.items):
            if self.mark(place) == ".":
                self.scope = None
            after, understood = self._negated(place)
            if after == place:
                after, understood = self._wish(place), True
            if understood and after > place:
                self.used[place:after] = [True] * (after - place)
            place = max(after, place + 1)

    def _wish(self, place: int) -> int:
        if self.mark(place):
            return place
        if not self._starts(place):
            return self.loose_complaint(place)
        readers: tuple[Callable[[int], int], ...] = (
            self._keep,
            self.removal,
            self._frame,
            self._separated,
            self.move,
            self._verb,
            self._automatic,
            self.recover,
            self.change,
            self._fix,
            self._make,
            self.painted,
            self._scope,
            self.statement,
            self.bare,
            self.loose_complaint,
        )
        for read in readers:
            after = read(place)
            if after > place:
                return after
        return place

    def _starts(self, place: int) -> bool:
        before = place - 1
        if before < 0 or self.mark(before) or self.used[before]:
            return True
        if self.word(place).endswith("ing") and self.word(before) in ("of", "for", "on", "in"):
            return True
        return self.has(before, "leads", "conjunctions", "little", "plain", "lot", "needs", "want", "make")

    def _verb(self, place: int) -> int:
        """Read a verb that names what to do: "brighten the sky a bit"."""
        if not self.has(place, "verb"):
            return place
        effect, direction = signed(self.tag(place, "verb"))
        amount = self.earlier_amount(place)
        joined = self.joined(place)
        after = place + 1 + self.has(place + 1, "particles")
        inner, after = self.amount(after)
        objects, after = self.objects(after)
        if not objects and (self._bad_object(after) or effect == "evenness"):
            return place
        late, target, after = self.trailing(after, wants_target=all(np.kind != "target" for np in objects))
        amount = late or inner or amount or PLAIN
        start = len(self.found)
        for np in objects:
            whose = self.target_of(np, joined)
            wish = combined(effect, direction, np, target or whose or WHOLE, amount)
            if wish is None or (whose is None and np.kind in ("it", "them", "rest")):
                del self.found[start:]
                return place
            self.found.append(wish)
        if not objects:
            if effect not in INTRANSITIVE:
                self._open.append(len(self.found))
            self.found.append(Wish(effect, direction, target or self.scope or WHOLE, amount))
        self._share_object(start, objects, place)
        return after

    def _bad_object(self, place: int) -> bool:
        """Return whether a verb is followed by words that are no object that the grammar can name."""
        if place >= len(self.items):
            return False
        named = ("determiners", "pronoun", "whole", "rest", "region", "people", "things")
        return not self.items[place].known or self.has(place, *named)

    def _share_object(self, start: int, objects: list[Np], place: int) -> None:
        """Give the object of "... and warm the sky" to the verbs before it: "brighten and warm the sky"."""
        if objects and self._open and self._open[-1] == start - 1 and self.joined(place):
            last = self.found[-1]
            if isinstance(last, Wish):
                for number in self._open:
                    wish = self.found[number]
                    if isinstance(wish, Wish) and wish.target == WHOLE:
                        self.found[number] = replace(wish, target=last.target)
        if objects:
            self._open.clear()

    def _automatic(self, place: int) -> int:
        step, after = read_automatic(self, place)
        if step is not None:
            self.found.append(step)
        return after

    def _fix(self, place: int) -> int:
        """Read "fix the yellow cast", "correct the crooked horizon": the fault says the direction."""
        if not self.has(place, "fix"):
            return place
        np, after = self.noun_phrase(place + 1)
        meant = np.kind == "it" if np is not None else self._ends(place + 1)
        if meant and self.found and self._fault_before(place):  # "it is too dark, fix it"
            return after
        if np is None:
            return place
        faults = [item.tags["complaint"] for item in np.modifiers if "complaint" in item.tags]
        if "tilt" in faults:
            self.found.append(Straighten())
            return after
        faults += [item.tags["adj"] for item in np.modifiers if self.is_fault(item.tags.get("adj", ""))]
        if np.kind == "quality" and np.value in _FAULTS:
            faults.append(np.value)
        whose = np.target or WHOLE
        if np.kind == "cast":
            self.found.append(Wish(f"cast:{np.value}", -1, whose))
            return after
        for fault in faults:
            effect, direction = signed(fault)
            self.found.append(Wish(effect, -direction, whose))
        if not faults and (np.kind == "quality" or np.target == WHOLE):
            self.vague.append(self.slice(place, after))
        return after if faults else place

    def _fault_before(self, place: int) -> bool:
        tags = [item.tags for item in self.items[:place]]
        faulty = any("complaint" in tag or self.is_fault(tag.get("adj", "")) for tag in tags)
        return faulty or any(self.word(before) == "too" for before in range(place))

    def _make(self, place: int) -> int:
        """Read "make the sky darker", "turn it black and white", "I want her face brighter"."""
        if not self.has(place, "make", "want"):
            return place
        joined = self.joined(place)
        things, after = self.objects(place + 1, anything=True, subjects=True)
        if not things and self.has(place, "want"):
            return place
        wishes: list[Wish | Step] = []
        end = after
        for np in things or [None]:
            became, end = self.complements(after, np, joined)
            if not became and len(things) == 1:
                mood, end = self.colored_part(place + 1)
                became = [mood] if mood is not None and end == after else []
            if not became:
                return place
            wishes += became
        self.found += wishes
        return end

    def _frame(self, place: int) -> int:
        if self.has(place, "crop"):
            early = self.word(place + 1) == "out"
            np, after = self.noun_phrase(place + 1 + early)
            thing = np is not None and np.kind == "target" and np.target != WHOLE
            if thing and (early or self.word(after) == "out"):
                self.cut_out.append(self.slice(place, after + (not early)))
                return place
        step, after = read_framing(self, place)
        if step is not None:
            self.found.append(step)
        return after

    def _separated(self, place: int) -> int:
        """Read "separate the subject from the background", which makes it stand out."""
        np, after = self.noun_phrase(place + 1) if self.word(place) == "separate" else (None, place)
        behind, end = self.noun_phrase(after + 1) if np is not None and self.word(after) == "from" else (None, place)
        if np is None or np.target is None or behind is None or behind.target != Region("background"):
            return place
        return self.accept(Wish("punch", 1, np.target), end, place)

    def _scope(self, place: int) -> int:
        """Read the part that what follows is about: "in the sky, ...", "sky: ..."."""
        start = place + (self.word(place) in ("in", "on", "for", "of"))
        np, after = self.noun_phrase(start, places=False)
        ends = self.word(after) == ":" or (
            start > place and (self.mark(after) == "," or (np is not None and np.target == WHOLE))
        )
        if np is None or np.kind != "target" or np.target is None or not ends:
            return place
        self.scope = None if np.target == WHOLE else np.target
        return after

    def _keep(self, place: int) -> int:
        """Read "keep the sky as it is", "leave the background alone"."""
        if not self.has(place, "keep") or self.word(place) == "left":  # "in the bottom left corner"
            return place
        objects, after = self.objects(place + 1, anything=True)
        targets = [np.target for np in objects if np.target is not None and np.kind == "target" and np.target != WHOLE]
        if not targets:
            return place
        self.protected += targets
        while after < len(self.items) and not self.mark(after) and not self.has(after, "conjunctions"):
            after += 1
        return after

    def _negated(self, place: int) -> tuple[int, bool]:
        """Read what is not wanted: returns the place after it and whether it was understood."""
        if not self.has(place, "not", "dont"):
            return place, False
        end = self._negation_end(place)
        spared = self._exception(place, end)
        if spared > place:
            return spared, True
        if self.has(place, "not") and self.has(place + 1, "so") and self.has(place + 2, "adj"):
            return self._too(place, signed(self.tag(place + 2, "adj")), place + 3)
        for inside in range(place + 1, end):
            after, fault = self.fault_after(inside) if self.has(inside, "too") else (inside, None)
            if fault is not None:
                return self._too(place, fault, after)
        acts = ("touch", "verb", "crop", "remove", "make")
        act = next((i for i in range(place + 1, end) if self.has(i, *acts)), None)
        if act is not None and self.has(place, "forbid"):
            objects, after = self.objects(act + 1, anything=True)
            targets = [np.target for np in objects if np.target is not None and np.target != WHOLE]
            self.protected += targets
            return (after if targets else end), bool(targets)
        return end, False

    def _too(self, place: int, fault: tuple[str, int], after: int) -> tuple[int, bool]:
        """Take "not too dark" as: what was asked for, but less; alone as a little of the opposite."""
        if not self._lessen(fault) and self.has(place, "not") and not self.found:
            self.found.append(Wish(fault[0], -fault[1], self.scope or WHOLE, LITTLE))
        return after, True

    def _exception(self, place: int, end: int) -> int:
        """Read "but not in the sky", which spares a part that has a name."""
        if not self.has(place, "not") or not self.found:
            return place
        start = place + 1 + (self.word(place + 1) in ("in", "on", "to", "for"))
        np, after = self.noun_phrase(start, places=False)
        if np is None or not isinstance(np.target, Region) or np.kind != "target" or after != end:
            return place
        self.protected.append(np.target)
        return after

    def _negation_end(self, place: int) -> int:
        end = place + 1
        while end < len(self.items) and not self.mark(end) and self.word(end) not in ("but", "just", "then"):
            if self.word(end) == "and" and self.has(end + 1, "verb", "raise", "lower", "make", "remove", "crop"):
                break
            end += 1
        return end

    def _lessen(self, fault: tuple[str, int]) -> bool:
        """Take "not too dark" as: darken, but less; False where darkening was not asked for."""
        meant = [n for n, w in enumerate(self.found) if isinstance(w, Wish) and (w.effect, w.direction) == fault]
        for number in meant:
            wish = self.found[number]
            assert isinstance(wish, Wish)
            self.found[number] = replace(wish, amount=lessened(wish.amount))
        return bool(meant)

    def known_limits(self) -> list[str]:
        """Return why things that were named and not understood are no steps."""
        places = range(len(self.items))
        return [self.tag(place, "hint") for place in places if self.has(place, "hint") and not self.used[place]]

    def meant(self, wish: Wish | Step) -> Wish | Step:
        """Return a wish with the part of the photo that it is for: bokeh is the background's."""
        if not isinstance(wish, Wish):
            return wish
        bokeh = (wish.effect, wish.direction, wish.target) == ("blur", 1, WHOLE)
        if bokeh and any(item.has("bokeh") for item in self.items):
            return replace(wish, target=Region("background"))
        return replace(wish, target=self.outside(wish.target))

    def outside(self, target: Target) -> Target:
        """Return where a wish for the whole photo goes when a part is protected."""
        if target == WHOLE and len(self.protected) == 1:
            return inverted(self.protected[0]) or target
        return target

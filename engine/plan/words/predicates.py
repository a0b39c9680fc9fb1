"""What is said of something: "darker", "more contrast", "is too blue", "needs light"."""

from __future__ import annotations

from ..schema import WHOLE, Crop, Phrase, Region, Step, Straighten, Target
from .combine import PARTS_OF_COLOR, TONES, combined, signed
from .frames import read_shape
from .lexicon import Lexicon
from .phrases import PLAIN, Amount, Np, Reader, inverted
from .tokens import Item
from .wishes import Wish

_ACTS = (
    *("verb", "raise", "lower", "make", "remove", "split_remove", "crop", "rotate", "flip", "straighten", "fix"),
    *(
        "place",
        "replace",
        "expand",
        "upscale",
        "keep",
        "move",
        "want",
        "more",
        "less",
        "dont",
        "not",
        "too",
        "adj_er",
        "leads",
    ),
)
INTRANSITIVE = ("punch", "glow")


class Predicates(Reader):
    """Reads objects, amounts after them, complements and statements; `found` collects wishes."""

    def __init__(self, text: str, items: list[Item], lexicon: Lexicon) -> None:
        super().__init__(text, items)
        self.lexicon = lexicon
        self.found: list[Wish | Step] = []
        self.scope: Target | None = None
        self.stated: Target | None = None  # what the last statement was about
        self.protected: list[Target] = []
        self.hints: list[str] = []  # why what was said is no step

    def is_fault(self, effect: str) -> bool:
        """Return whether a photo that is said to be so has a fault, as with "hazy"."""
        return effect in self.lexicon.always_complaints

    def target_of(self, np: Np, joined: bool) -> Target | None:
        """Return the target that a noun phrase means, None where it names none.

        "it" is the photo, as in a list of wishes, but the thing just named where "and" joins the two ("darken the sky
        and warm it up") or where the words before only described it ("the sky is too bright, darken it").
        """
        last = self.found[-1].target if self.found and isinstance(self.found[-1], Wish) else None
        match np.kind:
            case "it":
                return self.stated or self.scope or (last if joined and last else WHOLE)
            case "them":
                return last
            case "rest":
                named = last if last is not None else self.protected[-1] if self.protected else None
                return inverted(named) if named is not None else None
            case "target":
                if np.value == "person" and isinstance(last, Phrase | Region) and last == Region("subject"):
                    return last
                return np.target
            case _:
                return np.target or self.scope

    def objects(self, place: int, *, anything: bool = False, subjects: bool = False) -> tuple[list[Np], int]:
        """Read noun phrases joined by "and" or commas; `anything` allows unknown things after the first.

        subjects: something is said of them, "the sky and the sea darker"; else "and the sea is dark" is a new clause.
        """
        np, after = self.noun_phrase(place)
        if np is None:
            return [], place
        found = [np]
        while True:
            joint = after
            comma = self.mark(joint) == ","
            if comma:
                joint += 1
            if self.has(joint, "conjunctions") and self.word(joint) in ("and", "&", "or", "as well as", "+"):
                joint, comma = joint + 1, False
            elif not comma and self.mark(joint) in ("&", "+", "/"):
                joint += 1
            elif not comma:
                return found, after
            if self.starts_clause(joint):
                return found, after
            np, end = self.noun_phrase(joint)
            if np is None or (self.predicated(end) and not subjects) or (comma and np.kind == "it"):
                return found, after
            unknown = np.kind == "target" and isinstance(np.target, Phrase)
            if unknown and not self._listed(joint, end) and (comma or not (anything or self.has(joint, "determiners"))):
                return found, after
            if np.kind in ("it", "them", "rest") and not self.has(joint, "rest"):
                return found, after
            found.append(np)
            after = end

    def _listed(self, place: int, end: int) -> bool:
        """Return whether the words name one common thing, as in a list: "the sky, trees and grass"."""
        return (
            end == place + 1 and self.has(place, "things") and (bool(self.mark(end)) or self.has(end, "conjunctions"))
        )

    def starts_clause(self, place: int) -> bool:
        """Return whether a new wish starts at `place` rather than one more object."""
        if self.has(place, "determiners"):
            return False
        if (
            self.has(place, "verb") and self.tag(place + 1, "quality") in TONES
        ):  # "warm the highlights and cool shadows"
            return True
        return self.has(place, *_ACTS) and not (self.has(place, "adj", "quality") and self.nominal(place + 1))

    def predicated(self, place: int) -> bool:
        """Return whether what stands at `place` says something of the noun phrase before it."""
        _, place = self.amount(place)
        return self.has(place, "be", "needs", "adj_er", "more", "less", "too", "should_be", "too_little", "verb_ed")

    def of_a_band(self, objects: list[Np], place: int) -> tuple[list[Np], int]:
        """Read the colour that qualities are limited to: "the saturation of the greens" is the greens' own."""
        if self.word(place) not in ("of", "in", "on", "for", "from") or not objects:
            return objects, place
        np, after = self.noun_phrase(place + 1)
        if np is None or np.kind != "band":
            return objects, place
        if any(one.kind != "quality" or one.value not in PARTS_OF_COLOR for one in objects):
            return [], place
        return [Np("quality", f"mixer:{np.value}:{PARTS_OF_COLOR[one.value]}") for one in objects], after

    def tones_follow(self, place: int) -> bool:
        """Return whether a change is asked for some tones only, which has no setting: "less blue in the shadows"."""
        if self.word(place) not in ("in", "from", "to", "of"):
            return False
        np, _ = self.noun_phrase(place + 1)
        return np is not None and np.value in TONES

    def trailing(self, place: int, wants_target: bool) -> tuple[Amount | None, Target | None, int]:
        """Read what may follow an object: an amount, "up", "more", and where: "in the sky"."""
        found: Amount | None = None
        target: Target | None = None
        while True:
            amount, after = self.amount(place)
            if amount is not None:
                found, place = amount, after
            elif (self.has(place, "particles") and self.word(place) != "in") or (
                self.word(place) == "more" and not self.nominal(place + 1) and not self.has(place + 1, "verb")
            ):
                place += 1
            elif wants_target and target is None and self.has(place, "prepositions") and self.word(place) != "by":
                np, after = self.noun_phrase(place + 1)
                if np is None or np.kind not in ("target", "it", "rest"):
                    return found, target, place
                target, place = self.target_of(np, joined=True), after
            else:
                return found, target, place

    def complements(self, place: int, np: Np | None, joined: bool) -> tuple[list[Wish | Step], int]:
        """Read what something shall become: "a lot darker and more vivid", "black and white", "pop"."""
        found: list[Wish | Step] = []
        end = joint = place
        while True:
            wish, after = self._complement(joint, np, joined)
            if wish is None:
                return found, end
            found.append(wish)
            late, target, after = self.trailing(after, wants_target=np is None)
            if isinstance(wish, Wish):
                found[-1] = Wish(wish.effect, wish.direction, target or wish.target, late or wish.amount)
            end = joint = after
            joint += self.mark(joint) in (",", "&", "+", "/")
            joint += self.has(joint, "conjunctions")
            joint += self.word(joint) == "also"

    def _complement(self, place: int, np: Np | None, joined: bool) -> tuple[Wish | Step | None, int]:
        start = place
        amount, place = self.amount(place)
        while self.has(place, "should_be", "be", "becoming"):
            place += 1
        whose = WHOLE if np is None else self.target_of(np, joined)
        if whose is None and np is not None and np.kind not in ("quality", "band", "color", "cast"):
            return None, start
        whose = whose or WHOLE
        step, after = self._whole_change(place, np, whose)
        if step is not None:
            return step, after
        more, place = self.amount(place)
        direction, place = self.comparison(place)
        if np is not None and np.kind == "band" and direction and self.tag(place, "degrees") == "high":
            wish = combined("amount", direction, np, whose, more or amount or PLAIN)
            return (wish, place + 1) if wish else (None, start)
        late, place = self.amount(place)
        quality, after = self.becoming(place, direction != 0, whose)
        said = place > start and self.has(place - 1, "stronger")
        if quality is None and np is not None and np.kind == "band" and self.word(place - 1) == "deeper" and said:
            quality, after = ("depth", 1), place
        if quality is None and np is not None and np.kind == "quality" and said:
            down = self.word(place - 1) == "deeper" and np.value in ("shadows", "blacks")
            quality, after = ("amount", -1 if down else 1), place
        if quality is None or self._acts_on_something(after - 1):
            return None, start
        effect, sign = quality
        subject = Np("target") if np is None or np.kind == "it" else np
        wish = combined(effect, sign * (direction or 1), subject, whose, late or more or amount or PLAIN)
        return (wish, self.past_style(after)) if wish else (None, start)

    def _whole_change(self, place: int, np: Np | None, whose: Target) -> tuple[Wish | Step | None, int]:
        """Read "black and white", "straight", "square": what a photo becomes without degrees."""
        if self.has(place, "monochrome"):
            return Wish("monochrome", 1, whose), self.past_style(place + 1)
        if whose == WHOLE and self.has(place, "straight") and not self.nominal(place + 1):
            return Straighten(), place + 1
        shape, after = read_shape(self, place)
        if shape is not None and np is not None and whose == WHOLE:
            return Crop(aspect=shape), after
        return None, place

    def _acts_on_something(self, place: int) -> bool:
        """Return whether the adjective at `place` is a verb with an object: "cool the shadows", "warm it up"."""
        return self.has(place, "verb") and self.has(place + 1, "pronoun", "determiners", "particles")

    def comparison(self, place: int) -> tuple[int, int]:
        """Read "more", "less", "not so": +1, -1 or 0 where nothing is said."""
        if self.has(place, "more"):
            return 1, place + 1
        if self.has(place, "less"):
            return -1, place + 1
        if self.has(place, "not") and self.has(place + 1, "so"):
            return -1, place + 2
        return 0, place

    def becoming(self, place: int, compared: bool, whose: Target) -> tuple[tuple[str, int] | None, int]:
        """Read an adjective, a colour or, when `compared`, a quality: (effect, direction)."""
        for tag in ("adj_er", "adj", "verb_ed", "complaint"):
            if self.has(place, tag):
                name = self.tag(place, tag)
                absolute = tag == "adj" and self._names_a_color(place + 1) and not self.has(place + 1, "band")
                return (None if absolute or name == "tilt" else signed(name)), place + 1
        if self.has(place, "verb") and signed(self.tag(place, "verb"))[0] in INTRANSITIVE:
            return signed(self.tag(place, "verb")), self._past_background(place + 1)
        colored = compared or self.has(place, "color_er", "cast") or self.takes_a_tint(whose)
        for tag in ("color_er", "cast", "color"):
            if colored and self.has(place, tag) and (tag == "color_er" or not self.nominal(place + 1)):
                return (f"cast:{self.tag(place, tag)}", 1), place + 1
        if compared and self.has(place, "quality"):
            return signed(self.tag(place, "quality")), place + 1
        return None, place

    def _past_background(self, place: int) -> int:
        """Read what something shall stand out from, which says nothing more: "from the background"."""
        np, after = self.noun_phrase(place + 1) if self.word(place) == "from" else (None, place)
        return after if np is not None and np.target == Region("background") else place

    def takes_a_tint(self, whose: Target) -> bool:
        """Return whether a colour said of the target is a tint: of the photo, the sky or water, and not of a car."""
        if isinstance(whose, Phrase):
            return "tintable" in self.lexicon.entries.get(whose.text.casefold().rpartition(" ")[2], {})
        return whose in (WHOLE, Region("sky"))

    def _names_a_color(self, place: int) -> bool:
        """Return whether an adjective goes on as a colour to paint with: "bright green", "a warm tan"."""
        unknown = place < len(self.items) and not self.items[place].known
        return unknown or self.has(place, "color", "band")

    def past_style(self, place: int) -> int:
        while self.has(place, "style_nouns", "whole") or (
            self.word(place) == "and" and self.has(place + 1, "style_nouns")
        ):
            place += 1
        return place

    def fault_after(self, place: int) -> tuple[int, tuple[str, int] | None]:
        """Read what there is too much of: "too dark", "too much contrast" -> (place after, (effect, direction))."""
        _, place = self.amount(place)
        many = self.has(place, "too_much")
        if not many and not self.has(place, "too"):
            return place, None
        place += 1
        many = many or self.word(place) in ("much", "many")
        place += self.word(place) in ("much", "many", "of", "a")
        place += self.word(place) == "of"
        for tag in ("adj", "complaint"):
            if not many and self.has(place, tag):
                return place + 1, signed(self.tag(place, tag))
        if self.has(place, "color", "cast") or many:
            np, after = self.noun_phrase(place)
            if np is not None and np.kind == "quality":
                return after, signed(np.value)
            if np is not None and np.kind in ("color", "cast"):
                return after, (f"cast:{np.value}", 1)
        return place, None

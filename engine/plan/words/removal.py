"""What is to be taken out of the picture: things become Remove steps, faults of the photo become settings."""

from __future__ import annotations

from dataclasses import replace

from ...masks.wording import names_spots
from ..schema import WHOLE, Phrase, Region, Remove, Step, Target
from .combine import REMOVABLE, combined, signed
from .fragments import Fragments
from .phrases import MAX_PHRASE, PLAIN, Amount, Np
from .wishes import Wish

_BESIDE = ("behind", "above", "near", "next to", "beside", "under", "below", "around")
_EVERYBODY = ("people", "persons", "humans", "him", "her", "me", "us")
_CLEARED = ("clear", "cut")
_BACKGROUND_STAYS = (
    "The background is not cut away here: blur or darken it, or say what shall be there, as in: replace the background "
    "with a white wall."
)
_THOROUGH = Amount("usual", 1.5)


class Removals(Fragments):
    """Reads "remove", "take ... out" and their kin."""

    def removal(self, place: int) -> int:
        """Read "remove the people", "take the sign out"; what is a fault of the photo is lessened instead."""
        gone = self._gone(place)
        if gone > place:
            return gone
        cleared = self._cleared(place)
        if cleared > place:
            return cleared
        split = self.has(place, "split_remove")
        if not split and not self.has(place, "remove"):
            return self._healed(place)
        things, after = self._things(place + 1)
        if split:
            if not self.has(after, "particles") or self.word(after) not in ("out", "away", "off"):
                return place
            after += 1
        if not things or self.tones_follow(after):
            return place
        late, target, after = self.trailing(after, wants_target=True)
        wishes = [self._removal(np, words, target) for np, words in things]
        if None in wishes:
            return place
        amount = late or _THOROUGH
        self.found += [replace(w, amount=amount) if isinstance(w, Wish) else w for w in wishes if w is not None]
        return after

    def _healed(self, place: int) -> int:
        """Read "clean up the dust spots", "heal the blemishes"; other things are not healed by taking them away."""
        things, after = self._things(place + 1) if self.has(place, "heal") else ([], place)
        if not things or not all(names_spots(words) for _, words in things):
            return place
        self.found += [Remove(Phrase(words[:MAX_PHRASE])) for _, words in things]
        return after

    def _cleared(self, place: int) -> int:
        """Read "clear the fog", "clear up the haze", "cut through the haze"."""
        if self.word(place) not in _CLEARED:
            return place
        after = place + 1 + (self.has(place + 1, "particles") or self.word(place + 1) == "through")
        np, after = self.noun_phrase(after)
        clears = np is not None and np.kind == "quality" and np.value in ("haze", "noise", "color_noise")
        if np is None or not clears or self.tones_follow(after):
            return place
        late, target, after = self.trailing(after, wants_target=True)
        return self.accept(combined("amount", -1, np, target or np.target or WHOLE, late or _THOROUGH), after, place)

    def _gone(self, place: int) -> int:
        """Read "make the man disappear", "I'd like the sign removed", "the car should be removed"."""
        asked = self.has(place, "make", "want")
        np, after = self.noun_phrase(place + asked)
        if np is None or np.kind != "target" or np.target == WHOLE:
            return place
        for end in range(after, len(self.items)):
            if self.mark(end) or (self.has(end, "should_be", "needs") and asked):
                return place
            if self.has(end, "remove_ed", "vanish") and (asked or self.has(end - 1, "should_be")):
                words = self.slice(place + asked, end - (not asked))
                thing = self._removal(Np("target", np.value, Phrase(words[:MAX_PHRASE])), words, None)
                self.found += [thing] if thing is not None else []
                return end + 1 + (self.word(end + 1) == "out") if thing is not None else place
        return place

    def _things(self, place: int) -> tuple[list[tuple[Np, str]], int]:
        """Read what is to be removed, each with the words for it, up to the end of the clause."""
        found: list[tuple[Np, str]] = []
        while True:
            np, after = self.noun_phrase(place)
            if np is None:
                return found, place
            end = after
            if np.kind == "quality" and self.word(after) in _BESIDE:  # "the light behind his head" is a thing
                np = Np("target", "", Phrase(self.slice(place, after)[:MAX_PHRASE]))
            if np.kind == "target" and (self.nominal(after) or not _has_no_parts(np.target)):
                while not self._ends_thing(end):
                    end += 1
                if end > after:
                    np = Np("target", "", Phrase(self.slice(place, end)[:MAX_PHRASE]))
            found.append((np, self.slice(place, end)))
            joint = end + (self.mark(end) == ",")
            joint += self.word(joint) in ("and", "&", "or", "as well as")
            named = self.has(joint, "determiners") or self.has(joint, "people", "things", "quality", "cast", "color")
            if joint == end or not named or self.starts_clause(joint):
                return found, end
            place = joint

    def _ends_thing(self, place: int) -> bool:
        """Return whether the description of a thing ends before `place`."""
        if self.mark(place) or self.word(place) in ("out", "away", "off"):
            return True
        if self.word(place) in ("at", "by") and self.noun_phrase(place + 1)[0] is not None:
            return False
        if self.has(place, "make") and self.word(place - 1) in ("who", "that", "which"):
            return False
        if self.has(place, "conjunctions") and (
            self.word(place) not in ("with", "but") or self.has(place + 1, "keep", "dont")
        ):
            return True
        if self.word(place) in ("from", "in", "of", "on"):
            np, _ = self.noun_phrase(place + 1)
            return np is not None and (np.target == WHOLE or np.kind == "it")
        if self.has(place, "except", "pronoun") or self.word(place) in ("that", "which", "where"):
            return False
        return self.has(place, "leads", "little", "lot", "verb", "raise", "lower", "make", "remove", "crop")

    def _removal(self, np: Np, words: str, target: Target | None) -> Wish | Step | None:
        whose = target or np.target or WHOLE
        if np.kind in ("cast", "color"):
            return Wish(f"cast:{np.value}", -1, whose)
        if np.kind == "quality":
            if np.value == "color":
                return Wish("monochrome", 1, whose)
            if np.value == "shadows" and words.casefold().endswith("s"):
                return Wish("shadows", 1, whose)
            if signed(np.value)[0] in REMOVABLE:
                return combined("amount", -1, np, whose, PLAIN)
            return Remove(Phrase(words[:MAX_PHRASE]))
        if np.kind != "target" or not isinstance(np.target, Region | Phrase):
            return None
        if np.target == Region("person") and words.casefold().split()[-1] not in _EVERYBODY:
            return Remove(Phrase(words[:MAX_PHRASE]))
        if isinstance(np.target, Region) and np.target not in (Region("person"), Region("subject")):
            self.hints += [_BACKGROUND_STAYS] if np.target == Region("background") else []
            return None
        return None if self._is_side(words) else Remove(np.target)

    def _is_side(self, words: str) -> bool:
        """Return whether the words name a side of the frame, which is cropped rather than removed."""
        return words.casefold().removeprefix("the ") in self.lexicon.sides


def _has_no_parts(target: Target | None) -> bool:
    """Return whether words after the target only say where it is: "the background behind the man"."""
    return isinstance(target, Region) and target.kind != "person"

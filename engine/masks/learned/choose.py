"""Choosing the sky or the subject among the things that a model found, by rules a photographer would give.

Every rule is a number in [0, 1], and a thing is as likely as their geometric mean. The rules look at a small copy of
the view, at most 192 px on its longer side. No rule needs a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...opencv import cv2
from ..mask import Selection
from ..ops import invert
from ..ports import Alpha, Candidate, Pixels
from .closer import agreement

_SIDE = 192
_LIKELY = 0.4
_POSSIBLE = 0.15
_AS_GOOD = 0.92
_AGREED = 0.5

_Field = NDArray[np.float32]
Wanted = Literal["sky", "subject", "background"]


def choose(
    wanted: Wanted, candidates: Sequence[Candidate], view: Pixels, engine: str, hint: Selection | None = None
) -> Selection:
    """Return what of `candidates` is the sky, the subject or the background of `view`.

    candidates: with alpha of one size, in any order. engine: the name of who found them. hint: what the built-in
    engine takes for the sky or the subject (not the background), at the same size. It knows a sky well: it decides
    which candidates are sky, and they where it ends. Of subjects it knows less, so that it only counts as one more
    rule. "Nothing found" is a selection with alpha all 0.
    """
    if wanted == "background":
        return _background(choose("subject", candidates, view, engine, hint))
    if hint is not None and wanted == "sky" and not hint.found:
        return Selection(np.zeros(view.shape[:2], np.float32), hint.confidence, engine, hint.reason)
    seen = [c for c in candidates if c.alpha is not None]
    if not seen:
        return _nothing(view, wanted, engine)
    scene = _Scene.of(view)
    small = [scene.small(_alpha(c)) for c in seen]
    guess = scene.small(hint.alpha) if hint is not None and hint.found else None
    rate = scene.sky if wanted == "sky" else scene.subject
    rated = [
        rate(alpha) * float(np.sqrt(max(c.score, 0.0))) * _backed(wanted, guess, alpha)
        for alpha, c in zip(small, seen, strict=True)
    ]
    parts = _hinted_parts(rated, small, guess) if guess is not None and wanted == "sky" else _rated_parts(rated, small)
    if not parts:
        return _nothing(view, wanted, engine)
    alpha = np.maximum.reduce([_alpha(seen[i]) for i in parts])
    return Selection(alpha, max(rated[i] for i in parts), engine, _reason(wanted, len(parts), len(seen)))


def _backed(wanted: Wanted, guess: _Field | None, alpha: _Field) -> float:
    """Return how far the built-in guess supports a thing: that of the sky decides, that of the subject helps."""
    if guess is None:
        return 1.0
    return _ramp(_inside(alpha, guess), 0.2, 0.7) if wanted == "sky" else 0.7 + 0.3 * agreement(alpha, guess)


def _hinted_parts(rated: list[float], small: list[_Field], guess: _Field) -> list[int]:
    """Return the things that together agree best with the guess, [] if they agree less than half.

    Greedy: the thing that brings the union nearest to the guess is added as long as one does.
    """
    left = {i for i, rate in enumerate(rated) if rate >= _POSSIBLE}
    parts: list[int] = []
    union, best = np.zeros_like(guess), 0.0
    while left:
        gain, i = max((agreement(np.maximum(union, small[i]), guess), i) for i in left)
        if gain <= best + 0.005:
            break
        parts, best, union = [*parts, i], gain, np.maximum(union, small[i])
        left.discard(i)
    return parts if best >= _AGREED else []


def _rated_parts(rated: list[float], small: list[_Field]) -> list[int]:
    """Return the best thing and what belongs to it, [] if even that is not likely."""
    best = _best(rated, small)
    return _companions(best, rated, small) if rated[best] >= _LIKELY else []


def _best(rated: list[float], small: list[_Field]) -> int:
    """Return the best thing; of those nearly as good that contain it the largest: the whole, not its part."""
    best = int(np.argmax(rated))
    whole = [
        i for i, alpha in enumerate(small) if rated[i] >= _AS_GOOD * rated[best] and _inside(small[best], alpha) > 0.9
    ]
    return max(whole, key=lambda i: float(small[i].sum()), default=best)


def _companions(best: int, rated: list[float], small: list[_Field]) -> list[int]:
    """Return the best thing and those beside it that are nearly as good: sky behind branches, a second person."""
    parts = [best]
    for i in sorted(range(len(rated)), key=lambda i: -rated[i]):
        apart = all(_inside(small[i], small[j]) < 0.2 for j in parts)
        if apart and rated[i] >= max(_LIKELY, _AS_GOOD * rated[best]):
            parts.append(i)
    return parts


def _inside(part: _Field, whole: _Field) -> float:
    """Return how much of `part` lies in `whole`."""
    total = float(part.sum())
    return float(np.minimum(part, whole).sum()) / total if total else 0.0


class _Scene(NamedTuple):
    """What the rules look at, all (h, w) and small: colour (h, w, 3), light, blueness, detail and fine detail."""

    colour: NDArray[np.float32]
    light: _Field
    blue: _Field
    detail: _Field
    focus: _Field

    @classmethod
    def of(cls, view: Pixels) -> _Scene:
        height, width = view.shape[:2]
        scale = min(1.0, _SIDE / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        colour = cv2().resize(np.ascontiguousarray(view, np.float32), size, interpolation=cv2().INTER_AREA)
        full = view @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        fine = np.abs(full - cv2().GaussianBlur(full, (0, 0), 1.5))
        light = colour @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        across, down = (cv2().Sobel(light, cv2().CV_32F, dx, 1 - dx, scale=0.25) for dx in (1, 0))
        focus = cv2().resize(fine, size, interpolation=cv2().INTER_AREA)
        return cls(colour, light, colour[..., 2] - colour[..., 0], np.hypot(across, down), focus)

    def small(self, alpha: Alpha) -> _Field:
        height, width = self.light.shape
        resized: _Field = cv2().resize(alpha, (width, height), interpolation=cv2().INTER_AREA)
        return resized

    def sky(self, alpha: _Field) -> float:
        """Return how likely the thing is sky: along the top, high, not at the bottom, smooth, light or blue."""
        share = float(alpha.mean())
        if share < 0.005:
            return 0.0
        height = len(alpha)
        centre = float((alpha.sum(1) @ (np.arange(height) + 0.5)) / alpha.sum() / height)
        outside = 1 - alpha
        lighter = _mean(self.light, alpha) - _mean(self.light, outside)
        bluer = _mean(self.blue, alpha)
        return _together(
            _ramp(float(alpha[:2].mean()), 0.0, 0.3),
            _ramp(float(alpha[-2:].mean()), 0.5, 0.05),
            _ramp(centre, 0.65, 0.4),
            _ramp(share, 0.0, 0.06),
            _ramp(_mean(self.detail, alpha) / max(float(self.detail.mean()), 1e-4), 1.3, 0.6),
            0.3 + 0.7 * max(_ramp(lighter, -0.15, 0.1), _ramp(bluer, -0.02, 0.08)),
        )

    def subject(self, alpha: _Field) -> float:
        """Return how likely the thing is the subject: central, large but no band, in focus, unlike what is around."""
        share = float(alpha.mean())
        if share < 0.003:
            return 0.0
        height, width = alpha.shape
        y = float((alpha.sum(1) @ (np.arange(height) + 0.5)) / alpha.sum() / height)
        x = float((alpha.sum(0) @ (np.arange(width) + 0.5)) / alpha.sum() / width)
        # People stand on the lower edge, so only the other three count as being cut off.
        cut = float(np.concatenate([alpha[0], alpha[:, 0], alpha[:, -1]]).mean())
        across = min(float(alpha[:, 0].mean()), float(alpha[:, -1].mean()))
        sharp = _mean(self.focus, alpha)
        ring = _ring(alpha)
        apart = float(np.linalg.norm(_mean_colour(self.colour, alpha) - _mean_colour(self.colour, ring)))
        return _together(
            float(np.exp(-((x - 0.5) ** 2 + (0.8 * (y - 0.52)) ** 2) / (2 * 0.22**2))),
            _ramp(share, 0.0, 0.06) * _ramp(share, 0.85, 0.55),
            _ramp(cut, 0.4, 0.05) * (0.2 + 0.8 * _ramp(across, 0.12, 0.02)),
            _ramp(sharp / max(sharp + _mean(self.focus, 1 - alpha), 1e-6), 0.15, 0.55),
            0.3 + 0.7 * _ramp(apart, 0.0, 0.2),
            1 - 0.8 * self.sky(alpha),
        )


def _ring(alpha: _Field) -> _Field:
    """Return what lies around the thing, about as wide as a tenth of the frame."""
    wide = max(3, round(max(alpha.shape) / 10)) | 1
    return np.clip(cv2().dilate(alpha, np.ones((wide, wide), np.uint8)) - alpha, 0, 1)


def _mean(field: _Field, alpha: _Field) -> float:
    return float((field * alpha).sum() / max(float(alpha.sum()), 1e-6))


def _mean_colour(colour: NDArray[np.float32], alpha: _Field) -> NDArray[np.float32]:
    return (colour * alpha[..., None]).sum((0, 1)) / max(float(alpha.sum()), 1e-6)


def _ramp(value: float, none: float, full: float) -> float:
    """Return 0 at `none`, 1 at `full`, straight between and clipped beyond."""
    return float(np.clip((value - none) / (full - none), 0, 1))


def _together(*rules: float) -> float:
    return float(np.prod(rules) ** (1 / len(rules)))


def _alpha(candidate: Candidate) -> Alpha:
    assert candidate.alpha is not None
    return candidate.alpha


def _background(subject: Selection) -> Selection:
    if not subject.found:
        return subject
    reason = f"Everything but the subject. {subject.reason}"
    return Selection(invert(subject.alpha), subject.confidence, subject.engine, reason)


def _nothing(view: Pixels, wanted: Wanted, engine: str) -> Selection:
    return Selection(np.zeros(view.shape[:2], np.float32), 0.0, engine, f"Nothing in it looks like the {wanted}.")


def _reason(wanted: Wanted, parts: int, of: int) -> str:
    things = "thing" if parts == 1 else "things"
    why = "high up, smooth and along the top" if wanted == "sky" else "central, sharp and unlike its surroundings"
    return f"{parts} {things} of {of} found, {why}."

"""Filling a hole from the rest of the picture, without a model: patches, from coarse to fine.

Wexler, Shechtman and Irani (PAMI 2007) with the nearest-neighbour fields of Barnes et al. (SIGGRAPH 2009) and the
texture values of Newson et al. (IPOL 2017). At the coarsest level the hole is a few patches wide and is peeled from
its rim; at each finer level matches and votes take turns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import StillbytesError
from ..geometry import Box, Size
from ..opencv import cv2
from ..tiles import Progress, no_progress
from .blend import membrane
from .finish import SHARP, SOFT, busyness, finished
from .patchmatch import RADIUS, Field, Flags, Search, enlarged, improve, repaired
from .peel import peeled
from .pyramid import Level, Values, encoded, first_level, patches_of, pyramid
from .vote import Voters, trust_of, vote, vote_

LEAST_CONTEXT_PX = 128
_LARGE_PX = 100_000
_ROUNDS_COARSE, _ROUNDS_FINE = 14, 4
_SHARP_COARSE, _SHARP_FINE = 1.0, 3.0
_SETTLED = 0.0005  # mean change of a round, in encoded values, after which a coarse level is left
_RING = 2
_AGREE_PX, _AGREE_FROM = 4, 2
_LARGEST_STEP = np.float32(0.12)


@dataclass(frozen=True)
class CompleteOptions:
    """seed: another one gives another fill. context: how far beyond the hole is looked at, as a share of its longer
    side; at least 128 px. search_px: how far the finer levels look around a match, in px of their own."""

    seed: int = 0
    context: float = 1.0
    search_px: int = 64


class Schedule(NamedTuple):
    """What the levels of one fill share. `total` counts pixels times passes."""

    options: CompleteOptions
    levels: list[Level]
    progress: Progress
    total: int

    @classmethod
    def of(cls, options: CompleteOptions, levels: list[Level], progress: Progress) -> Schedule:
        plan = cls(options, levels, progress, 0)
        return plan._replace(total=max(sum(plan.cost(depth) for depth in range(len(levels))), 1))

    def passes(self, depth: int) -> int:
        """Return how many passes of search precede a vote; in a large hole, where they take seconds, two."""
        return 2 if self.large(depth) else 3

    def large(self, depth: int) -> bool:
        return int(np.count_nonzero(self.levels[depth].hole)) > _LARGE_PX

    def reach(self, depth: int) -> int:
        """Return how far a match is looked for around another, in px; in a large hole a quarter, and fewer samples."""
        return max(self.options.search_px // 4, 1) if self.large(depth) else self.options.search_px

    def rounds(self, depth: int) -> int:
        """Return how often a level votes; coarse levels are cheap and decide about structure."""
        if self.large(depth):
            return 2
        return _ROUNDS_FINE + (_ROUNDS_COARSE - _ROUNDS_FINE) * depth // max(len(self.levels) - 1, 1)

    def cost(self, depth: int) -> int:
        return self.rounds(depth) * self.passes(depth) * int(np.count_nonzero(self.levels[depth].hole))

    def within(self, depth: int, passed: int) -> Progress:
        """Return what tiles report to while a level is in the pass after `passed` ones."""
        return lambda done, total: self.tell(depth, passed, done / total)

    def tell(self, depth: int, passed: float, part: float = 0.0) -> None:
        """Report that a level has done some passes and a part of the next."""
        before = sum(self.cost(coarser) for coarser in range(depth + 1, len(self.levels)))
        share = (passed + part) / (self.rounds(depth) * self.passes(depth))
        self.progress(min(before + int(self.cost(depth) * share), self.total), self.total)


def complete(
    picture: Values,
    hole: Flags,
    options: CompleteOptions = CompleteOptions(),
    progress: Progress = no_progress,
    allowed: Flags | None = None,
) -> Values:
    """Return `picture`, float32 (h, w, 3), perceptually encoded in [0, 1], with `hole` (h, w) painted.

    allowed: where patches may be taken from; everywhere outside the hole without it. Pixels outside the hole are
    those of the picture, bit for bit. The result depends on the seed, not on the number of threads.
    Raises StillbytesError if nothing is left to take from; what `progress` raises to cancel passes through.
    """
    check_shapes(picture, hole, allowed)
    if not hole.any():
        return picture.copy()
    part = context_of(hole, options.context).slices(Box.of(Size(hole.shape[1], hole.shape[0])))
    usable = np.ones_like(hole[part]) if allowed is None else allowed[part]
    finest = first_level(picture[part], hole[part], usable)
    require_sources(finest)
    values = descend(Schedule.of(options, pyramid(finest), progress), None)
    out = picture.copy()
    out[part][finest.hole] = np.clip(values[finest.hole][:, :3], 0, 1)
    return out


def check_shapes(picture: Values, hole: Flags, allowed: Flags | None = None) -> None:
    """Raise ValueError unless the arrays fit each other."""
    masks = [hole] if allowed is None else [hole, allowed]
    if picture.ndim != 3 or picture.shape[2] != 3 or any(mask.shape != picture.shape[:2] for mask in masks):
        raise ValueError(f"picture {picture.shape} and masks {[mask.shape for mask in masks]}")


def require_sources(level: Level) -> None:
    """Raise StillbytesError if no whole patch is known and allowed."""
    if min(level.shape) <= 2 * RADIUS or not level.sources().any():
        raise StillbytesError(
            "The fill needs something to take from, and nothing around the hole is left.",
            "Make the mask smaller, or allow more of the photo.",
        )


def context_of(hole: Flags, context: float) -> Box:
    """Return the box of the hole, grown by `context` times its longer side and at least 128 px, inside the frame."""
    box = around(hole, 0)
    margin = max(LEAST_CONTEXT_PX, round(context * max(box.width, box.height)))
    return around(hole, margin)


def around(hole: Flags, margin: int) -> Box:
    """Return the box of the pixels of a hole, which has some, grown by `margin` inside the frame."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return box.grow(margin).intersect(Box.of(Size(hole.shape[1], hole.shape[0])))


def descend(plan: Schedule, coarse: Values | None) -> Values:
    """Return the values of the finest level, (h, w, 4), painted from the coarsest on.

    coarse: what to begin with, values of half the size of the coarsest level; without it the hole is peeled.
    """
    field: Field | None = None
    for depth in reversed(range(len(plan.levels))):
        level = plan.levels[depth]
        if level.hole.any():
            values, field = _begin(level, coarse, field, plan.options.seed * 64 + depth)
            coarse, field = _settle(plan, depth, values, field)
        else:
            coarse = level.values
    if coarse is None:
        raise ValueError("a fill needs at least one level")
    return coarse


def _begin(level: Level, coarse: Values | None, field: Field | None, seed: int) -> tuple[Values, Field]:
    """Return what a level begins with: values and matches of the coarser one, or those of the peeled hole."""
    if coarse is None:
        values, found = peeled(level.values, level.hole, level.targets(), level.sources())
    else:
        values = np.where(level.hole[..., None], doubled(coarse, level.shape), level.values)
        found = Field.empty(level.shape) if field is None else enlarged(field, level.shape)
    return values, repaired(patches_of(level, values), found, seed)


def doubled(values: Values, shape: tuple[int, int]) -> Values:
    """Return values of half the size at `shape`, bilinear."""
    size = (2 * values.shape[1], 2 * values.shape[0])
    return cv2().resize(values, size, interpolation=cv2().INTER_LINEAR)[: shape[0], : shape[1]]


def _settle(plan: Schedule, depth: int, values: Values, field: Field) -> tuple[Values, Field]:
    """Return the values and matches of a level after matching and voting in turns."""
    level, rounds, passes = plan.levels[depth], plan.rounds(depth), plan.passes(depth)
    patches = patches_of(level, values)
    coarsest = depth >= len(plan.levels) - 2
    reach = max(level.shape) if coarsest else min(max(level.shape), plan.reach(depth))
    trust = trust_of(level.hole)
    for turn in range(rounds):
        patches = patches._replace(codes=encoded(values))
        for n in range(passes):
            passed = turn * passes + n
            search = Search(plan.options.seed * 64 + depth, passed, reach, 2 ** ((turn + n) % 5))
            field = improve(patches, field, search, plan.within(depth, passed))
        last = depth == 0 and turn == rounds - 1
        voters = Voters(patches.targets, field, trust)
        painted = _last_voted(level, voters) if last else _voted(level, voters, depth)
        change = float(np.abs(painted - values)[level.hole].mean())
        values = painted
        if depth and change < _SETTLED:
            break
    plan.tell(depth, rounds * passes)
    return values, field


def bounded(step: Values) -> Values:
    """Return steps up to 0.12 as they are, larger ones drawn back to 0, which is reached at twice that size.

    A larger step is not one of light: something stands at the rim that the painting does not continue, such as a
    remnant of what was removed, and its colour must not bleed into the hole.
    """
    kept: Values = (step * np.clip(2 - np.abs(step) / _LARGEST_STEP, 0, 1)).astype(np.float32)
    return kept


def agreed(step: Values, ring: Flags) -> Values:
    """Return steps (h, w, c), each times how much its neighbours along the `ring` (h, w) agree with it, in [0, 1].

    A step of light is the same for a stretch of the rim: the square of the mean is the mean of the squares. Where rock
    is painted over sky and sky over rock, steps differ in sign, and none of them belongs into the hole.
    """
    weight = ring[..., None].astype(np.float32)
    mean, square = _summed(step * weight), _summed(step * step * weight)
    count = np.maximum(_summed(np.repeat(weight, step.shape[2], axis=2)), np.float32(1))
    share = mean * mean / np.maximum(square * count, np.float32(1e-9))
    return (step * np.clip(share, 0, 1)).astype(np.float32)


def _summed(values: Values) -> Values:
    side = (2 * _AGREE_PX + 1, 2 * _AGREE_PX + 1)
    sums: Values = cv2().boxFilter(values, -1, side, normalize=False, borderType=cv2().BORDER_CONSTANT)
    return sums


def _voted(level: Level, voters: Voters, depth: int) -> Values:
    painted = vote(level.values, _wide(level.hole), voters, _SHARP_COARSE if depth else _SHARP_FINE)
    return _levelled(level, painted, depth >= _AGREE_FROM)


def _last_voted(level: Level, voters: Voters) -> Values:
    wide, near = _wide(level.hole), _near(level)
    painted = vote(level.values, wide, voters._replace(squares=True), SHARP)
    sharp = painted[near].copy()
    busy = busyness(sharp)
    calm = np.zeros_like(wide)
    calm[near] = wide[near] & (busy < 1)
    vote_(painted, level.values, calm, voters, SOFT)
    painted[near] = finished(sharp, painted[near], busy, wide[near])
    return _levelled(level, painted, False)


def _wide(hole: Flags) -> Flags:
    """Return the hole and the rim on which what patches paint is compared with the picture."""
    square = np.ones((2 * _RING + 1, 2 * _RING + 1), np.uint8)
    wide: Flags = cv2().dilate(hole.view(np.uint8), square).view(bool)
    return wide


def _near(level: Level) -> tuple[slice, slice]:
    return around(level.hole, 4 * RADIUS).slices(Box.of(Size(level.shape[1], level.shape[0])))


def _levelled(level: Level, painted: Values, coarse: bool) -> Values:
    """Return votes in the hole, less the smooth step between votes and picture along its rim. Writes to `painted`.

    Patches over the rim paint a little of the picture too; what they get wrong there, a step of light or colour, they
    get wrong inside. Taking the step away at every level lets patches of other brightness continue the picture. A
    coarse level decides what is where, and only steps that agree are carried inside.
    """
    near = _near(level)
    hole = level.hole[near]
    ring = _wide(level.hole)[near] & ~hole
    step = bounded(level.values[near] - painted[near])
    if coarse:
        step = agreed(step, ring)
    painted[near] += membrane(np.where(ring[..., None], step, np.float32(0)), ~hole)
    return np.where(level.hole[..., None], painted, level.values)

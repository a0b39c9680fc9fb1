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
from .finish import SHARP, busyness, finished, luma
from .patchmatch import CHANNELS, RADIUS, Field, Flags, Part, Search, enlarged, improve, repaired
from .peel import peeled
from .pyramid import Level, Values, encoded, first_level, patches_of, pyramid
from .rim import with_rim, without_step
from .smooth import leaned, thin_plate
from .vote import Voters, trust_of, vote_

LEAST_CONTEXT_PX = 128
_LARGE_PX = 100_000
_ROUNDS_COARSE, _ROUNDS_FINE = 14, 4
_SHARP_COARSE, _SHARP_FINE = 1.0, 3.0
_SETTLED = 0.0005  # mean change of a round, in encoded values, after which a coarse level is left
_AGREE_FROM = 2
_WIDE_LEVELS = 2  # so many levels, the coarsest, are searched whole


@dataclass(frozen=True)
class CompleteOptions:
    """seed: another one gives another fill. context: how far beyond the hole is looked at, as a share of its longer
    side; at least 128 px. search_px: how far the finer levels look around a match, in px of their own."""

    seed: int = 0
    context: float = 1.0
    search_px: int = 64


class Schedule(NamedTuple):
    """What the levels of one fill share. `pixels`: of each level's hole. `total` counts pixels times passes."""

    options: CompleteOptions
    levels: list[Level]
    progress: Progress
    pixels: tuple[int, ...]
    total: int

    @classmethod
    def of(cls, options: CompleteOptions, levels: list[Level], progress: Progress) -> Schedule:
        pixels = tuple(int(np.count_nonzero(level.hole)) for level in levels)
        plan = cls(options, levels, progress, pixels, 0)
        return plan._replace(total=max(sum(plan.cost(depth) for depth in range(len(levels))), 1))

    def passes(self, depth: int) -> int:
        """Return how many passes of search precede a vote; in a large hole, where they take seconds, two or one."""
        if self.settled(depth):
            return 1
        return 2 if self.large(depth) else 3

    def large(self, depth: int) -> bool:
        return self.pixels[depth] > _LARGE_PX

    def settled(self, depth: int) -> bool:
        """True for the finest level of a large hole: coarser ones have found the matches, which are moved by a px."""
        return depth == 0 and self.large(depth) and len(self.levels) > _WIDE_LEVELS

    def reach(self, depth: int) -> int:
        """Return how far a match is looked for around another, in px; in a large hole a quarter, and fewer samples."""
        if depth >= len(self.levels) - _WIDE_LEVELS:
            return max(self.levels[depth].shape)
        if self.settled(depth):
            return 2
        reach = max(self.options.search_px // 4, 1) if self.large(depth) else self.options.search_px
        return min(max(self.levels[depth].shape), reach)

    def rounds(self, depth: int) -> int:
        """Return how often a level votes; coarse levels are cheap and decide about structure."""
        if self.large(depth):
            return 2
        return _ROUNDS_FINE + (_ROUNDS_COARSE - _ROUNDS_FINE) * depth // max(len(self.levels) - 1, 1)

    def cost(self, depth: int) -> int:
        return self.rounds(depth) * self.passes(depth) * self.pixels[depth]

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
        near = _near(level)
        values = level.values.copy()
        values[near] = np.where(level.hole[near][..., None], doubled(coarse, near), values[near])
        found = Field.empty(level.shape) if field is None else enlarged(field, level.shape, near)
    return values, repaired(level.targets(), level.sources(), found, seed)


def doubled(values: Values, part: Part) -> Values:
    """Return a part of the picture of twice the size of `values`, bilinear."""
    first, last = zip(*((max(side.start // 2 - 1, 0), side.stop // 2 + 2) for side in part), strict=True)
    coarse = values[first[0] : last[0], first[1] : last[1]]
    size = (2 * coarse.shape[1], 2 * coarse.shape[0])
    fine: Values = cv2().resize(coarse, size, interpolation=cv2().INTER_LINEAR)
    top, left = part[0].start - 2 * first[0], part[1].start - 2 * first[1]
    return fine[top : part[0].stop - 2 * first[0], left : part[1].stop - 2 * first[1]]


def _settle(plan: Schedule, depth: int, values: Values, field: Field) -> tuple[Values, Field]:
    """Return the values and matches of a level after matching and voting in turns. Writes to `values`."""
    level, rounds, passes = plan.levels[depth], plan.rounds(depth), plan.passes(depth)
    patches, near = patches_of(level, values), _near(level)
    codes = patches.codes.reshape(*level.shape, CHANNELS)
    reach, trust, spare = plan.reach(depth), trust_of(level.hole), field.copy()
    for turn in range(rounds):
        for n in range(passes):
            passed = turn * passes + n
            search = Search(plan.options.seed * 64 + depth, passed, reach, 2 ** ((turn + n) % 5))
            better = improve(patches, field, search, plan.within(depth, passed), spare)
            field, spare = better, field
        before = values[near].copy()
        _vote_(values, level, near, Voters(patches.targets, field, trust), _Turn(depth, turn == rounds - 1))
        change = float(np.abs(values[near] - before)[level.hole[near]].mean())
        if depth and change < _SETTLED:
            break
        codes[near] = encoded(values[near]).reshape(before.shape)
    plan.tell(depth, rounds * passes)
    return values, field


class _Turn(NamedTuple):
    depth: int
    last: bool


def _vote_(values: Values, level: Level, near: Part, voters: Voters, turn: _Turn) -> None:
    """Write what the voters paint to `values` in the hole, which `near` contains with its rim."""
    if turn.depth == 0 and turn.last:
        _last_vote_(values, level, near, voters)
        return
    vote_(values, level.values, with_rim(level.hole), voters, _SHARP_COARSE if turn.depth else _SHARP_FINE)
    picture, hole = level.values[near], level.hole[near]
    values[near] = without_step(values[near], picture, hole, agreeing=turn.depth >= _AGREE_FROM)


def _last_vote_(values: Values, level: Level, near: Part, voters: Voters) -> None:
    """Write the finished colours of the hole to `values`; the last channel is spent."""
    wide = with_rim(level.hole)
    vote_(values, level.values, wide, voters._replace(squares=True), SHARP)
    votes, picture, hole = values[near], level.values[near], level.hole[near]
    votes[..., 3] = np.where(wide[near], votes[..., 3], luma(votes) ** 2)
    busy = busyness(votes)
    votes[..., :3] = finished(votes, busy, wide[near])
    votes[...] = without_step(votes, picture, hole, agreeing=False)
    votes[..., :3] = leaned(votes[..., :3], thin_plate(picture[..., :3], ~hole), hole, busy)


def _near(level: Level) -> Part:
    """Return the part of a level that its hole changes, or that is looked at to change it."""
    return around(level.hole, 4 * RADIUS).slices(Box.of(Size(level.shape[1], level.shape[0])))

"""Native detail for a painting that knows structure only: a learned fill, or any, enlarged to the photo's size.

The photo is halved until it is as coarse as the painting; from there the built-in fill goes on with the painting as its
first guess, so that patches of the photo bring the texture. What they cannot follow is put right at the end: the
result's coarse part is the painting's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..geometry import Box, Size
from ..tiles import Progress, no_progress
from .blend import blurred, membrane
from .complete import CompleteOptions, Schedule, check_shapes, context_of, descend, require_sources
from .patchmatch import Flags
from .pyramid import Level, Values, first_level, halved

_SMALLEST_PX = 48


@dataclass(frozen=True)
class DetailOptions:
    """scale: how many times the structure was enlarged; below 1.5 nothing is missing and it is returned as it is.
    follow: in [0, 1], how much of the coarse difference between texture and structure is taken back."""

    scale: float = 4.0
    follow: float = 0.8
    fill: CompleteOptions = field(default_factory=CompleteOptions)


def add_detail(
    picture: Values,
    hole: Flags,
    structure: Values,
    options: DetailOptions = DetailOptions(),
    progress: Progress = no_progress,
) -> Values:
    """Return `picture` with `hole` painted like `structure`, in the texture of the picture at its own resolution.

    picture and structure: float32 (h, w, 3), perceptually encoded in [0, 1]; only the structure's pixels in the hole
    are read. Outside the hole the picture is unchanged, bit for bit. Raises StillbytesError if the picture has nothing
    to take texture from, ValueError if the arrays do not fit.
    """
    check_shapes(picture, hole)
    if structure.shape != picture.shape:
        raise ValueError(f"picture {picture.shape} and structure {structure.shape}")
    out = picture.copy()
    if not hole.any():
        return out
    steps = round(np.log2(max(options.scale, 1.0)))
    part = context_of(hole, options.fill.context).slices(Box.of(Size(hole.shape[1], hole.shape[0])))
    inside = hole[part]
    painting = np.where(inside[..., None], structure[part], picture[part])
    if steps:
        finest = first_level(picture[part], inside, np.ones_like(inside))
        require_sources(finest)
        levels = _levels(finest, steps)
        plan = Schedule.of(options.fill, levels, progress)
        detailed = descend(plan, _as_level(painting, finest, len(levels)))[..., :3]
        painting = _follow(detailed, painting, inside, options)
    out[part][inside] = np.clip(painting[inside], 0, 1)
    return out


def _levels(finest: Level, steps: int) -> list[Level]:
    """Return `finest` and coarser levels, at most `steps` in all, as far as there are patches to take."""
    levels = [finest]
    while len(levels) < steps and min(levels[-1].shape) >= _SMALLEST_PX:
        coarser = halved(levels[-1])
        if not coarser.sources().any():
            break
        levels.append(coarser)
    return levels


def _as_level(painting: Values, finest: Level, steps: int) -> Values:
    """Return the painting after `steps` halvings, with the texture of the hole's rim carried inside."""
    values = np.empty_like(finest.values)
    values[..., :3] = painting
    texture = np.repeat(finest.values[..., 3:], 3, axis=2)
    values[..., 3] = membrane(texture, ~finest.hole)[..., 0]
    level = Level(values, np.zeros_like(finest.hole), finest.allowed)
    for _ in range(steps):
        level = halved(level)
    return level.values


def _follow(detailed: Values, painting: Values, hole: Flags, options: DetailOptions) -> Values:
    """Return `detailed` with the coarse part of `painting`, in the hole."""
    missing = np.where(hole[..., None], painting - detailed, np.float32(0))
    coarse = np.float32(options.follow) * blurred(missing, float(options.scale))
    return (detailed + coarse).astype(np.float32, copy=False)

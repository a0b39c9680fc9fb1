"""Taking something out of a photo: every hole is painted on the source, so that all edits see the cleaned photo."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from ..errors import ModelMissingError, StillbytesError
from ..geometry import Box, Size
from ..masks.mask import Mask
from ..photo import GUIDE_SIDE, Photo, Pixels, Source
from ..tiles import Progress, no_progress
from .blend import BlendOptions, blend
from .complete import CompleteOptions, complete
from .context import Context, Encoding, look, view
from .detail import DetailOptions, add_detail
from .grain import match_grain
from .holes import Alpha, Flags, Selected, grown, joined, selected
from .patched import Painted, PatchedSource, painted
from .ports import Painter
from .remnant import remnants
from .spots import SpotOptions, heal_spots

Engine = Literal["auto", "patches", "lama", "spot"]
ENGINES: tuple[Engine, ...] = get_args(Engine)
_SOFTEN_PX = 3
_LEAST_GROWTH_PX = 6
_MASK_ERROR_PX = 1.5
"""How far, in px of the proxy that masks are found on, an edge of a mask may be off."""
_MOST_REMNANT_PX = 32
_REMNANT_EDGE_PX = 3
_FEWEST_REMNANTS = 16
_LEAST_KNOWN = 0.01
_TOO_LARGE = "The mask covers the whole photo, so that there is nothing left to fill it from."
_WARN_SMALLER = "Select only what is to go."


@dataclass(frozen=True)
class FillOptions:
    """How holes are painted.

    engine: "auto" takes the painter where there is one, and heals small spots without it. seed: another one gives
    another fill. grow_px: how far beyond the mask's soft edge pixels may change, in source px; None fits it to the
    photo's size and takes slivers of what is removed along, up to `remnant_px` and an edge of 3 px
    farther out. grain: give what is painted the grain of its surroundings.
    """

    engine: Engine = "auto"
    seed: int = 0
    grow_px: float | None = None
    grain: bool = True


@dataclass(frozen=True)
class HoleReport:
    """One painted place: its box in source px, who painted it, how many px changed, and the time it took.

    `remnants`: how many px beside the mask belonged to what was removed and went with it.
    """

    box: Box
    engine: str
    pixels: int
    milliseconds: float
    remnants: int = 0


@dataclass(frozen=True)
class FillReport:
    """What a fill did. `coverage` is the share of the source that changed."""

    holes: tuple[HoleReport, ...]
    coverage: float
    milliseconds: float

    @property
    def engine(self) -> str:
        """The engines that painted, the largest hole's first."""
        names = [hole.engine for hole in sorted(self.holes, key=lambda hole: -hole.pixels)]
        return ", ".join(dict.fromkeys(names))

    @property
    def sentence(self) -> str:
        """The report in plain words."""
        if not self.holes:
            return "The mask is empty: nothing was filled."
        places = "1 place" if len(self.holes) == 1 else f"{len(self.holes)} places"
        share = self.coverage * 100
        missed = sum(hole.remnants for hole in self.holes)
        rim = f" The mask was widened over {missed} px of rim that it had missed." if missed else ""
        return f"Filled {places}, {share:.2g} % of the photo, with {self.engine}, in {self.milliseconds:.0f} ms.{rim}"


def fill(
    photo: Photo,
    mask: Mask | Alpha,
    options: FillOptions | None = None,
    painter: Painter | None = None,
    progress: Progress = no_progress,
) -> tuple[Photo, FillReport]:
    """Return `photo` with what `mask` selects painted over from its surroundings, and what was done.

    mask: one of the engine's, or float32 (h, w) in [0, 1] over the finished frame, any size. An empty one gives the
    photo itself. Outside the mask grown by `grow_px`, and by slivers where that is None, no bit of the source changes.
    The same input gives the same pixels. Raises StillbytesError if hardly anything of the photo is left,
    ModelMissingError if engine "lama" has no painter, and what `progress` raises to cancel.
    """
    options = options or FillOptions()
    if options.engine == "lama" and painter is None:
        raise ModelMissingError("Filling with LaMa needs a LaMa model.", "Load one, or choose another engine.")
    started = time.perf_counter()
    wanted, size = selected(mask, photo), photo.source.size
    reach = growth_px(size) if options.grow_px is None else options.grow_px
    places = joined(wanted.boxes(), int(np.ceil(reach)) + _SOFTEN_PX, size)
    source, reports = photo.source, list[HoleReport]()
    for number, place in enumerate(places):
        job = _Job(options, painter, reach, _part(progress, number, len(places)))
        patch, report = _fill_place(source, wanted, place, places[number + 1 :], job)
        if patch is not None and report is not None:
            source = PatchedSource(source, [patch])
            reports.append(report)
    progress(1, 1)
    coverage = sum(report.pixels for report in reports) / size.pixels
    result = FillReport(tuple(reports), coverage, (time.perf_counter() - started) * 1000)
    return (replace(photo, source=source) if reports else photo), result


def growth_px(size: Size) -> float:
    """Return how far beyond a mask's soft edge a source of `size` is repainted, in px."""
    return max(_LEAST_GROWTH_PX, _MASK_ERROR_PX * max(size) / GUIDE_SIDE + _SOFTEN_PX)


def remnant_px(reach_px: float) -> int:
    """Return how far beyond a mask grown by `reach_px` slivers of what is removed are looked for, in px."""
    return min(round(2 * reach_px), _MOST_REMNANT_PX)


@dataclass(frozen=True)
class _Job:
    options: FillOptions
    painter: Painter | None
    reach_px: float
    progress: Progress


def _part(progress: Progress, number: int, count: int) -> Progress:
    """Return the progress of one of `count` equal parts."""

    def tell(done: int, total: int) -> None:
        progress(number * 1000 + 1000 * done // max(total, 1), count * 1000)

    return tell


def _fill_place(
    source: Source, wanted: Selected, place: Box, later: list[Box], job: _Job
) -> tuple[Painted | None, HoleReport | None]:
    started = time.perf_counter()
    job.progress(0, 1)
    soften = min(_SOFTEN_PX, int(job.reach_px))
    context = look(source, wanted, place, later, max(job.reach_px - soften - 1, 0.0))
    if context is None:
        return None, None
    if context.known_share < _LEAST_KNOWN:
        raise StillbytesError(_TOO_LARGE, _WARN_SMALLER)
    context, missed = _with_remnants(context, job)
    light, engine = _paint(context, job)
    light = blend(context.light, light, context.hole, BlendOptions(soften_px=soften))
    changed = grown(context.hole, soften + 1) & (light != context.light).any(axis=2)
    patch = painted(context.box, light, context.light, changed.astype(np.float32))
    if patch is None:
        return None, None
    pixels = int(np.count_nonzero(changed))
    return patch, HoleReport(patch.box, engine, pixels, (time.perf_counter() - started) * 1000, missed)


def _with_remnants(context: Context, job: _Job) -> tuple[Context, int]:
    """Return the context with its hole widened over slivers that the mask missed, and how many px they have."""
    if job.options.grow_px is not None:
        return context, 0
    picture = Encoding.of(context.light, context.allowed).encode(context.light)
    found = remnants(picture, context.hole, context.allowed, job.reach_px, remnant_px(job.reach_px))
    if np.count_nonzero(found) < _FEWEST_REMNANTS:
        return context, 0
    hole = context.hole | (grown(found, _REMNANT_EDGE_PX) & context.allowed)
    return replace(context, hole=hole, allowed=context.allowed & ~hole), int(np.count_nonzero(found))


def _paint(context: Context, job: _Job) -> tuple[Pixels, str]:
    """Return the context's light with the hole painted, and by whom."""
    options = job.options
    encoding = Encoding.of(context.light, context.allowed)
    picture = encoding.encode(context.light)
    rest = context.hole
    if options.engine in ("auto", "spot"):
        picture, rest = heal_spots(picture, ~context.allowed, SpotOptions())
        rest &= context.hole
        if not rest.any():
            return _finished(context, picture, encoding, options), "spot healing"
    if job.painter is not None and options.engine in ("auto", "lama"):
        return _finished(context, _learned(context, picture, rest, encoding, job), encoding, options), job.painter.name
    picture = _built_in(picture, rest, context.allowed, job)
    return _finished(context, picture, encoding, options), "patches"


def _finished(context: Context, picture: Pixels, encoding: Encoding, options: FillOptions) -> Pixels:
    if options.grain:
        picture = match_grain(picture, context.hole, options.seed)
    return np.where(context.hole[..., None], encoding.decode(picture), context.light)


def _built_in(picture: Pixels, hole: Flags, allowed: Flags, job: _Job) -> Pixels:
    return complete(picture, hole, CompleteOptions(seed=job.options.seed), job.progress, allowed)


def _learned(context: Context, picture: Pixels, hole: Flags, encoding: Encoding, job: _Job) -> Pixels:
    """Return the picture painted by the painter: as it is at the painter's own size, else as structure for detail."""
    assert job.painter is not None
    seen = view(context, job.painter.good_side)
    drawn = job.painter.paint(seen.picture, seen.hole)
    size = Size(hole.shape[1], hole.shape[0])
    structure = encoding.encode(seen.light(drawn, size))
    if seen.hole.shape == hole.shape:
        return np.where(hole[..., None], structure, picture)
    scale = max(hole.shape) / max(seen.hole.shape)
    options = DetailOptions(scale, fill=CompleteOptions(seed=job.options.seed))
    detailed = add_detail(picture, ~context.allowed, structure, options, job.progress)
    return np.where(hole[..., None], detailed, picture)

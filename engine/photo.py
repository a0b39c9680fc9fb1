"""A Photo: a source plus edits. Nothing is computed until somebody asks for pixels."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from . import fastmath
from .framing import Framing
from .geometry import Box, Grid, Size
from .jit import kernel
from .metadata import Metadata
from .tiles import TILE_HEIGHT, TILE_WIDTH, Progress, for_each, no_progress, split

Pixels = NDArray[np.float32]
GUIDE_SIDE = 1024
_TALL = 4 * TILE_HEIGHT  # fewer rows are demosaiced twice; nothing else needs such a tile in the cache


class Source(Protocol):
    """Where a photo's pixels come from: a RAW mosaic or an image.

    `size` is the upright full-resolution size, after the camera's default crop and the EXIF orientation.
    `kind` says whether the light is as the sensor saw it ("scene") or already rendered for a screen ("display").
    """

    @property
    def size(self) -> Size: ...
    @property
    def kind(self) -> Literal["scene", "display"]: ...
    @property
    def metadata(self) -> Metadata: ...
    @property
    def name(self) -> str:
        """The file's name, for messages."""
        ...

    @property
    def path(self) -> Path | None:
        """The file that must not be overwritten; None where there is none."""
        ...

    def read(self, box: Box, grid: Grid, out: Pixels | None = None) -> Pixels:
        """Return float32 (box.height, box.width, 3) pixels, scene-linear Rec.2020, of `grid`'s pixels in `box`.

        `box` lies inside grid.domain(size). A pixel's value does not depend on the box it was asked for in.
        Without `out` the array is new; with it `out`, which may be a view into a larger one, is filled and returned.
        """
        ...


@dataclass(frozen=True)
class View:
    """Where a tile lies, and what an edit may look at besides the tile's own pixels.

    `luma` is the source's own luminance in this tile, which masks follow; None when no edit asks for it.
    `to_frame` maps source px to the finished frame: (x, y) -> (-1..1, -1..1) for its corners, as a 2x3 matrix.
    `seen` is what the edit's `prepare` returned.
    """

    box: Box
    grid: Grid
    source_size: Size
    luma: Pixels | None
    to_frame: NDArray[np.float64]
    seen: Any = None

    @property
    def scale(self) -> float:
        return self.grid.scale


class Edit(Protocol):
    """One change of pixels. An edit is pointwise, or names its halo, or looks at the small guide in `prepare`."""

    @property
    def wants_guide(self) -> bool: ...
    def wants_luma(self, box: Box, grid: Grid, source: Size) -> bool:
        """True if `apply_` looks at View.luma in `box`."""
        ...

    def halo_px(self, source: Size, scale: float) -> int:
        """Return how far, in rendered px at `scale`, a pixel's value depends on its neighbours."""
        ...

    def prepare(self, guide: Pixels, view: View, kind: Literal["scene", "display"]) -> Any:
        """Return what `apply_` needs to know of the whole photo as the edits before this one left it."""
        ...

    def apply_(self, pixels: Pixels, view: View) -> None:
        """Change `pixels`, (h, w, 3), in place; pixels nearer to an inner border than the halo may be wrong."""
        ...


_proxies: WeakKeyDictionary[Source, Pixels] = WeakKeyDictionary()
_proxy_lock = threading.Lock()


def source_proxy(source: Source) -> Pixels:
    """Return the whole unedited source at GUIDE_SIDE px, computed once per source; do not write into it."""
    with _proxy_lock:
        if (pixels := _proxies.get(source)) is None:
            frame = source.size.fit(GUIDE_SIDE)
            pixels = read_parallel(source, Box.of(frame), Grid.whole(source.size, frame))
            pixels.setflags(write=False)
            _proxies[source] = pixels
        return pixels


def forget_proxy(source: Source) -> None:
    """Free what `source_proxy` keeps of `source`; it is computed again when somebody asks."""
    with _proxy_lock:
        _proxies.pop(source, None)


def read_parallel(source: Source, box: Box, grid: Grid) -> Pixels:
    """Return `source.read(box, grid)`, computed in the engine's threads."""
    out = np.empty((box.height, box.width, 3), np.float32)
    for_each(lambda tile: source.read(tile, grid, out[tile.slices(box)]), list(split(box)))
    return out


@kernel
def _luminance(pixels: Pixels, out: Pixels) -> None:
    for j in range(pixels.shape[0]):
        row, line = pixels[j], out[j]
        for i in range(line.shape[0]):
            line[i] = np.float32(0.2627) * row[i, 0] + np.float32(0.6780) * row[i, 1] + np.float32(0.0593) * row[i, 2]
        for i in range(line.shape[0]):
            line[i] = fastmath.cbrt(line[i])


def luminance(pixels: Pixels) -> Pixels:
    """Return the cube root of luminance (ITU-R BT.2020-2, Y row), float32 (h, w): even steps look even."""
    out = np.empty(pixels.shape[:2], np.float32)
    _luminance(pixels, out)
    return out


@dataclass(frozen=True, eq=False)
class Photo:
    """A source, the edits of its pixels in order, and how it is framed. Immutable and cheap to copy."""

    source: Source
    edits: tuple[Edit, ...] = ()
    framing: Framing = field(default_factory=Framing)

    def with_edit(self, edit: Edit) -> Photo:
        """Return this photo with one more edit on top."""
        return replace(self, edits=(*self.edits, edit))

    def with_framing(self, framing: Framing) -> Photo:
        """Return this photo framed as `framing` says."""
        return replace(self, framing=framing)

    @property
    def size(self) -> Size:
        """The full-resolution size of the finished photo."""
        return self.framing.size(self.source.size)

    def size_at(self, scale: float) -> Size:
        """Return the size of the frame that `render(scale=scale)` gives."""
        return Size(max(1, round(self.size.width * scale)), max(1, round(self.size.height * scale)))

    def render(self, box: Box | None = None, scale: float = 1.0, progress: Progress = no_progress) -> Pixels:
        """Return float32 (h, w, 3) pixels, scene-linear Rec.2020, of `box` of the frame rendered at `scale`.

        `box` is in px of the frame of size_at(scale), the whole frame if None; `scale` is in (0, 1].
        The result does not depend on how a frame is cut into boxes.
        """
        box = box or Box.of(self.size_at(scale))
        out = np.empty((box.height, box.width, 3), np.float32)
        frame = self._checked(box, scale)
        placed = self.framing.place(self.source.size, frame)
        if not self.edits and placed.straight:
            tiles = list(split(box, TILE_WIDTH, _TALL))
            for_each(lambda tile: self.source.read(tile, placed.grid, out[tile.slices(box)]), tiles, progress)
            return out

        def keep(tile: Box, pixels: Pixels) -> None:
            out[tile.slices(box)] = pixels

        self.each_tile(box, scale, keep, progress)
        return out

    def each_tile(
        self, box: Box, scale: float, keep: Callable[[Box, Pixels], None], progress: Progress = no_progress
    ) -> None:
        """Render `box` tile by tile in the engine's threads; `keep(tile, pixels)` is called in those threads."""
        tile_of = self.tile_renderer(box, scale)
        for_each(lambda tile: keep(tile, tile_of(tile)), list(split(box)), progress)

    def tile_renderer(self, box: Box, scale: float) -> Callable[[Box], Pixels]:
        """Return a function that renders any tile inside `box`; it may be called from many threads at once."""
        placed = self.framing.place(self.source.size, self._checked(box, scale))
        to_frame = self.framing.to_frame(self.source.size)
        _ = self._seen  # computed here, not in a worker thread

        def render(tile: Box) -> Pixels:
            pixels = self._render_source(placed.source_box(tile), placed.grid, to_frame)
            return placed.finish(pixels, tile)

        return render

    def _checked(self, box: Box, scale: float) -> Size:
        """Return the size of the frame at `scale`. Raises ValueError if scale or box are not possible."""
        if not 0.0 < scale <= 1.0:
            raise ValueError(f"scale must be in (0, 1], got {scale}")
        frame = self.size_at(scale)
        if not Box.of(frame).contains(box) or box.empty:
            raise ValueError(f"{box} is not inside the frame of {frame}")
        return frame

    def _render_source(self, box: Box, grid: Grid, to_frame: NDArray[np.float64]) -> Pixels:
        """Return the edited pixels of `box` on the source's grid, before turning or straightening."""
        halo = sum(edit.halo_px(self.source.size, grid.scale) for edit in self.edits)
        reach = box.grow(halo).intersect(grid.domain(self.source.size)) if halo else box
        pixels = self.source.read(reach, grid)
        wanted = any(edit.wants_luma(reach, grid, self.source.size) for edit in self.edits)
        luma = luminance(pixels) if wanted else None
        view = View(reach, grid, self.source.size, luma, to_frame)
        for edit, seen in zip(self.edits, self._seen, strict=True):
            edit.apply_(pixels, replace(view, seen=seen))
        return pixels[box.slices(reach)]

    @cached_property
    def _seen(self) -> tuple[Any, ...]:
        """What each edit saw in the guide, the whole photo at GUIDE_SIDE px as the edits below it left it."""
        last = max((n for n, edit in enumerate(self.edits) if edit.wants_guide), default=-1)
        if last < 0:
            return (None,) * len(self.edits)
        pixels = source_proxy(self.source).copy()
        frame = Size(pixels.shape[1], pixels.shape[0])
        grid = Grid.whole(self.source.size, frame)
        view = View(Box.of(frame), grid, self.source.size, luminance(pixels), self.framing.to_frame(self.source.size))
        seen: list[Any] = []
        for edit in self.edits[:last]:
            seen.append(edit.prepare(pixels, view, self.source.kind) if edit.wants_guide else None)
            edit.apply_(pixels, replace(view, seen=seen[-1]))
        seen.append(self.edits[last].prepare(pixels, view, self.source.kind))
        return (*seen, *(None,) * (len(self.edits) - last - 1))

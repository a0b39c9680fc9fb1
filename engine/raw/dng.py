"""The plain kind of DNG, read without LibRaw: a Bayer mosaic in 16-bit strips or lossless-JPEG tiles.

LibRaw unpacks tiles one by one, which is most of the time that a large DNG takes to open; here every core decodes
some. Whatever is not plain is left to LibRaw: `read` says None to linearisation tables, black levels by row, patterns
other than Bayer's, other compressions and missing tags, `write_samples` to damaged tiles. DNG 1.7.1 (Adobe, 2023),
chapters 4 and 6.

Runs in the decoder's process, which loads it by path: it imports nothing of the package but the directory reader.
"""

from __future__ import annotations

import errno
import importlib
import mmap
import os
import shutil
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.uint16]

_NONE, _LOSSLESS_JPEG = 1, 7
_BAYER = {"RGGB", "BGGR", "GRBG", "GBRG"}
_MOST_SAMPLES = 1 << 30
_LEAST_SIDE = 16
_ROWS_AT_ONCE = 256
# LinearizationTable, BlackLevelDeltaH, BlackLevelDeltaV, SubTileBlockSize, RowInterleaveFactor, ColumnInterleaveFactor
_NOT_PLAIN = (50712, 50715, 50716, 50974, 50975, 52547)
_END_OF_IMAGE = b"\xff\xd9"


class Piece(NamedTuple):
    """A strip or tile: where its bytes lie in the file, and where its samples lie on the sensor."""

    offset: int
    size: int
    top: int
    left: int


class Layout(NamedTuple):
    """How the samples lie in the file: `sample` is numpy's name of an uncompressed one, `piece` is the (height, width)
    of a strip or tile and `active` the (top, left, bottom, right) that sees light."""

    compression: int
    sample: str
    piece: tuple[int, int]
    active: tuple[int, int, int, int]
    pieces: tuple[Piece, ...]


class Reader:
    """The tags of one directory of a file; every question that it cannot answer raises LookupError."""

    def __init__(self, ifd: Any, order: str, directory: Any) -> None:
        self._ifd, self._order, self._directory = ifd, order, directory

    def __contains__(self, tag: int) -> bool:
        return tag in self._directory

    def integers(self, tag: int, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        if values := self._ifd.integers(self._directory.get(tag), self._order):
            return values
        if default is None:
            raise LookupError(f"tag {tag}")
        return default

    def integer(self, tag: int, default: int | None = None) -> int:
        return self.integers(tag, None if default is None else (default,))[0]

    def numbers(self, tag: int, default: tuple[float, ...] | None = None) -> tuple[float, ...]:
        """Return whole or rational numbers."""
        entry = self._directory.get(tag)
        if entry is not None and entry.kind in (5, 10):
            pairs = struct.unpack(f"{self._order}{2 * entry.length}{'I' if entry.kind == 5 else 'i'}", entry.data)
            if not all(pairs[1::2]):
                raise LookupError(f"tag {tag}")
            return tuple(above / below for above, below in zip(pairs[::2], pairs[1::2], strict=True))
        if entry is None and default is not None:
            return default
        return tuple(map(float, self.integers(tag)))

    def number(self, tag: int) -> float:
        return self._ifd.number(self._directory.get(tag), self._order)

    def text(self, tag: int) -> str:
        return self._ifd.text(self._directory.get(tag))


def read(path: str, ifd: Any) -> tuple[Layout, dict[str, Any]] | None:
    """Return where the samples of a plain DNG lie and the facts about them; None if it is not a plain one.

    `ifd` is the module engine/raster/ifd.py.
    """
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(data, ifd)
    except (LookupError, ValueError, OSError, OverflowError, struct.error):
        return None


def write_samples(path: str, layout: Layout, spool: str) -> Samples | None:
    """Write the samples of the active area to the file `spool` and return them; None if they are damaged.

    Raises OSError if there is no room for them: a write into a mapped file on a full disk ends the process.
    """
    import numpy as np

    top, left, bottom, right = layout.active
    if shutil.disk_usage(os.path.dirname(os.path.abspath(spool))).free < 2 * (bottom - top) * (right - left):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    out: Samples = np.memmap(spool, np.uint16, "w+", shape=(bottom - top, right - left))
    width = layout.piece[1]

    def place(piece: Piece) -> None:
        samples = _samples(path, piece, layout)
        first, last = max(piece.top, top), min(piece.top + len(samples), bottom)
        begin, end = max(piece.left, left), min(piece.left + width, right)
        if first < last and begin < end:
            inner = samples[first - piece.top : last - piece.top, begin - piece.left : end - piece.left]
            out[first - top : last - top, begin - left : end - left] = inner

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        with ThreadPoolExecutor(cores) as threads:
            for _ in threads.map(place, layout.pieces):
                pass
    except Exception:  # noqa: BLE001 - whatever a codec makes of a damaged tile, LibRaw has the last word
        return None
    return out


def _samples(path: str, piece: Piece, layout: Layout) -> Samples:
    """Return the samples of a strip or tile. Raises ValueError if it is damaged."""
    import numpy as np

    with open(path, "rb") as file:
        file.seek(piece.offset)
        raw = file.read(piece.size)
    if layout.compression == _NONE:
        return np.frombuffer(raw, layout.sample).reshape(-1, layout.piece[1])
    if not raw.rstrip(b"\0").endswith(_END_OF_IMAGE):
        raise ValueError("a tile is cut off")
    decoded = importlib.import_module("imagecodecs").ljpeg_decode(raw)
    if decoded.dtype != np.uint16:
        raise ValueError("a tile of 8 bits")
    return decoded.reshape(layout.piece)


def _read(data: mmap.mmap, ifd: Any) -> tuple[Layout, dict[str, Any]] | None:
    header = ifd.read_header(data)
    first = Reader(ifd, header.order, ifd.read_directory(data, header, header.first))
    if 50706 not in first:  # DNGVersion
        return None
    raw = first
    for at in first.integers(330, ()):
        found = Reader(ifd, header.order, ifd.read_directory(data, header, at))
        if found.integer(254, 0) == 0 and found.integer(262, 0) == 32803:
            raw = found
    layout = _layout(raw, header.order, len(data))
    if layout is None:
        return None
    exif_at = first.integers(34665, ())
    exif = Reader(ifd, header.order, ifd.read_directory(data, header, exif_at[0]) if exif_at else {})
    return layout, _facts(first, raw, exif, layout)


def _layout(raw: Reader, order: str, file_bytes: int) -> Layout | None:
    """Return where the samples lie, None if they do not lie plainly."""
    width, height, compression = raw.integer(256), raw.integer(257), raw.integer(259)
    is_bayer = raw.integer(262) == 32803 and raw.integers(33421) == (2, 2) and raw.integer(50711, 1) == 1
    bits = raw.integer(258)
    fits = bits == 16 if compression == _NONE else compression == _LOSSLESS_JPEG and 8 < bits <= 16
    if not is_bayer or not fits or any(tag in raw for tag in _NOT_PLAIN):
        return None
    if (raw.integer(254, 0), raw.integer(277, 1), raw.integer(317, 1), raw.integers(50710, (0, 1, 2))) != (
        0, 1, 1, (0, 1, 2)
    ):  # fmt: skip
        return None
    if min(width, height) < _LEAST_SIDE or width * height > _MOST_SAMPLES:
        return None
    tiled = 322 in raw
    piece = (raw.integer(323), raw.integer(322)) if tiled else (min(raw.integer(278, height), height), width)
    if min(piece) < 1 or piece[0] * piece[1] > _MOST_SAMPLES or (tiled and compression == _NONE):
        return None
    offsets, counts = raw.integers(324 if tiled else 273), raw.integers(325 if tiled else 279)
    across, down = -(-width // piece[1]), -(-height // piece[0])
    if len(offsets) != across * down or len(counts) != across * down:
        return None
    pieces = tuple(
        Piece(offset, count, k // across * piece[0], k % across * piece[1])
        for k, (offset, count) in enumerate(zip(offsets, counts, strict=True))
    )
    if any(p.size < 1 or p.offset + p.size > file_bytes for p in pieces):
        return None
    if compression == _NONE:
        if any(p.size != 2 * width * min(piece[0], height - p.top) for p in pieces):
            return None
        pieces = tuple(part for p in pieces for part in _parts(p, width))
    active = raw.integers(50829, (0, 0, height, width))
    if len(active) != 4 or not (0 <= active[0] < active[2] <= height and 0 <= active[1] < active[3] <= width):
        return None
    return Layout(compression, f"{order}u2", piece, (active[0], active[1], active[2], active[3]), pieces)


def _parts(strip: Piece, width: int) -> Iterator[Piece]:
    """Yield the rows of an uncompressed strip, a few at a time: a strip may be the whole frame."""
    row_bytes = 2 * width
    for done in range(0, strip.size, _ROWS_AT_ONCE * row_bytes):
        size = min(_ROWS_AT_ONCE * row_bytes, strip.size - done)
        yield Piece(strip.offset + done, size, strip.top + done // row_bytes, 0)


def _facts(first: Reader, raw: Reader, exif: Reader, layout: Layout) -> dict[str, Any]:
    """Return what the decoder's answer holds besides the samples. Raises LookupError if a needed tag is missing."""
    height, width = layout.active[2] - layout.active[0], layout.active[3] - layout.active[1]
    letters = "".join("RGB"[k] for k in raw.integers(33422) if k < 3)
    if (
        letters not in _BAYER
        or max(raw.numbers(50718, (1.0, 1.0))) > 1.01
        or min(raw.numbers(50718, (1.0, 1.0))) < 0.99
    ):
        raise LookupError("pattern or pixel shape")
    if len(first.numbers(50721)) != 9:
        raise LookupError("colour matrix")
    neutral = first.numbers(50728)
    if len(neutral) != 3 or min(neutral) <= 0:
        raise LookupError("neutral")
    colors = [[_index(letters[2 * y + x], y) for x in range(2)] for y in range(2)]
    black = _black(raw, colors)
    origin, size = raw.numbers(50719, (0.0, 0.0)), raw.numbers(50720, (float(width), float(height)))
    return {
        "shape": [height, width],
        "colors": colors,
        "color_names": "RGBG",
        "crop": [round(value) for value in (*origin[:2], *size[:2])],
        "flip": _FLIP.get(first.integer(274, 1), 0),
        "black": black,
        "white": [raw.numbers(50717, (float(2 ** raw.integer(258) - 1),))[0]] * 4,
        "saturation": [],
        "camera_wb": [neutral[1] / neutral[0], 1.0, neutral[1] / neutral[2], 0.0],
        "daylight_wb": [],
        "xyz_to_camera": [],
        "camera_to_srgb": [],
        "iso": exif.number(34855),
        "exposure_s": exif.number(33434),
        "aperture": exif.number(33437),
        "focal_length_mm": exif.number(37386),
        "lens": exif.text(42036),
    }


# EXIF orientation -> LibRaw's flip, see mosaic.py
_FLIP = {1: 0, 2: 1, 3: 3, 4: 2, 5: 4, 6: 6, 7: 7, 8: 5}


def _index(letter: str, row: int) -> int:
    """Return LibRaw's colour index: the green of the second row of a pattern has one of its own."""
    return "RGB".index(letter) if letter != "G" or row == 0 else 3


def _black(raw: Reader, colors: list[list[int]]) -> list[float]:
    """Return the black level by colour index; DNG has it by place, in rows of BlackLevelRepeatDim."""
    rows, columns = raw.integers(50713, (1, 1))[:2]
    levels = raw.numbers(50714, (0.0,) * (rows * columns))
    if rows not in (1, 2) or columns not in (1, 2) or len(levels) != rows * columns:
        raise LookupError("black level")
    black = [0.0] * 4
    for y in range(2):
        for x in range(2):
            black[colors[y][x]] = levels[(y % rows) * columns + x % columns]
    return black

"""A DNG writer for synthetic RAW files.

The file stands alone (numpy and the standard library), so that anything can load it by path. The same arguments give
the same bytes on every machine. `sensor.py` makes the mosaic from a picture.

Formats: DNG 1.4 (Adobe, 2012); lossless JPEG as in ITU-T T.81, process 14, predictor 1.
"""

import heapq
import struct
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

Pattern = Literal["RGGB", "BGGR", "GRBG", "GBRG"]
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
Compression = Literal["none", "lossless-jpeg"]
TILE = 512

# IEC 61966-2-1: linear sRGB to XYZ, white D65.
SRGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


class Shot(NamedTuple):
    """What the EXIF of a file says about the exposure and its author; empty texts are left out."""

    exposure_s: float = 1 / 250
    aperture: float = 8.0
    iso: int = 100
    focal_length_mm: float = 35.0
    lens: str = "35mm f/2"
    taken: str = "2026:06:21 18:30:00"
    artist: str = ""
    copyright: str = ""
    description: str = ""


class Rect(NamedTuple):
    """A half-open rectangle in stored pixels."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class DngSpec:
    """The camera that a file pretends to come from.

    bits: of the sensor codes, at most 16. black: code of no light, one for all or one per position of the 2x2 pattern
    (row by row; for a linear DNG one per channel). white: code of saturation, `2**bits - 1` if None.
    color_matrix: XYZ (D65) to camera, 3x3 row by row; the default resembles a current full-frame sensor.
    neutral: camera RGB of a white patch, largest 1; that of D65 through the matrix if None.
    crop: the default crop in px of the active area; active: the part of the sensor that sees light.
    """

    bits: int = 14
    pattern: Pattern = "RGGB"
    black: float | tuple[float, ...] = 512.0
    white: int | None = None
    color_matrix: tuple[float, ...] = (1.0405, -0.3755, -0.1270, -0.5461, 1.3787, 0.1793, -0.1040, 0.2015, 0.6785)
    neutral: tuple[float, float, float] | None = None
    orientation: int = 1
    crop: Rect | None = None
    active: Rect | None = None
    baseline_exposure_ev: float = 0.0
    compression: Compression = "none"
    make: str = "Stillbytes"
    model: str = "Synthetic DNG"
    shot: Shot = field(default_factory=Shot)

    @property
    def white_level(self) -> int:
        return 2**self.bits - 1 if self.white is None else self.white

    def black_levels(self, count: int) -> tuple[float, ...]:
        """Return one black level for each of `count` pattern positions or channels."""
        levels = self.black if isinstance(self.black, tuple) else (self.black,) * count
        if len(levels) != count:
            raise ValueError(f"{count} black levels are needed, got {len(levels)}")
        return levels

    @property
    def channels(self) -> NDArray[np.intp]:
        """The 2x2 channel numbers (0 red, 1 green, 2 blue) of the Bayer pattern."""
        return np.array(["RGB".index(letter) for letter in self.pattern]).reshape(2, 2)

    @property
    def camera_from_srgb(self) -> NDArray[np.float64]:
        """The matrix from linear sRGB to white-balanced camera RGB: white gives (1, 1, 1)."""
        matrix = np.reshape(self.color_matrix, (3, 3)) @ SRGB_TO_XYZ
        return matrix / matrix.sum(axis=1, keepdims=True)

    @property
    def as_shot_neutral(self) -> tuple[float, float, float]:
        if self.neutral is not None:
            return self.neutral
        white = (np.reshape(self.color_matrix, (3, 3)) @ SRGB_TO_XYZ).sum(axis=1)
        red, green, blue = (float(v) for v in white / white.max())
        return red, green, blue


# --- Lossless JPEG ------------------------------------------------------------------------------------------------


def encode_lossless_jpeg(samples: NDArray[np.uint16]) -> bytes:
    """Return (rows, columns, components) uint16 samples as one lossless-JPEG stream with its own Huffman table."""
    rows, columns, components = samples.shape
    values = samples.astype(np.int32)
    left = np.empty_like(values)
    left[:, 1:] = values[:, :-1]
    left[1:, 0] = values[:-1, 0]
    left[0, 0] = 1 << 15
    difference = ((values - left + 0x8000) & 0xFFFF) - 0x8000
    difference[difference == -0x8000] = 0x8000
    difference = difference.ravel()
    sizes = np.frexp(np.abs(difference).astype(np.float64))[1]
    lengths = _code_lengths(np.bincount(sizes, minlength=17))
    order = sorted((length, size) for size, length in enumerate(lengths) if length)
    header = b"\xff\xd8" + _segment(
        0xC3,
        struct.pack(">BHHB", 16, rows, columns, components) + b"".join(bytes([c, 0x11, 0]) for c in range(components)),
    )
    counts = bytes(sum(length == bits for length, _ in order) for bits in range(1, 17))
    header += _segment(0xC4, b"\0" + counts + bytes(size for _, size in order))
    header += _segment(0xDA, bytes([components]) + b"".join(bytes([c, 0]) for c in range(components)) + b"\1\0\0")
    return header + _pack_bits(difference, sizes, order) + b"\xff\xd9"


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def _code_lengths(counts: NDArray[np.intp]) -> list[int]:
    """Return Huffman code lengths per symbol, 0 for absent ones; at most 16, and the all-ones code stays unused."""
    floor = int(counts.sum()) // 1024 + 1
    heap = [(max(int(count), floor), symbol, [symbol]) for symbol, count in enumerate(counts) if count]
    heap.append((0, len(counts), [len(counts)]))
    heapq.heapify(heap)
    lengths = [0] * (len(counts) + 1)
    while len(heap) > 1:
        first, second = heapq.heappop(heap), heapq.heappop(heap)
        merged = first[2] + second[2]
        for symbol in merged:
            lengths[symbol] += 1
        heapq.heappush(heap, (first[0] + second[0], min(first[1], second[1]), merged))
    return lengths[:-1]


def _pack_bits(difference: NDArray[np.int32], sizes: NDArray[np.int32], order: list[tuple[int, int]]) -> bytes:
    codes, lengths = np.zeros(17, np.uint64), np.zeros(17, np.int64)
    code = 0
    for position, (length, size) in enumerate(order):
        code = (code << (length - order[position - 1][0])) if position else 0
        codes[size], lengths[size] = code, length
        code += 1
    extra = np.where(sizes == 16, 0, sizes).astype(np.int64)
    tail = np.where(difference < 0, difference + (np.int64(1) << sizes) - 1, difference).astype(np.uint64)
    tail[sizes == 16] = 0
    word = (codes[sizes] << extra.astype(np.uint64)) | tail
    bits = lengths[sizes] + extra
    start = np.cumsum(bits) - bits
    total = int(start[-1] + bits[-1])
    # A code with its tail is at most 32 bits long, so it lies in two neighbouring 32-bit words; sums act as "or".
    placed = word << (64 - (start & 31) - bits).astype(np.uint64)
    slot = start >> 5
    words = np.zeros((total >> 5) + 2)
    words[: int(slot[-1]) + 1] += np.bincount(slot, weights=(placed >> np.uint64(32)).astype(np.float64))
    words[1 : int(slot[-1]) + 2] += np.bincount(slot, weights=(placed & np.uint64(0xFFFFFFFF)).astype(np.float64))
    stream = np.frombuffer(words.astype(">u4").tobytes(), np.uint8)[: -(-total // 8)].copy()
    if total % 8:
        stream[-1] |= (1 << (8 - total % 8)) - 1
    stuffed = np.repeat(stream, 1 + (stream == 0xFF))
    stuffed[np.flatnonzero(stream == 0xFF) + np.arange(1, 1 + int((stream == 0xFF).sum()))] = 0
    return stuffed.tobytes()


# --- TIFF ---------------------------------------------------------------------------------------------------------


class _Entry(NamedTuple):
    tag: int
    kind: int
    values: int
    data: bytes


def _text(tag: int, text: str) -> list[_Entry]:
    data = text.encode() + b"\0"
    return [_Entry(tag, 2, len(data), data)] if text else []


def _numbers(tag: int, kind: Literal["B", "H", "I"], *values: int) -> _Entry:
    return _Entry(tag, {"B": 1, "H": 3, "I": 4}[kind], len(values), struct.pack(f"<{len(values)}{kind}", *values))


def _fractions(tag: int, *values: float, signed: bool = False) -> _Entry:
    pairs: list[int] = []
    for value in values:
        inverse = 0 < value < 1 and abs(1 / value - round(1 / value)) < 1e-9
        pairs += [1, round(1 / value)] if inverse else [round(value * 1_000_000), 1_000_000]
    return _Entry(tag, 10 if signed else 5, len(values), struct.pack(f"<{len(pairs)}{'i' if signed else 'I'}", *pairs))


def _directory(entries: Iterable[_Entry], offset: int) -> bytes:
    """Return an IFD that stands at `offset` in the file, followed by the values that do not fit into it."""
    ordered = sorted(entries)
    table = struct.pack("<H", len(ordered))
    values = b""
    base = offset + 2 + 12 * len(ordered) + 4
    for tag, kind, count, data in ordered:
        table += struct.pack("<HHI", tag, kind, count)
        if len(data) <= 4:
            table += data.ljust(4, b"\0")
        else:
            table += struct.pack("<I", base + len(values))
            values += data + b"\0" * (len(data) % 2)
    return table + b"\0\0\0\0" + values


def write_dng(path: Path, pixels: NDArray[np.uint16], spec: DngSpec | None = None) -> None:
    """Write sensor codes as a DNG: a Bayer mosaic from (H, W), a linear DNG from (H, W, 3).

    Lossless JPEG is cut into 512 x 512 tiles; a mosaic's tile has two components, its even and its odd columns.
    """
    spec = spec or DngSpec()
    if pixels.dtype != np.uint16 or pixels.ndim not in (2, 3):
        raise ValueError(f"expected uint16 (H, W) or (H, W, 3), got {pixels.dtype} {pixels.shape}")
    chunks: list[bytes] | list[memoryview]
    if spec.compression == "none":
        chunks = [np.ascontiguousarray(pixels, "<u2").data.cast("B")]
    else:
        with ThreadPoolExecutor() as threads:
            chunks = list(threads.map(_encode_tile, _tiles(pixels)))
    exif = _exif(spec.shot)
    sizes = [len(chunk) + len(chunk) % 2 for chunk in chunks]
    header = b""
    for _ in range(2):  # the first pass gives the length, the second the offsets
        first = len(header)
        offsets = [first + sum(sizes[:index]) for index in range(len(chunks))]
        header = _header(pixels, spec, exif, offsets, [len(chunk) for chunk in chunks])
    with path.open("wb") as file:
        file.write(header)
        for chunk in chunks:
            file.write(chunk)
            file.write(b"\0" * (len(chunk) % 2))


def _tiles(pixels: NDArray[np.uint16]) -> list[NDArray[np.uint16]]:
    """Return the 512 x 512 tiles of `pixels`. What lies outside repeats the last columns, and below the last row
    a value per row, in CFA phase: hardly any bits."""
    height, width = pixels.shape[:2]
    rows, columns = (np.arange(-(-length // TILE) * TILE) for length in (height, width))
    rows = np.where(rows < height, rows, np.maximum(height - 2 + (rows - height) % 2, 0))
    inside = np.where(columns < width, columns, np.maximum(width - 2 + (columns - width) % 2, 0))
    tiles: list[NDArray[np.uint16]] = []
    for top in range(0, len(rows), TILE):
        for left in range(0, len(columns), TILE):
            tile = pixels[rows[top : top + TILE, None], inside[None, left : left + TILE]]
            below = max(height - top, 2)
            tile[below:] = tile[below:, np.arange(TILE) % 2]
            tiles.append(tile)
    return tiles


def _encode_tile(tile: NDArray[np.uint16]) -> bytes:
    return encode_lossless_jpeg(tile if tile.ndim == 3 else tile.reshape(TILE, TILE // 2, 2))


def _header(
    pixels: NDArray[np.uint16], spec: DngSpec, exif: list[_Entry], offsets: Sequence[int], counts: Sequence[int]
) -> bytes:
    entries = [*_image_tags(pixels, spec), *_camera_tags(pixels, spec), *_shot_tags(spec)]
    if spec.compression == "none":
        height = pixels.shape[0]
        entries += [_numbers(273, "I", *offsets), _numbers(278, "I", height), _numbers(279, "I", *counts)]
    else:
        entries += [_numbers(322, "I", TILE), _numbers(323, "I", TILE)]
        entries += [_numbers(324, "I", *offsets), _numbers(325, "I", *counts)]
    length = len(_directory([*entries, _numbers(34665, "I", 0)], 8))
    first = _directory([*entries, _numbers(34665, "I", 8 + length)], 8)
    header = b"II*\0\x08\0\0\0" + first + _directory(exif, 8 + length)
    return header + b"\0" * (-len(header) % 16)


def _image_tags(pixels: NDArray[np.uint16], spec: DngSpec) -> list[_Entry]:
    height, width = pixels.shape[:2]
    samples = 1 if pixels.ndim == 2 else 3
    tags = [
        _numbers(254, "I", 0),
        _numbers(256, "I", width),
        _numbers(257, "I", height),
        _numbers(258, "H", *(16,) * samples),
        _numbers(259, "H", 1 if spec.compression == "none" else 7),
        _numbers(262, "H", 32803 if samples == 1 else 34892),
        _numbers(274, "H", spec.orientation),
        _numbers(277, "H", samples),
        _numbers(284, "H", 1),
        _numbers(50717, "I", *(spec.white_level,) * samples),
    ]
    if samples == 3:
        return [*tags, _numbers(50713, "H", 1, 1), _fractions(50714, *spec.black_levels(3))]
    return [
        *tags,
        _numbers(33421, "H", 2, 2),
        _numbers(33422, "B", *(int(c) for c in spec.channels.ravel())),
        _numbers(50710, "B", 0, 1, 2),
        _numbers(50711, "H", 1),
        _numbers(50713, "H", 2, 2),
        _fractions(50714, *spec.black_levels(4)),
    ]


def _camera_tags(pixels: NDArray[np.uint16], spec: DngSpec) -> list[_Entry]:
    height, width = pixels.shape[:2]
    active = spec.active or Rect(0, 0, width, height)
    crop = spec.crop or Rect(0, 0, active.right - active.left, active.bottom - active.top)
    return [
        _numbers(50706, "B", 1, 4, 0, 0),
        _numbers(50707, "B", 1, 1, 0, 0),
        *_text(50708, f"{spec.make} {spec.model}"),
        _numbers(50719, "I", crop.left, crop.top),
        _numbers(50720, "I", crop.right - crop.left, crop.bottom - crop.top),
        _fractions(50721, *spec.color_matrix, signed=True),
        _fractions(50728, *spec.as_shot_neutral),
        _fractions(50730, spec.baseline_exposure_ev, signed=True),
        _numbers(50778, "H", 21),
        _numbers(50829, "I", active.top, active.left, active.bottom, active.right),
    ]


def _shot_tags(spec: DngSpec) -> list[_Entry]:
    shot = spec.shot
    return [
        *_text(270, shot.description),
        *_text(271, spec.make),
        *_text(272, spec.model),
        *_text(305, "Stillbytes samples/dng.py"),
        *_text(306, shot.taken),
        *_text(315, shot.artist),
        *_text(33432, shot.copyright),
    ]


def _exif(shot: Shot) -> list[_Entry]:
    return [
        _fractions(33434, shot.exposure_s),
        _fractions(33437, shot.aperture),
        _numbers(34855, "H", shot.iso),
        _Entry(36864, 7, 4, b"0231"),
        *_text(36867, shot.taken),
        *_text(36868, shot.taken),
        _fractions(37386, shot.focal_length_mm),
        *_text(42036, shot.lens),
    ]

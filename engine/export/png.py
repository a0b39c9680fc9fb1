"""Streaming PNG, 8 and 16 bit (PNG third edition): strips are filtered and deflated on their own and joined."""

from __future__ import annotations

import struct
import zlib
from functools import partial
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..jit import inline, kernel
from ..raster.exif import exif_blob
from .deflate import deflate_block
from .writer import ImageSpec, InOrder, StripCounter

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ADLER_BASE = 65521
Bytes = NDArray[np.uint8]


class _Strip(NamedTuple):
    """A strip as whole deflate blocks that end on a byte, and the checksum of what they hold."""

    data: bytes
    adler: int
    length: int


class PngWriter:
    """Writes 8 or 16-bit strips as one PNG; each strip becomes an IDAT chunk."""

    def __init__(self, file: BinaryIO, spec: ImageSpec) -> None:
        if spec.bits == 32:
            raise ValueError("PNG has 8 or 16 bits per channel")
        self._file, self._spec = file, spec
        self._counter = StripCounter(spec)
        self._order = InOrder(self._keep)
        self._adler = 1
        self._above = np.zeros((1, spec.size.width * 3 * spec.dtype.itemsize), np.uint8)
        file.write(_SIGNATURE + _head(spec))

    def write(self, strip: NDArray[Any]) -> None:
        strip = self._counter.take(strip)
        above, self._above = self._above, _big_endian(strip[-1:])
        self._order.submit(partial(_packed, strip, above, 3 * strip.dtype.itemsize))

    def _keep(self, strip: _Strip) -> None:
        start = b"\x78\x01" if self._adler == 1 else b""
        self._adler = joined_adler(self._adler, strip.adler, strip.length)
        self._file.write(_chunk(b"IDAT", start + strip.data))

    def close(self) -> None:
        self._order.finish()
        self._counter.finish()
        # An empty final block ends the stream.
        self._file.write(_chunk(b"IDAT", b"\x03\x00" + struct.pack(">I", self._adler)) + _chunk(b"IEND", b""))

    def abandon(self) -> None:
        self._order.abandon()


def joined_adler(first: int, second: int, second_length: int) -> int:
    """Return the Adler-32 of two pieces in a row from theirs (RFC 1950)."""
    length = second_length % _ADLER_BASE
    a1, b1, a2, b2 = first & 0xFFFF, first >> 16, second & 0xFFFF, second >> 16
    return (b1 + b2 + length * (a1 - 1)) % _ADLER_BASE << 16 | (a1 + a2 - 1) % _ADLER_BASE


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _head(spec: ImageSpec) -> bytes:
    width, height = spec.size
    parts = [
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, spec.bits, 2, 0, 0, 0)),
        _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(spec.icc, 9)),
    ]
    if spec.exif:
        parts.append(_chunk(b"eXIf", exif_blob(spec.exif)))
    if spec.xmp:
        parts.append(_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + spec.xmp))
    return b"".join(parts)


@inline
def _mean(left: np.uint8, up: np.uint8) -> np.uint8:
    return np.uint8((np.int32(left) + np.int32(up)) >> 1)


@inline
def _paeth(left: np.uint8, up: np.uint8, up_left: np.uint8) -> np.uint8:
    """Return whichever neighbour is nearest to left + up - up_left (PNG 9.4)."""
    to_left = abs(np.int32(up) - np.int32(up_left))
    to_up = abs(np.int32(left) - np.int32(up_left))
    to_corner = abs(np.int32(left) + np.int32(up) - 2 * np.int32(up_left))
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else up_left


def _big_endian(strip: NDArray[Any]) -> Bytes:
    return strip.astype(strip.dtype.newbyteorder(">"), copy=False).view(np.uint8).reshape(strip.shape[0], -1)


def _packed(strip: NDArray[Any], above: Bytes, pixel_bytes: int) -> _Strip:
    raw = _big_endian(strip)
    filtered = np.empty((raw.shape[0], raw.shape[1] + 1), np.uint8)
    _filter_(filtered, raw, above[0], pixel_bytes)
    return _Strip(deflate_block(filtered.reshape(-1)), zlib.adler32(filtered.data), filtered.size)


@inline
def _cost(value: np.uint8) -> int:
    """Return the distance of a filtered byte from 0, where bytes wrap round."""
    return min(int(value), 256 - int(value))


@kernel
def _filter_(out: Bytes, raw: Bytes, above: Bytes, step: int) -> None:
    """Fill each row of `out` with its filter's number and the filtered bytes (PNG 9.2).

    The filter is the one whose bytes lie nearest to 0 in sum, tried on every eighth pixel (PNG 12.7).
    """
    width = raw.shape[1]
    up_left, left = np.zeros(width, np.uint8), np.zeros(width, np.uint8)
    for y in range(raw.shape[0]):
        row, up = raw[y], raw[y - 1] if y else above
        left[step:] = row[:-step]
        up_left[step:] = up[:-step]
        sub_cost, up_cost, mean_cost, paeth_cost = 0, 0, 0, 0
        for pixel in range(0, width, 8 * step):
            for x in range(pixel, pixel + step):
                sub_cost += _cost(np.uint8(row[x] - left[x]))
                up_cost += _cost(np.uint8(row[x] - up[x]))
                mean_cost += _cost(np.uint8(row[x] - _mean(left[x], up[x])))
                paeth_cost += _cost(np.uint8(row[x] - _paeth(left[x], up[x], up_left[x])))
        best = min(sub_cost, up_cost, mean_cost, paeth_cost)
        target = out[y, 1:]
        if best == mean_cost:
            out[y, 0] = 3
            for x in range(width):
                target[x] = row[x] - _mean(left[x], up[x])
        elif best == paeth_cost:
            out[y, 0] = 4
            for x in range(width):
                target[x] = row[x] - _paeth(left[x], up[x], up_left[x])
        elif best == up_cost:
            out[y, 0] = 2
            for x in range(width):
                target[x] = row[x] - up[x]
        else:
            out[y, 0] = 1
            for x in range(width):
                target[x] = row[x] - left[x]

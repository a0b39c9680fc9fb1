"""Streaming TIFF: 8, 16 and 32-bit float; plain, deflate or Zstandard; classic or BigTIFF (TIFF 6.0, Supplement 2)."""

from __future__ import annotations

import struct
from functools import partial
from typing import Any, BinaryIO, Literal

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from ..raster.exif import EXIF_IFD, GPS_IFD, MAKER_NOTE, Exif, pinned_maker_note
from ..raster.ifd import BYTE, RATIONAL, UNDEFINED, Directory, Entry, longs, shorts, swapped, write_directory
from .writer import ImageSpec, InOrder, StripCounter

Compression = Literal["none", "deflate", "zstd"]
_SCHEMES: dict[Compression, int] = {"none": 1, "deflate": 8, "zstd": 50000}
_DEFLATE_LEVEL, _ZSTD_LEVEL = 1, 3
_CLASSIC_LIMIT = (1 << 32) - (64 << 20)
_HORIZONTAL, _FLOATING_POINT = 2, 3


class TiffWriter:
    """Writes strips as they come and the directories after them; `file` must be seekable and at its start.

    The maker note keeps the offset that it had, because makers count offsets from the start of the file.
    """

    def __init__(self, file: BinaryIO, spec: ImageSpec, compression: Compression = "deflate") -> None:
        self._file, self._spec = file, spec
        self._compression: Compression = compression
        raw_bytes = spec.size.pixels * 3 * spec.dtype.itemsize
        self._big = raw_bytes + raw_bytes // 64 > _CLASSIC_LIMIT
        self._exif = _little_endian(spec.exif) if spec.exif else None
        self._offsets: list[int] = []
        self._counts: list[int] = []
        self._counter = StripCounter(spec)
        self._order = InOrder(self._keep)
        self._placed: dict[int, int] = {}
        file.write(bytes(16 if self._big else 8))
        note = pinned_maker_note(self._exif) if self._exif else None
        if note and note.offset >= file.tell():
            self._placed[MAKER_NOTE] = note.offset
            file.write(bytes(note.offset - file.tell()) + note.data)

    def write(self, strip: NDArray[Any]) -> None:
        self._order.submit(partial(_compressed, self._counter.take(strip), self._compression))

    def _keep(self, data: bytes | memoryview) -> None:
        self._align()
        self._offsets.append(self._file.tell())
        self._counts.append(len(data))
        self._file.write(data)

    def _align(self) -> None:
        if self._file.tell() & 1:
            self._file.write(b"\0")

    def close(self) -> None:
        self._order.finish()
        self._counter.finish()
        directory = self._image_directory()
        for tag, part in ((EXIF_IFD, self._exif and self._exif.photo), (GPS_IFD, self._exif and self._exif.gps)):
            if part:
                directory[tag] = longs([self._write_directory(part)], big=self._big)
        first = self._write_directory(directory)
        self._file.seek(0)
        self._file.write(
            struct.pack("<2sHHHQ", b"II", 43, 8, 0, first) if self._big else struct.pack("<2sHI", b"II", 42, first)
        )
        self._file.seek(0, 2)

    def abandon(self) -> None:
        self._order.abandon()

    def _write_directory(self, directory: Directory) -> int:
        self._align()
        at = self._file.tell()
        self._file.write(write_directory(directory, "<", at, self._big, self._placed))
        return at

    def _image_directory(self) -> Directory:
        spec = self._spec
        directory: Directory = {
            282: Entry(RATIONAL, 1, struct.pack("<II", 300, 1)),
            283: Entry(RATIONAL, 1, struct.pack("<II", 300, 1)),
            296: shorts([2]),
        }
        directory |= self._exif.image if self._exif else {}
        directory |= {
            254: longs([0]),
            256: longs([spec.size.width]),
            257: longs([spec.size.height]),
            258: shorts([spec.bits] * 3),
            259: shorts([_SCHEMES[self._compression]]),
            262: shorts([2]),
            273: longs(self._offsets, big=self._big),
            277: shorts([3]),
            278: longs([spec.rows]),
            279: longs(self._counts, big=self._big),
            284: shorts([1]),
            339: shorts([3 if spec.bits == 32 else 1] * 3),
            34675: Entry(UNDEFINED, len(spec.icc), spec.icc),
        }
        if self._compression != "none":
            directory[317] = shorts([_FLOATING_POINT if spec.bits == 32 else _HORIZONTAL])
        if spec.xmp:
            directory[700] = Entry(BYTE, len(spec.xmp), spec.xmp)
        return directory


def _little_endian(exif: Exif) -> Exif:
    return exif if exif.order == "<" else Exif("<", swapped(exif.image), swapped(exif.photo), swapped(exif.gps))


def _compressed(strip: NDArray[Any], compression: Compression) -> bytes | memoryview:
    if compression == "none":
        return strip.astype(strip.dtype.newbyteorder("<"), copy=False).data.cast("B")
    encode = imagecodecs.floatpred_encode if strip.dtype == np.float32 else imagecodecs.delta_encode
    data: Any = encode(strip, axis=-2)  # the compressors take any buffer
    if compression == "deflate":
        return bytes(imagecodecs.deflate_encode(data, _DEFLATE_LEVEL))
    return bytes(imagecodecs.zstd_encode(data, _ZSTD_LEVEL))

"""Streaming JPEG: bands encoded on their own and joined by restart markers (ITU-T T.81 B.2.4.4, E.1.4).

The pixels are those of encoding the image in one go: blocks are independent, and only the DC prediction starts anew.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO, Literal

import imagecodecs
from numpy.typing import NDArray

from ..raster.exif import MAKER_NOTE, Exif, exif_blob
from ..raster.ifd import UNDEFINED, Entry, shorts
from .writer import ImageSpec, InOrder, StripCounter

Chroma = Literal["4:4:4", "4:2:0"]
MAX_SIDE = 65535
_BAND_ROWS = 32
_MAX_SEGMENT = 65533
_ICC_PART = _MAX_SEGMENT - 14
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_XMP_PART = _MAX_SEGMENT - len(_XMP_MORE) - 40
_LARGE_VALUE = 1024
_CHROMA_POSITION, _COMPONENTS = 0x0213, 0x9101


class JpegWriter:
    """Writes 8-bit strips as one baseline JPEG; `notes` says which metadata a JPEG has no room for."""

    def __init__(self, file: BinaryIO, spec: ImageSpec, quality: int = 95, chroma: Chroma = "4:4:4") -> None:
        self._file, self._spec = file, spec
        self._quality, self._chroma = quality, chroma.replace(":", "")
        self._counter = StripCounter(spec)
        self._order = InOrder(self._keep)
        self._started = False
        self._metadata, self.notes = _segments(spec)

    def write(self, strip: NDArray[Any]) -> None:
        first_band = self._counter.index * (self._spec.rows // _BAND_ROWS)
        strip = self._counter.take(strip)
        self._order.submit(partial(_encoded, strip, first_band, self._quality, self._chroma))

    def _keep(self, encoded: tuple[bytes, bytes]) -> None:
        head, scan = encoded
        if not self._started:
            self._file.write(self._head(head))
            self._started = True
        self._file.write(scan)

    def _head(self, head: bytes) -> bytes:
        """Return everything before the scan's data: a band's own head with metadata, full height and interval."""
        sampling = 2 if self._chroma == "420" else 1
        per_row = -(-self._spec.size.width // (8 * sampling))
        interval = per_row * (_BAND_ROWS // (8 * sampling))
        out = [b"\xff\xd8", self._metadata]
        at = 2
        while at < len(head):
            marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
            segment = head[at : at + 2 + length]
            if marker == 0xC0:
                segment = segment[:5] + struct.pack(">H", self._spec.size.height) + segment[7:]
            if marker == 0xDA:
                out.append(struct.pack(">HHH", 0xFFDD, 4, interval))
            if marker != 0xE0 or not self._spec.exif:
                out.append(segment)
            at += 2 + length
        return b"".join(out)

    def close(self) -> None:
        self._order.finish()
        self._counter.finish()
        self._file.write(b"\xff\xd9")

    def abandon(self) -> None:
        self._order.abandon()


def _encoded(strip: NDArray[Any], first_band: int, quality: int, chroma: str) -> tuple[bytes, bytes]:
    """Return (head of a band, the strip's bands with a restart marker before each but the image's first)."""
    head, scans = b"", list[bytes]()
    for number, top in enumerate(range(0, strip.shape[0], _BAND_ROWS), first_band):
        band = bytes(imagecodecs.jpeg8_encode(strip[top : top + _BAND_ROWS], quality, subsampling=chroma))
        begin = _scan_start(band)
        head = head or band[:begin]
        if number:
            scans.append(bytes((0xFF, 0xD0 + (number - 1) % 8)))
        scans.append(band[begin:-2])
    return head, b"".join(scans)


def _scan_start(data: bytes) -> int:
    at = 2
    while data[at + 1] != 0xDA:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _segments(spec: ImageSpec) -> tuple[bytes, tuple[str, ...]]:
    parts: list[bytes] = []
    notes: tuple[str, ...] = ()
    if spec.exif:
        blob, notes = _fitting_exif(_of_jpeg(spec.exif))
        parts.append(_segment(0xE1, b"Exif\0\0" + blob))
    if spec.xmp:
        parts += _xmp_segments(spec.xmp)
    pieces = [spec.icc[at : at + _ICC_PART] for at in range(0, len(spec.icc), _ICC_PART)]
    for number, piece in enumerate(pieces, 1):
        parts.append(_segment(0xE2, b"ICC_PROFILE\0" + bytes((number, len(pieces))) + piece))
    return b"".join(parts), notes


def _of_jpeg(exif: Exif) -> Exif:
    """Return EXIF with the two tags that a JPEG must have (Exif 2.32, 4.6.8): components Y, Cb, Cr; chroma centred."""
    image = exif.image | {_CHROMA_POSITION: shorts([1], exif.order)}
    return replace(exif, image=image, photo=exif.photo | {_COMPONENTS: Entry(UNDEFINED, 4, bytes((1, 2, 3, 0)))})


def _fitting_exif(exif: Exif) -> tuple[bytes, tuple[str, ...]]:
    """Return the EXIF structure in at most one segment; maker note and long values go first where it is too large."""
    limit = _MAX_SEGMENT - 6
    if len(blob := exif_blob(exif)) <= limit:
        return blob, ()
    exif = replace(exif, photo={tag: entry for tag, entry in exif.photo.items() if tag != MAKER_NOTE})
    if len(blob := exif_blob(exif)) <= limit:
        return blob, ("The camera's maker note is left out: a JPEG has room for 64 KB of EXIF.",)
    image, photo, gps = (
        {tag: entry for tag, entry in part.items() if len(entry.data) < _LARGE_VALUE}
        for part in (exif.image, exif.photo, exif.gps)
    )
    blob = exif_blob(Exif(exif.order, image, photo, gps))
    note = "The maker note and long EXIF values are left out: a JPEG has room for 64 KB of EXIF."
    return (blob, (note,)) if len(blob) <= limit else (exif_blob(Exif()), ("The EXIF data does not fit into a JPEG.",))


def _xmp_segments(packet: bytes) -> list[bytes]:
    """Return the XMP packet as one segment, or as a short one and its extension (XMP part 3, 1.1.3.1)."""
    if len(packet) + len(_XMP) <= _MAX_SEGMENT:
        return [_segment(0xE1, _XMP + packet)]
    # The format names the extension by its MD5.
    digest = hashlib.md5(packet, usedforsecurity=False).hexdigest().upper().encode()
    short = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="'
        + digest
        + b'"/></rdf:RDF></x:xmpmeta>'
    )
    segments = [_segment(0xE1, _XMP + short)]
    for at in range(0, len(packet), _XMP_PART):
        piece = packet[at : at + _XMP_PART]
        segments.append(_segment(0xE1, _XMP_MORE + digest + struct.pack(">II", len(packet), at) + piece))
    return segments

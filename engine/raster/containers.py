"""Where JPEG, PNG, WebP and JPEG XL files keep their size, EXIF, XMP and ICC profile.

Reading is bounded by the file's length and never trusts a length that the file states.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import imagecodecs

from ..geometry import Size

_MAX_INFLATED = 32 << 20
_XMP_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"


class Parts(NamedTuple):
    """What stands around the pixels. `cicp` is (primaries, transfer) of ITU-T H.273; `bits` is per channel."""

    size: Size
    bits: int = 8
    channels: int = 3
    exif: bytes = b""
    xmp: bytes = b""
    icc: bytes = b""
    cicp: tuple[int, int] | None = None


def jpeg_parts(data: bytes) -> Parts:
    """Return the parts of a JPEG (ITU-T T.81 B.1, Exif, XMP part 3, ICC.1 B.4). Raises ValueError if it is broken."""
    size, bits, channels = None, 8, 3
    exif = xmp = b""
    icc: dict[int, bytes] = {}
    more: dict[int, bytes] = {}
    scan = 2
    for marker, body, end in _jpeg_segments(data):
        scan = end
        if marker in (0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF) and len(body) > 5:
            bits, height, width, channels = struct.unpack_from(">BHHB", body)
            size = Size(width, height)
        elif marker == 0xE1 and body.startswith(b"Exif\0"):
            exif = exif or body[6:]
        elif marker == 0xE1 and body.startswith(_XMP_JPEG):
            xmp = xmp or body[len(_XMP_JPEG) :]
        elif marker == 0xE1 and body.startswith(_XMP_MORE) and len(body) > len(_XMP_MORE) + 40:
            more[struct.unpack_from(">I", body, len(_XMP_MORE) + 36)[0]] = body[len(_XMP_MORE) + 40 :]
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
            icc[body[12]] = body[14:]
    if size is None:
        raise ValueError("it has no frame header")
    if size.height == 0:
        raise ValueError("its height is not stated")
    if data.find(b"\xff\xd9", scan) < 0:
        raise ValueError("it ends too early")
    extension = b"".join(more[at] for at in sorted(more))
    return Parts(size, bits, channels, exif, joined_xmp(xmp, extension), b"".join(icc[n] for n in sorted(icc)))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield (marker, body, end) up to the first scan."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError("its segments are broken")
        marker = data[at + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 0x01:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(data):
            raise ValueError("it ends too early")
        yield marker, data[at + 4 : at + 2 + length], at + 2 + length
        if marker == 0xDA:
            return
        at += 2 + length


def joined_xmp(packet: bytes, extension: bytes) -> bytes:
    """Return the main XMP packet with the descriptions of its extension (XMP part 3, 1.1.3.1) put back into it."""
    if not extension:
        return packet
    inner = re.search(rb"<rdf:RDF[^>]*>(.*)</rdf:RDF>", extension, re.DOTALL)
    at = packet.rfind(b"</rdf:RDF>")
    if inner is None or at < 0:
        return packet
    joined = packet[:at] + inner.group(1) + packet[at:]
    return re.sub(rb"""\s+xmpNote:HasExtendedXMP=["'][0-9A-Fa-f]{32}["']""", b"", joined)


def png_parts(data: bytes) -> Parts:
    """Return the parts of a PNG (PNG third edition, 11). Raises ValueError if its header is broken."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise ValueError("it has no header")
    width, height, bits = struct.unpack_from(">IIB", data, 16)
    parts = Parts(Size(width, height), bits)
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length] if length < _MAX_INFLATED else b""
        if kind == b"iCCP":
            parts = parts._replace(icc=_inflate(body.partition(b"\0")[2][1:]))
        elif kind == b"eXIf":
            parts = parts._replace(exif=body)
        elif kind == b"cICP" and len(body) == 4:
            parts = parts._replace(cicp=(body[0], body[1]))
        elif kind == b"iTXt" and body.startswith(b"XML:com.adobe.xmp\0") and len(body) > 22:
            packet = body[20:].split(b"\0", 2)[-1]
            parts = parts._replace(xmp=_inflate(packet) if body[18] else packet)
        at += 12 + length
    return parts


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MAX_INFLATED)
    except zlib.error:
        return b""


def webp_parts(data: bytes) -> Parts:
    """Return the metadata chunks of a WebP (RFC 9649), not its size: the format allows no more than 16383 px a side."""
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        kind, (length,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        if kind in (b"ICCP", b"EXIF", b"XMP "):
            found[kind] = data[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)
    exif = found.get(b"EXIF", b"").removeprefix(b"Exif\0\0")
    return Parts(Size(0, 0), exif=exif, xmp=found.get(b"XMP ", b""), icc=found.get(b"ICCP", b""))


def jxl_parts(data: bytes) -> Parts:
    """Return the size and the Exif and XMP boxes of a JPEG XL file (ISO/IEC 18181-1 annex D, 18181-2)."""
    if data[:2] == b"\xff\x0a":
        return Parts(_jxl_size(data[2:14]))
    found: dict[bytes, bytes] = {}
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1 and at + 16 <= len(data):
            head, (length,) = 16, struct.unpack_from(">Q", data, at + 8)
        end = at + length if length else len(data)
        if end < at + head:
            break
        body = data[at + head : end]
        if kind == b"brob" and body[:4] in (b"Exif", b"xml "):
            kind, body = body[:4], _unbrotli(body[4:])
        found.setdefault(kind, body)
        at = end
    stream = found.get(b"jxlc") or found.get(b"jxlp", b"")[4:]
    exif = found.get(b"Exif", b"")
    skip = 4 + int.from_bytes(exif[:4], "big")
    return Parts(_jxl_size(stream[2:14]), exif=exif[skip:], xmp=found.get(b"xml ", b""))


def _unbrotli(data: bytes) -> bytes:
    try:
        return bytes(imagecodecs.brotli_decode(data, out=_MAX_INFLATED))
    except (imagecodecs.BrotliError, ValueError):
        return b""


def _jxl_size(head: bytes) -> Size:
    bits, at = int.from_bytes(head, "little"), 0

    def take(count: int) -> int:
        nonlocal at
        value = (bits >> at) & ((1 << count) - 1)
        at += count
        return value

    def side(small: bool) -> int:
        return 8 * (take(5) + 1) if small else take((9, 13, 18, 30)[take(2)]) + 1

    small = bool(take(1))
    height = side(small)
    ratio = take(3)
    if ratio == 0:
        return Size(side(small), height)
    above, below = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
    return Size(height * above // below, height)

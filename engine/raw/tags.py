"""What a RAW file says besides its pixels, read by exiv2 as bytes that an export can write again.

Runs in the decoder's process, which loads it by path: it imports nothing of the package.
"""

from __future__ import annotations

import base64
import importlib
from typing import Any

_DNG_TAGS = (
    "ColorMatrix1", "ColorMatrix2", "CalibrationIlluminant1", "CalibrationIlluminant2", "CameraCalibration1",
    "CameraCalibration2", "AnalogBalance", "BaselineExposure",
)  # fmt: skip
# Tags of IFD 0 that describe the RAW file's own storage, or its colour as DNG gives it: an export has neither.
_STORAGE_TAGS = frozenset(
    [254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 330, 338, 339, 340,
     341, 347, 512, 513, 514, 529, 530, 532, 33421, 33422, 37398, 37399, 50717, 50937, 52525]
)  # fmt: skip
_DNG_TAG_RANGES = ((50706, 51200), (52528, 52560))
# The smallest lossless WebP: exiv2 writes EXIF of any size into it, as it stands in a JPEG's APP1.
_CARRIER = b"RIFF\x1a\0\0\0WEBPVP8L\x0e\0\0\0/\0\0\0\0\x07\x10\x11\xfd\x0fDD\xff\x03"


def _number(text: str) -> float:
    top, _, bottom = text.partition("/")
    return float(top) / (float(bottom) if bottom else 1.0)


def metadata(path: str) -> dict[str, Any]:
    """Return EXIF as a TIFF structure and XMP as a packet, both base64, and the DNG tags about colour as numbers.

    Any error of exiv2's may rise: files of every kind of brokenness come here.
    """
    exiv2: Any = importlib.import_module("exiv2")
    exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)
    image = exiv2.ImageFactory.open(path)
    image.readMetadata()
    exif = image.exifData()
    texts = {item.key(): item.toString() for item in exif}
    dng: dict[str, list[float]] = {}
    for tag in _DNG_TAGS:
        try:
            dng[tag] = [_number(value) for value in texts.get(f"Exif.Image.{tag}", "").split()]
        except (ValueError, ZeroDivisionError):
            dng[tag] = []
    packet: str | bytes = image.xmpPacket()
    xmp = packet.encode("utf-8", "replace") if isinstance(packet, str) else bytes(packet)
    return {
        "exif": base64.b64encode(_encoded(exif, exiv2)).decode(),
        "xmp": base64.b64encode(xmp).decode(),
        "make": texts.get("Exif.Image.Make", ""),
        "model": texts.get("Exif.Image.Model", ""),
        "lens": texts.get("Exif.Photo.LensModel", ""),
        "taken": texts.get("Exif.Photo.DateTimeOriginal", "") or texts.get("Exif.Image.DateTimeOriginal", ""),
        "dng": dng,
    }


def _encoded(exif: Any, exiv2: Any) -> bytes:
    for item in list(exif):
        tag = item.tag()
        if item.groupName() == "Image" and (
            tag in _STORAGE_TAGS or any(first <= tag < last for first, last in _DNG_TAG_RANGES)
        ):
            exif.erase(exif.findKey(exiv2.ExifKey(item.key())))
    carrier = exiv2.ImageFactory.open(_CARRIER)
    carrier.readMetadata()
    carrier.setExifData(exif)
    carrier.writeMetadata()
    stream = carrier.io()
    stream.open()
    data = bytes(stream.mmap())
    place = 12
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        if data[place : place + 4] == b"EXIF":
            return data[place + 8 : place + 8 + size]
        place += 8 + size + (size & 1)
    return b""

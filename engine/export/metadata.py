"""What an exported file says about its photo: the source's EXIF and XMP, made true for the new pixels."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata as installed
from pathlib import Path

from ..color import Profile
from ..geometry import Size
from ..metadata import Metadata
from ..raster.exif import ORIENTATION, Exif, described, parse_exif
from ..raster.ifd import UNDEFINED, Directory, Entry, ascii_text, longs, shorts

_SOFTWARE, _EXIF_VERSION, _COLOR_SPACE, _WIDTH, _HEIGHT = 0x0131, 0x9000, 0xA001, 0xA002, 0xA003
_COMPRESSED_BITS, _COMPONENTS = 0x9102, 0x9101
_SRGB, _UNCALIBRATED = 1, 0xFFFF
_MAX_XMP = 8 << 20
# Settings of another developer and lists of pictures inside the old file: wrong for the new pixels.
_STALE = rb"(?:crs|hdrgm|GCamera|GImage|GDepth|GContainer|Container)"
_STALE_ATTRIBUTE = re.compile(rb"\s+" + _STALE + rb":\w{1,64}\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_STALE_ELEMENT = re.compile(rb"<(" + _STALE + rb":\w{1,64})(?:\s[^<>]*)?(?:/>|>.*?</\1\s*>)", re.DOTALL)
_XMP_NUMBERS = re.compile(
    rb"(tiff:Orientation|tiff:ImageWidth|tiff:ImageLength|exif:PixelXDimension|exif:PixelYDimension)"
    rb"(\s*=\s*[\"']|\s*>\s*)(\d{1,9})"
)


@dataclass(frozen=True)
class OutputMetadata:
    """The EXIF and XMP to write; `notes` says in plain sentences what was left out."""

    exif: Exif
    xmp: bytes
    notes: tuple[str, ...] = ()


def output_metadata(metadata: Metadata, size: Size, profile: Profile) -> OutputMetadata:
    """Return the source's metadata for an upright export of `size` px in `profile`.

    Orientation is 1, size, colour space and software are the export's. Thumbnails, what describes the old file's
    pixels and other developers' settings are left out; dates, lens, GPS, maker note and captions stay.
    """
    exif, notes = Exif(), tuple[str, ...]()
    if metadata.exif:
        try:
            exif = described(parse_exif(metadata.exif))
        except ValueError:
            notes = ("The source's EXIF data is broken and left out.",)
    order = exif.order
    image: Directory = exif.image | {ORIENTATION: shorts([1], order), _SOFTWARE: ascii_text(software())}
    photo: Directory = {_EXIF_VERSION: Entry(UNDEFINED, 4, b"0232")} | exif.photo
    photo |= {
        _COLOR_SPACE: shorts([_SRGB if profile == "srgb" else _UNCALIBRATED], order),
        _WIDTH: longs([size.width], order),
        _HEIGHT: longs([size.height], order),
    }
    for tag in (_COMPRESSED_BITS, _COMPONENTS):
        photo.pop(tag, None)
    xmp, xmp_notes = _output_xmp(metadata.xmp, size)
    return OutputMetadata(replace(exif, image=image, photo=photo), xmp, notes + xmp_notes)


def _output_xmp(packet: bytes, size: Size) -> tuple[bytes, tuple[str, ...]]:
    packet = packet.strip(b"\0 \r\n\t\xef\xbb\xbf")
    if not packet:
        return b"", ()
    if len(packet) > _MAX_XMP or b"<rdf:RDF" not in packet or b"</rdf:RDF>" not in packet:
        return b"", ("The source's XMP data is broken or too large and left out.",)
    packet = _STALE_ELEMENT.sub(b"", _STALE_ATTRIBUTE.sub(b"", packet))
    true = {
        b"tiff:Orientation": 1,
        b"tiff:ImageWidth": size.width,
        b"tiff:ImageLength": size.height,
        b"exif:PixelXDimension": size.width,
        b"exif:PixelYDimension": size.height,
    }
    return _XMP_NUMBERS.sub(lambda m: m[1] + m[2] + str(true[m[1]]).encode(), packet), ()


@cache
def software() -> str:
    """Return "Stillbytes" and the version that runs."""
    project = Path(__file__).parents[2] / "pyproject.toml"
    try:
        version = tomllib.loads(project.read_text("utf-8"))["project"]["version"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        try:
            version = installed.version("stillbytes")
        except installed.PackageNotFoundError:
            version = ""
    return f"Stillbytes {version}".strip()

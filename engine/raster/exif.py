"""EXIF: the TIFF structure that cameras write, read without trust and written again (Exif 2.32, CIPA DC-008)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace

from ..metadata import Metadata
from .ifd import (
    UNDEFINED,
    Buffer,
    Directory,
    Entry,
    Order,
    directory_size,
    integers,
    longs,
    number,
    read_directory,
    read_header,
    text,
    write_directory,
)

EXIF_IFD, GPS_IFD, MAKER_NOTE, ORIENTATION = 0x8769, 0x8825, 0x927C, 0x0112
_PIN_LIMIT = 60_000

# What describes the photo rather than this file's pixels, in IFD0; everything else there belongs to the old file.
DESCRIPTIVE = frozenset(
    {0x010D, 0x010E, 0x010F, 0x0110, 0x0112, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x013C}
    | {0x4746, 0x4749, 0x8298, 0x83BB, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F}
)
# Exif tags that TIFF/EP files keep in IFD0.
_SHOOTING = frozenset({0x829A, 0x829D, 0x8822, 0x8827, 0x9003, 0x9204, 0x9207, 0x9208, 0x9209, 0x920A})


@dataclass(frozen=True)
class Exif:
    """The directories of an EXIF structure: image (IFD0), photo (Exif IFD) and GPS; values in byte order `order`."""

    order: Order = "<"
    image: Directory = field(default_factory=dict[int, Entry])
    photo: Directory = field(default_factory=dict[int, Entry])
    gps: Directory = field(default_factory=dict[int, Entry])

    @property
    def orientation(self) -> int:
        """EXIF's orientation, 1 to 8; 1 where it is missing or nonsense."""
        value = next(iter(integers(self.image.get(ORIENTATION), self.order)), 1)
        return value if 1 <= value <= 8 else 1

    @property
    def adobe_rgb(self) -> bool:
        """True where ColorSpace says Adobe RGB, or "uncalibrated" with the DCF index R03 (Exif 2.32, DCF 2.0)."""
        space = next(iter(integers(self.photo.get(0xA001), self.order)), 0)
        return space == 2 or (space == 0xFFFF and text(self.photo.get(0xA005)) == "R03")


def parse_exif(data: Buffer) -> Exif:
    """Return the directories of a TIFF structure; whatever is broken in it is left out.

    The interoperability index takes the place of the pointer to its directory. Raises ValueError without a readable
    first directory.
    """
    header = read_header(data)
    image = read_directory(data, header, header.first)

    def follow(directory: Directory, tag: int) -> Directory:
        target = next(iter(integers(directory.pop(tag, None), header.order)), 0)
        try:
            return read_directory(data, header, target) if target else {}
        except ValueError:
            return {}

    photo, gps = follow(image, EXIF_IFD), follow(image, GPS_IFD)
    if (index := follow(photo, 0xA005).get(0x0001)) is not None:
        photo[0xA005] = index
    return Exif(header.order, image, photo, gps)


def described(exif: Exif) -> Exif:
    """Return only what describes the photo, without the tags that describe one file's pixels or thumbnails."""
    image = {tag: entry for tag, entry in exif.image.items() if tag in DESCRIPTIVE}
    photo = {tag: entry for tag, entry in exif.image.items() if tag in _SHOOTING} | exif.photo
    photo.pop(0xA005, None)
    return replace(exif, image=image, photo={t: e for t, e in photo.items() if e.kind != 13})


def pinned_maker_note(exif: Exif) -> Entry | None:
    """Return the maker note if it must stay at its offset, because makers count from the start of the structure."""
    note = exif.photo.get(MAKER_NOTE)
    if note is None or not 8 <= note.offset < _PIN_LIMIT or note.kind != UNDEFINED:
        return None
    return note


def exif_blob(exif: Exif) -> bytes:
    """Return the EXIF structure as a JPEG's APP1 holds it after "Exif\\0\\0"; the maker note keeps its offset."""
    note = pinned_maker_note(exif)
    placed = {MAKER_NOTE: note.offset} if note else {}
    pin, pin_end = (note.offset, note.offset + len(note.data)) if note else (1 << 31, 1 << 31)
    image = {tag: entry for tag, entry in exif.image.items() if tag not in (EXIF_IFD, GPS_IFD)}
    for tag, directory in ((EXIF_IFD, exif.photo), (GPS_IFD, exif.gps)):
        if directory:
            image[tag] = longs([0], exif.order)
    cursor, parts = 8, list[tuple[int, bytes]]()
    places: dict[str, int] = {}
    for name, directory in (("image", image), ("photo", exif.photo), ("gps", exif.gps)):
        size = directory_size(directory, placed=placed if name == "photo" else None)
        if cursor + size > pin and cursor < pin_end:
            cursor = pin_end + (pin_end & 1)
        places[name], cursor = cursor, cursor + size
    for tag, name in ((EXIF_IFD, "photo"), (GPS_IFD, "gps")):
        if tag in image:
            image[tag] = longs([places[name]], exif.order)
            directory = exif.photo if name == "photo" else exif.gps
            parts.append((places[name], write_directory(directory, exif.order, places[name], placed=placed)))
    parts.append((places["image"], write_directory(image, exif.order, places["image"])))
    if note:
        parts.append((note.offset, note.data))
    blob = bytearray(max(at + len(data) for at, data in parts))
    blob[:8] = (b"II" if exif.order == "<" else b"MM") + struct.pack(exif.order + "HI", 42, places["image"])
    for at, data in parts:
        blob[at : at + len(data)] = data
    return bytes(blob)


def metadata_of(exif: Exif | None, blob: bytes, xmp: bytes, icc: bytes) -> Metadata:
    """Return the metadata with the facts that EXIF states."""
    if exif is None:
        return Metadata(xmp=xmp, icc=icc)
    order, photo = exif.order, exif.image | exif.photo
    return Metadata(
        exif=blob,
        xmp=xmp,
        icc=icc,
        make=text(exif.image.get(0x010F)),
        model=text(exif.image.get(0x0110)),
        lens=text(photo.get(0xA434)),
        taken=text(photo.get(0x9003)),
        iso=number(photo.get(0x8827), order),
        exposure_s=number(photo.get(0x829A), order),
        aperture=number(photo.get(0x829D), order),
        focal_length_mm=number(photo.get(0x920A), order),
    )

"""TIFF directories (IFDs), as TIFF files and EXIF blobs hold them: bounded reading, exact writing.

TIFF 6.0 section 2; the BigTIFF proposal for 64-bit offsets.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from mmap import mmap
from typing import Literal, NamedTuple

Order = Literal["<", ">"]
Buffer = bytes | mmap

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, LONG8 = 1, 2, 3, 4, 5, 7, 16
# Type -> (bytes of one value, bytes of one number in it).
_TYPES: dict[int, tuple[int, int]] = {
    1: (1, 1), 2: (1, 1), 3: (2, 2), 4: (4, 4), 5: (8, 4), 6: (1, 1), 7: (1, 1), 8: (2, 2), 9: (4, 4),
    10: (8, 4), 11: (4, 4), 12: (8, 8), 13: (4, 4), 16: (8, 8), 17: (8, 8), 18: (8, 8), 129: (1, 1),
}  # fmt: skip
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MAX_ENTRIES = 1024
_MAX_VALUE_BYTES = 16 << 20
_MAX_DIRECTORY_BYTES = 32 << 20


class Entry(NamedTuple):
    """`length` values of TIFF type `kind`, in the byte order of their structure.

    `offset` is where they stood, 0 if inside the entry itself.
    """

    kind: int
    length: int
    data: bytes
    offset: int = 0


Directory = dict[int, Entry]


class Header(NamedTuple):
    """What the first bytes of a TIFF structure say."""

    order: Order
    big: bool
    first: int


def read_header(data: Buffer) -> Header:
    """Return a TIFF structure's header. Raises ValueError if `data` is not one."""
    order: Order | None = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))  # type: ignore[assignment]
    if order is None or len(data) < 8:
        raise ValueError("no TIFF header")
    magic, first = struct.unpack_from(order + "HI", data, 2)
    if magic == 42:
        return Header(order, False, first)
    if magic == 43 and len(data) >= 16:
        return Header(order, True, struct.unpack_from(order + "Q", data, 8)[0])
    raise ValueError("no TIFF header")


def read_directory(data: Buffer, header: Header, at: int) -> Directory:
    """Return the directory at `at`; entries that point outside `data` or are absurdly large are left out.

    Raises ValueError if there is no directory there.
    """
    count_format, entry_size = ("Q", 20) if header.big else ("H", 12)
    count_size = struct.calcsize(count_format)
    if at < 8 or at + count_size > len(data):
        raise ValueError("a TIFF directory lies outside the file")
    (count,) = struct.unpack_from(header.order + count_format, data, at)
    if count > _MAX_ENTRIES or at + count_size + count * entry_size > len(data):
        raise ValueError("a TIFF directory is broken")
    directory: Directory = {}
    budget = _MAX_DIRECTORY_BYTES
    for index in range(count):
        tag, entry = _read_entry(data, header, at + count_size + index * entry_size)
        if entry is not None and len(entry.data) <= budget:
            directory.setdefault(tag, entry)
            budget -= len(entry.data)
    return directory


def _read_entry(data: Buffer, header: Header, at: int) -> tuple[int, Entry | None]:
    tag, kind, count = struct.unpack_from(header.order + ("HHQ" if header.big else "HHI"), data, at)
    value_at, room = (at + 12, 8) if header.big else (at + 8, 4)
    if kind not in _TYPES:
        return tag, None
    size = _TYPES[kind][0] * count
    if size <= room:
        return tag, Entry(kind, count, bytes(data[value_at : value_at + size]))
    (offset,) = struct.unpack_from(header.order + ("Q" if header.big else "I"), data, value_at)
    if size > _MAX_VALUE_BYTES or offset + size > len(data):
        return tag, None
    return tag, Entry(kind, count, bytes(data[offset : offset + size]), offset)


def integers(entry: Entry | None, order: Order) -> tuple[int, ...]:
    """Return an entry's whole numbers; () if there is no entry or it holds something else."""
    if entry is None or entry.kind not in _INTEGERS:
        return ()
    return struct.unpack(f"{order}{entry.length}{_INTEGERS[entry.kind]}", entry.data)


def number(entry: Entry | None, order: Order) -> float:
    """Return an entry's first number, whole, rational or floating; 0.0 if there is none or it is not finite."""
    if entry is None or entry.length < 1:
        return 0.0
    if entry.kind in (5, 10):
        above, below = struct.unpack_from(order + ("II" if entry.kind == 5 else "ii"), entry.data)
        return above / below if below else 0.0
    if entry.kind in (11, 12):
        (value,) = struct.unpack_from(order + ("f" if entry.kind == 11 else "d"), entry.data)
        return value if abs(value) < 1e30 else 0.0
    return float(next(iter(integers(entry, order)), 0))


def text(entry: Entry | None) -> str:
    """Return an entry's text up to its first NUL, stripped; "" if there is none."""
    if entry is None or entry.kind not in (ASCII, BYTE, UNDEFINED, 129):
        return ""
    return entry.data.split(b"\0", 1)[0].decode("utf-8", "replace").strip()


def shorts(values: Iterable[int], order: Order = "<") -> Entry:
    packed = list(values)
    return Entry(SHORT, len(packed), struct.pack(f"{order}{len(packed)}H", *packed))


def longs(values: Iterable[int], order: Order = "<", big: bool = False) -> Entry:
    packed = list(values)
    kind, letter = (LONG8, "Q") if big else (LONG, "I")
    return Entry(kind, len(packed), struct.pack(f"{order}{len(packed)}{letter}", *packed))


def ascii_text(value: str) -> Entry:
    data = value.encode("utf-8") + b"\0"
    return Entry(ASCII, len(data), data)


def swapped(directory: Directory) -> Directory:
    """Return the directory in the other byte order; undefined bytes stay as they are."""

    def swap(entry: Entry) -> Entry:
        width = _TYPES[entry.kind][1]
        data = b"".join(entry.data[i : i + width][::-1] for i in range(0, len(entry.data), width))
        return entry._replace(data=data if width > 1 else entry.data)

    return {tag: swap(entry) for tag, entry in directory.items()}


def directory_size(directory: Directory, big: bool = False, placed: Mapping[int, int] | None = None) -> int:
    """Return how many bytes `write_directory` will make of it."""
    fixed, entry_size, room = (16, 20, 8) if big else (6, 12, 4)
    values = (len(e.data) for tag, e in directory.items() if not placed or tag not in placed)
    return fixed + entry_size * len(directory) + sum(size + (size & 1) for size in values if size > room)


def write_directory(
    directory: Directory, order: Order, at: int, big: bool = False, placed: Mapping[int, int] | None = None
) -> bytes:
    """Return the bytes of a directory that will stand at `at`, an even offset, followed by its values.

    `placed` says of some tags where in the file their values stand already.
    """
    count, link, offset, room = ("Q", "Q", "Q", 8) if big else ("H", "I", "I", 4)
    entry_size = 20 if big else 12
    values_at = at + struct.calcsize(f"<{count}") + entry_size * len(directory) + struct.calcsize(f"<{link}")
    head, values = [struct.pack(order + count, len(directory))], bytearray()
    for tag in sorted(directory):
        entry = directory[tag]
        head.append(struct.pack(f"{order}HH{offset}", tag, entry.kind, entry.length))
        if placed and tag in placed:
            head.append(struct.pack(order + offset, placed[tag]))
        elif len(entry.data) <= room:
            head.append(entry.data.ljust(room, b"\0"))
        else:
            head.append(struct.pack(order + offset, values_at + len(values)))
            values += entry.data + b"\0" * (len(entry.data) & 1)
    head.append(struct.pack(order + link, 0))
    return b"".join(head) + bytes(values)

"""Building ICC profiles for exports: matrix and curve display profiles, ICC v4 (ICC.1:2022)."""

from __future__ import annotations

import hashlib
import struct
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .color import SPACES, Profile, Transfer, adapt, to_xyz

PCS_WHITE = (0.9642, 1.0, 0.8249)  # XYZ, ICC.1:2022 7.2.16
PCS_WHITE_XY = (PCS_WHITE[0] / sum(PCS_WHITE), PCS_WHITE[1] / sum(PCS_WHITE))
_NAMES: dict[Profile, str] = {
    "srgb": "sRGB (Stillbytes)",
    "display-p3": "Display P3 (Stillbytes)",
    "adobe-rgb": "Compatible with Adobe RGB (1998) (Stillbytes)",
    "prophoto": "ProPhoto RGB (Stillbytes)",
    "linear": "Linear Rec.2020 (Stillbytes)",
}
_COPYRIGHT = "No copyright, use freely"


@cache
def icc_profile(profile: Profile) -> bytes:
    """Return the ICC profile of an output space; the same bytes every time.

    Colorants are adapted to the connection space's D50 with the Bradford matrix that the "chad" tag states; they sum
    to its white exactly, so that white and greys stay neutral in every reader.
    """
    space = SPACES[profile]
    chad = adapt(space.white, PCS_WHITE_XY)
    colorants = np.round((chad @ to_xyz(space)) * 65536)
    colorants[:, 1] += np.round(np.array(PCS_WHITE) * 65536) - colorants.sum(axis=1)
    curve = _curve(space.transfer)
    tags = [
        (b"desc", _text(_NAMES[profile])),
        (b"cprt", _text(_COPYRIGHT)),
        (b"wtpt", _xyz(np.round(np.array(PCS_WHITE) * 65536))),
        (b"chad", b"sf32\0\0\0\0" + struct.pack(">9i", *np.round(chad * 65536).astype(int).ravel())),
        *((name, _xyz(colorants[:, i])) for i, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))),
        *((name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    return _assembled(tags)


def _text(value: str) -> bytes:
    data = value.encode("utf-16-be")
    return struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", len(data), 28) + data


def _xyz(fixed: NDArray[np.floating[Any]]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(int(v) for v in fixed))


def _curve(transfer: Transfer) -> bytes:
    if transfer == "linear":
        return b"curv" + bytes(8)
    numbers = {
        "srgb": (3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
        "adobe-rgb": (0, 563 / 256),
        "prophoto": (3, 1.8, 1.0, 0.0, 1 / 16, 16 * 2**-9),
    }[transfer]
    return struct.pack(">4s4xHH", b"para", int(numbers[0]), 0) + b"".join(
        struct.pack(">i", round(v * 65536)) for v in numbers[1:]
    )


def _assembled(tags: list[tuple[bytes, bytes]]) -> bytes:
    """Return header, tag table and data; equal tags share their data. The date is fixed, the id is the digest."""
    at = 132 + 12 * len(tags)
    table, body, places = [struct.pack(">I", len(tags))], b"", dict[bytes, int]()
    for name, data in tags:
        if data not in places:
            places[data] = at + len(body)
            body += data + bytes(-len(data) % 4)
        table.append(struct.pack(">4sII", name, places[data], len(data)))
    rest = b"".join(table) + body
    white = struct.pack(">3i", *(round(v * 65536) for v in PCS_WHITE))
    head = struct.pack(
        ">I4sI4s4s4s6H4s", 128 + len(rest), b"", 0x04400000, b"mntr", b"RGB ", b"XYZ ", 2026, 1, 1, 0, 0, 0, b"acsp"
    )
    head = head.ljust(68, b"\0") + white
    # ICC.1:2022 7.2.18: MD5 with flags, rendering intent and the id itself zero, which they are here.
    identity = hashlib.md5(head.ljust(128, b"\0") + rest, usedforsecurity=False).digest()
    return (head.ljust(84, b"\0") + identity).ljust(128, b"\0") + rest

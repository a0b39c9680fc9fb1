"""Reading ICC profiles: matrix and curve profiles exactly, in float64 (ICC.1:2022)."""

from __future__ import annotations

import struct
from functools import partial

import numpy as np

from ..color import D65, SPACES, XYZ_TO_REC2020, Matrix, Profile, adapt
from ..profiles import PCS_WHITE_XY
from .encoding import Curve, Encoding, Values, identity, of_profile

_CURVE_TAGS = (b"rTRC", b"gTRC", b"bTRC")
_COLORANT_TAGS = (b"rXYZ", b"gXYZ", b"bXYZ")
# Profiles of one colour space differ by rounding and in how they write its curve; 16-bit files do not see it.
_SAME_MATRIX, _SAME_CURVE = 1e-3, 3e-4


class TableProfileError(ValueError):
    """A sound profile that only a colour management module can apply: look-up tables, CMYK, Lab."""


def color_model(profile: bytes) -> str:
    """Return "RGB", "GRAY", "CMYK" and so on, as the profile's header says; "" if it is no profile."""
    return profile[16:20].decode("ascii", "replace").strip() if profile[36:40] == b"acsp" else ""


def encoding_of(profile: bytes) -> Encoding:
    """Return the encoding of an RGB or grey profile of curves and a matrix.

    A profile that means one of the known spaces gives exactly that space. White becomes Rec.2020's white.
    Raises TableProfileError where tables are needed, ValueError where the profile is broken.
    """
    model = color_model(profile)
    if not model:
        raise ValueError("it is no ICC profile")
    tags = _tags(profile)
    if model == "GRAY" and b"kTRC" in tags:
        curve = _curve(tags[b"kTRC"])
        return _named(Encoding("ICC grey", (curve, curve, curve), np.eye(3), curve is identity))
    if model != "RGB" or any(tag not in tags for tag in _CURVE_TAGS + _COLORANT_TAGS):
        raise TableProfileError(f"it is a table profile for {model}")
    if b"A2B0" in tags and _device_class(profile) == b"prtr":
        raise TableProfileError("it is a printer's table profile")
    red, green, blue = (_curve(tags[tag]) for tag in _CURVE_TAGS)
    matrix = _to_rec2020(np.array([_xyz(tags[tag]) for tag in _COLORANT_TAGS]).T)
    return _named(Encoding("ICC", (red, green, blue), matrix, all(c is identity for c in (red, green, blue))))


def _device_class(profile: bytes) -> bytes:
    return profile[12:16]


def _tags(profile: bytes) -> dict[bytes, bytes]:
    if len(profile) < 132:
        raise ValueError("it is too short")
    (count,) = struct.unpack_from(">I", profile, 128)
    if count > 200 or 132 + 12 * count > len(profile):
        raise ValueError("its tag table is broken")
    found: dict[bytes, bytes] = {}
    for index in range(count):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        found[name] = profile[offset : offset + size]
    return found


def _xyz(tag: bytes) -> tuple[float, float, float]:
    if tag[:4] != b"XYZ " or len(tag) < 20:
        raise ValueError("a colorant is broken")
    x, y, z = struct.unpack_from(">3i", tag, 8)
    return x / 65536, y / 65536, z / 65536


def _curve(tag: bytes) -> Curve:
    kind = tag[:4]
    if kind == b"curv" and len(tag) >= 12:
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return identity
        if len(tag) < 12 + 2 * count:
            raise ValueError("a curve is cut off")
        points = np.frombuffer(tag, ">u2", count, 12).astype(np.float64)
        if count == 1:
            return _power(points[0] / 256)
        return partial(_sampled, points=points / 65535)
    if kind == b"para" and len(tag) >= 16:
        (function,) = struct.unpack_from(">H", tag, 8)
        if function > 4 or len(tag) < 12 + 4 * (1, 3, 4, 5, 7)[function]:
            raise ValueError("a curve is broken")
        numbers = [v / 65536 for v in struct.unpack_from(f">{(1, 3, 4, 5, 7)[function]}i", tag, 12)]
        return _power(numbers[0]) if function == 0 else partial(_parametric, function=function, numbers=tuple(numbers))
    raise ValueError("a curve is of an unknown kind")


def _power(gamma: float) -> Curve:
    return identity if gamma == 1.0 else partial(_parametric, function=0, numbers=(gamma,))


def _sampled(values: Values, points: Values) -> Values:
    return np.interp(values, np.linspace(0.0, 1.0, len(points)), points)


def _parametric(values: Values, function: int, numbers: tuple[float, ...]) -> Values:
    """ICC.1:2022 10.18, parametricCurveType."""
    g, a, b, c, d, e, f = (*numbers, *(0.0,) * (7 - len(numbers)))
    if function == 0:
        return np.maximum(values, 0.0) ** g
    power = np.maximum(a * values + b, 0.0) ** g
    if function in (1, 2):
        offset = c if function == 2 else 0.0
        return np.where(values >= (-b / a if a else 0.0), power + offset, offset)
    if function == 3:
        return np.where(values >= d, power, c * values)
    return np.where(values >= d, power + e, c * values + f)


def _to_rec2020(colorants: Matrix) -> Matrix:
    """Return the matrix from linear RGB to Rec.2020 of colorants in the D50 connection space, XYZ in columns."""
    matrix = XYZ_TO_REC2020 @ adapt(PCS_WHITE_XY, D65) @ colorants
    white = matrix.sum(axis=1)
    # Colorants are rounded, in some profiles coarsely: without this a grey photo would get a cast.
    return matrix / white[:, None] if np.all(np.abs(white - 1.0) < 0.02) else matrix


def _named(encoding: Encoding) -> Encoding:
    """Return the known encoding that this one means, or the encoding itself."""
    at = np.linspace(0.0, 1.0, 257)
    grey = encoding.name == "ICC grey"
    candidates: list[Profile] = [*SPACES]
    for profile in candidates:
        known = of_profile(profile)
        if not grey and np.abs(known.matrix - encoding.matrix).max() > _SAME_MATRIX:
            continue
        if all(np.abs(a(at) - b(at)).max() < _SAME_CURVE for a, b in zip(known.curves, encoding.curves, strict=True)):
            return Encoding(profile, known.curves, encoding.matrix, known.linear) if grey else known
    return encoding

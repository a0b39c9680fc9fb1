"""What a decoder hands over, and what all decoders share: limits, alpha, greys, colour management by tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from ..color import SPACES
from ..errors import PhotoReadError
from ..geometry import Size
from ..metadata import Metadata
from ..profiles import icc_profile
from .encoding import Encoding, of_cicp, of_profile, of_space
from .exif import Exif, metadata_of, parse_exif
from .icc import TableProfileError, color_model, encoding_of

MAX_PIXELS = 1 << 30
MOST_LIGHT = 1e6  # times white; the sun's disc is some 5e4 times as bright as sunlit paper
_RELATIVE_COLORIMETRIC, _BLACK_POINT_COMPENSATION = 1, 0x2000
_ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Tags:
    """A file's metadata blocks as they stand in it."""

    exif: bytes = b""
    xmp: bytes = b""
    icc: bytes = b""
    cicp: tuple[int, int] | None = None
    orientation: int | None = None


@dataclass(frozen=True, eq=False)
class Decoded:
    """A decoded image: (H, W, 3) as stored, uint8, uint16 or float32, and what it means.

    `white` is the code of 1.0; float pixels have 1. `orientation` is EXIF's.
    """

    pixels: NDArray[Any]
    white: int
    encoding: Encoding
    orientation: int
    metadata: Metadata
    notes: tuple[str, ...]


def check_size(name: str, size: Size) -> None:
    """Raise PhotoReadError for an empty image or one beyond a gigapixel."""
    if size.width < 1 or size.height < 1:
        raise PhotoReadError(f"{name}: the image has no pixels.")
    if size.pixels > MAX_PIXELS:
        raise PhotoReadError(
            f"{name}: the image has {size.width} x {size.height} pixels, more than the limit of a gigapixel.",
            "Scale it down or cut it first.",
        )


def finish(name: str, pixels: NDArray[Any], white: int, tags: Tags) -> Decoded:
    """Return decoded pixels (H, W) or (H, W, 1 to 4) with their meaning; alpha is dropped with a note.

    Two channels are grey and alpha, four are RGB and alpha. Floats without a profile are linear light.
    """
    notes: list[str] = []
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    channels = pixels.shape[2]
    if channels in (2, 4):
        notes.append("Its transparency is left out.")
        channels -= 1
    if channels not in (1, 3):
        raise PhotoReadError(f"{name}: expected grey or RGB pixels, found {channels} channels.")
    check_size(name, Size(pixels.shape[1], pixels.shape[0]))
    pixels, white = _plain(name, pixels[:, :, :channels], white)
    exif = _exif(tags.exif, notes)
    encoding, pixels, white = _meaning(pixels, white, tags, exif, notes)
    if pixels.shape[2] == 1:
        pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    pixels.setflags(write=False)
    orientation = tags.orientation or (exif.orientation if exif else 1)
    metadata = metadata_of(exif, tags.exif, tags.xmp, tags.icc)
    return Decoded(pixels, white, encoding, orientation, metadata, tuple(notes))


def _plain(name: str, pixels: NDArray[Any], white: int) -> tuple[NDArray[Any], int]:
    """Return contiguous uint8, uint16 or float32 pixels in the machine's byte order, and the code of 1.0."""
    kind, size = pixels.dtype.kind, pixels.dtype.itemsize
    if kind == "f":
        with np.errstate(over="ignore"):  # doubles beyond float32 become infinite, which is seen to next
            return sanitized(np.ascontiguousarray(pixels, np.float32)), 1
    if kind == "b":
        return pixels.astype(np.uint8), 1
    if kind != "u" or size > 4:
        raise PhotoReadError(f"{name}: expected unsigned whole numbers or floats, found {pixels.dtype}.")
    if size == 4:
        return (pixels >> 16).astype(np.uint16), 65535
    return np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("=")), white


def sanitized(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float pixels as they are where none is beyond MOST_LIGHT; else a copy that is so everywhere.

    A hole in the data or a division by zero would spread from one pixel to all of them through means over the photo.
    What is too bright becomes the brightest of the others, at least 1; what is no number or far below 0 becomes 0.
    """
    if pixels.min() >= -MOST_LIGHT and pixels.max() <= MOST_LIGHT:  # false for NaN
        return pixels
    sound = np.abs(pixels) <= MOST_LIGHT
    brightest = np.max(pixels, where=sound, initial=1.0)
    return np.where(sound, pixels, np.where(pixels > 0.0, brightest, np.float32(0.0))).astype(np.float32)


def _exif(blob: bytes, notes: list[str]) -> Exif | None:
    if not blob:
        return None
    try:
        return parse_exif(blob)
    except ValueError:
        notes.append("Its EXIF data is broken and left out.")
        return None


def _meaning(
    pixels: NDArray[Any], white: int, tags: Tags, exif: Exif | None, notes: list[str]
) -> tuple[Encoding, NDArray[Any], int]:
    """Return the encoding; pixels that only tables can convert come back as 16-bit ProPhoto."""
    if tags.cicp and (named := _known_cicp(tags.cicp, notes)):
        return named, pixels, white
    if tags.icc:
        try:
            encoding = encoding_of(tags.icc)
            if color_model(tags.icc) == "GRAY" or pixels.shape[2] == 3 or len(set(encoding.curves)) == 1:
                return encoding, pixels, white
        except TableProfileError:
            expected = {1: "GRAY", 3: "RGB"}[pixels.shape[2]]
            if pixels.dtype.kind == "u" and white in (255, 65535) and color_model(tags.icc) == expected:
                return of_profile("prophoto"), managed(pixels, tags.icc, expected), 65535
            notes.append("Its colour profile does not fit its pixels and is ignored.")
        except ValueError as error:
            notes.append(f"Its colour profile is broken and ignored: {error}.")
    if pixels.dtype.kind == "f":
        notes.append("It has no colour profile: its float values are taken as linear light with sRGB's primaries.")
        return linear_srgb(), pixels, white
    return of_profile("adobe-rgb" if exif and exif.adobe_rgb else "srgb"), pixels, white


def linear_srgb() -> Encoding:
    """Return linear light with sRGB's primaries."""
    return of_space("linear sRGB", SPACES["srgb"]._replace(transfer="linear"))


def _known_cicp(cicp: tuple[int, int], notes: list[str]) -> Encoding | None:
    encoding = of_cicp(*cicp)
    if encoding is None and cicp != (2, 2):
        notes.append(f"Its colour coding {cicp[0]}/{cicp[1]} is not known and is ignored.")
    return encoding


def managed(pixels: NDArray[Any], profile: bytes, model: str) -> NDArray[np.uint16]:
    """Return pixels of a table profile as 16-bit ProPhoto RGB, converted by LittleCMS with 16-bit tables.

    pixels: uint8 or uint16, (H, W, channels); CMYK with 0 = no ink. Relative colorimetric with black point
    compensation. Raises PhotoReadError if LittleCMS does not accept the profile.
    """
    out = np.empty((*pixels.shape[:2], 3), np.uint16)
    target = icc_profile("prophoto")
    space = {"GRAY": "gray"}.get(model, model.lower())
    try:
        for top in range(0, pixels.shape[0], _ROWS_AT_ONCE):
            rows = pixels[top : top + _ROWS_AT_ONCE]
            out[top : top + _ROWS_AT_ONCE] = imagecodecs.cms_transform(
                np.ascontiguousarray(rows if rows.shape[2] > 1 else rows[:, :, 0]),
                profile,
                target,
                colorspace=space,
                outcolorspace="rgb",
                outdtype="uint16",
                intent=_RELATIVE_COLORIMETRIC,
                flags=_BLACK_POINT_COMPENSATION,
            )
    except (imagecodecs.CmsError, ValueError, RuntimeError) as error:
        raise PhotoReadError(
            f"the {model} colour profile cannot be applied.", "Convert the image to RGB in another program."
        ) from error
    return out


def from_cmyk(pixels: NDArray[Any], icc: bytes) -> NDArray[np.uint16]:
    """Return CMYK pixels, (H, W, 4) with 0 = no ink, as 16-bit ProPhoto; without a profile (1 - ink)(1 - black)."""
    if color_model(icc) == "CMYK":
        return managed(pixels, icc, "CMYK")
    scale = np.iinfo(pixels.dtype).max
    light = (1.0 - pixels[:, :, :3].astype(np.float32) / scale) * (1.0 - pixels[:, :, 3:4].astype(np.float32) / scale)
    return (light * 65535 + 0.5).astype(np.uint16)


def finish_cmyk(name: str, pixels: NDArray[np.uint16], tags: Tags) -> Decoded:
    """Return pixels that were CMYK: 16-bit ProPhoto where a profile said what the inks are, sRGB where none did."""
    profiled = color_model(tags.icc) == "CMYK"
    decoded = finish(name, pixels, 65535, replace(tags, icc=icc_profile("prophoto") if profiled else b""))
    note = "It was CMYK and became RGB." if profiled else "It was CMYK without a profile; its colours are a guess."
    return replace(decoded, metadata=replace(decoded.metadata, icc=tags.icc), notes=(*decoded.notes, note))

"""Decoding image files: JPEG, PNG, TIFF, WebP, AVIF, JPEG XL, HEIC."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import PhotoReadError
from ..geometry import Size
from . import containers
from .decoded import Decoded, Tags, check_size, finish, finish_cmyk, from_cmyk
from .tiff import decode_tiff

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def decode_image(path: Path) -> Decoded:
    """Return the image in a file; its format is read from its first bytes, not from its name.

    Raises PhotoReadError if the file is missing, empty, truncated, broken or of an unknown kind.
    """
    name = path.name
    try:
        with path.open("rb") as file:
            head = file.read(32)
        if not head:
            raise PhotoReadError(f"{name}: the file is empty.")
        kind = _kind(head)
        if kind is None:
            raise PhotoReadError(
                f"{name}: the file is not an image that can be read.",
                "Known kinds: JPEG, PNG, TIFF, WebP, AVIF, JPEG XL and, with pillow-heif, HEIC.",
            )
        return decode_tiff(path) if kind is decode_tiff else kind(name, path.read_bytes())
    except PhotoReadError as error:
        if error.message.startswith(name):
            raise
        raise PhotoReadError(f"{name}: {error.message}", error.hint) from error
    except FileNotFoundError as error:
        raise PhotoReadError(f"{name}: there is no such file in {path.parent}.") from error
    except OSError as error:
        reason = error.strerror or "the image is broken or cut off"
        raise PhotoReadError(f"{name}: the file cannot be read: {reason}.") from error
    except MemoryError as error:
        raise PhotoReadError(f"{name}: the image needs more memory than there is.") from error
    except Exception as error:  # decoders raise errors of many kinds on hostile files
        raise PhotoReadError(
            f"{name}: the image is broken or cut off.", "Copy the file again from its source."
        ) from error


def _kind(head: bytes) -> Callable[..., Decoded] | None:
    if head[:3] == b"\xff\xd8\xff":
        return _jpeg
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return _png
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return decode_tiff
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp
    if head[:2] == b"\xff\x0a" or head[:12] == b"\0\0\0\x0cJXL \r\n\x87\n":
        return _jxl
    if head[4:8] == b"ftyp":
        brands = {head[at : at + 4] for at in (8, 16, 20, 24, 28)}
        return _avif if brands & {b"avif", b"avis"} else _heif if brands & _HEIF_BRANDS else None
    return None


def _tags(parts: containers.Parts) -> Tags:
    return Tags(parts.exif, parts.xmp, parts.icc, parts.cicp)


def _jpeg(name: str, data: bytes) -> Decoded:
    parts = containers.jpeg_parts(data)
    check_size(name, parts.size)
    if parts.channels == 4:
        with _pillow("JPEG", data) as image:
            inks = np.asarray(image.convert("CMYK"))
        tags = _tags(parts)
        return finish_cmyk(name, from_cmyk(inks, tags.icc), tags)
    pixels: NDArray[Any] = imagecodecs.jpeg8_decode(data)
    return finish(name, pixels, (1 << parts.bits) - 1, _tags(parts))


def _pillow(kind: str, data: bytes) -> Image.Image:
    """Return a file opened by Pillow's reader of that kind, past the pixel limit of Image.open."""
    Image.init()
    return Image.OPEN[kind][0](io.BytesIO(data), "")


def _png(name: str, data: bytes) -> Decoded:
    parts = containers.png_parts(data)
    check_size(name, parts.size)
    pixels: NDArray[Any] = imagecodecs.png_decode(data)
    return finish(name, pixels, int(np.iinfo(pixels.dtype).max), _tags(parts))


def _webp(name: str, data: bytes) -> Decoded:
    return finish(name, imagecodecs.webp_decode(data), 255, _tags(containers.webp_parts(data)))


def _jxl(name: str, data: bytes) -> Decoded:
    parts = containers.jxl_parts(data)
    check_size(name, parts.size)
    pixels: NDArray[Any] = imagecodecs.jpegxl_decode(data)
    white = 1 if pixels.dtype.kind == "f" else int(np.iinfo(pixels.dtype).max)
    # The decoder has turned the pixels upright.
    return finish(name, pixels, white, Tags(parts.exif, parts.xmp, parts.icc, orientation=1))


def _avif(name: str, data: bytes) -> Decoded:
    with _pillow("AVIF", data) as image:
        check_size(name, Size(*image.size))
        orientation = int(image.getexif().get(0x0112, 1))
        info = image.info
    pixels: NDArray[Any] = imagecodecs.avif_decode(data)
    at = data.find(b"av1C")
    depth = 8 if pixels.dtype == np.uint8 else 12 if at > 0 and data[at + 6] & 0x20 else 10
    exif = bytes(info.get("exif", b"")).removeprefix(b"Exif\0\0")
    tags = Tags(exif, _bytes(info.get("xmp")), _bytes(info.get("icc_profile")), _nclx(data), orientation)
    return finish(name, pixels, (1 << depth) - 1, tags)


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value or b"")


def _nclx(data: bytes) -> tuple[int, int] | None:
    """Return (primaries, transfer) of the first "nclx" colour box (ISO/IEC 14496-12, 12.1.5)."""
    at = data.find(b"colrnclx")
    if at < 0 or at + 12 > len(data):
        return None
    found = int.from_bytes(data[at + 8 : at + 10], "big"), int.from_bytes(data[at + 10 : at + 12], "big")
    return None if 2 in found else found


def _heif(name: str, data: bytes) -> Decoded:
    try:
        import pillow_heif  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise PhotoReadError(
            f"{name}: HEIC images need the package pillow-heif.", "Install it with: pip install pillow-heif"
        ) from error
    image = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    check_size(name, Size(*image.size))
    info = image.info
    exif = _bytes(info.get("exif")).removeprefix(b"Exif\0\0")
    tags = Tags(exif, _bytes(info.get("xmp")), _bytes(info.get("icc_profile")), _nclx(data), 1)
    pixels = np.asarray(image)
    return finish(name, pixels, int(np.iinfo(pixels.dtype).max), tags)

"""TIFF files: 8, 16 and 32-bit, float; strips, tiles, planes; grey, RGB, palette, CMYK."""

from __future__ import annotations

import logging
import math
import mmap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from ..errors import PhotoReadError
from ..geometry import Size
from .decoded import Decoded, Tags, check_size, finish, finish_cmyk, from_cmyk
from .exif import DESCRIPTIVE, exif_blob, parse_exif
from .ifd import read_directory, read_header

# A broken file becomes one error; the library's remarks on it would go to the user's terminal besides.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_XMP, _ICC = 700, 34675
_WHITE_IS_0, _BLACK_IS_0, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_RAW = (32803, 34892)
_LOSSLESS = (1, 5, 8, 32773, 32946, 34925, 50000)  # what gives back the samples as they are; JPEG's readers give RGB
_NO_IMAGE_OF_ITS_OWN = 1 | 4  # NewSubfileType: reduced resolution, transparency mask (TIFF 6.0)
_VALUE_TYPES = range(1, 13)


def decode_tiff(path: Path) -> Decoded:
    """Return the first full image of a TIFF file. Raises PhotoReadError where its kind of pixels is not known."""
    name = path.name
    with tifffile.TiffFile(path) as file:
        page = _full_page(file)
        photometric = int(page.photometric)
        if photometric in _RAW:
            raise PhotoReadError(
                f"{name}: the TIFF file holds RAW sensor data.", "Rename it to .dng to open it as RAW."
            )
        check_size(name, Size(page.imagewidth, page.imagelength))
        if photometric not in (_WHITE_IS_0, _BLACK_IS_0, _RGB, _PALETTE, _CMYK, _YCBCR):
            raise PhotoReadError(
                f"{name}: expected grey, RGB, palette or CMYK pixels, found TIFF photometric {photometric}.",
                "Convert the image to RGB in another program.",
            )
        if photometric == _YCBCR and page.compression in _LOSSLESS:
            raise PhotoReadError(
                f"{name}: the TIFF file holds YCbCr pixels that are not compressed as JPEG.",
                "Convert the image to RGB in another program.",
            )
        _check_segments(name, page, path.stat().st_size)
        pixels = _channels_last(page)
        tags = _tags(path, page)
        white = 1 if pixels.dtype.kind == "f" else (1 << int(page.bitspersample)) - 1
        colormap = page.colormap
    if photometric == _CMYK:
        return finish_cmyk(name, from_cmyk(_inks(pixels), tags.icc), tags)
    if photometric == _PALETTE:
        if colormap is None or pixels.dtype.kind != "u":
            raise PhotoReadError(f"{name}: the TIFF palette is missing.")
        # Some old programs wrote the palette's 16-bit values as 8-bit ones, as libtiff knows.
        deepest = 65535 if colormap.max(initial=0) > 255 else 255
        return finish(name, np.ascontiguousarray(colormap.T[pixels[:, :, 0]]), deepest, tags)
    wanted = 3 if photometric in (_RGB, _YCBCR) else 1
    if pixels.shape[2] < wanted:
        raise PhotoReadError(f"{name}: expected {wanted} channels, found {pixels.shape[2]}.")
    # Channels beyond the colours are alpha or separate masks: one of them tells `finish` to note it.
    pixels = pixels[:, :, : wanted + 1]
    if photometric == _WHITE_IS_0 and pixels.dtype.kind in "bu":
        pixels = ~pixels if pixels.dtype.kind == "b" else np.asarray(white, pixels.dtype) - pixels
    return finish(name, pixels, white, tags)


def _full_page(file: tifffile.TiffFile) -> tifffile.TiffPage:
    """Return the first page that is neither a smaller version of another one nor a mask; else the first of all."""
    pages = (page for page in file.pages if isinstance(page, tifffile.TiffPage))
    return next((page for page in pages if not int(page.subfiletype) & _NO_IMAGE_OF_ITS_OWN), file.pages.first)


def _check_segments(name: str, page: tifffile.TiffPage, size: int) -> None:
    """Raise PhotoReadError where strips or tiles are missing or lie beyond the end of the file."""
    ends = [at + count for at, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
    if len(ends) < math.prod(page.chunked) or max(ends, default=size + 1) > size:
        raise PhotoReadError(f"{name}: the TIFF file is cut off.", "Copy the file again from its source.")


def _channels_last(page: tifffile.TiffPage) -> NDArray[Any]:
    pixels: NDArray[Any] = np.asarray(page.asarray())
    samples = int(page.samplesperpixel)
    if int(page.planarconfig) == 2 and samples > 1:
        pixels = np.moveaxis(pixels.reshape(samples, page.imagelength, page.imagewidth), 0, -1)
    return pixels.reshape(page.imagelength, page.imagewidth, samples)


def _inks(pixels: NDArray[Any]) -> NDArray[Any]:
    if pixels.shape[2] < 4 or pixels.dtype.kind != "u" or pixels.dtype.itemsize > 2:
        raise PhotoReadError("expected 8 or 16-bit CMYK with four inks.")
    return pixels[:, :, :4]


def _tags(path: Path, page: tifffile.TiffPage) -> Tags:
    """Return the metadata: EXIF from the file's first directory, whose structure is EXIF's, the rest from the page's
    own directory or else from the first."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        exif = parse_exif(data)
        found = exif.image | read_directory(data, read_header(data), page.offset)
        xmp, icc = found.get(_XMP), found.get(_ICC)
    kept = {tag: entry for tag, entry in exif.image.items() if tag in DESCRIPTIVE}
    blob = b""
    if kept or exif.photo or exif.gps:
        photo = {tag: entry for tag, entry in exif.photo.items() if entry.kind in _VALUE_TYPES}
        blob = exif_blob(replace(exif, image=kept, photo=photo))
    return Tags(blob, xmp.data if xmp else b"", icc.data if icc else b"")

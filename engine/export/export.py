"""Exporting a photo: rendered strip by strip, written beside its final name, moved there when it is whole."""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, get_args

from ..color import Profile
from ..develop.display import OutputSpec, SampleType, frame_size, photo_strips
from ..errors import ExportError
from ..geometry import Size
from ..photo import Photo
from ..profiles import icc_profile
from ..tiles import Progress, no_progress
from .jpeg import MAX_SIDE, Chroma, JpegWriter
from .metadata import output_metadata
from .png import PngWriter
from .tiff import Compression, TiffWriter
from .writer import BitDepth, ImageSpec, ImageWriter

Format = Literal["tiff", "png", "jpeg"]
FORMATS: tuple[Format, ...] = get_args(Format)
SUFFIXES: dict[Format, str] = {"tiff": ".tif", "png": ".png", "jpeg": ".jpg"}
_FORMAT_OF: dict[str, Format] = {
    ".tif": "tiff", ".tiff": "tiff", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg",
}  # fmt: skip
_DEPTHS: dict[Format, tuple[BitDepth, ...]] = {"tiff": (16, 8, 32), "png": (16, 8), "jpeg": (8,)}
_SAMPLES: dict[BitDepth, SampleType] = {8: "uint8", 16: "uint16", 32: "float32"}
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than the file system allows",
    errno.EACCES: "writing there is not allowed",
    errno.EPERM: "writing there is not allowed",
    errno.EROFS: "the disk is read-only",
    errno.ENAMETOOLONG: "the name is too long",
}


@dataclass(frozen=True)
class ExportOptions:
    """How a photo is written.

    format None goes by the file's name; bit_depth None is the most that is usual: 16, for JPEG 8; 32 is float TIFF.
    quality 1 to 100 and chroma are JPEG's, compression is TIFF's. max_side is the longer side's limit in px.
    """

    format: Format | None = None
    bit_depth: BitDepth | None = None
    profile: Profile = "srgb"
    tone: Literal["standard", "linear"] = "standard"
    compression: Compression = "deflate"
    quality: int = 95
    chroma: Chroma = "4:4:4"
    max_side: int | None = None
    overwrite: bool = False
    strip_metadata: bool = False

    @property
    def sample_type(self) -> SampleType:
        """The samples that these options ask for, where the format is named."""
        return _SAMPLES[self.bit_depth or (8 if self.format == "jpeg" else 16)]


@dataclass(frozen=True)
class ExportReport:
    """What was written; `notes` are plain sentences on what the file lacks."""

    path: Path
    size: Size
    format: Format
    bit_depth: BitDepth
    profile: Profile
    bytes: int
    seconds: float
    notes: tuple[str, ...] = ()


def export(
    photo: Photo, path: Path, options: ExportOptions | None = None, progress: Progress = no_progress
) -> ExportReport:
    """Write the finished photo to `path` and return what was written.

    The file appears whole or not at all: on an error, on a `progress` that raises and on Ctrl-C nothing is left
    behind. The photo's own file is never overwritten. Raises ExportError.
    """
    started = time.perf_counter()
    options = options or ExportOptions()
    kind, bits = _kind(path, options)
    _check_target(photo, path, options)
    size, scale = frame_size(photo, options.max_side)
    _check_size(path, kind, size)
    described = output_metadata(photo.source.metadata, size, options.profile)
    kept = not options.strip_metadata
    spec = ImageSpec(
        size, bits, icc_profile(options.profile), described.exif if kept else None, described.xmp if kept else b""
    )
    notes = described.notes if kept else ()
    with _replacing(path, options.overwrite) as file:
        writer, writer_notes = _writer(file, spec, kind, options)
        _stream(photo, writer, spec, (options, scale), progress)
    seconds = time.perf_counter() - started
    written = path.stat().st_size
    return ExportReport(path, size, kind, bits, options.profile, written, seconds, notes + writer_notes)


def _kind(path: Path, options: ExportOptions) -> tuple[Format, BitDepth]:
    """Return the format and the bits per channel. Raises ExportError where they do not fit."""
    kind = options.format or _FORMAT_OF.get(path.suffix.lower())
    if kind is None:
        raise ExportError(
            f"{path.name}: expected a name ending in .tif, .png or .jpg, found {path.suffix or 'no ending'!r}.",
            "Change the name or choose a format.",
        )
    bits = options.bit_depth or _DEPTHS[kind][0]
    if bits not in _DEPTHS[kind]:
        possible = " or ".join(str(depth) for depth in sorted(_DEPTHS[kind]))
        raise ExportError(f"{path.name}: {kind.upper()} has {possible} bits per channel, not {bits}.", "Choose TIFF.")
    if not 1 <= options.quality <= 100:
        raise ExportError(f"{path.name}: expected a quality from 1 to 100, found {options.quality}.")
    if options.max_side is not None and options.max_side < 1:
        raise ExportError(f"{path.name}: expected a longest side of at least 1 px, found {options.max_side}.")
    return kind, bits


def _check_target(photo: Photo, path: Path, options: ExportOptions) -> None:
    source = getattr(photo.source, "path", None)
    with _explained(path):
        there = path.exists()
        if there and isinstance(source, Path) and source.exists() and os.path.samefile(source, path):
            raise ExportError(
                f"{path.name}: this is the photo's own file, which is never overwritten.", "Choose another name."
            )
        if path.is_dir():
            raise ExportError(f"{path.name}: expected a file name, found a folder.", "Add a file name.")
        if there and not options.overwrite:
            raise _exists(path)
        if not path.parent.is_dir():
            raise ExportError(f"{path.name}: the folder {path.parent} does not exist.", "Make the folder first.")


def _exists(path: Path) -> ExportError:
    return ExportError(
        f"{path.name}: the file exists already.",
        "Choose another name or allow overwriting (--overwrite).",
    )


def _check_size(path: Path, kind: Format, size: Size) -> None:
    if kind == "jpeg" and max(size) > MAX_SIDE:
        raise ExportError(
            f"{path.name}: a JPEG has at most {MAX_SIDE} px a side, the photo has {size.width} x {size.height}.",
            "Choose TIFF or PNG, or set a longest side.",
        )


def _writer(
    file: BinaryIO, spec: ImageSpec, kind: Format, options: ExportOptions
) -> tuple[ImageWriter, tuple[str, ...]]:
    if kind == "tiff":
        return TiffWriter(file, spec, options.compression), ()
    if kind == "png":
        return PngWriter(file, spec), ()
    jpeg = JpegWriter(file, spec, options.quality, options.chroma)
    return jpeg, jpeg.notes


def _stream(
    photo: Photo, writer: ImageWriter, spec: ImageSpec, look: tuple[ExportOptions, float], progress: Progress
) -> None:
    options, scale = look
    output = OutputSpec(options.profile, options.tone, _SAMPLES[spec.bits])
    try:
        for strip in photo_strips(photo, output, scale, spec.rows, progress):
            writer.write(strip)
        writer.close()
    except BaseException:
        writer.abandon()
        raise


@contextmanager
def _replacing(path: Path, overwrite: bool) -> Generator[BinaryIO]:
    """Give a new file in the same folder that becomes `path` at the end, or vanishes on any error."""
    partial = path.parent / f".stillbytes-{secrets.token_hex(6)}.part"
    try:
        with _explained(path):
            with partial.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _move(partial, path, overwrite)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def _explained(path: Path) -> Generator[None]:
    """Turn what the system says against writing `path` into an ExportError."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or "unknown error")
        raise ExportError(
            f"{path.name}: the file cannot be written to {path.parent}: {reason}.", _hint(error)
        ) from error


def _hint(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Free some space or choose another disk."
    return "Choose a shorter name." if error.errno == errno.ENAMETOOLONG else "Choose another folder."


def _move(partial: Path, path: Path, overwrite: bool) -> None:
    """Give the finished file its name; without `overwrite` a file that has appeared meanwhile is left alone."""
    if not overwrite:
        try:
            os.link(partial, path)
        except FileExistsError as error:
            raise _exists(path) from error
        except OSError:  # a file system without links
            if path.exists():
                raise _exists(path) from None
        else:
            return
    partial.replace(path)

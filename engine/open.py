"""Opening a file as a photo, whatever kind it is."""

from __future__ import annotations

from pathlib import Path

from .errors import PhotoReadError
from .photo import Photo
from .raster.formats import IMAGE_SUFFIXES
from .raw.formats import RAW_SUFFIXES, is_raw
from .raw.source import RawOptions, open_raw

PHOTO_SUFFIXES = RAW_SUFFIXES | IMAGE_SUFFIXES


def open_photo(path: Path, options: RawOptions | None = None) -> Photo:
    """Return the unedited photo in `path`; `options` say how a RAW file is developed and are ignored for images.

    Raises PhotoReadError with one sentence when the file is missing, broken, unsupported or decodes to nothing.
    """
    try:
        there, is_file = path.exists(), path.is_file()
    except OSError as error:  # a folder that may not be looked into, a name too long to be one
        raise PhotoReadError(f"{path.name}: the file cannot be read: {error.strerror}.", "Check the path.") from error
    if not there:
        raise PhotoReadError(f"{path.name}: there is no such file.", "Check the path.")
    if not is_file:
        raise PhotoReadError(f"{path.name}: this is not a file.", "Name a photo.")
    if is_raw(path):
        return Photo(open_raw(path, options or RawOptions()))
    from .raster.source import open_image  # its readers take a while to load, and a RAW file needs none of them

    return Photo(open_image(path))

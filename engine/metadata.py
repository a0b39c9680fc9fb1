"""What a photo's file says besides its pixels, kept whole so that an export can write it again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metadata:
    """EXIF, XMP and ICC as bytes, and the few facts that the engine and its reports use.

    exif: a TIFF structure (II or MM header) as it stands in a JPEG's APP1 after "Exif\\0\\0"; b"" if there is none.
    xmp: an XMP packet as UTF-8; b"" if there is none. icc: the source's own ICC profile; b"" if there is none.
    iso 0, exposure_s 0.0, aperture 0.0 and focal_length_mm 0.0 mean unknown; taken is "YYYY:MM:DD HH:MM:SS" or "".
    """

    exif: bytes = b""
    xmp: bytes = b""
    icc: bytes = b""
    make: str = ""
    model: str = ""
    lens: str = ""
    taken: str = ""
    iso: float = 0.0
    exposure_s: float = 0.0
    aperture: float = 0.0
    focal_length_mm: float = 0.0

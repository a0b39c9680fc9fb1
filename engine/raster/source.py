"""Images as sources of photos: read by tile, converted to scene-linear Rec.2020 where they are looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Grid, Size, upright
from ..metadata import Metadata
from .area import average_codes, average_values, decode_codes_, decode_values_, transform_
from .decode import decode_image
from .decoded import Decoded, sanitized
from .encoding import Encoding, of_profile
from .formats import IMAGE_SUFFIXES

Pixels = NDArray[np.float32]
ArrayEncoding = Literal["srgb", "linear-rec2020"]
_NO_METADATA = Metadata()


class RasterSource:
    """An image in memory as it was stored, of kind "scene" where its values are linear light, else "display".

    `notes` are plain sentences on what was left out or guessed. `path` is the file, None where there is none.
    """

    def __init__(self, decoded: Decoded, name: str, path: Path | None = None) -> None:
        self._pixels: NDArray[Any] = upright(decoded.pixels, decoded.orientation)
        self._codes = decoded.pixels.dtype.kind == "u"
        encoding = decoded.encoding
        count = 1 << (8 * decoded.pixels.dtype.itemsize)
        self._table = encoding.code_table(decoded.white, count) if self._codes else encoding.value_table()
        identity = np.array_equal(encoding.matrix, np.eye(3))
        self._matrix = None if identity else encoding.matrix.astype(np.float32)
        self._kind: Literal["scene", "display"] = "scene" if encoding.linear else "display"
        self._metadata, self._name = decoded.metadata, name
        self.notes, self.path = decoded.notes, path
        self.encoding_name = encoding.name

    @property
    def size(self) -> Size:
        return Size(self._pixels.shape[1], self._pixels.shape[0])

    @property
    def kind(self) -> Literal["scene", "display"]:
        return self._kind

    @property
    def metadata(self) -> Metadata:
        return self._metadata

    @property
    def name(self) -> str:
        return self._name

    def read(self, box: Box, grid: Grid, out: Pixels | None = None) -> Pixels:
        """Return float32 (box.height, box.width, 3) pixels of `grid`'s pixels in `box`, see `photo.Source`."""
        pixels = self._native(box, grid) if grid.native else self._average(box, grid)
        if self._matrix is not None:
            transform_(pixels, self._matrix)
        if out is None:
            return pixels
        out[...] = pixels
        return out

    def _native(self, box: Box, grid: Grid) -> Pixels:
        out = np.empty((box.height, box.width, 3), np.float32)
        decode = decode_codes_ if self._codes else decode_values_
        decode(out, self._pixels, self._table, box.left + int(grid.left), box.top + int(grid.top))
        return out

    def _average(self, box: Box, grid: Grid) -> Pixels:
        average = average_codes if self._codes else average_values
        return average(self._pixels, self._table, grid, box)


class ArraySource(RasterSource):
    """Pixels that are in memory already, as ComfyUI's images are.

    pixels: float32 (H, W, 3), kept without a copy where it is contiguous and sound; do not write into it afterwards.
    What is no number becomes black, see `decoded.sanitized`. "srgb" values are display-encoded, 1.0 = white;
    "linear-rec2020" is scene-linear light. Raises ValueError for another shape, or one without pixels.
    """

    def __init__(
        self, pixels: Pixels, encoding: ArrayEncoding = "srgb", name: str = "image", metadata: Metadata = _NO_METADATA
    ) -> None:
        if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
            raise ValueError(f"expected pixels of shape (H, W, 3), got {pixels.shape}")
        kept = sanitized(np.ascontiguousarray(pixels, np.float32)).view()
        kept.setflags(write=False)
        meaning: Encoding = of_profile("srgb" if encoding == "srgb" else "linear")
        super().__init__(Decoded(kept, 1, meaning, 1, metadata, ()), name)


def is_image(path: Path) -> bool:
    """True if the file's name ends like an image's that `open_image` may read."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def open_image(path: Path) -> RasterSource:
    """Return an image file as a photo's source; the whole image is decoded and stays in memory as stored.

    Raises PhotoReadError with one sentence if the file is missing, empty, broken, too large or unknown.
    """
    return RasterSource(decode_image(path), path.name, path)

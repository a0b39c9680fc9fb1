"""A RAW file as a photo's source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Grid, Size, upright_size
from ..metadata import Metadata
from .decode import decode
from .develop import Demosaic, Developer, sample_light
from .highlights import Highlights
from .mosaic import Mosaic
from .white_balance import Balance, WhiteBalance, auto, daylight, from_multipliers, from_temperature


@dataclass(frozen=True)
class RawOptions:
    """How a RAW file is developed into scene light.

    kelvin (2000 to 25000) and tint (-150 to 150, above 0 makes the picture more magenta) hold for "custom" only.
    """

    white_balance: WhiteBalance = "camera"
    kelvin: float = 5500.0
    tint: float = 0.0
    highlights: Highlights = "reconstruct"
    demosaic: Demosaic = "best"


class RawSource:
    """The scene light of a RAW file, upright and cropped as its camera says. Compared and hashed by identity.

    `balance` holds the multipliers in use and the temperature and tint that they mean; `baseline_ev` is the exposure
    that DNG's BaselineExposure asks for and is not applied; `notes` are sentences about what had to be assumed.
    """

    kind: Literal["scene"] = "scene"

    def __init__(self, path: Path | None, mosaic: Mosaic, options: RawOptions | None = None) -> None:
        self.path = path
        self._mosaic = mosaic
        self._options = options or RawOptions()
        self.balance, notes = _balance(mosaic, self._options)
        self.notes: tuple[str, ...] = (*mosaic.notes, *notes)
        self._developer = Developer(mosaic, self.balance, self._options.highlights, self._options.demosaic)

    @property
    def size(self) -> Size:
        return upright_size(self._mosaic.crop.size, self._mosaic.orientation)

    @property
    def metadata(self) -> Metadata:
        return self._mosaic.metadata

    @property
    def name(self) -> str:
        return self.path.name if self.path is not None else "mosaic"

    @property
    def options(self) -> RawOptions:
        return self._options

    @property
    def baseline_ev(self) -> float:
        return self._mosaic.baseline_ev

    def with_options(self, options: RawOptions) -> RawSource:
        """Return a source on the same samples, developed with other options; nothing is decoded again."""
        return RawSource(self.path, self._mosaic, options)

    def read(self, box: Box, grid: Grid, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return float32 (box.height, box.width, 3) pixels of `grid`'s pixels in `box`, see `photo.Source`."""
        return self._developer.read(box, grid, out)


def open_raw(path: Path, options: RawOptions | None = None) -> RawSource:
    """Return a RAW file as a source. Raises PhotoReadError if it cannot be decoded, see `decode`."""
    return RawSource(path, decode(path), options)


def _balance(mosaic: Mosaic, options: RawOptions) -> tuple[Balance, tuple[str, ...]]:
    """Return the white balance that the options ask for, or the nearest that the file allows, and a note if so."""
    camera = mosaic.camera
    if options.white_balance == "custom":
        return from_temperature(camera, options.kelvin, options.tint), ()
    if options.white_balance == "daylight":
        return daylight(camera), ()
    if options.white_balance == "camera" and camera.as_shot is not None:
        return from_multipliers(camera, camera.as_shot), ()
    if mosaic.layout == "grey":
        return daylight(camera), ()
    found = auto(camera, sample_light(mosaic).reshape(-1, 3))
    if options.white_balance == "auto":
        return found, ()
    return found, ("White balance is found automatically instead.",)

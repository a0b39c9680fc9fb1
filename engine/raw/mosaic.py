"""What the decoder hands over: the sensor's samples and every fact that their development needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Size
from ..metadata import Metadata
from .camera import CameraColor, camera_color

Layout = Literal["bayer", "color", "grey"]
Samples = NDArray[np.uint16]
_CHANNEL = {"R": 0, "G": 1, "B": 2}
# LibRaw's flip: 1 mirrors the columns, 2 the rows, 4 transposes last -> EXIF orientation (Exif 2.32, tag 0x0112).
_ORIENTATION = {0: 1, 1: 2, 3: 3, 2: 4, 4: 5, 6: 6, 7: 7, 5: 8}
_MOST_BLACK = 65534.0  # one level stays for light: tables have an entry for each
_LEAST_CROP = 0.5  # a default crop smaller than this in either direction is a misread one


@dataclass(frozen=True, eq=False)
class Mosaic:
    """Samples as stored on the sensor: not turned, not balanced, black level still in them.

    samples: read-only uint16, (h, w) for "bayer", (h, w, 3) for "color", (h, w, 1) for "grey".
    colors: uint8 (2, 2), which of 0 red, 1 green, 2 blue lies at (row & 1, column & 1); all 1 unless "bayer".
    black, white: float32, the levels by place, (2, 2), for "bayer"; by channel, (1, 3) or (1, 1), for the others.
    crop: the default crop, inside the samples. orientation: EXIF's, 1 to 8.
    baseline_ev: the exposure that DNG's BaselineExposure asks for; not applied.
    """

    samples: Samples
    layout: Layout
    colors: NDArray[np.uint8]
    black: NDArray[np.float32]
    white: NDArray[np.float32]
    crop: Box
    orientation: int
    camera: CameraColor
    metadata: Metadata
    baseline_ev: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def frame(self) -> Size:
        """The size of all the samples."""
        return Size(self.samples.shape[1], self.samples.shape[0])


def mosaic_from(
    facts: Mapping[str, Any], metadata: Metadata, dng: Mapping[str, Sequence[float]], samples: Samples
) -> Mosaic:
    """Return a mosaic made of the worker's facts."""
    names: list[list[int]] = facts["colors"]
    layout: Layout = "bayer" if names else "color" if samples.ndim == 3 and samples.shape[2] == 3 else "grey"
    if layout == "grey":
        samples = samples.reshape(*samples.shape[:2], 1)
    colors = np.ones((2, 2), np.uint8)
    if names:
        colors = np.array([[_CHANNEL[facts["color_names"][k]] for k in row] for row in names], np.uint8)
    black, white = _levels(facts, layout, names)
    camera, notes = camera_color(facts, dng)
    baseline = dng.get("BaselineExposure") or [0.0]
    return Mosaic(
        samples=samples,
        layout=layout,
        colors=colors,
        black=black,
        white=white,
        crop=_crop(facts["crop"], Size(samples.shape[1], samples.shape[0])),
        orientation=_ORIENTATION.get(facts["flip"], 1),
        camera=camera,
        metadata=metadata,
        baseline_ev=float(np.clip(np.nan_to_num(baseline[0]), -5.0, 5.0)),
        notes=notes if layout != "grey" else (),
    )


def _levels(
    facts: Mapping[str, Any], layout: Layout, names: list[list[int]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return black and white levels; white is the camera's own saturation level where that is a likely one."""
    black = np.clip(np.nan_to_num(_four(facts["black"])), 0.0, _MOST_BLACK)
    white = np.nan_to_num(_four(facts["white"]))
    white[white <= black] = 65535.0
    saturation = np.nan_to_num(_four(facts["saturation"] or [0.0]))
    likely = (saturation > 0.75 * white) & (saturation < white) & (saturation > black)
    white = np.where(likely, saturation, white)
    white = np.maximum(np.clip(white, 1.0, 65535.0), black + 1.0)
    place = np.array(names if layout == "bayer" else [[0, 1, 2]] if layout == "color" else [[0]])
    return black[place].astype(np.float32), white[place].astype(np.float32)


def _four(values: Sequence[float]) -> NDArray[np.float64]:
    padded = [*values, *[values[min(1, len(values) - 1)]] * 4]
    return np.array(padded[:4], np.float64)


def _crop(crop: Sequence[int], frame: Size) -> Box:
    left, top, width, height = crop
    box = Box(left, top, left + width, top + height)
    if not Box.of(frame).contains(box) or width < _LEAST_CROP * frame.width or height < _LEAST_CROP * frame.height:
        return Box.of(frame)
    return box

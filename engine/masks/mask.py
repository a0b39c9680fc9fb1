"""A mask as edits use it: kept small, snapped to the photo's own edges where it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Target = Literal["whole", "sky", "subject", "background"]


@dataclass(frozen=True, eq=False)
class Mask:
    """Which part of a source is affected: `gain * luma + offset`, clipped to [0, 1], at every pixel.

    `gain` and `offset` are float32 (h, w) and cover the whole source frame (upright, uncropped); they are read with
    bilinear interpolation, `luma` is `photo.luminance` of the source at the rendered resolution. Where both are 0
    in the neighbourhood the mask is exactly 0. This is the guided filter of He, Sun and Tang (2013) with its
    coefficients kept at proxy size, so the mask follows full-resolution edges and costs nothing at rest.
    """

    gain: NDArray[np.float32]
    offset: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Selection:
    """What an engine found: the soft mask on the proxy, how sure it is, and why, in words.

    `alpha` is float32 (h, w) in [0, 1] over the proxy that was looked at; all 0 when nothing was found.
    `confidence` is in [0, 1]; `coverage` is the mean of alpha; `engine` names who made it.
    `reason` is one plain sentence, for example "Blue gradient from the top edge down to a sharp skyline.".
    """

    alpha: NDArray[np.float32]
    confidence: float
    engine: str
    reason: str

    @property
    def coverage(self) -> float:
        return float(self.alpha.mean())

    @property
    def found(self) -> bool:
        return bool(self.alpha.any())

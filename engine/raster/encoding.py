"""What stored values mean: a curve per channel to linear light, then a matrix to Rec.2020."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from .. import color
from ..color import REC2020, SPACES, ColorSpace, Matrix, Profile

Values = NDArray[np.float64]
Curve = Callable[[Values], Values]
_TABLE_STEPS = 16384
_HDR_WHITE_NITS = 203.0  # ITU-R BT.2408: diffuse white of PQ and HLG pictures


def identity(values: Values) -> Values:
    """Return linear values as they are."""
    return values


@dataclass(frozen=True)
class Encoding:
    """How stored values, 0 to 1, become scene-linear Rec.2020. `linear` says that the curves change nothing."""

    name: str
    curves: tuple[Curve, Curve, Curve]
    matrix: Matrix
    linear: bool = False

    def code_table(self, white: int, count: int) -> NDArray[np.float32]:
        """Return linear light, float32 (3, count), of the codes below `count`; `white` and above are 1.0."""
        codes = np.minimum(np.arange(count, dtype=np.float64) / white, 1.0)
        return np.stack([curve(codes) for curve in self.curves]).astype(np.float32)

    def value_table(self) -> NDArray[np.float32]:
        """Return linear light at evenly spaced values from 0 to 1, float32 (3, n), to be read with interpolation.

        Beyond 0 and 1 the last piece is extended as a straight line. Linear encodings need 2 points and stay exact.
        """
        at = np.linspace(0.0, 1.0, 2 if self.linear else _TABLE_STEPS + 1)
        return np.stack([curve(at) for curve in self.curves]).astype(np.float32)


def of_space(name: str, space: ColorSpace, curve: Curve | None = None) -> Encoding:
    """Return the encoding of a colour space, with another transfer curve if one is given."""
    decode: Curve = partial(color.decode, transfer=space.transfer)
    used = curve or (identity if space.transfer == "linear" else decode)
    return Encoding(name, (used, used, used), color.convert(space, REC2020), used is identity)


@cache
def of_profile(profile: Profile) -> Encoding:
    """Return the encoding of one of the profiles that exports can have."""
    return of_space(profile, SPACES[profile])


def pq(values: Values) -> Values:
    """Return the light of PQ values, 1.0 at 203 nits (SMPTE ST 2084, ITU-R BT.2408)."""
    power = np.clip(values, 0.0, 1.0) ** (32 / 2523)
    ratio = np.maximum(power - 3424 / 4096, 0.0) / (2413 / 128 - 2392 / 128 * power)
    return ratio ** (8192 / 1305) * (10000.0 / _HDR_WHITE_NITS)


def hlg(values: Values) -> Values:
    """Return the scene light of HLG values, 1.0 at the signal level 0.75 of diffuse white (ITU-R BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073

    def light(x: Values) -> Values:
        return np.where(x <= 0.5, x * x / 3.0, (np.exp((x - c) / a) + b) / 12.0)

    return light(np.clip(values, 0.0, 1.0)) / light(np.array(0.75))


def of_cicp(primaries: int, transfer: int) -> Encoding | None:
    """Return the encoding that ITU-T H.273 code points name; None for those that photos do not use."""
    spaces = {1: SPACES["srgb"], 9: REC2020, 12: SPACES["display-p3"]}
    srgb: Curve = partial(color.decode, transfer="srgb")
    # Still pictures marked with the camera curves 1, 6, 14 and 15 are shown with sRGB's, as browsers do.
    curves: dict[int, Curve] = {8: identity, 16: pq, 18: hlg, **dict.fromkeys((1, 2, 6, 13, 14, 15), srgb)}
    space, curve = spaces.get(1 if primaries == 2 else primaries), curves.get(transfer)
    if space is None or curve is None:
        return None
    return of_space(f"CICP {primaries}/{transfer}", space, curve)

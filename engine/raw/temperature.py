"""Colour temperature and tint of a light, as photographers know them from DNG's reference model.

Tint is the distance from the Planckian locus in CIE 1960 uv along the isotherm, times 3000: above 0 the light is
greener than a black body, and the picture is turned to magenta.
"""

from __future__ import annotations

import numpy as np

Xy = tuple[float, float]

KELVIN_RANGE = (2000.0, 25000.0)
TINT_RANGE = (-150.0, 150.0)
_TINT_SCALE = 3000.0
_DAYLIGHT_FROM = 4000.0

# Robertson 1968, "Computation of correlated color temperature and distribution temperature": reciprocal megakelvin,
# u and v of the locus, slope of the isotherm (as in Wyszecki and Stiles 1982, with the 325 MK^-1 row corrected).
_ISOTHERMS = np.array(
    [
        (0, 0.18006, 0.26352, -0.24341), (10, 0.18066, 0.26589, -0.25479), (20, 0.18133, 0.26846, -0.26876),
        (30, 0.18208, 0.27119, -0.28539), (40, 0.18293, 0.27407, -0.30470), (50, 0.18388, 0.27709, -0.32675),
        (60, 0.18494, 0.28021, -0.35156), (70, 0.18611, 0.28342, -0.37915), (80, 0.18740, 0.28668, -0.40955),
        (90, 0.18880, 0.28997, -0.44278), (100, 0.19032, 0.29326, -0.47888), (125, 0.19462, 0.30141, -0.58204),
        (150, 0.19962, 0.30921, -0.70471), (175, 0.20525, 0.31647, -0.84901), (200, 0.21142, 0.32312, -1.0182),
        (225, 0.21807, 0.32909, -1.2168), (250, 0.22511, 0.33439, -1.4512), (275, 0.23247, 0.33904, -1.7298),
        (300, 0.24010, 0.34308, -2.0637), (325, 0.24792, 0.34655, -2.4681), (350, 0.25591, 0.34951, -2.9641),
        (375, 0.26400, 0.35200, -3.5814), (400, 0.27218, 0.35407, -4.3633), (425, 0.28039, 0.35577, -5.3762),
        (450, 0.28863, 0.35714, -6.7262), (475, 0.29685, 0.35823, -8.5955), (500, 0.30505, 0.35907, -11.324),
        (525, 0.31320, 0.35968, -15.628), (550, 0.32129, 0.36011, -23.325), (575, 0.32931, 0.36038, -40.770),
        (600, 0.33724, 0.36051, -116.45),
    ]
)  # fmt: skip
_MIRED, _U, _V, _SLOPE = _ISOTHERMS.T
_AWAY = np.stack([np.ones_like(_SLOPE), _SLOPE]) / np.hypot(1.0, _SLOPE)  # along the isotherm, towards magenta


def xy_of(kelvin: float, tint: float) -> Xy:
    """Return CIE xy of the light of that temperature and tint."""
    mired = 1e6 / kelvin
    u, v = (float(np.interp(mired, _MIRED, column)) for column in (_U, _V))
    du, dv = (float(np.interp(mired, _MIRED, column)) for column in _AWAY)
    length = np.hypot(du, dv)
    u -= tint / _TINT_SCALE * du / length
    v -= tint / _TINT_SCALE * dv / length
    below = u - 4.0 * v + 2.0
    return 1.5 * u / below, v / below


def temperature_of(xy: Xy) -> tuple[float, float]:
    """Return kelvin and tint of a light, clipped to KELVIN_RANGE and TINT_RANGE."""
    x, y = xy
    below = -x + 6.0 * y + 1.5
    u, v = 2.0 * x / below, 3.0 * y / below
    distances = (v - _V) * _AWAY[0] - (u - _U) * _AWAY[1]
    after = int(np.argmax(distances < 0)) if (distances < 0).any() else len(_MIRED) - 1
    after = max(after, 1)
    before = after - 1
    share = float(np.clip(distances[before] / (distances[before] - distances[after]), 0.0, 1.0))
    mired = _MIRED[before] + share * (_MIRED[after] - _MIRED[before])
    base_u, base_v = (c[before] + share * (c[after] - c[before]) for c in (_U, _V))
    du, dv = (c[before] + share * (c[after] - c[before]) for c in _AWAY)
    tint = -_TINT_SCALE * ((u - base_u) * du + (v - base_v) * dv) / np.hypot(du, dv)
    return float(np.clip(1e6 / max(mired, 1.0), *KELVIN_RANGE)), float(np.clip(tint, *TINT_RANGE))


def daylight_xy(kelvin: float) -> Xy:
    """Return CIE xy of daylight, 4000 to 25000 K (CIE 015:2018, 4.1.2)."""
    t = 1000.0 / kelvin
    if kelvin <= 7000.0:
        x = ((-4.6070 * t + 2.9678) * t + 0.09911) * t + 0.244063
    else:
        x = ((-2.0064 * t + 1.9018) * t + 0.24748) * t + 0.237040
    return x, (-3.0 * x + 2.870) * x - 0.275


def illuminant_xy(kelvin: float) -> Xy:
    """Return the usual light of that temperature: daylight from 4000 K on, else a black body."""
    return daylight_xy(kelvin) if kelvin >= _DAYLIGHT_FROM else xy_of(kelvin, 0.0)

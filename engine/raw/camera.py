"""How a camera sees colour: its matrices, the white balance it chose, and what to believe where they are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import color
from .temperature import illuminant_xy

Vector = NDArray[np.float64]

# DNG 1.7 / Exif 2.32 LightSource -> correlated colour temperature in kelvin
_LIGHT_SOURCES = {
    1: 5500, 2: 4230, 3: 2850, 4: 5500, 9: 5500, 10: 6500, 11: 7500, 12: 6430, 13: 5000, 14: 4230, 15: 3450,
    17: 2856, 18: 4874, 19: 6774, 20: 5503, 21: 6504, 22: 7504, 23: 5003, 24: 3200,
}  # fmt: skip
_WORST_MATRIX = 1e4
_STRONGEST_BALANCE = 30.0


class Calibration(NamedTuple):
    """A matrix from XYZ to camera colours, and the light that it was measured under, in kelvin and CIE xy."""

    kelvin: float
    white: tuple[float, float]
    xyz_to_camera: color.Matrix


class CameraColor(NamedTuple):
    """One or two calibrations, the warmer light first, and the multipliers the camera chose, None where it did not."""

    calibrations: tuple[Calibration, ...]
    as_shot: Vector | None
    known: bool

    def at(self, kelvin: float) -> Calibration:
        """Return the calibration for a light of `kelvin`, interpolated in 1 / kelvin (DNG 1.7, chapter 6)."""
        first, last = self.calibrations[0], self.calibrations[-1]
        if kelvin <= first.kelvin or first is last:
            return first
        if kelvin >= last.kelvin:
            return last
        share = (1 / kelvin - 1 / last.kelvin) / (1 / first.kelvin - 1 / last.kelvin)
        matrix = share * first.xyz_to_camera + (1 - share) * last.xyz_to_camera
        return Calibration(kelvin, illuminant_xy(kelvin), matrix)


def camera_color(facts: Mapping[str, Any], dng: Mapping[str, Sequence[float]]) -> tuple[CameraColor, tuple[str, ...]]:
    """Return the camera's colours from DNG tags, else from LibRaw's tables, and notes on what had to be assumed."""
    calibrations = _from_dng(dng) or _from_libraw(facts)
    notes: list[str] = []
    known = bool(calibrations)
    if not calibrations:
        matrix: color.Matrix = np.linalg.inv(color.to_xyz(color.SPACES["srgb"])).astype(np.float64)
        calibrations = (Calibration(6504.0, color.D65, matrix),)
        notes.append("The camera's colours are unknown; they are taken for sRGB primaries.")
    as_shot = _multipliers(facts["camera_wb"])
    if as_shot is None:
        notes.append("The file holds no usable white balance of the camera.")
    return CameraColor(calibrations, as_shot, known), tuple(notes)


def _multipliers(values: Sequence[float]) -> Vector | None:
    """Return red, green and blue multipliers, the smallest 1, or None if they make no sense."""
    found = np.array(values[:3], np.float64)
    if found.size != 3 or not np.isfinite(found).all() or found.min() <= 0:
        return None
    found /= found.min()
    return found if found.max() < _STRONGEST_BALANCE else None


def _usable(matrix: color.Matrix) -> bool:
    return bool(np.isfinite(matrix).all() and np.any(matrix) and np.linalg.cond(matrix) < _WORST_MATRIX)


def _from_dng(dng: Mapping[str, Sequence[float]]) -> tuple[Calibration, ...]:
    found: list[Calibration] = []
    balance = np.diag(dng["AnalogBalance"]) if len(dng.get("AnalogBalance", ())) == 3 else np.eye(3)
    for k in ("1", "2"):
        matrix = dng.get(f"ColorMatrix{k}", ())
        code = dng.get(f"CalibrationIlluminant{k}") or [21.0]
        if len(matrix) != 9:
            continue
        own = dng.get(f"CameraCalibration{k}", ())
        unit = np.array(own, np.float64).reshape(3, 3) if len(own) == 9 else np.eye(3)
        full: color.Matrix = (balance @ unit @ np.array(matrix).reshape(3, 3)).astype(np.float64)
        kelvin = float(_LIGHT_SOURCES.get(int(code[0]), 6504))
        if _usable(full):
            found.append(Calibration(kelvin, illuminant_xy(kelvin), full))
    found.sort(key=lambda c: c.kelvin)
    return tuple(found[:1] if len(found) == 2 and found[0].kelvin == found[1].kelvin else found)


def _from_libraw(facts: Mapping[str, Any]) -> tuple[Calibration, ...]:
    """Return the calibration for D65 from LibRaw's table, or from the matrix to sRGB that it read in the file."""
    matrix = np.array(facts["xyz_to_camera"], np.float64)[:3]
    if _usable(matrix):
        return (Calibration(6504.0, color.D65, matrix),)
    to_srgb = np.array(facts["camera_to_srgb"] or np.zeros((3, 3)), np.float64)[:, :3]
    daylight = np.array(facts["daylight_wb"][:3], np.float64)
    if not _usable(to_srgb) or not np.isfinite(daylight).all() or daylight.min() <= 0:
        return ()
    balanced = np.linalg.inv(color.to_xyz(color.SPACES["srgb"]) @ to_srgb)
    return (Calibration(6504.0, color.D65, (balanced / daylight[:, None]).astype(np.float64)),)

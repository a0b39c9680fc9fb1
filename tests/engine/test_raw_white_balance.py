"""White balance: lights, temperatures, and the multipliers and matrices that follow from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from stillbytes.engine import color
from stillbytes.engine.raw.camera import Calibration, CameraColor, camera_color
from stillbytes.engine.raw.temperature import daylight_xy, illuminant_xy, temperature_of, xy_of
from stillbytes.engine.raw.white_balance import (
    auto,
    camera_to_working,
    daylight,
    from_multipliers,
    from_temperature,
)

D65_MATRIX = np.array([[1.0405, -0.3755, -0.1270], [-0.5461, 1.3787, 0.1793], [-0.1040, 0.2015, 0.6785]])
A_MATRIX = np.array([[1.1254, -0.4350, -0.0894], [-0.5050, 1.2970, 0.2338], [-0.0890, 0.1756, 0.7213]])
ONE = CameraColor((Calibration(6504.0, color.D65, D65_MATRIX),), None, True)
TWO = CameraColor(
    (Calibration(2856.0, illuminant_xy(2856.0), A_MATRIX), Calibration(6504.0, color.D65, D65_MATRIX)), None, True
)


@pytest.mark.parametrize(
    ("xy", "kelvin"),
    [((0.44757, 0.40745), 2856), ((0.3127, 0.3290), 6504), ((0.34567, 0.35850), 5003), ((0.33242, 0.34743), 5503)],
)
def test_cie_illuminants_have_their_temperature(xy: tuple[float, float], kelvin: float) -> None:
    assert temperature_of(xy)[0] == pytest.approx(kelvin, rel=0.002)


def test_a_black_body_has_no_tint_and_daylight_is_a_little_green() -> None:
    assert temperature_of((0.44757, 0.40745))[1] == pytest.approx(0, abs=0.3)
    assert temperature_of(color.D65)[1] == pytest.approx(9.7, abs=0.5)


@pytest.mark.parametrize("kelvin", [2000, 2856, 4000, 5500, 6504, 10000, 25000])
@pytest.mark.parametrize("tint", [-60, 0, 10, 45])
def test_temperature_and_tint_come_back(kelvin: float, tint: float) -> None:
    found = temperature_of(xy_of(kelvin, tint))
    assert found == (pytest.approx(kelvin, rel=1e-4), pytest.approx(tint, abs=0.01))


@pytest.mark.parametrize(
    ("kelvin", "xy"), [(6504, (0.3127, 0.3291)), (5003, (0.3457, 0.3586)), (7504, (0.2990, 0.3149))]
)
def test_daylight_lies_where_the_cie_says(kelvin: float, xy: tuple[float, float]) -> None:
    assert daylight_xy(kelvin) == pytest.approx(xy, abs=2e-4)


@pytest.mark.parametrize("camera", [ONE, TWO])
@pytest.mark.parametrize("kelvin", [2500, 3200, 5000, 6504, 9000])
@pytest.mark.parametrize("tint", [-20, 0, 30])
def test_the_multipliers_of_a_light_tell_that_light(camera: CameraColor, kelvin: float, tint: float) -> None:
    balance = from_temperature(camera, kelvin, tint)
    assert balance.multipliers.min() == 1.0
    found = from_multipliers(camera, balance.multipliers)
    assert (found.kelvin, found.tint) == (pytest.approx(kelvin, rel=2e-3), pytest.approx(tint, abs=0.5))


def test_a_warmer_light_needs_less_red_and_more_blue() -> None:
    red, _, blue = (from_temperature(ONE, 3000, 0).multipliers / from_temperature(ONE, 6504, 0).multipliers).tolist()
    assert red < 1 < blue


def test_more_tint_turns_the_picture_to_magenta() -> None:
    less, more = (from_temperature(ONE, 5500, tint).multipliers for tint in (0, 40))
    assert more[1] / more[0] < less[1] / less[0]
    assert more[1] / more[2] < less[1] / less[2]


@pytest.mark.parametrize("camera", [ONE, TWO])
@pytest.mark.parametrize("kelvin", [2000, 2856, 4000, 6504, 12000])
def test_white_stays_white_in_the_working_space(camera: CameraColor, kelvin: float) -> None:
    matrix = camera_to_working(camera, from_temperature(camera, kelvin, 0))
    np.testing.assert_allclose(matrix @ np.ones(3), np.ones(3), atol=1e-12)


def test_a_colour_under_d65_is_reproduced_exactly() -> None:
    balance = from_multipliers(ONE, 1 / (D65_MATRIX @ color.white_xyz(color.D65)))
    rec2020 = np.array([0.3, 0.5, 0.1])
    camera = (D65_MATRIX @ color.REC2020_TO_XYZ @ rec2020) * balance.multipliers
    camera /= (D65_MATRIX @ color.white_xyz(color.D65) * balance.multipliers)[0]
    np.testing.assert_allclose(camera_to_working(ONE, balance) @ camera, rec2020, atol=1e-6)


def test_two_calibrations_are_blended_in_reciprocal_temperature() -> None:
    middle = 2 / (1 / 2856 + 1 / 6504)
    np.testing.assert_allclose(TWO.at(middle).xyz_to_camera, (A_MATRIX + D65_MATRIX) / 2, atol=1e-12)
    assert TWO.at(2000).xyz_to_camera is A_MATRIX
    assert TWO.at(9000).xyz_to_camera is D65_MATRIX


@pytest.mark.parametrize("kelvin", [3200, 5000, 7500])
def test_auto_finds_the_light_of_a_scene_that_is_grey_on_average(kelvin: float) -> None:
    rng = np.random.default_rng(2)
    grey = rng.uniform(0.03, 0.8, (4000, 1)) * np.exp(rng.normal(0, 0.06, (4000, 3)))
    vivid = rng.uniform(0.03, 0.8, (1200, 1)) * np.array([1.0, 0.25, 0.1])
    truth = from_temperature(ONE, kelvin, 5).multipliers
    found = auto(ONE, (np.concatenate([grey, vivid]) / truth).astype(np.float32))
    np.testing.assert_allclose(found.multipliers, truth, rtol=0.04)


def test_auto_without_usable_samples_is_daylight() -> None:
    assert auto(ONE, np.zeros((100, 3), np.float32)).multipliers == pytest.approx(daylight(ONE).multipliers)


FACTS: dict[str, Any] = {
    "camera_wb": [2.0, 1.0, 1.5, 0.0],
    "daylight_wb": [2.1, 1.0, 1.3, 0.0],
    "xyz_to_camera": [*D65_MATRIX.tolist(), [0.0, 0.0, 0.0]],
    "camera_to_srgb": np.zeros((3, 4)).tolist(),
}


def test_libraws_matrix_is_used_where_the_file_has_none() -> None:
    camera, notes = camera_color(FACTS, {})
    np.testing.assert_allclose(camera.calibrations[0].xyz_to_camera, D65_MATRIX)
    assert camera.as_shot is not None
    np.testing.assert_allclose(camera.as_shot, [2.0, 1.0, 1.5])
    assert notes == ()


def test_a_matrix_to_srgb_gives_the_same_colours_as_the_one_from_xyz() -> None:
    from_xyz = D65_MATRIX @ color.to_xyz(color.SPACES["srgb"])
    sums = from_xyz.sum(axis=1)
    facts = FACTS | {
        "xyz_to_camera": np.zeros((4, 3)).tolist(),
        "camera_to_srgb": np.linalg.inv(from_xyz / sums[:, None]).tolist(),
        "daylight_wb": (1 / sums).tolist(),
    }
    np.testing.assert_allclose(camera_color(facts, {})[0].calibrations[0].xyz_to_camera, D65_MATRIX, atol=1e-9)


def test_dng_matrices_are_read_with_their_lights_and_the_cameras_own_calibration() -> None:
    dng = {
        "ColorMatrix1": D65_MATRIX.ravel().tolist(),
        "ColorMatrix2": A_MATRIX.ravel().tolist(),
        "CalibrationIlluminant1": [21.0],
        "CalibrationIlluminant2": [17.0],
        "AnalogBalance": [2.0, 1.0, 0.5],
        "CameraCalibration1": np.diag([1.1, 1.0, 0.9]).ravel().tolist(),
    }
    warm, cool = camera_color(FACTS, dng)[0].calibrations
    assert (warm.kelvin, cool.kelvin) == (2856, 6504)
    np.testing.assert_allclose(warm.xyz_to_camera, np.diag([2, 1, 0.5]) @ A_MATRIX)
    np.testing.assert_allclose(cool.xyz_to_camera, np.diag([2.2, 1, 0.45]) @ D65_MATRIX)


@pytest.mark.parametrize(
    "wrong", [[0.0, 1.0, 0.0, 0.0], [float("nan"), 1, 1, 1], [-1.0, 1, 1, 1], [1.0, 1.0, 500.0, 1.0], []]
)
def test_nonsense_of_the_camera_is_not_believed(wrong: list[float]) -> None:
    camera, notes = camera_color(FACTS | {"camera_wb": wrong}, {})
    assert camera.as_shot is None
    assert notes == ("The file holds no usable white balance of the camera.",)


@pytest.mark.parametrize("matrix", [[0.0] * 9, [1.0] * 9, [float("nan")] * 9, [1.0] * 4])
def test_an_unusable_matrix_is_passed_over(matrix: list[float]) -> None:
    np.testing.assert_allclose(
        camera_color(FACTS, {"ColorMatrix1": matrix})[0].calibrations[0].xyz_to_camera, D65_MATRIX
    )


def test_an_unknown_camera_is_taken_for_srgb_and_says_so() -> None:
    camera, notes = camera_color(FACTS | {"xyz_to_camera": np.zeros((4, 3)).tolist(), "camera_to_srgb": []}, {})
    assert not camera.known
    assert "sRGB" in notes[0]
    assert camera.calibrations[0].xyz_to_camera @ color.white_xyz(color.D65) == pytest.approx([1, 1, 1], abs=1e-3)

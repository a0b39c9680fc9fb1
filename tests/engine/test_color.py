import numpy as np
import pytest
from stillbytes.engine import color


def test_srgb_transfer_has_the_standards_values():
    assert color.encode(np.array([0.18, 0.0031308, 1.0]), "srgb") == pytest.approx(
        [0.461356129500442, 0.040449936, 1.0], abs=1e-9
    )


def test_adobe_rgb_and_prophoto_transfer_values():
    assert color.encode(np.array([0.18]), "adobe-rgb")[0] == pytest.approx(0.18 ** (256 / 563))
    assert color.encode(np.array([2**-10, 0.18]), "prophoto") == pytest.approx([16 * 2**-10, 0.18 ** (1 / 1.8)])


@pytest.mark.parametrize("transfer", ["srgb", "adobe-rgb", "prophoto", "linear"])
def test_decode_undoes_encode(transfer):
    x = np.linspace(-0.2, 1.5, 401)
    assert color.decode(color.encode(x, transfer), transfer) == pytest.approx(x, abs=1e-12)


def test_srgb_to_xyz_has_the_standards_numbers():
    expected = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]  # IEC 61966-2-1
    assert color.to_xyz(color.SPACES["srgb"]) == pytest.approx(np.array(expected), abs=2e-4)


def test_rec2020_luminance_row_is_bt2020s():
    assert list(color.LUMINANCE) == pytest.approx([0.2627, 0.6780, 0.0593], abs=1e-4)


@pytest.mark.parametrize("profile", color.PROFILES)
def test_white_stays_white_between_spaces(profile):
    matrix = color.convert(color.REC2020, color.SPACES[profile])
    assert matrix @ np.ones(3) == pytest.approx(np.ones(3), abs=1e-12)


def test_bradford_from_d65_to_d50_has_lindblooms_numbers():
    expected = [[1.0478, 0.0229, -0.0502], [0.0295, 0.9905, -0.0171], [-0.0092, 0.0150, 0.7521]]
    assert color.adapt(color.D65, color.D50) == pytest.approx(np.array(expected), abs=6e-4)

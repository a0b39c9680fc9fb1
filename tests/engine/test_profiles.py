"""ICC profiles, built and read back: neutral white, known numbers, accepted by LittleCMS and exiftool."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from stillbytes.engine import color
from stillbytes.engine.color import PROFILES, Profile
from stillbytes.engine.profiles import icc_profile
from stillbytes.engine.raster.icc import TableProfileError, encoding_of


def _colorants(profile: bytes) -> np.ndarray:
    count = struct.unpack_from(">I", profile, 128)[0]
    tags = [struct.unpack_from(">4sII", profile, 132 + 12 * i) for i in range(count)]
    places = {name: at for name, at, _ in tags}
    return np.array([struct.unpack_from(">3i", profile, places[n] + 8) for n in (b"rXYZ", b"gXYZ", b"bXYZ")]) / 65536


def _edited(profile: bytes, tag: bytes, data: bytes) -> bytes:
    """The profile with one tag pointing at new data at the end."""
    at = profile.index(tag, 128)
    out = bytearray(profile + data)
    out[at + 4 : at + 12] = struct.pack(">II", len(profile), len(data))
    out[:4] = struct.pack(">I", len(out))
    return bytes(out)


@pytest.mark.parametrize("name", PROFILES)
def test_a_built_profile_is_read_back_as_the_space_it_means(name: Profile) -> None:
    assert encoding_of(icc_profile(name)).name == name


@pytest.mark.parametrize("name", PROFILES)
def test_the_colorants_sum_to_the_connection_white(name: Profile) -> None:
    np.testing.assert_allclose(_colorants(icc_profile(name)).sum(0), [0.9642, 1.0, 0.8249], atol=1e-5)


def test_srgb_colorants_are_those_of_the_standard_at_d50() -> None:
    expected = [[0.4360, 0.2225, 0.0139], [0.3851, 0.7169, 0.0971], [0.1431, 0.0606, 0.7141]]
    np.testing.assert_allclose(_colorants(icc_profile("srgb")), expected, atol=2e-4)


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_are_small_and_stay_the_same(name: Profile) -> None:
    icc_profile.cache_clear()
    first = icc_profile(name)
    icc_profile.cache_clear()
    assert icc_profile(name) == first
    assert len(first) < 700
    assert struct.unpack_from(">I", first)[0] == len(first)


@pytest.mark.parametrize("name", ["srgb", "display-p3", "adobe-rgb", "prophoto"])
def test_littlecms_converts_to_srgb_as_our_matrices_do(name: Profile) -> None:
    codes = np.random.default_rng(3).integers(70, 180, (8, 8, 3)).astype(np.uint8)
    ours = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile(name)))
    converted = ImageCms.profileToProfile(
        Image.fromarray(codes),
        ours,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    assert converted is not None
    space = color.SPACES[name]
    linear = color.decode(codes / 255, space.transfer) @ color.convert(space, color.SPACES["srgb"]).T
    expected = color.encode(np.clip(linear, 0, 1), "srgb") * 255
    assert np.abs(np.asarray(converted) - expected).max() < 1.5


def test_exiftool_accepts_the_profile(tmp_path: Path) -> None:
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    path = tmp_path / "p.icc"
    path.write_bytes(icc_profile("display-p3"))
    found = subprocess.run(
        ["exiftool", "-validate", "-warning", "-ProfileDescription", path], capture_output=True, text=True
    )
    assert "Display P3" in found.stdout
    assert "Warning" not in found.stdout.replace("Validate", "")


def test_gamma_and_table_curves_are_applied() -> None:
    gamma = encoding_of(_edited(icc_profile("linear"), b"gTRC", b"curv" + struct.pack(">4xIH", 1, round(1.5 * 256))))
    np.testing.assert_allclose(gamma.curves[1](np.array([0.25])), 0.25**1.5)
    assert not gamma.linear
    table = encoding_of(_edited(icc_profile("linear"), b"bTRC", b"curv" + struct.pack(">4xI3H", 3, 0, 16384, 65535)))
    np.testing.assert_allclose(table.curves[2](np.array([0.25, 0.5, 1.0])), [0.125, 0.25, 1.0], atol=1e-4)


@pytest.mark.parametrize(
    ("function", "numbers", "at", "expected"),
    [
        (0, (2.0,), 0.5, 0.25),
        (1, (2.0, 2.0, -0.5), 0.5, 0.25),
        (2, (2.0, 1.0, 0.0, 0.125), 0.5, 0.375),
        (3, (2.0, 1.0, 0.0, 0.5, 0.25), 0.125, 0.0625),
        (4, (2.0, 1.0, 0.0, 0.5, 0.25, 0.25, 0.125), 0.5, 0.5),
    ],
)
def test_parametric_curves_follow_the_standard(
    function: int, numbers: tuple[float, ...], at: float, expected: float
) -> None:
    data = struct.pack(f">4s4xHH{len(numbers)}i", b"para", function, 0, *(round(n * 65536) for n in numbers))
    found = encoding_of(_edited(icc_profile("linear"), b"rTRC", data))
    np.testing.assert_allclose(found.curves[0](np.array([at])), expected, rtol=1e-4)


def test_a_profile_that_means_no_known_space_keeps_white_neutral() -> None:
    colorants = np.array([[0.55, 0.25, 0.02], [0.29, 0.69, 0.08], [0.1242, 0.06, 0.7249]])
    profile = icc_profile("srgb")
    for tag, values in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True):
        profile = _edited(profile, tag, b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values)))
    found = encoding_of(profile)
    assert found.name == "ICC"
    np.testing.assert_allclose(found.matrix @ np.ones(3), 1.0, atol=1e-12)


def test_a_table_profile_is_told_from_a_broken_one() -> None:
    profile = icc_profile("srgb")
    with pytest.raises(TableProfileError):
        encoding_of(profile.replace(b"rTRC", b"xTRC"))
    for broken in (b"", profile[:100], b"\0" * 500, profile[:128] + b"\xff\xff\xff\xff" + profile[132:]):
        with pytest.raises(ValueError, match=r"it |a |its "):
            encoding_of(broken)

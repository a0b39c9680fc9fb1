"""Images as sources: what their pixels mean, how they are turned, and that tiles do not matter."""

from __future__ import annotations

import io
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image
from stillbytes.engine import color
from stillbytes.engine.errors import PhotoReadError
from stillbytes.engine.geometry import Box, Grid, Size, inverse_orientation, upright
from stillbytes.engine.profiles import icc_profile
from stillbytes.engine.raster.decoded import Tags, finish
from stillbytes.engine.raster.encoding import hlg, of_cicp, of_profile, pq
from stillbytes.engine.raster.source import ArraySource, RasterSource, is_image, open_image

NATIVE = Grid(0.0, 0.0, 1.0, 1.0)


def _codes(height: int = 24, width: int = 31, dtype: type = np.uint8) -> np.ndarray:
    rng = np.random.default_rng(5)
    return rng.integers(0, np.iinfo(dtype).max + 1, (height, width, 3)).astype(dtype)


def _linear(codes: np.ndarray, profile: color.Profile = "srgb") -> np.ndarray:
    space = color.SPACES[profile]
    values = color.decode(codes / np.iinfo(codes.dtype).max, space.transfer)
    return values @ color.convert(space, color.REC2020).T


def _native(source: RasterSource) -> np.ndarray:
    return source.read(Box.of(source.size), NATIVE)


def _saved(path: Path, **options: object) -> Path:
    Image.fromarray(_codes()).save(path, **options)
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.png", {}),
        ("a.tif", {}),
        ("lzw.tif", {"compression": "tiff_lzw"}),
        ("a.webp", {"lossless": True}),
    ],
)
def test_lossless_files_give_the_exact_light_of_their_codes(tmp_path: Path, name: str, options: dict) -> None:
    source = open_image(_saved(tmp_path / name, **options))
    np.testing.assert_allclose(_native(source), _linear(_codes()), atol=2e-7)
    assert (source.kind, source.size, source.name, source.notes) == ("display", Size(31, 24), name, ())


def test_jpeg_is_read_as_its_decoder_gives_it(tmp_path: Path) -> None:
    path = _saved(tmp_path / "a.jpg", quality=90)
    np.testing.assert_allclose(_native(open_image(path)), _linear(np.asarray(Image.open(path))), atol=2e-7)


def test_a_name_may_lie_about_the_format(tmp_path: Path) -> None:
    path = _saved(tmp_path / "a.jpg", format="PNG")
    np.testing.assert_allclose(_native(open_image(path)), _linear(_codes()), atol=2e-7)


@pytest.mark.parametrize("kind", ["png", "jxl", "tiles", "planes", "big-endian", "bigtiff"])
def test_sixteen_bit_files_keep_all_their_bits(tmp_path: Path, kind: str) -> None:
    codes, path = _codes(dtype=np.uint16), tmp_path / "a.bin"
    if kind == "png":
        path.write_bytes(imagecodecs.png_encode(codes))
    elif kind == "jxl":
        path.write_bytes(imagecodecs.jpegxl_encode(codes, lossless=True))
    elif kind == "tiles":
        tifffile.imwrite(path, codes, tile=(16, 16), compression="zlib", predictor=True)
    elif kind == "planes":
        tifffile.imwrite(path, np.moveaxis(codes, 2, 0), planarconfig="separate", photometric="rgb")
    else:
        tifffile.imwrite(path, codes, bigtiff=kind == "bigtiff", byteorder=">" if kind == "big-endian" else "<")
    np.testing.assert_allclose(_native(open_image(path)), _linear(codes), atol=2e-7)


def test_avif_is_read_near_to_what_was_written(tmp_path: Path) -> None:
    smooth = np.repeat(np.linspace(20, 230, 64).astype(np.uint8)[None, :, None], 48, 0).repeat(3, 2)
    (tmp_path / "8.avif").write_bytes(imagecodecs.avif_encode(smooth, level=95))
    (tmp_path / "10.avif").write_bytes(
        imagecodecs.avif_encode(smooth.astype(np.uint16) * 4, level=95, bitspersample=10)
    )
    for name in ("8.avif", "10.avif"):
        assert np.abs(_native(open_image(tmp_path / name)) - _linear(smooth)).max() < 0.02


def test_heic_without_its_package_says_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
    with pytest.raises(PhotoReadError) as caught:
        open_image(path)
    assert caught.value.message.startswith("a.heic: ")


@pytest.mark.parametrize("profile", color.PROFILES)
def test_an_embedded_profile_is_honoured(tmp_path: Path, profile: color.Profile) -> None:
    path = _saved(tmp_path / "a.png", icc_profile=icc_profile(profile))
    source = open_image(path)
    np.testing.assert_allclose(_native(source), _linear(_codes(), profile), atol=4e-7)
    assert source.kind == ("scene" if profile == "linear" else "display")
    assert source.metadata.icc == icc_profile(profile)


def test_exif_says_adobe_rgb_where_there_is_no_profile(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    path = _saved(tmp_path / "a.png", exif=exif)
    np.testing.assert_allclose(_native(open_image(path)), _linear(_codes(), "adobe-rgb"), atol=4e-7)


def test_float_files_without_a_profile_are_linear_light(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).normal(1, 1, (9, 8, 3)).astype(np.float32)
    tifffile.imwrite(tmp_path / "f.tif", pixels, photometric="rgb")
    source = open_image(tmp_path / "f.tif")
    expected = pixels @ color.convert(color.SPACES["srgb"], color.REC2020).T
    np.testing.assert_allclose(_native(source), expected, atol=2e-6)
    assert source.kind == "scene"
    assert "linear" in source.notes[0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_float_files_with_a_profile_are_decoded_by_its_curve(tmp_path: Path, dtype: type) -> None:
    values = np.linspace(0, 1, 120).reshape(5, 8, 3).astype(dtype)
    tifffile.imwrite(tmp_path / "f.tif", values, photometric="rgb", iccprofile=icc_profile("srgb"))
    expected = color.decode(values, "srgb") @ color.convert(color.SPACES["srgb"], color.REC2020).T
    np.testing.assert_allclose(_native(open_image(tmp_path / "f.tif")), expected, rtol=1e-5, atol=1e-6)


def test_missing_float_values_become_black_and_infinite_ones_the_brightest(tmp_path: Path) -> None:
    pixels = np.full((4, 4, 3), 0.5, np.float32)
    pixels[0, 0], pixels[1, 1], pixels[3, 3] = np.nan, np.inf, 4.0
    tifffile.imwrite(tmp_path / "f.tif", pixels, photometric="rgb")
    out = _native(open_image(tmp_path / "f.tif"))
    assert np.isfinite(out).all()
    assert out[0, 0].max() == 0.0
    np.testing.assert_allclose(out[1, 1], out[3, 3])
    np.testing.assert_allclose(out[2, 2], 0.5, rtol=1e-5)


def test_absurd_float_values_do_not_reach_the_photo(tmp_path: Path) -> None:
    pixels = np.full((4, 4, 3), 0.5)
    pixels[0, 0], pixels[1, 1], pixels[3, 3] = -3.4e38, 1e300, 4.0
    tifffile.imwrite(tmp_path / "f.tif", pixels, photometric="rgb")
    out = _native(open_image(tmp_path / "f.tif"))
    assert out[0, 0].max() == 0.0
    np.testing.assert_allclose(out[1, 1], out[3, 3])


def test_what_is_no_number_in_an_array_is_black_and_changes_nothing_else() -> None:
    pixels = np.random.default_rng(0).random((20, 30, 3), np.float32)
    holes = pixels.copy()
    pixels[3:5, 7:9], holes[3:5, 7:9] = 0.0, np.nan
    for encoding in ("srgb", "linear-rec2020"):
        out = _native(ArraySource(holes, encoding))
        np.testing.assert_array_equal(out, _native(ArraySource(pixels, encoding)))
    assert np.isnan(holes[3, 7]).all()


@pytest.mark.parametrize("mode", ["L", "LA", "1", "P", "RGBA"])
def test_other_modes_become_colours(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(_codes()).convert(mode)
    image.save(tmp_path / "a.png")
    source = open_image(tmp_path / "a.png")
    np.testing.assert_allclose(_native(source), _linear(np.asarray(image.convert("RGB"))), atol=3e-7)
    assert source.notes == (("Its transparency is left out.",) if mode in ("LA", "RGBA") else ())


def test_grey_files_with_white_as_zero_are_turned_round(tmp_path: Path) -> None:
    grey = _codes()[:, :, 0]
    tifffile.imwrite(tmp_path / "w.tif", 255 - grey, photometric="miniswhite")
    np.testing.assert_allclose(
        _native(open_image(tmp_path / "w.tif"))[:, :, 1], _linear(_codes()[:, :, [0, 0, 0]])[:, :, 1], atol=3e-7
    )


def test_a_scan_of_one_bit_with_white_as_zero_has_black_ink(tmp_path: Path) -> None:
    ink = _codes()[:, :, 0] > 128
    tifffile.imwrite(tmp_path / "w.tif", ink, photometric="miniswhite")
    np.testing.assert_allclose(_native(open_image(tmp_path / "w.tif"))[:, :, 1], np.where(ink, 0.0, 1.0), atol=1e-6)


def test_a_tiff_that_begins_with_its_thumbnail_gives_the_photo(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "t.tif") as file:
        file.write(_codes(4, 5), photometric="rgb", subfiletype=1)
        file.write(_codes(), photometric="rgb", iccprofile=icc_profile("prophoto"))
    source = open_image(tmp_path / "t.tif")
    np.testing.assert_allclose(_native(source), _linear(_codes(), "prophoto"), atol=2e-5)
    assert source.metadata.icc == icc_profile("prophoto")


def test_a_tiff_of_nothing_but_a_thumbnail_gives_that(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "t.tif", _codes(4, 5), photometric="rgb", subfiletype=1)
    assert open_image(tmp_path / "t.tif").size == (5, 4)


@pytest.mark.parametrize("depth", [1, 257])
def test_a_palette_may_have_eight_or_sixteen_bits(tmp_path: Path, depth: int) -> None:
    palette = np.random.default_rng(1).permutation(256)[None].repeat(3, 0).astype(np.uint16)
    codes = _codes()[:, :, 0]
    tifffile.imwrite(tmp_path / "p.tif", codes, photometric="palette", colormap=palette * np.uint16(depth))
    expected = _linear(palette[0][codes].astype(np.uint8)[:, :, None].repeat(3, 2))
    np.testing.assert_allclose(_native(open_image(tmp_path / "p.tif")), expected, atol=3e-7)


def test_luminance_and_chrominance_that_are_no_jpeg_are_refused(tmp_path: Path) -> None:
    Image.fromarray(_codes()).convert("YCbCr").save(tmp_path / "y.tif")
    with pytest.raises(PhotoReadError, match=r"y\.tif: .* YCbCr"):
        open_image(tmp_path / "y.tif")


def test_cmyk_without_a_profile_is_no_ink_no_darkness(tmp_path: Path) -> None:
    inks = np.zeros((8, 8, 4), np.uint8)
    inks[4:, :, 3] = 255
    tifffile.imwrite(tmp_path / "c.tif", inks, photometric="separated")
    source = open_image(tmp_path / "c.tif")
    out = _native(source)
    np.testing.assert_allclose(out[:4], 1.0, atol=1e-6)
    np.testing.assert_allclose(out[4:], 0.0, atol=1e-6)
    assert "guess" in source.notes[0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_stand_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(upright(_codes(), inverse_orientation(orientation)))
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    source = open_image(tmp_path / "a.png")
    np.testing.assert_allclose(_native(source), _linear(_codes()), atol=2e-7)
    half = Grid.whole(source.size, Size(11, 8))
    expected = ArraySource((_codes() / 255).astype(np.float32)).read(Box(0, 0, 11, 8), half)
    np.testing.assert_allclose(source.read(Box(0, 0, 11, 8), half), expected, atol=2e-5)


@pytest.mark.parametrize("floats", [False, True])
@pytest.mark.parametrize("frame", [Size(31, 24), Size(13, 10)])
def test_a_tile_equals_the_same_part_of_the_whole(tmp_path: Path, floats: bool, frame: Size) -> None:
    source = ArraySource((_codes() / 255).astype(np.float32)) if floats else open_image(_saved(tmp_path / "a.png"))
    grid, all_of_it = Grid.whole(source.size, frame), Box.of(frame)
    whole = source.read(all_of_it, grid)
    for box in (Box(0, 0, 3, 2), Box(5, 4, 13, 10), Box(12, 9, 13, 10)):
        assert np.array_equal(source.read(box, grid), whole[box.slices(all_of_it)])


def test_a_smaller_rendering_averages_light_and_not_codes(tmp_path: Path) -> None:
    board = np.indices((8, 8)).sum(0) % 2 * np.uint8(255)
    Image.fromarray(np.repeat(board[:, :, None].astype(np.uint8), 3, 2)).save(tmp_path / "a.png")
    source = open_image(tmp_path / "a.png")
    np.testing.assert_allclose(source.read(Box(0, 0, 2, 2), Grid(0.0, 0.0, 4.0, 4.0)), 0.5, atol=1e-6)


def test_array_sources_mean_what_they_are_told() -> None:
    pixels = np.random.default_rng(2).random((5, 6, 3), np.float32) * 2
    linear = ArraySource(pixels, "linear-rec2020")
    assert np.array_equal(_native(linear), pixels)
    assert (linear.kind, ArraySource(pixels).kind) == ("scene", "display")
    view = pixels[:, ::-1]
    np.testing.assert_allclose(_native(ArraySource(view, "linear-rec2020")), view)
    with pytest.raises(ValueError, match="shape"):
        ArraySource(np.zeros((4, 4), np.float32))


def test_hdr_curves_follow_their_standards() -> None:
    np.testing.assert_allclose(pq(np.array([0.0, 0.58068888, 1.0])), [0.0, 1.0, 10000 / 203], atol=1e-4)
    np.testing.assert_allclose(hlg(np.array([0.0, 0.5, 0.75])), [0.0, 0.3145, 1.0], atol=1e-4)
    assert of_cicp(9, 16) is not None
    assert of_cicp(1, 13) is not None
    assert of_cicp(99, 13) is None


def test_codes_beyond_white_stay_at_white() -> None:
    found = of_profile("srgb").code_table(1023, 65536)
    assert found[0, 1023] == found[0, 65535] == 1.0


def test_odd_numbers_of_channels_and_signed_numbers_are_refused() -> None:
    with pytest.raises(PhotoReadError, match="5 channels"):
        finish("a", np.zeros((4, 4, 5), np.uint8), 255, Tags())
    with pytest.raises(PhotoReadError, match="unsigned"):
        finish("a", np.zeros((4, 4, 3), np.int16), 255, Tags())
    with pytest.raises(PhotoReadError, match="no pixels"):
        finish("a", np.zeros((0, 4, 3), np.uint8), 255, Tags())


def test_image_names_are_known_by_their_ending() -> None:
    assert is_image(Path("x.JPG"))
    assert not is_image(Path("x.nef"))


def test_real_camera_photos_say_what_took_them(shared_data: Path) -> None:
    source = open_image(shared_data / "photos" / "camera" / "Canon_PowerShot_SD850_IS.jpg")
    facts = source.metadata
    assert (facts.make, facts.model, facts.iso) == ("Canon", "Canon PowerShot SD850 IS", 80.0)
    assert facts.exposure_s == pytest.approx(1 / 200)
    assert facts.exif.startswith(b"II")
    assert io.BytesIO(facts.icc).read(4) == len(facts.icc).to_bytes(4, "big") or not facts.icc

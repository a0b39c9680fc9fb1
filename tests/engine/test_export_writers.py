"""The streaming writers: other programs read back exactly what was written."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image
from stillbytes.engine.export.deflate import deflate_block
from stillbytes.engine.export.jpeg import JpegWriter
from stillbytes.engine.export.png import PngWriter, joined_adler
from stillbytes.engine.export.tiff import TiffWriter
from stillbytes.engine.export.writer import ImageSpec, ImageWriter, InOrder
from stillbytes.engine.geometry import Size
from stillbytes.engine.profiles import icc_profile
from stillbytes.engine.raster.exif import parse_exif

Make = Callable[[BinaryIO, ImageSpec], ImageWriter]


def _picture(height: int, width: int, bits: int) -> np.ndarray:
    rng = np.random.default_rng(11)
    smooth = np.linspace(0.1, 0.9, width)[None, :, None] + rng.normal(0, 0.02, (height, width, 3))
    smooth[: height // 4] = 0.5
    if bits == 32:
        return (smooth * 4 - 1).astype(np.float32)
    full = (1 << bits) - 1
    return (np.clip(smooth, 0, 1) * full).astype(np.uint8 if bits == 8 else np.uint16)


def _file(make: Make, pixels: np.ndarray, **more: Any) -> bytes:
    bits = pixels.dtype.itemsize * 8
    spec = ImageSpec(Size(pixels.shape[1], pixels.shape[0]), bits, icc_profile("srgb"), **more)
    out = io.BytesIO()
    writer = make(out, spec)
    for top in range(0, pixels.shape[0], spec.rows):
        writer.write(pixels[top : top + spec.rows])
    writer.close()
    return out.getvalue()


@pytest.mark.parametrize("compression", ["none", "deflate", "zstd"])
@pytest.mark.parametrize("bits", [8, 16, 32])
def test_tiff_is_read_back_exactly(bits: int, compression: Any) -> None:
    pixels = _picture(600, 37, bits)
    data = _file(lambda file, spec: TiffWriter(file, spec, compression), pixels)
    assert np.array_equal(tifffile.imread(io.BytesIO(data)), pixels)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        assert file.pages[0].iccprofile == icc_profile("srgb")
        assert len(file.pages) == 1


def test_plain_tiffs_are_read_by_pillow_and_opencv() -> None:
    data = _file(lambda file, spec: TiffWriter(file, spec, "deflate"), _picture(70, 41, 8))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), _picture(70, 41, 8))
    data = _file(lambda file, spec: TiffWriter(file, spec, "deflate"), _picture(70, 41, 16))
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(read[:, :, ::-1], _picture(70, 41, 16))


def test_a_tiff_that_could_exceed_four_gigabytes_is_a_bigtiff(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    module = sys.modules[TiffWriter.__module__]
    pixels = _picture(300, 40, 16)
    small = _file(lambda file, spec: TiffWriter(file, spec, "none"), pixels)
    monkeypatch.setattr(module, "_CLASSIC_LIMIT", 1000)
    big = _file(lambda file, spec: TiffWriter(file, spec, "none"), pixels, exif=_exif())
    assert (small[2], big[2]) == (42, 43)
    assert np.array_equal(tifffile.imread(io.BytesIO(big)), pixels)
    assert parse_exif(big).photo[0x920A].data == struct.pack("<II", 50, 1)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("shape", [(600, 37), (1, 1), (33, 1), (257, 5)])
def test_png_is_read_back_exactly(bits: int, shape: tuple[int, int]) -> None:
    pixels = _picture(*shape, bits)
    data = _file(PngWriter, pixels)
    assert np.array_equal(imagecodecs.png_decode(data), pixels)
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(read[:, :, ::-1], pixels)
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.info["icc_profile"] == icc_profile("srgb")


def test_png_has_no_float() -> None:
    with pytest.raises(ValueError, match="8 or 16"):
        PngWriter(io.BytesIO(), ImageSpec(Size(4, 4), 32, b""))


@pytest.mark.parametrize(("chroma", "subsampling"), [("4:4:4", "444"), ("4:2:0", "420")])
@pytest.mark.parametrize("shape", [(600, 101), (300, 16), (5, 3), (257, 33)])
def test_a_stitched_jpeg_has_the_pixels_of_one_encoded_in_one_go(
    chroma: Any, subsampling: str, shape: tuple[int, int]
) -> None:
    pixels = _picture(*shape, 8)
    data = _file(lambda file, spec: JpegWriter(file, spec, 88, chroma), pixels)
    whole = imagecodecs.jpeg8_encode(pixels, 88, subsampling=subsampling)
    assert np.array_equal(imagecodecs.jpeg8_decode(data), imagecodecs.jpeg8_decode(whole))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), imagecodecs.jpeg8_decode(whole))


def test_the_restart_interval_fits_the_widest_jpeg() -> None:
    pixels = np.zeros((33, 65535, 3), np.uint8)
    data = _file(JpegWriter, pixels)
    at = data.index(b"\xff\xdd\0\x04")
    assert int.from_bytes(data[at + 4 : at + 6], "big") == 8192 * 4
    assert Image.open(io.BytesIO(data)).size == (65535, 33)


def test_large_profiles_and_xmp_are_split_and_joined_again() -> None:
    from stillbytes.engine.raster.containers import jpeg_parts

    icc = icc_profile("srgb") + np.random.default_rng(0).bytes(150_000)
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description dc:t="'
        + b"x" * 150_000
        + b'"/></rdf:RDF></x:xmpmeta>'
    )
    out, spec = io.BytesIO(), ImageSpec(Size(8, 8), 8, icc, xmp=xmp)
    writer = JpegWriter(out, spec)
    writer.write(np.zeros((8, 8, 3), np.uint8))
    writer.close()
    parts = jpeg_parts(out.getvalue())
    assert parts.icc == icc
    assert b'dc:t="' + b"x" * 150_000 in parts.xmp
    assert b"HasExtendedXMP" not in parts.xmp


def _exif(maker_note: bytes = b"", at: int = 0) -> Any:
    from stillbytes.engine.raster.exif import Exif
    from stillbytes.engine.raster.ifd import Entry, ascii_text

    photo = {0x920A: Entry(5, 1, struct.pack("<II", 50, 1))}
    if maker_note:
        photo[0x927C] = Entry(7, len(maker_note), maker_note, at)
    return Exif("<", {0x010F: ascii_text("Maker of cameras")}, photo, {1: Entry(2, 2, b"N\0")})


def test_exif_too_large_for_a_jpeg_loses_its_maker_note_and_says_so() -> None:
    out = io.BytesIO()
    writer = JpegWriter(out, ImageSpec(Size(8, 8), 8, b"", _exif(bytes(70_000), 100)))
    writer.write(np.zeros((8, 8, 3), np.uint8))
    writer.close()
    assert "maker note" in writer.notes[0]
    assert Image.open(io.BytesIO(out.getvalue())).getexif().get_ifd(0x8769)[0x920A] == 50.0


@pytest.mark.parametrize("at", [10, 300, 5000])
@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff"])
def test_the_maker_note_stays_at_its_offset(kind: str, at: int) -> None:
    note = np.random.default_rng(0).bytes(301)
    make: Make = {"jpeg": JpegWriter, "png": PngWriter, "tiff": TiffWriter}[kind]
    data = _file(make, _picture(40, 30, 8), exif=_exif(note, at))
    start = {"jpeg": data.find(b"Exif\0\0") + 6, "png": data.find(b"eXIf") + 4, "tiff": 0}[kind]
    found = parse_exif(data[start:])
    if kind != "tiff" or at >= 16:
        assert found.photo[0x927C].offset == at
    assert found.photo[0x927C].data == note
    assert found.image[0x010F].data == b"Maker of cameras\0"
    assert found.gps[1].data == b"N\0"


def test_strips_of_the_wrong_shape_are_refused() -> None:
    writer = PngWriter(io.BytesIO(), ImageSpec(Size(8, 300), 8, b""))
    with pytest.raises(ValueError, match="expected"):
        writer.write(np.zeros((7, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="strips"):
        writer.close()


@pytest.mark.parametrize("width", [1, 500, 6000, 11648, 65535])
def test_strips_stay_small_whatever_the_width(width: int) -> None:
    rows = ImageSpec(Size(width, 9000), 16, b"").rows
    assert rows % 32 == 0
    assert 32 <= rows <= 256
    assert (rows - 32) * width < 1 << 18


def test_results_are_delivered_in_order() -> None:
    import time

    done: list[int] = []
    order = InOrder(done.append)
    for index in range(12):
        order.submit(lambda index=index: (time.sleep(0.003 * (index % 3)), index)[1])
    order.finish()
    assert done == list(range(12))


@pytest.mark.parametrize(
    "data",
    [
        np.zeros(1, np.uint8),
        np.zeros(300_000, np.uint8),
        np.arange(5, dtype=np.uint8),
        np.random.default_rng(0).integers(0, 256, 200_000).astype(np.uint8),
        np.random.default_rng(0).normal(0, 2, 150_001).astype(np.int8).view(np.uint8),
        np.repeat(np.arange(1000) % 251, np.arange(1000) % 300).astype(np.uint8),
        (2 ** np.random.default_rng(1).exponential(1.2, 300_000)).clip(0, 255).astype(np.uint8),
    ],
    ids=["one", "zeros", "few", "noise", "residuals", "runs", "skewed"],
)
def test_deflated_bytes_are_inflated_again(data: np.ndarray) -> None:
    assert zlib.decompressobj(-15).decompress(deflate_block(data) + b"\x03\0") == data.tobytes()


def test_very_uneven_counts_keep_codes_within_fifteen_bits() -> None:
    fibonacci = [1, 1]
    while len(fibonacci) < 24:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    data = np.random.default_rng(4).permutation(np.repeat(np.arange(24, dtype=np.uint8), fibonacci))
    assert zlib.decompressobj(-15).decompress(deflate_block(data) + b"\x03\0") == data.tobytes()


def test_deflated_pieces_can_be_joined_in_any_number() -> None:
    pieces = [np.full(n, n % 7, np.uint8) for n in (1, 10, 1000, 3)]
    joined = b"".join(deflate_block(piece) for piece in pieces) + b"\x03\0"
    assert zlib.decompressobj(-15).decompress(joined) == b"".join(piece.tobytes() for piece in pieces)


def test_adler_of_joined_pieces_is_that_of_the_whole() -> None:
    first, second = b"spam" * 40_000, bytes(range(256)) * 300
    assert joined_adler(zlib.adler32(first), zlib.adler32(second), len(second)) == zlib.adler32(first + second)

"""Files that nobody should trust: what is broken gives one sentence, and nothing else happens."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image
from stillbytes.engine.errors import PhotoReadError
from stillbytes.engine.geometry import Box, Grid
from stillbytes.engine.raster import containers, decoded
from stillbytes.engine.raster.source import open_image

PIXELS = np.random.default_rng(0).integers(0, 255, (40, 56, 3)).astype(np.uint8)
KINDS = ("a.jpg", "a.png", "a.tif", "z.tif", "a.webp", "a.avif", "a.jxl")


def _write(path: Path) -> bytes:
    if path.suffix == ".jxl":
        path.write_bytes(imagecodecs.jpegxl_encode(PIXELS, lossless=True))
    elif path.name == "z.tif":
        tifffile.imwrite(path, PIXELS, compression="zlib", rowsperstrip=8)
    else:
        Image.fromarray(PIXELS).save(path)
    return path.read_bytes()


def _message(path: Path) -> str:
    with pytest.raises(PhotoReadError) as caught:
        open_image(path)
    assert caught.value.message.startswith(path.name)
    assert caught.value.message.endswith(".")
    return caught.value.message


def _outcome(path: Path) -> str:
    try:
        size = open_image(path).size
    except PhotoReadError as error:
        return error.message
    return "an image" if min(size) >= 1 else "nothing"


@pytest.mark.parametrize("name", KINDS)
def test_a_truncated_file_is_an_error(tmp_path: Path, name: str) -> None:
    whole = _write(tmp_path / name)
    for part in (0.3, 0.6, 0.95):
        (tmp_path / name).write_bytes(whole[: int(len(whole) * part)])
        assert name in _message(tmp_path / name)


@pytest.mark.parametrize("name", KINDS)
def test_hostile_bytes_give_an_image_or_one_sentence(tmp_path: Path, name: str) -> None:
    whole, rng = _write(tmp_path / name), random.Random(3)  # noqa: S311
    for trial in range(12):
        broken = bytearray(whole)
        for _ in range(1 + trial):
            broken[rng.randrange(min(len(broken), 400))] = rng.randrange(256)
        (tmp_path / name).write_bytes(broken)
        assert _outcome(tmp_path / name).startswith((name, "an image"))


def test_missing_empty_and_foreign_files_are_named(tmp_path: Path) -> None:
    assert "no such file" in _message(tmp_path / "none.png")
    (tmp_path / "empty.png").touch()
    assert "empty" in _message(tmp_path / "empty.png")
    (tmp_path / "text.png").write_text("hello, I am a text and not an image at all")
    assert "not an image" in _message(tmp_path / "text.png")
    (tmp_path / "folder.png").mkdir()
    _message(tmp_path / "folder.png")


def test_an_image_beyond_a_gigapixel_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    head = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + bytes(40)
    (tmp_path / "huge.png").write_bytes(body)
    assert "60000 x 60000" in _message(tmp_path / "huge.png")


def test_large_images_are_read_without_pillows_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    (tmp_path / "a.avif").write_bytes(imagecodecs.avif_encode(PIXELS))
    assert open_image(tmp_path / "a.avif").size == (56, 40)


def test_raw_sensor_data_in_a_tiff_is_told(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "raw.tif", PIXELS, photometric=34892)
    assert "RAW" in _message(tmp_path / "raw.tif")


def test_a_broken_profile_and_broken_exif_are_notes(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.png", icc_profile=b"nonsense" * 30, exif=b"Exif\0\0nonsense")
    notes = " ".join(open_image(tmp_path / "a.png").notes)
    assert "profile is broken" in notes
    assert "EXIF data is broken" in notes


def test_every_broken_file_of_the_collection_gives_a_sentence(shared_data: Path) -> None:
    for path in sorted((shared_data / "raw" / "broken").iterdir()):
        if path.suffix.lower() in (".jxl", ".heic", ".psd"):
            assert path.name in _message(path)


def test_jpeg_metadata_in_several_segments_is_joined() -> None:
    pixels = bytes(imagecodecs.jpeg8_encode(PIXELS))
    icc = bytes(range(256)) * 3
    main = b'<x:xmpmeta><rdf:RDF><rdf:Description xmpNote:HasExtendedXMP="' + b"A" * 32 + b'"/></rdf:RDF></x:xmpmeta>'
    more = b'<x:xmpmeta><rdf:RDF xmlns:rdf="r"><rdf:Description dc:a="1"/></rdf:RDF></x:xmpmeta>'
    head = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + struct.pack(">I", len(more))
    bodies = [
        (0xE2, b"ICC_PROFILE\0\x02\x02" + icc[400:]),
        (0xE2, b"ICC_PROFILE\0\x01\x02" + icc[:400]),
        (0xE1, head + struct.pack(">I", 40) + more[40:]),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + main),
        (0xE1, head + struct.pack(">I", 0) + more[:40]),
    ]
    segments = b"".join(struct.pack(">BBH", 255, marker, len(body) + 2) + body for marker, body in bodies)
    parts = containers.jpeg_parts(pixels[:2] + segments + pixels[2:])
    assert parts.icc == icc
    assert parts.xmp == b'<x:xmpmeta><rdf:RDF><rdf:Description/><rdf:Description dc:a="1"/></rdf:RDF></x:xmpmeta>'
    assert parts.size == (56, 40)


@pytest.mark.parametrize("shape", [(8, 8), (40, 56), (300, 200), (64, 96), (1, 9)])
def test_the_size_of_a_jpeg_xl_is_read_from_its_head(shape: tuple[int, int]) -> None:
    data = bytes(imagecodecs.jpegxl_encode(np.zeros((*shape, 3), np.uint8), lossless=True))
    assert containers.jxl_parts(data).size == (shape[1], shape[0])


def test_a_webp_keeps_its_metadata(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(
        tmp_path / "a.webp", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0", xmp=b"<xmp/>", icc_profile=b"icc"
    )
    parts = containers.webp_parts((tmp_path / "a.webp").read_bytes())
    assert (parts.exif[:4], parts.xmp, parts.icc) == (b"II*\0", b"<xmp/>", b"icc")


def _cmyk_profile() -> bytes:
    """A printer profile whose table has the paper's white without ink and darkness with black ink (mft1, Lab)."""
    table = bytearray()
    for corner in range(16):
        cyan, magenta, yellow, black = (corner >> 3) & 1, (corner >> 2) & 1, (corner >> 1) & 1, corner & 1
        light = 0 if black else round(255 * (1 - (cyan + magenta + yellow) / 3))
        table += bytes(
            (light, 128 - 60 * cyan + 60 * magenta if not black else 128, 128 + 80 * yellow if not black else 128)
        )
    ramp = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    data = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + matrix + ramp * 4 + bytes(table) + ramp * 3
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    text = struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", 2, 28) + b"\0p"
    tags, at, body = [(b"A2B0", data), (b"wtpt", white), (b"desc", text), (b"cprt", text)], 132 + 48, b""
    index = b""
    for name, value in tags:
        index += struct.pack(">4sII", name, at + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    size = at + len(body)
    head = struct.pack(">I4sI4s4s4s12x4s", size, b"", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    head = head.ljust(68, b"\0") + white[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", 4) + index + body


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_cmyk_goes_through_its_profiles_table(tmp_path: Path, dtype: type) -> None:
    inks = np.zeros((6, 8, 4), dtype)
    inks[2:4, :, 3] = np.iinfo(dtype).max
    inks[4:, :, 2] = np.iinfo(dtype).max
    tifffile.imwrite(tmp_path / "c.tif", inks, photometric="separated", iccprofile=_cmyk_profile())
    source = open_image(tmp_path / "c.tif")
    out = source.read(Box.of(source.size), Grid(0.0, 0.0, 1.0, 1.0))
    np.testing.assert_allclose(out[0], 1.0, atol=0.01)
    np.testing.assert_allclose(out[2], 0.0, atol=0.01)
    assert out[5, 0, 2] < out[5, 0, 0]
    assert source.notes == ("It was CMYK and became RGB.",)
    assert source.metadata.icc == _cmyk_profile()


def test_a_profile_that_littlecms_refuses_is_an_error() -> None:
    with pytest.raises(PhotoReadError, match="cannot be applied"):
        decoded.managed(np.zeros((2, 2, 4), np.uint8), _cmyk_profile()[:400], "CMYK")

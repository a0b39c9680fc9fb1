"""Export as a whole: pixels exact, metadata true, and either a whole file or none."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from stillbytes.engine.color import PROFILES, Profile
from stillbytes.engine.errors import CancelledError, ExportError
from stillbytes.engine.export.export import ExportOptions, export
from stillbytes.engine.geometry import Box, Grid, Size
from stillbytes.engine.metadata import Metadata
from stillbytes.engine.photo import Photo
from stillbytes.engine.profiles import icc_profile
from stillbytes.engine.raster.source import ArraySource, open_image


def _photo(height: int = 300, width: int = 70, **more: Any) -> Photo:
    pixels = np.random.default_rng(9).random((height, width, 3), np.float32)
    return Photo(ArraySource(pixels, "srgb", "made", **more))


def _codes(path: Path, profile: Profile, codes: np.ndarray) -> Photo:
    tifffile.imwrite(path, codes, photometric="rgb", iccprofile=icc_profile(profile))
    return Photo(open_image(path))


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("ending", [".tif", ".png"])
def test_every_sixteen_bit_grey_comes_back_exactly(tmp_path: Path, profile: Profile, ending: str) -> None:
    codes = np.repeat(np.arange(65536, dtype=np.uint16).reshape(256, 256, 1), 3, 2)
    photo = _codes(tmp_path / "in.tif", profile, codes)
    out = tmp_path / f"out{ending}"
    export(photo, out, ExportOptions(profile=profile, tone="linear"))
    again = open_image(out)
    grid = Grid(0.0, 0.0, 1.0, 1.0)
    assert np.array_equal(again.read(Box.of(again.size), grid), photo.source.read(Box.of(again.size), grid))
    if ending == ".tif":
        assert np.array_equal(tifffile.imread(out), codes)


@pytest.mark.parametrize("profile", ["srgb", "display-p3", "linear"])
def test_sixteen_bit_colours_come_back_exactly(tmp_path: Path, profile: Profile) -> None:
    codes = np.random.default_rng(1).integers(0, 65536, (128, 128, 3)).astype(np.uint16)
    codes[:40, :, 0], codes[30:60, :, 1], codes[50:90, :, 2] = 0, 65535, 7
    photo = _codes(tmp_path / "in.tif", profile, codes)
    export(photo, tmp_path / "out.tif", ExportOptions(profile=profile, tone="linear"))
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), codes)


def test_linear_float_comes_back_bit_by_bit(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).normal(0.5, 1, (40, 50, 3)).astype(np.float32)
    photo = Photo(ArraySource(pixels, "linear-rec2020"))
    export(photo, tmp_path / "a.tif", ExportOptions(bit_depth=32, profile="linear", tone="linear"))
    again = open_image(tmp_path / "a.tif")
    np.testing.assert_allclose(again.read(Box(0, 0, 50, 40), Grid(0.0, 0.0, 1.0, 1.0)), pixels, rtol=1e-6, atol=1e-6)
    assert again.kind == "scene"


def test_the_report_says_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    report = export(_photo(300, 70), path, ExportOptions(max_side=150))
    assert (report.path, report.size, report.format, report.bit_depth) == (path, Size(35, 150), "jpeg", 8)
    assert report.bytes == path.stat().st_size
    assert open_image(path).size == (35, 150)


def test_a_longest_side_never_enlarges(tmp_path: Path) -> None:
    assert export(_photo(30, 20), tmp_path / "a.png", ExportOptions(max_side=500)).size == (20, 30)


def test_metadata_can_be_left_out_but_never_the_profile(tmp_path: Path) -> None:
    photo = _photo(metadata=Metadata(xmp=b"<rdf:RDF></rdf:RDF>"))
    export(photo, tmp_path / "a.png", ExportOptions(strip_metadata=True, profile="display-p3"))
    kept = open_image(tmp_path / "a.png").metadata
    assert (kept.exif, kept.xmp, kept.icc) == (b"", b"", icc_profile("display-p3"))


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg"])
def test_exif_and_xmp_survive_a_round_trip(tmp_path: Path, name: str) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x8298] = "Maker", 6, "A. Photographer"
    exif.get_ifd(0x8769)[0x9003] = "2026:05:04 10:11:12"
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "in.webp", exif=exif, xmp=xmp)
    export(Photo(open_image(tmp_path / "in.webp")), tmp_path / name)
    again = open_image(tmp_path / name)
    assert (again.size, again.metadata.make, again.metadata.taken) == (Size(20, 30), "Maker", "2026:05:04 10:11:12")
    assert again.metadata.xmp == xmp


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg"])
def test_exiftool_finds_a_cameras_maker_note_unharmed(tmp_path: Path, shared_data: Path, name: str) -> None:
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")

    def tags(path: Path) -> dict[str, Any]:
        found = subprocess.run(["exiftool", "-j", "-G1", path], capture_output=True, check=True)
        return json.loads(found.stdout)[0]

    original = shared_data / "photos" / "camera" / "Canon_PowerShot_SD850_IS.jpg"
    export(Photo(open_image(original)), tmp_path / name, ExportOptions(max_side=64))
    before, after = tags(original), tags(tmp_path / name)
    canon = {key: value for key, value in before.items() if key.startswith("Canon:")}
    assert len(canon) > 20
    assert {key: after.get(key) for key in canon} == canon
    assert after["ExifIFD:DateTimeOriginal"] == before["ExifIFD:DateTimeOriginal"]
    assert "ExifTool:Warning" not in after


def test_an_existing_file_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"mine")
    with pytest.raises(ExportError, match="exists"):
        export(_photo(), path)
    assert path.read_bytes() == b"mine"
    export(_photo(), path, ExportOptions(overwrite=True))
    assert path.read_bytes()[1:4] == b"PNG"
    assert _left(tmp_path) == ["a.png"]


def test_the_photos_own_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)
    before = path.read_bytes()
    (tmp_path / "link.png").symlink_to(path)
    for target in (path, tmp_path / "link.png"):
        with pytest.raises(ExportError, match="own file"):
            export(Photo(open_image(path)), target, ExportOptions(overwrite=True))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("none/a.png", ExportOptions(), "does not exist"),
        ("a.xyz", ExportOptions(), "ending"),
        ("a.jpg", ExportOptions(bit_depth=16), "JPEG has 8"),
        ("a.png", ExportOptions(bit_depth=32), "PNG has 8 or 16"),
        ("a.jpg", ExportOptions(quality=0), "quality"),
        ("a.png", ExportOptions(max_side=0), "longest side"),
        (".", ExportOptions(format="png"), "folder"),
        (f"{'x' * 300}.png", ExportOptions(), "name is too long.*shorter"),
    ],
)
def test_impossible_wishes_are_one_clear_sentence(
    tmp_path: Path, name: str, options: ExportOptions, words: str
) -> None:
    with pytest.raises(ExportError, match=words):
        export(_photo(), tmp_path / name, options)
    assert _left(tmp_path) == []


def test_a_photo_too_wide_for_jpeg_is_told(tmp_path: Path) -> None:
    photo = Photo(ArraySource(np.zeros((1, 65536, 3), np.float32)))
    with pytest.raises(ExportError, match="65535"):
        export(photo, tmp_path / "a.jpg")


@pytest.mark.parametrize("error", [CancelledError("stopped"), KeyboardInterrupt(), RuntimeError("x")])
def test_whatever_stops_an_export_nothing_is_left(tmp_path: Path, error: BaseException) -> None:
    def stop(done: int, total: int) -> None:
        raise error

    with pytest.raises(type(error)):
        export(_photo(900, 60), tmp_path / "a.tif", progress=stop)
    assert _left(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="needs file size limits")
def test_a_disk_without_room_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        for name in ("a.tif", "a.png", "a.jpg"):
            with pytest.raises(ExportError, match="cannot be written"):
                export(_photo(900, 60), tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert _left(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "not allowed")]
)
def test_the_systems_reasons_become_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def full(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match=words):
        export(_photo(), tmp_path / "a.png")
    assert _left(tmp_path) == []


def test_a_file_that_appears_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.png"

    def meanwhile(done: int, total: int) -> None:
        path.write_bytes(b"mine")

    with pytest.raises(ExportError, match="exists"):
        export(_photo(), path, progress=meanwhile)
    assert path.read_bytes() == b"mine"
    assert _left(tmp_path) == ["a.png"]

"""Decoding in a process of its own: every good file opens, every bad one says what is wrong with it."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from stillbytes.engine.errors import PhotoReadError
from stillbytes.engine.geometry import Box, Grid
from stillbytes.engine.raster import ifd
from stillbytes.engine.raw import dng as plain_dng
from stillbytes.engine.raw.decode import decode, decode_ahead, prepare, release
from stillbytes.engine.raw.source import RawSource
from stillbytes.engine.raw.spares import SPARES


@pytest.fixture(scope="module", autouse=True)
def _a_process_stands_by() -> Iterator[None]:
    prepare(keep=True)
    yield
    release()


@pytest.fixture(scope="module")
def dng(repo_root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("stillbytes_samples_dng", repo_root / "samples" / "dng.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def samples(height: int = 40, width: int = 56, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(600, 15000, (height, width)).astype(np.uint16)


@pytest.mark.parametrize("pattern", ["RGGB", "BGGR", "GRBG", "GBRG"])
@pytest.mark.parametrize("compression", ["none", "lossless-jpeg"])
def test_a_dng_decodes_to_its_samples_and_facts(
    dng: ModuleType, tmp_path: Path, pattern: str, compression: str
) -> None:
    path = tmp_path / "photo.dng"
    pixels = samples(40, 530)  # LibRaw misreads an image that is narrower than its tiles of 512
    spec = dng.DngSpec(
        pattern=pattern, orientation=6, neutral=(0.5, 1.0, 0.625), compression=compression, baseline_exposure_ev=0.5
    )
    dng.write_dng(path, pixels, spec)
    mosaic = decode(path)
    np.testing.assert_array_equal(mosaic.samples, pixels)
    np.testing.assert_array_equal(mosaic.colors, spec.channels)
    np.testing.assert_allclose(mosaic.black, 512)
    np.testing.assert_allclose(mosaic.white, 16383)
    assert mosaic.orientation == 6
    assert mosaic.baseline_ev == pytest.approx(0.5)
    assert mosaic.camera.as_shot is not None
    np.testing.assert_allclose(mosaic.camera.as_shot, [2.0, 1.0, 1.6], rtol=1e-4)
    np.testing.assert_allclose(mosaic.camera.calibrations[0].xyz_to_camera.ravel(), spec.color_matrix, atol=1e-4)
    assert mosaic.metadata.iso == 100
    assert mosaic.metadata.focal_length_mm == pytest.approx(35)
    assert mosaic.metadata.model == spec.model
    assert mosaic.metadata.exif[:2] in (b"II", b"MM")


PLAIN = {
    "tiles": {"compression": "lossless-jpeg", "orientation": 8},
    "strip": {"pattern": "GBRG", "black": (500.0, 510.0, 520.0, 530.0)},
    "masked": {"compression": "lossless-jpeg", "active": (8, 4, 592, 76), "crop": (2, 6, 582, 70)},
    "bits": {"bits": 12, "white": 4000, "pattern": "GRBG", "compression": "lossless-jpeg"},
}


@pytest.mark.parametrize("kind", sorted(PLAIN))
def test_our_own_reader_of_plain_dngs_agrees_with_libraw(dng: ModuleType, tmp_path: Path, kind: str) -> None:
    options = {k: dng.Rect(*v) if k in ("active", "crop") else v for k, v in PLAIN[kind].items()}
    pixels = samples(80, 600) % (3500 if kind == "bits" else 65535)
    dng.write_dng(tmp_path / "photo.dng", pixels, dng.DngSpec(**options))
    shutil.copy(tmp_path / "photo.dng", tmp_path / "photo.raw")  # only the suffix .dng is tried without LibRaw
    ours, libraw = decode(tmp_path / "photo.dng"), decode(tmp_path / "photo.raw")
    np.testing.assert_array_equal(ours.samples, libraw.samples)
    np.testing.assert_array_equal(ours.colors, libraw.colors)
    np.testing.assert_allclose(ours.black, libraw.black)
    np.testing.assert_allclose(ours.white, libraw.white)
    np.testing.assert_allclose(ours.camera.as_shot, libraw.camera.as_shot, rtol=1e-5)
    assert (ours.crop, ours.orientation, ours.layout) == (libraw.crop, libraw.orientation, libraw.layout)
    assert (ours.metadata.exif, ours.metadata.lens, ours.metadata.iso) == (
        libraw.metadata.exif,
        libraw.metadata.lens,
        libraw.metadata.iso,
    )
    assert ours.metadata.exposure_s == pytest.approx(libraw.metadata.exposure_s)


def test_the_plain_reader_leaves_what_is_not_plain_to_libraw(dng: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    dng.write_dng(path, samples(80, 600), dng.DngSpec(compression="lossless-jpeg"))
    assert plain_dng.read(str(path), ifd) is not None
    whole = path.read_bytes()
    (tmp_path / "cut.dng").write_bytes(whole[:-100])
    assert plain_dng.read(str(tmp_path / "cut.dng"), ifd) is None
    at = whole.rindex(b"\xff\xd9")
    (tmp_path / "torn.dng").write_bytes(whole[:at] + b"\0\0" + whole[at + 2 :])
    layout, _ = plain_dng.read(str(tmp_path / "torn.dng"), ifd) or pytest.fail("the directory is whole")
    assert plain_dng.write_samples(str(tmp_path / "torn.dng"), layout, str(tmp_path / "spool")) is None
    dng.write_dng(path, np.repeat(samples(30, 44)[..., None], 3, 2), dng.DngSpec())
    assert plain_dng.read(str(path), ifd) is None


def test_masked_borders_are_left_out_and_the_default_crop_is_found(dng: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    pixels = samples(80, 96)
    spec = dng.DngSpec(active=dng.Rect(8, 4, 92, 76), crop=dng.Rect(2, 6, 82, 70))
    dng.write_dng(path, pixels, spec)
    mosaic = decode(path)
    np.testing.assert_array_equal(mosaic.samples, pixels[4:76, 8:92])
    assert mosaic.crop == Box(2, 6, 82, 70)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
@pytest.mark.parametrize("compression", ["none", "lossless-jpeg"])
@pytest.mark.parametrize("name", ["plain.dng", "for-libraw.nef"])
def test_a_full_disk_is_not_blamed_on_the_photo(
    dng: ModuleType, tmp_path: Path, repo_root: Path, compression: str, name: str
) -> None:
    dng.write_dng(tmp_path / "photo.dng", samples(64, 1100), dng.DngSpec(compression=compression))
    (tmp_path / "photo.dng").rename(tmp_path / name)
    told = _decoded_where_files_are_small(tmp_path / name, repo_root)
    assert told.startswith(f"{name}: its decoded samples cannot be kept in a temporary file: File too large.")


def _decoded_where_files_are_small(path: Path, root: Path) -> str:
    """Return what a process that may write no file of more than 64 KB says of a photo."""
    script = (
        "import resource, runpy, sys; from pathlib import Path\n"
        "runpy.run_path(sys.argv[1] + '/launcher/package.py')['load_package'](Path(sys.argv[1]))\n"
        "from stillbytes.engine.raw.decode import decode\n"
        "from stillbytes.engine.errors import PhotoReadError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "try: decode(Path(sys.argv[2])); print('decoded')\n"
        "except PhotoReadError as error: print(error)\n"
    )
    command = [sys.executable, "-B", "-c", script, str(root), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_damaged_black_level_costs_no_memory(dng: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    dng.write_dng(path, samples(), dng.DngSpec(black=500.0))
    data = path.read_bytes()
    level = struct.pack("<II", 500_000_000, 1_000_000)
    assert data.count(level) == 4
    path.write_bytes(data.replace(level, struct.pack("<II", 3_000_000_000, 1)))
    mosaic = decode(path)
    assert mosaic.black.max() < mosaic.white.max() <= 65535
    assert (RawSource(path, mosaic).read(Box(0, 0, 8, 8), Grid(0.0, 0.0, 1.0, 1.0)) <= 0).all()


def test_black_levels_differ_by_place(dng: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    dng.write_dng(path, samples(), dng.DngSpec(black=(500.0, 510.0, 520.0, 530.0)))
    np.testing.assert_allclose(decode(path).black, [[500, 510], [520, 530]])


def test_a_linear_dng_gives_three_colours_per_place(dng: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    pixels = np.random.default_rng(1).integers(600, 15000, (30, 44, 3)).astype(np.uint16)
    dng.write_dng(path, pixels, dng.DngSpec())
    mosaic = decode(path)
    assert mosaic.layout == "color"
    np.testing.assert_array_equal(mosaic.samples, pixels)


def test_samples_are_read_only_and_leave_no_file_behind(dng: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    dng.write_dng(path, samples(), dng.DngSpec())
    folders = [Path("/dev/shm"), Path(tempfile.gettempdir())]  # noqa: S108
    before = {f for d in folders if d.is_dir() for f in d.glob("stillbytes-*")}
    mosaic = decode(path)
    with pytest.raises(PhotoReadError):
        decode(tmp_path / "nothing.dng")
    after = {f for d in folders if d.is_dir() for f in d.glob("stillbytes-*")}
    assert after <= before or os.name == "nt"
    assert not mosaic.samples.flags.writeable
    kept = mosaic.samples[3:5]
    expected = kept.copy()
    del mosaic
    gc.collect()
    np.testing.assert_array_equal(kept, expected)


def check(path: Path) -> str:
    with pytest.raises(PhotoReadError) as caught:
        decode(path)
    message = caught.value.message
    assert message.startswith(path.name)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_missing_empty_and_other_files_say_so(tmp_path: Path) -> None:
    assert "no such file" in check(tmp_path / "nothing.nef")
    (tmp_path / "empty.nef").touch()
    assert "empty" in check(tmp_path / "empty.nef")
    (tmp_path / "folder.nef").mkdir()
    assert "folder" in check(tmp_path / "folder.nef")
    (tmp_path / "text.nef").write_text("Dear diary, " * 1000)
    assert "not a RAW file" in check(tmp_path / "text.nef")


@pytest.mark.parametrize("keep", [0.05, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("compression", ["none", "lossless-jpeg"])
def test_a_file_cut_off_anywhere_is_an_error(dng: ModuleType, tmp_path: Path, keep: float, compression: str) -> None:
    path = tmp_path / "photo.dng"
    dng.write_dng(path, samples(600, 700), dng.DngSpec(compression=compression))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    assert "photo.dng" in check(path)


def test_a_file_of_zeros_decodes_to_nothing(dng: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    dng.write_dng(path, np.zeros((40, 40), np.uint16), dng.DngSpec())
    assert "nothing" in check(path)


def test_too_little_time_is_an_error(dng: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    dng.write_dng(path, samples(), dng.DngSpec())
    release()
    with pytest.raises(PhotoReadError, match="took longer"):
        decode(path, time_limit_s=0.001)
    prepare(keep=True)


def test_a_process_that_dies_while_it_waits_is_replaced(dng: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    dng.write_dng(path, samples(), dng.DngSpec())
    prepare()
    spare = SPARES._spare
    assert spare is not None
    spare.kill()
    spare.wait()
    np.testing.assert_array_equal(decode(path).samples, samples())


def test_metadata_that_cannot_be_read_costs_no_photo(dng: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    dng.write_dng(path, samples(), dng.DngSpec())
    data = bytearray(path.read_bytes())
    at = data.find(b"Synthetic DNG")
    data[at : at + 4] = b"\xff\xfe\x80\x00"
    path.write_bytes(data)
    np.testing.assert_array_equal(decode(path).samples, samples())


def files(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.is_file())


def test_good_files_decode(shared_data: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for mosaic in pool.map(decode, files(shared_data / "raw" / "good") + files(shared_data / "raw" / "synthetic")):
            assert mosaic.samples.max() > 100
            assert mosaic.metadata.model


def test_broken_and_unsupported_files_say_what_is_wrong(shared_data: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        paths = files(shared_data / "raw" / "broken") + files(shared_data / "raw" / "unsupported")
        for path, message in zip(paths, pool.map(check, paths), strict=True):
            assert path.name in message


def test_a_file_gives_the_same_answer_whatever_was_decoded_before(shared_data: Path) -> None:
    raw = shared_data / "raw"
    good = raw / "synthetic" / "synth_rggb14_wb.dng"
    first = decode(good).samples.copy()
    broken = raw / "broken" / "exiftool_Panasonic.rw2"
    message = check(broken)
    np.testing.assert_array_equal(decode(good).samples, first)
    decode(raw / "good" / "Kodak_DC50_DC0013L.KDC")
    assert check(broken) == message


def test_a_file_that_was_begun_ahead_gives_the_same_samples(repo_root: Path) -> None:
    path = repo_root / "samples" / "balloon.dng"
    plain = decode(path)
    decode_ahead(path)
    decode_ahead(path)
    assert np.array_equal(decode(path).samples, plain.samples)
    release()


def test_the_error_of_a_file_that_was_begun_ahead_comes_when_it_is_asked_for(tmp_path: Path) -> None:
    empty = tmp_path / "empty.nef"
    empty.touch()
    decode_ahead(empty)
    with pytest.raises(PhotoReadError, match="empty"):
        decode(empty)

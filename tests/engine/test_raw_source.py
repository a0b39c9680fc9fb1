"""RAW files as sources: against LibRaw's own linear output, and against its demosaics."""

from __future__ import annotations

import importlib.util
import os
import struct
import sys
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import rawpy
from PIL import Image
from stillbytes.engine import color
from stillbytes.engine.geometry import Box, Grid
from stillbytes.engine.photo import Photo
from stillbytes.engine.raw.decode import prepare, release
from stillbytes.engine.raw.formats import is_raw
from stillbytes.engine.raw.source import RawOptions, RawSource, open_raw
from stillbytes.engine.raw.white_balance import camera_to_working
from stillbytes.engine.raw.worker import _three_colors


@pytest.fixture(scope="module", autouse=True)
def _a_process_stands_by() -> Iterator[None]:
    prepare(keep=True)
    yield
    release()


def load_by_path(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"stillbytes_samples_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "raw"),
    [("a.NEF", True), ("b.cr3", True), ("c.dng", True), ("d.jpg", False), ("e.tif", False), ("f", False)],
)
def test_raw_files_are_told_by_their_name(name: str, raw: bool) -> None:
    assert is_raw(Path(name)) == raw


def test_the_shipped_sample_opens_as_a_photo(repo_root: Path) -> None:
    source = open_raw(next((repo_root / "samples").glob("*.dng")))
    assert source.kind == "scene"
    assert source.name.endswith(".dng")
    assert weakref.ref(source)() is source
    assert len({source, source.with_options(RawOptions())}) == 2
    assert source.notes == ()
    pixels = Photo(source).render(scale=0.1)
    assert 0.02 < pixels.mean() < 0.8


def test_other_options_need_no_second_decode(repo_root: Path) -> None:
    path = next((repo_root / "samples").glob("*.dng"))
    source = open_raw(path)
    warm = source.with_options(RawOptions(white_balance="custom", kelvin=9000, tint=20))
    assert (warm.balance.kelvin, warm.balance.tint) == (9000, 20)
    grid = Grid.whole(source.size, source.size.fit(64))
    box = Box.of(source.size.fit(64))
    before, after = (s.read(box, grid).mean(axis=(0, 1)) for s in (source, warm))
    assert after[0] / after[2] > 1.1 * before[0] / before[2]
    day = source.with_options(RawOptions(white_balance="daylight")).balance
    assert day.kelvin == 5500
    auto = source.with_options(RawOptions(white_balance="auto")).balance
    assert 2500 < auto.kelvin < 12000


def test_a_file_without_a_balance_gets_one_and_says_so(shared_data: Path) -> None:
    source = open_raw(shared_data / "raw" / "good" / "Kodak_DC120_P003911.KDC")
    assert any("automatically" in note for note in source.notes)
    small = source.size.fit(64)
    paper = source.read(Box.of(small), Grid.whole(source.size, small))[:, -20:-10].mean(axis=(0, 1))
    np.testing.assert_allclose(paper / paper[1], 1.0, atol=0.12)


X_TRANS = np.array(
    [
        [1, 1, 0, 1, 1, 2],
        [1, 1, 2, 1, 1, 0],
        [2, 0, 1, 0, 2, 1],
        [1, 1, 2, 1, 1, 0],
        [1, 1, 0, 1, 1, 2],
        [0, 2, 1, 2, 0, 1],
    ]
)


def write_x_trans(dng: ModuleType, path: Path, light: np.ndarray) -> None:
    """Write balanced camera light (h, w, 3) as a DNG with Fujifilm's pattern, by patching the tags of a Bayer one."""
    spec = dng.DngSpec()
    place = np.tile(X_TRANS, (light.shape[0] // 6, light.shape[1] // 6))
    seen = np.take_along_axis(light * np.array(spec.as_shot_neutral), place[..., None], 2)[..., 0]
    dng.write_dng(path, np.round(512 + seen * 15871).astype(np.uint16), spec)
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<HHI", 33421, 3, 2)) + 8
    data[at : at + 4] = struct.pack("<HH", 6, 6)
    at = data.index(struct.pack("<HHI", 33422, 1, 4))
    data[at : at + 12] = struct.pack("<HHII", 33422, 1, 36, len(data))
    path.write_bytes(bytes(data) + bytes(X_TRANS.ravel().tolist()))


def test_an_x_trans_file_gives_the_colours_that_the_matrix_says(repo_root: Path, tmp_path: Path) -> None:
    light = np.full((516, 540, 3), 0.3)
    light[:, 180:360] = [0.5, 0.25, 0.1]
    light[:, 360:] = [0.1, 0.2, 0.5]
    write_x_trans(load_by_path(repo_root / "samples" / "dng.py"), tmp_path / "photo.dng", light)
    source = open_raw(tmp_path / "photo.dng")
    matrix = camera_to_working(source._mosaic.camera, source.balance)
    pixels = source.read(Box(0, 250, 540, 260), Grid(0.0, 0.0, 1.0, 1.0))
    for x in (90, 270, 450):
        np.testing.assert_allclose(pixels[5, x], matrix @ light[0, x], atol=5e-4)


def test_a_four_colour_sensor_becomes_a_camera_of_three() -> None:
    to_camera = np.array([[0.8, -0.2, -0.1], [-0.4, 1.2, 0.2], [-0.1, 0.2, 0.7], [-0.2, 0.9, 0.35]])
    to_xyz = color.to_xyz(color.SPACES["srgb"])
    neutral = to_camera @ to_xyz @ np.ones(3)
    srgb = np.array([[0.5, 0.5, 0.5], [0.6, 0.3, 0.2], [0.1, 0.3, 0.6]])
    seen = srgb @ (to_camera @ to_xyz).T
    white = 65535 / neutral / (1 / neutral).max()
    three, facts = _three_colors(np.round(seen * white)[None], white, to_camera, (1 / neutral).tolist())
    balanced = three[0] * np.array(facts["camera_wb"])
    np.testing.assert_allclose(balanced / balanced[0], srgb / 0.5, rtol=2e-3)


def libraw(path: Path, source: RawSource, space: rawpy.ColorSpace = rawpy.ColorSpace.Rec2020) -> np.ndarray:
    """Return LibRaw's linear rendering, cropped as the source's is, in [0, 1]."""
    red, green, blue = source.balance.multipliers.tolist()
    with rawpy.imread(os.fspath(path)) as raw:
        pixels = raw.postprocess(
            user_wb=[red, green, blue, green],
            output_color=space,
            output_bps=16,
            gamma=(1, 1),
            no_auto_bright=True,
            adjust_maximum_thr=0.0,
        )
        sizes = raw.sizes
    if (pixels.shape[1], pixels.shape[0]) != source.size:
        left, top = sizes.crop_left_margin - sizes.left_margin, sizes.crop_top_margin - sizes.top_margin
        pixels = pixels[top : top + source.size.height, left : left + source.size.width]
    return pixels.astype(np.float32) / 65535


def compared(path: Path) -> tuple[np.ndarray, float]:
    """Return the differences of the means per colour, relative, and the mean absolute difference."""
    source = open_raw(path, RawOptions(highlights="clip"))
    ours = np.clip(Photo(source).render(), 0.0, 1.0)
    theirs = libraw(path, source)
    assert ours.shape == theirs.shape
    means = ours.mean(axis=(0, 1)) / theirs.mean(axis=(0, 1)) - 1
    return means, float(np.abs(ours - theirs).mean())


def test_synthetic_files_render_as_libraw_renders_them(shared_data: Path) -> None:
    for path in sorted((shared_data / "raw" / "synthetic").iterdir()):
        means, difference = compared(path)
        assert np.abs(means).max() < 0.025, path.name
        assert difference < 0.015, path.name
    assert compared(shared_data / "raw" / "synthetic" / "synth_linear16.dng")[1] < 1e-4


def test_camera_files_render_as_libraw_renders_them(shared_data: Path) -> None:
    for path in sorted((shared_data / "raw" / "good").glob("Canon*")):
        means, difference = compared(path)
        assert np.abs(means).max() < 0.005, path.name
        assert difference < 0.004, path.name


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = (color.encode(np.clip(a, 0, 1), "srgb") - color.encode(np.clip(b, 0, 1), "srgb"))[10:-10, 10:-10]
    return float(-10 * np.log10(np.mean(error**2)))


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_the_demosaic_is_well_ahead_of_libraws(shared_data: Path, tmp_path: Path, noise: float) -> None:
    """Photos mosaicked into the samples of a camera whose colours are sRGB; mean PSNR in sRGB over all of them."""
    template = shared_data / "raw" / "synthetic" / "synth_rggb14_wb.dng"
    source = open_raw(template, RawOptions(highlights="clip"))
    to_srgb = color.convert(color.REC2020, color.SPACES["srgb"])
    balance = source.balance.multipliers
    gains: dict[str, list[float]] = {"AHD": [], "DHT": []}
    rng = np.random.default_rng(0)
    for number in ("01", "08", "19", "23"):
        photo = np.asarray(Image.open(shared_data / "photos" / "kodak" / f"kodim{number}.png"))
        photo = photo.swapaxes(0, 1) if photo.shape[0] > photo.shape[1] else photo
        truth = color.decode(photo[:512, :768] / 255, "srgb")
        seen = truth / balance
        light = np.empty(seen.shape[:2])
        for y, x, c in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
            light[y::2, x::2] = seen[y::2, x::2, c]
        light += noise * np.sqrt(light) * rng.standard_normal(light.shape)
        samples = np.clip(np.round(512 + light * 15871), 0, 16383).astype(np.uint16)
        samples.setflags(write=False)
        ours = (
            Photo(RawSource(Path("x"), replace(source._mosaic, samples=samples), source.options)).render() @ to_srgb.T
        )
        for name in gains:
            with rawpy.imread(os.fspath(template)) as raw:
                raw.raw_image[:] = samples
                theirs = raw.postprocess(
                    demosaic_algorithm=rawpy.DemosaicAlgorithm[name],
                    use_camera_wb=True,
                    output_bps=16,
                    gamma=(1, 1),
                    no_auto_bright=True,
                    adjust_maximum_thr=0.0,
                )
            gains[name].append(psnr(ours, truth) - psnr(theirs / 65535, truth))
    assert np.mean(gains["AHD"]) > (4.0 if noise == 0 else 2.5)
    assert np.mean(gains["DHT"]) > (2.0 if noise == 0 else 1.5)

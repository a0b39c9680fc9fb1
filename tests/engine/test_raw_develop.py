"""The laws of development: what a mosaic's pixels must be, at any scale, in any box."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from stillbytes.engine import color
from stillbytes.engine.geometry import Box, Grid, Size, inverse_orientation, upright, upright_size
from stillbytes.engine.metadata import Metadata
from stillbytes.engine.raw.camera import Calibration, CameraColor
from stillbytes.engine.raw.develop import Developer
from stillbytes.engine.raw.mosaic import Mosaic
from stillbytes.engine.raw.white_balance import Balance, camera_to_working, from_multipliers

PATTERNS = {"RGGB": [[0, 1], [1, 2]], "BGGR": [[2, 1], [1, 0]], "GRBG": [[1, 0], [2, 1]], "GBRG": [[1, 2], [0, 1]]}
XYZ_TO_CAMERA = np.array([[1.0405, -0.3755, -0.1270], [-0.5461, 1.3787, 0.1793], [-0.1040, 0.2015, 0.6785]])
CAMERA = CameraColor((Calibration(6504.0, color.D65, XYZ_TO_CAMERA),), np.array([2.0, 1.0, 1.5]), True)
BALANCE = from_multipliers(CAMERA, np.array([2.0, 1.0, 1.5]))
BLACK, WHITE = 512.0, 15871.0


def bayer(samples: np.ndarray, pattern: str = "RGGB", **changes: Any) -> Mosaic:
    samples = np.ascontiguousarray(samples, np.uint16)
    samples.setflags(write=False)
    mosaic = Mosaic(
        samples=samples,
        layout="bayer",
        colors=np.array(PATTERNS[pattern], np.uint8),
        black=np.full((2, 2), BLACK, np.float32),
        white=np.full((2, 2), WHITE, np.float32),
        crop=Box(0, 0, samples.shape[1], samples.shape[0]),
        orientation=1,
        camera=CAMERA,
        metadata=Metadata(),
    )
    return replace(mosaic, **changes)


def mosaicked(light: np.ndarray, pattern: str = "RGGB") -> np.ndarray:
    """Return samples of balanced camera light (h, w, 3), as the sensor sees it."""
    seen = light / BALANCE.multipliers
    samples = np.empty(light.shape[:2])
    for y in range(2):
        for x in range(2):
            samples[y::2, x::2] = seen[y::2, x::2, PATTERNS[pattern][y][x]]
    return np.clip(np.round(BLACK + samples * (WHITE - BLACK)), 0, WHITE).astype(np.uint16)


def noise(height: int, width: int, high: float = WHITE, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(400, int(high) + 1, (height, width)).astype(np.uint16)


def developer(mosaic: Mosaic, highlights: Any = "reconstruct", demosaic: Any = "best") -> Developer:
    return Developer(mosaic, BALANCE, highlights, demosaic)


def whole(mosaic: Mosaic, frame: Size | None = None, **how: Any) -> np.ndarray:
    size = upright_size(mosaic.crop.size, mosaic.orientation)
    frame = frame or size
    return developer(mosaic, **how).read(Box.of(frame), Grid.whole(size, frame))


NATIVE = Grid(0.0, 0.0, 1.0, 1.0)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("highlights", ["clip", "reconstruct"])
def test_any_box_at_full_size_equals_its_part_of_the_whole(pattern: str, highlights: str) -> None:
    mosaic = bayer(noise(150, 530), pattern)
    dev = developer(mosaic, highlights)
    frame = dev.read(Box(0, 0, 530, 150), NATIVE)
    for box in (Box(0, 0, 7, 5), Box(1, 1, 2, 2), Box(13, 3, 500, 131), Box(511, 100, 530, 150), Box(233, 61, 247, 70)):
        np.testing.assert_array_equal(dev.read(box, NATIVE), frame[box.top : box.bottom, box.left : box.right])


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_grid_that_starts_inside_the_photo_gives_the_same_pixels(pattern: str) -> None:
    dev = developer(bayer(noise(64, 80), pattern))
    frame = dev.read(Box(0, 0, 80, 64), NATIVE)
    part = dev.read(Box(-2, -1, 9, 7), Grid(11.0, 6.0, 1.0, 1.0))
    np.testing.assert_array_equal(part, frame[5:13, 9:20])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("frame", [Size(61, 47), Size(97, 70), Size(23, 19)])
def test_any_box_of_a_smaller_rendering_equals_its_part_of_the_whole(orientation: int, frame: Size) -> None:
    mosaic = bayer(noise(110, 150), crop=Box(3, 5, 147, 108), orientation=orientation)
    size = upright_size(mosaic.crop.size, orientation)
    frame = upright_size(frame, orientation)
    dev, grid = developer(mosaic), Grid.whole(size, frame)
    all_of_it = dev.read(Box.of(frame), grid)
    for box in (Box(0, 0, 5, 4), Box(3, 2, frame.width - 1, 7), Box(frame.width - 6, frame.height - 5, *frame)):
        np.testing.assert_array_equal(dev.read(box, grid), all_of_it[box.top : box.bottom, box.left : box.right])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("frame", [Size(48, 40), Size(33, 29), Size(12, 10)])
def test_every_orientation_shows_the_same_photo_upright(orientation: int, frame: Size) -> None:
    scene = noise(40, 48)
    first = whole(bayer(scene), frame)
    undo = inverse_orientation(orientation)
    colors = upright(np.array(PATTERNS["RGGB"], np.uint8), undo)
    stored = bayer(
        np.ascontiguousarray(upright(scene, undo)), colors=np.ascontiguousarray(colors), orientation=orientation
    )
    np.testing.assert_allclose(whole(stored, frame), first, atol=2e-4 if frame.width == 48 else 2e-6)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("demosaic", ["best", "fast"])
@pytest.mark.parametrize("frame", [Size(40, 32), Size(23, 17), Size(9, 8)])
def test_a_white_patch_is_neutral_at_every_scale(pattern: str, demosaic: str, frame: Size) -> None:
    mosaic = bayer(mosaicked(np.full((32, 40, 3), 0.42), pattern), pattern)
    pixels = whole(mosaic, frame, demosaic=demosaic)
    np.testing.assert_allclose(pixels, 0.42, atol=1e-4)


@pytest.mark.parametrize("frame", [Size(48, 40), Size(31, 26), Size(12, 10)])
def test_one_more_stop_of_light_doubles_the_pixels(frame: Size) -> None:
    rng = np.random.default_rng(3)
    light = np.kron(rng.uniform(0.02, 0.4, (5, 6, 3)), np.ones((8, 8, 1)))
    once, twice = (whole(bayer(mosaicked(light * gain)), frame) for gain in (1, 2))
    inside = np.s_[2:-2, 2:-2]
    np.testing.assert_allclose(twice[inside].mean(axis=(0, 1)), 2 * once[inside].mean(axis=(0, 1)), rtol=0.01)
    flat = np.kron(rng.uniform(0.02, 0.4, (1, 1, 3)), np.ones((40, 48, 1)))
    once, twice = (whole(bayer(mosaicked(flat * gain)), frame) for gain in (1, 2))
    np.testing.assert_allclose(twice, 2 * once, atol=3e-4)


def test_flat_colours_come_out_as_the_matrix_says() -> None:
    light = np.array([0.5, 0.2, 0.3])
    pixels = whole(bayer(mosaicked(np.broadcast_to(light, (24, 24, 3)))))
    np.testing.assert_allclose(
        pixels, np.broadcast_to(camera_to_working(CAMERA, BALANCE) @ light, (24, 24, 3)), atol=4e-4
    )


@pytest.mark.parametrize("frame", [Size(120, 96), Size(67, 53), Size(48, 38), Size(30, 24), Size(17, 14)])
def test_a_blob_stays_where_it_is_in_every_colour_at_every_scale(frame: Size) -> None:
    y, x = np.mgrid[0:192, 0:240] + 0.5
    blob = np.exp(-((x - 101.3) ** 2 + (y - 77.8) ** 2) / (2 * 18.0**2))
    light = 0.05 + blob[..., None] * np.array([0.6, 0.5, 0.4])
    pixels = whole(bayer(mosaicked(light)), frame)
    weight = pixels @ np.linalg.inv(camera_to_working(CAMERA, BALANCE)).T - 0.05
    v, u = np.mgrid[0 : frame.height, 0 : frame.width] + 0.5
    for c in range(3):
        w = np.maximum(weight[..., c], 0.01) - 0.01
        assert (w * u).sum() / w.sum() * 240 / frame.width == pytest.approx(101.3, abs=0.06)
        assert (w * v).sum() / w.sum() * 192 / frame.height == pytest.approx(77.8, abs=0.06)


def smooth_scene(height: int, width: int, seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0.05, 0.9, (height // 12 + 2, width // 12 + 2, 3))
    y, x = np.arange(height) / 12, np.arange(width) / 12
    i, j = y.astype(int), x.astype(int)
    fy, fx = (y - i)[:, None, None], (x - j)[None, :, None]
    top = coarse[i][:, j] * (1 - fx) + coarse[i][:, j + 1] * fx
    low = coarse[i + 1][:, j] * (1 - fx) + coarse[i + 1][:, j + 1] * fx
    return top * (1 - fy) + low * fy


@pytest.mark.parametrize("step", [2, 3, 4, 7.5])
def test_a_preview_is_the_area_average_of_the_full_rendering(step: float) -> None:
    mosaic = bayer(mosaicked(smooth_scene(180, 240)))
    frame = Size(int(240 / step), int(180 / step))
    full = whole(mosaic)
    preview = whole(mosaic, frame)
    if isinstance(step, int):
        average = full.reshape(frame.height, step, frame.width, step, 3).mean(axis=(1, 3))
        assert np.abs(preview - average).mean() < 0.006
    np.testing.assert_allclose(preview.mean(axis=(0, 1)), full.mean(axis=(0, 1)), rtol=0.005)


def test_clipped_highlights_are_neutral_white() -> None:
    light = np.full((24, 24, 3), 0.3)
    light[:, 12:] = 5.0
    for frame in (Size(24, 24), Size(6, 6)):
        pixels = whole(bayer(mosaicked(light)), frame, highlights="clip")
        np.testing.assert_allclose(pixels[:, -frame.width // 3 :], 1.0, atol=2e-3)
        assert pixels.max() <= 1.6  # the matrix may exceed 1 at the edge, where colours mix


@pytest.mark.parametrize("highlights", ["clip", "reconstruct"])
def test_where_nothing_is_clipped_both_treatments_of_highlights_agree(highlights: str) -> None:
    mosaic = bayer(mosaicked(0.9 * smooth_scene(48, 60)))
    np.testing.assert_array_equal(whole(mosaic, highlights=highlights), whole(mosaic, highlights="clip"))
    small = Size(15, 12)
    np.testing.assert_array_equal(whole(mosaic, small, highlights=highlights), whole(mosaic, small, highlights="clip"))


def sky(height: int, width: int) -> np.ndarray:
    """A blue sky that grows brighter to the right, until every colour clips."""
    brightness = 2.0 ** np.linspace(-2, 2.5, width)
    return np.broadcast_to(brightness[None, :, None] * np.array([0.7, 0.9, 1.0]), (height, width, 3))


@pytest.mark.parametrize("frame", [Size(480, 48), Size(120, 12)])
def test_a_clipping_sky_is_neither_magenta_nor_has_a_seam(frame: Size) -> None:
    pixels = whole(bayer(mosaicked(sky(48, 480))), frame)
    line = pixels[frame.height // 2]
    red, green, blue = line.T
    assert (green > 0.93 * np.minimum(red, blue)).all()
    np.testing.assert_allclose(line[-frame.width // 40 :] / line[-frame.width // 40 :, 1:2], 1.0, atol=0.02)
    luma = line @ color.LUMINANCE
    steps = np.diff(np.log2(luma)) * frame.width / 480
    assert np.abs(steps).max() < 0.035
    assert (np.diff(luma) > -0.02).all()


@pytest.mark.parametrize(("height", "width"), [(8, 8), (2, 2), (3, 5), (9, 2), (33, 31)])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_tiny_and_odd_frames_work_at_every_scale(height: int, width: int, pattern: str) -> None:
    mosaic = bayer(np.full((height, width), 4000), pattern)
    for frame in (Size(width, height), Size(max(1, width // 2), max(1, height // 2)), Size(1, 1)):
        pixels = whole(mosaic, frame)
        assert pixels.shape == (frame.height, frame.width, 3)
        expected = camera_to_working(CAMERA, BALANCE) @ BALANCE.multipliers * (4000 - BLACK) / (WHITE - BLACK)
        np.testing.assert_allclose(pixels, np.broadcast_to(expected, pixels.shape), rtol=2e-3)


def test_black_levels_may_differ_by_row() -> None:
    black = np.array([[500, 500], [560, 560]], np.float32)
    level = np.tile(np.array([[500.0], [560.0]]), (12, 24))
    samples = np.round(level + 0.25 * (WHITE - level))
    pixels = whole(bayer(samples, black=black), Size(24, 24))
    expected = camera_to_working(CAMERA, BALANCE) @ BALANCE.multipliers * 0.25
    np.testing.assert_allclose(pixels, np.broadcast_to(expected, pixels.shape), atol=1e-3)


def linear(samples: np.ndarray, **changes: Any) -> Mosaic:
    samples = np.ascontiguousarray(samples, np.uint16)
    samples.setflags(write=False)
    channels = samples.shape[2]
    return replace(
        bayer(np.zeros((2, 2))),
        samples=samples,
        layout="color" if channels == 3 else "grey",
        crop=Box(0, 0, samples.shape[1], samples.shape[0]),
        black=np.full((1, channels), BLACK, np.float32),
        white=np.full((1, channels), WHITE, np.float32),
        **changes,
    )


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("channels", [1, 3])
def test_linear_and_grey_samples_are_developed_pixel_by_pixel(channels: int, orientation: int) -> None:
    samples = np.random.default_rng(4).integers(512, 7000, (20, 26, channels))
    light = (samples - BLACK) / (WHITE - BLACK)
    if channels == 3:
        light = light * BALANCE.multipliers @ camera_to_working(CAMERA, BALANCE).T
    expected = upright(np.broadcast_to(light, (20, 26, 3)), orientation)
    mosaic = linear(samples, orientation=orientation)
    np.testing.assert_allclose(whole(mosaic), expected, atol=1e-5)
    half = Size(expected.shape[1] // 2, expected.shape[0] // 2)
    average = expected.reshape(half.height, 2, half.width, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(whole(mosaic, half), average, atol=1e-5)


def test_the_balance_is_of_the_callers_choice() -> None:
    other = Balance(np.array([1.0, 1.0, 1.0]), 6504.0, 0.0)
    mosaic = bayer(np.full((16, 16), 4000))
    pixels = Developer(mosaic, other, "clip", "best").read(Box(0, 0, 16, 16), NATIVE)
    np.testing.assert_allclose(pixels, (4000 - BLACK) / (WHITE - BLACK), atol=1e-4)

"""The synthetic RAW files: what the sensor model records, what the writer writes, and the sample that is shipped."""

import subprocess
import sys

import imagecodecs
import numpy as np
import pytest
import rawpy
from stillbytes.samples import dng, sensor

COMPRESSIONS = ("none", "lossless-jpeg")


@pytest.fixture
def picture():
    """A smooth coloured picture with a few hard edges, (70, 1060, 3), odd tiles on both axes."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:70, :1060]
    picture = np.stack([x / 1060, y / 70, 0.5 + 0.4 * np.sin(x / 9)], axis=-1)
    picture[20:40, 500:530] = rng.random((20, 30, 3))
    return picture


def test_white_is_neutral_after_the_as_shot_white_balance():
    spec = dng.DngSpec(black=0.0, bits=16)
    mosaic = sensor.mosaic_from_image(np.full((4, 4, 3), 0.5), spec).astype(float)
    balanced = mosaic / np.tile(np.array(spec.as_shot_neutral)[spec.channels], (2, 2))
    np.testing.assert_allclose(balanced, 0.5 * spec.white_level, rtol=1e-4)


def test_twice_the_light_gives_twice_the_codes_above_black(picture):
    spec = dng.DngSpec(bits=16, black=1024.0)
    once = sensor.mosaic_from_image(picture * 0.2, spec).astype(float) - 1024
    twice = sensor.mosaic_from_image(picture * 0.4, spec).astype(float) - 1024
    np.testing.assert_allclose(twice, 2 * once, atol=1.5)


def test_noise_has_the_variance_of_shot_and_read_noise():
    spec = dng.DngSpec(bits=16, black=1000.0, neutral=(1.0, 1.0, 1.0))
    noise = sensor.Noise(electrons_at_white=5000, read_electrons=6)
    codes = sensor.mosaic_from_image(np.full((200, 200, 3), 0.3), spec, noise, seed=3).astype(float)
    electrons = (codes - 1000) / (spec.white_level - 1000) * 5000
    assert electrons.mean() == pytest.approx(1500, rel=2e-3)
    assert electrons.var() == pytest.approx(1500 + 36, rel=0.03)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("pattern", dng.PATTERNS)
def test_libraw_reads_the_codes_and_the_camera_that_were_written(tmp_path, picture, pattern, compression):
    spec = dng.DngSpec(pattern=pattern, compression=compression, black=(500.0, 512.0, 520.0, 530.0), orientation=6)
    mosaic = sensor.mosaic_from_image(picture, spec, sensor.Noise.at_iso(800))
    dng.write_dng(tmp_path / "a.dng", mosaic, spec)
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        np.testing.assert_array_equal(raw.raw_image, mosaic)
        letters = "".join(raw.color_desc.decode()[i] for i in raw.raw_pattern.ravel())
        blacks = np.array(raw.black_level_per_channel)[raw.raw_pattern.ravel()]
        balance = np.array(raw.camera_whitebalance[:3])
        assert letters == pattern
        assert blacks.tolist() == [500, 512, 520, 530]
        assert raw.white_level == 16383
        assert raw.sizes.flip == 6
    np.testing.assert_allclose(balance / balance[1], 1 / np.array(spec.as_shot_neutral), rtol=1e-4)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_linear_dng_holds_three_colours_per_pixel(tmp_path, picture, compression):
    spec = dng.DngSpec(bits=16, black=0.0, compression=compression)
    pixels = sensor.linear_from_image(picture, spec)
    dng.write_dng(tmp_path / "a.dng", pixels, spec)
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        assert raw.raw_type == rawpy.RawType.Stack
        np.testing.assert_array_equal(raw.raw_image[..., :3], pixels)


def test_the_active_area_and_the_crop_are_what_libraw_shows(tmp_path, picture):
    spec = dng.DngSpec(active=dng.Rect(8, 4, 1048, 66), crop=dng.Rect(4, 2, 1004, 52))
    dng.write_dng(tmp_path / "a.dng", sensor.mosaic_from_image(picture, spec), spec)
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        sizes = raw.sizes
        assert (sizes.left_margin, sizes.top_margin, sizes.width, sizes.height) == (8, 4, 1040, 62)
        assert (sizes.crop_left_margin, sizes.crop_top_margin) == (12, 6)
        assert (sizes.crop_width, sizes.crop_height) == (1000, 50)


def test_lossless_jpeg_keeps_every_code_from_0_to_65535():
    rng = np.random.default_rng(1)
    samples = rng.integers(0, 65536, (64, 32, 2)).astype(np.uint16)
    samples[0, :4] = [[0, 65535], [65535, 0], [32768, 0], [0, 32768]]
    decoded = imagecodecs.ljpeg_decode(dng.encode_lossless_jpeg(samples))
    np.testing.assert_array_equal(decoded.reshape(64, 32, 2), samples)


def test_pixels_of_the_wrong_type_are_refused(tmp_path):
    with pytest.raises(ValueError, match="expected uint16"):
        dng.write_dng(tmp_path / "a.dng", np.zeros((4, 4), np.float32))
    assert not (tmp_path / "a.dng").exists()


def test_the_shipped_sample_is_what_its_script_makes(repo_root):
    script = repo_root / "samples" / "make_sample.py"
    result = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout.strip()) == (0, "balloon.dng: the same bytes"), result.stderr


def test_the_shipped_sample_is_small_and_names_its_photographer(repo_root):
    data = (repo_root / "samples" / "balloon.dng").read_bytes()
    assert len(data) < 3_000_000
    assert b"Aitzol Berasategi" in data
    assert b"CC BY 4.0" in data

import json

import cv2
import numpy as np
import pytest
from stillbytes.engine.masks.sky_net import convolve, read_arrays, recognise_sky


def packed(arrays):
    """A safetensors file with the given {name: (dtype's name, array)}."""
    header, data = {}, b""
    for name, (dtype, values) in arrays.items():
        header[name] = {"dtype": dtype, "shape": values.shape, "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    head = json.dumps({"__metadata__": {"format": "np"}, **header}).encode()
    return len(head).to_bytes(8, "little") + head + data


def scene(seed=0):
    """Blue above, busy dark green below, from two fifths of the height."""
    rng = np.random.default_rng(seed)
    y = np.linspace(0, 1, 200, dtype=np.float32)[:, None, None]
    sky = np.array([0.35, 0.55, 0.9]) * (1 - y) + 0.9 * y
    ground = np.array([0.2, 0.28, 0.1]) * rng.uniform(0.3, 1.6, (50, 75, 1)).repeat(4, 0).repeat(4, 1)
    return np.where(y < 0.4, sky, ground).astype(np.float32)


def test_arrays_come_back_from_their_file_in_single_precision(tmp_path):
    rng = np.random.default_rng(0)
    half, single = rng.random((3, 5)).astype(np.float16), rng.random(7).astype(np.float32)
    path = tmp_path / "two.safetensors"
    path.write_bytes(packed({"half": ("F16", half), "single": ("F32", single)}))
    arrays = read_arrays(path)
    assert set(arrays) == {"half", "single"}
    assert np.array_equal(arrays["half"], half.astype(np.float32))
    assert np.array_equal(arrays["single"], single)


def test_arrays_of_another_kind_are_refused_by_name(tmp_path):
    path = tmp_path / "wide.safetensors"
    path.write_bytes(packed({"counts": ("I64", np.arange(3))}))
    with pytest.raises(ValueError, match=r"wide\.safetensors: counts is stored as I64, expected F16 or F32"):
        read_arrays(path)


def test_a_convolution_is_the_sum_over_taps_and_inputs_cut_off_below_0():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(8, 10, 2)).astype(np.float32)
    taps = rng.normal(size=(3, 3, 2, 3)).astype(np.float32)
    bias = np.array([0.1, -0.2, 0.3], np.float32)
    by_opencv = np.stack(
        [
            sum(
                cv2.filter2D(x[..., i], -1, np.ascontiguousarray(taps[..., i, o]), borderType=cv2.BORDER_CONSTANT)
                for i in range(2)
            )
            for o in range(3)
        ],
        axis=-1,
    )
    expected = np.maximum(by_opencv + bias, 0)
    assert convolve(x, taps.reshape(18, 3), bias, 1) == pytest.approx(expected, abs=1e-5)
    assert convolve(x, taps.reshape(18, 3), bias, 2) == pytest.approx(expected[::2, ::2], abs=1e-5)


def test_the_shipped_weights_are_small_and_finite(repo_root):
    path = repo_root / "engine" / "masks" / "sky_net.safetensors"
    assert path.stat().st_size < 1_000_000
    assert all(np.isfinite(values).all() for values in read_arrays(path).values())


def test_a_sky_over_ground_is_recognised_and_ground_alone_is_not():
    picture = scene()
    assert recognise_sky(picture) > 0.5
    assert recognise_sky(np.ascontiguousarray(picture[90:])) < -0.5


def test_a_mirrored_picture_gets_the_same_answer():
    picture = np.random.default_rng(2).random((60, 90, 3), np.float32)
    picture[:30, :45] = (0.4, 0.6, 0.9)
    assert recognise_sky(np.ascontiguousarray(picture[:, ::-1])) == pytest.approx(recognise_sky(picture), abs=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 3), (9, 200, 3), (700, 500, 3)])
def test_a_picture_of_any_shape_gets_an_answer(shape):
    assert np.isfinite(recognise_sky(np.full(shape, 0.5, np.float32)))


def test_the_picture_is_not_changed():
    picture = scene(3)
    kept = picture.copy()
    recognise_sky(picture)
    assert np.array_equal(picture, kept)

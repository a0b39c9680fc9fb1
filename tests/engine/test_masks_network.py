import json

import cv2
import numpy as np
import pytest
from stillbytes.engine.masks.network import MEAN, SPREAD, convolve, joined, mixed, prepared, read_arrays


def packed(arrays):
    """A safetensors file with the given {name: (dtype's name, array)}."""
    header, data = {}, b""
    for name, (dtype, values) in arrays.items():
        header[name] = {"dtype": dtype, "shape": values.shape, "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    head = json.dumps({"__metadata__": {"format": "np"}, **header}).encode()
    return len(head).to_bytes(8, "little") + head + data


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


def test_mixtures_are_sums_over_the_last_axis():
    weights = {"m.weight": np.array([[1, 0, 2], [0, 1, -1]], np.float32), "m.bias": np.array([0, 1, 0.5], np.float32)}
    assert mixed(np.array([3, 4], np.float32), "m", weights) == pytest.approx([3, 5, 2.5])


def test_what_is_joined_has_twice_the_size_and_is_cut_off_below_0():
    weights = {"u.weight": np.array([[2.0]], np.float32), "u.bias": np.array([1.0], np.float32)}
    x = np.array([[1, -2]], np.float32)[..., None]
    finer = np.arange(8, dtype=np.float32).reshape(2, 4, 1)
    assert joined(x, finer, "u", weights)[..., 0].tolist() == [[3, 4, 0, 0], [7, 8, 3, 4]]
    assert finer[..., 0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_a_picture_is_prepared_around_its_usual_value():
    x = prepared(np.full((30, 50, 3), MEAN + SPREAD, np.float32), 24)
    assert x.shape == (24, 24, 3)
    assert x == pytest.approx(1.0, abs=1e-5)

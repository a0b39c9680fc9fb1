"""Models named on the command line become engines, or one sentence."""

import argparse
from pathlib import Path

import pytest
from stillbytes.engine.engines import BUILT_IN
from stillbytes.engine.errors import StillbytesError
from stillbytes.launcher import engines


def test_without_models_the_built_in_engines_work():
    parser = argparse.ArgumentParser()
    engines.add_options(parser)
    options = parser.parse_args([])
    assert engines.load(options.segmenter, options.fill_model) is BUILT_IN


def test_a_segmenter_may_be_named_several_times():
    parser = argparse.ArgumentParser()
    engines.add_options(parser)
    options = parser.parse_args(["--segmenter", "a.onnx", "--segmenter", "b"])
    assert options.segmenter == [Path("a.onnx"), Path("b")]


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StillbytesError, match=r"There is no model file or folder .*none\.safetensors"):
        engines.load([tmp_path / "none.safetensors"], None)


def test_a_folder_that_is_no_model_is_named(tmp_path):
    with pytest.raises(StillbytesError, match=r"config\.json"):
        engines.load([tmp_path], None)


def test_a_file_that_is_no_model_is_one_sentence(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"not a network")
    with pytest.raises(StillbytesError):
        engines.load([tmp_path / "model.onnx"], None)

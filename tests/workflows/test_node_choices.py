"""The node inputs' choices stand apart from their owners, so that ComfyUI starts without the engine's heavy parts."""

import ast
import importlib.util
import json
import re
from typing import get_args

import pytest
from stillbytes.engine.develop.display import Rendering
from stillbytes.engine.export.export import FORMATS
from stillbytes.engine.export.tiff import Compression
from stillbytes.engine.export.writer import BitDepth
from stillbytes.engine.fill.crop import HOLE_MODES, MULTIPLES
from stillbytes.engine.fill.fill import ENGINES
from stillbytes.engine.masks.find import ENGINES as MASK_ENGINES
from stillbytes.engine.masks.ops import COMBINATIONS
from stillbytes.engine.open import PHOTO_SUFFIXES
from stillbytes.engine.plan.schema import RegionName
from stillbytes.engine.raster.source import ArrayEncoding
from stillbytes.engine.raw.develop import Demosaic
from stillbytes.engine.raw.highlights import Highlights
from stillbytes.engine.raw.white_balance import WhiteBalance


@pytest.fixture(scope="module")
def choices(repo_root):
    spec = importlib.util.spec_from_file_location("stillbytes_node_choices", repo_root / "nodes" / "choices.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_nodes_offer_what_the_engine_takes(choices):
    assert tuple(choices.WHITE_BALANCES) == get_args(WhiteBalance)
    assert tuple(choices.HIGHLIGHTS) == get_args(Highlights)
    assert tuple(choices.DEMOSAICS) == get_args(Demosaic)
    assert tuple(choices.RENDERINGS) == get_args(Rendering)
    assert tuple(choices.FORMATS) == FORMATS
    assert tuple(choices.COMPRESSIONS) == get_args(Compression)
    assert {int(depth) for depth in choices.BIT_DEPTHS} == set(get_args(BitDepth))
    assert tuple(choices.FILL_ENGINES) == ENGINES
    assert tuple(choices.HOLE_MODES) == HOLE_MODES
    assert tuple(int(number) for number in choices.CROP_MULTIPLES) == MULTIPLES
    assert tuple(choices.MASK_ENGINES) == MASK_ENGINES
    assert set(choices.MASK_TARGETS) == {"whole", *get_args(RegionName)}
    assert tuple(choices.MASK_COMBINATIONS) == COMBINATIONS
    assert set(get_args(ArrayEncoding)) <= set(choices.ENCODINGS)


def test_the_file_list_shows_every_kind_that_the_engine_opens(choices):
    assert choices.PHOTO_SUFFIXES == PHOTO_SUFFIXES


def test_the_browser_shows_a_target_for_the_steps_that_the_node_gives_one(repo_root):
    script = (repo_root / "web" / "stillbytes.js").read_text(encoding="utf-8")
    node = (repo_root / "nodes" / "edit_step.py").read_text(encoding="utf-8")
    shown = json.loads(re.search(r"STEPS_ON_A_TARGET = (\[.*?\]);", script)[1])
    given = ast.literal_eval(re.search(r"_ON_A_TARGET = (\(.*?\))", node)[1])
    assert shown == list(given)
    placed = json.loads(re.search(r"TARGETS_WITH_A_PLACE = (\[.*?\]);", script)[1])
    assert placed == list(ast.literal_eval(re.search(r"PLACES = (\{.*?\})", node)[1]))

"""Tensors as photos and masks: what other nodes may hand over, called without a server."""

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.comfy

# Run by ComfyUI's Python inside its checkout: loads the pack as ComfyUI does and tells what its nodes do.
SCRIPT = """
import importlib.util, json, sys
root, base = sys.argv[1:3]
sys.argv = ["main.py", "--cpu", "--base-directory", base]
sys.path.insert(0, ".")
import comfy.options
comfy.options.enable_args_parsing()
import torch
spec = importlib.util.spec_from_file_location("pack", root + "/__init__.py", submodule_search_locations=[root])
pack = sys.modules["pack"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pack)
nodes = importlib.import_module("pack.nodes")
def complaint(call):
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
torch.manual_seed(0)
image = torch.rand(1, 24, 32, 3)
holes, filled = image.clone(), image.clone()
holes[:, 4:8, 4:8], filled[:, 4:8, 4:8] = float("nan"), 0.0
settings = {"contrast": 30.0, "shadows": 20.0, "dehaze": 30.0}
def developed(pixels, **more):
    photo = nodes.StillbytesPhotoFromImage.execute(pixels)[0]
    return nodes.StillbytesDevelop.execute(photo, **settings, **more)[1]
def combined(first, second=None, **how):
    return nodes.StillbytesCombineMasks.execute(first, second, **how)[0].tolist()
none, one = torch.zeros(0, 2, 3), torch.ones(1, 2, 3)
print(json.dumps({
    "holes are black": torch.equal(developed(holes), developed(filled)),
    "holes stay in the input": bool(torch.isnan(holes[0, 4, 4, 0])),
    "no masks change nothing": torch.equal(
        developed(image, mask=torch.zeros(0, 24, 32)), developed(image, mask=torch.zeros(1, 24, 32))
    ),
    "no masks and one": combined(none, one),
    "one without none": combined(one, none, how="subtract"),
    "no masks inverted": combined(none, invert=True),
    "no pictures": complaint(lambda: developed(torch.zeros(0, 8, 8, 3))),
    "no rows": complaint(lambda: developed(torch.zeros(1, 0, 8, 3))),
    "two channels": complaint(lambda: developed(torch.zeros(1, 8, 8, 2))),
    "grey is RGB": torch.equal(developed(image[..., :1]), developed(image[..., :1].expand(-1, -1, -1, 3))),
    "alpha is left out": torch.equal(developed(torch.cat([image, image[..., :1]], -1)), developed(image)),
}), flush=True)
"""


@pytest.fixture(scope="module")
def told(comfy_command, repo_root, tmp_path_factory):
    command = [comfy_command[0], "-c", SCRIPT, str(repo_root), str(tmp_path_factory.mktemp("convert"))]
    folder = Path(comfy_command[1]).parent
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_what_is_no_number_in_an_image_is_black_and_spoils_nothing_else(told):
    assert told["holes are black"]
    assert told["holes stay in the input"]


def test_a_batch_of_no_masks_selects_nothing(told):
    assert told["no masks change nothing"]
    assert told["no masks and one"] == told["no masks inverted"] == told["one without none"] == [[[1.0] * 3] * 2]


@pytest.mark.parametrize("image", ["no pictures", "no rows", "two channels"])
def test_an_image_that_is_none_is_one_sentence(told, image):
    assert told[image].startswith("StillbytesError: Expected an IMAGE of 1, 3 or 4 channels, found the shape (")


def test_grey_becomes_rgb_and_alpha_is_left_out(told):
    assert told["grey is RGB"]
    assert told["alpha is left out"]

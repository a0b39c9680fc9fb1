import subprocess

import numpy as np
import pytest
import tifffile
from PIL import Image

pytestmark = pytest.mark.comfy


@pytest.fixture(scope="module")
def wall(comfy):
    """A textured wall with a red sign on it, and a mask of the sign."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:200, :300]
    wall = 120 + 25 * np.sin(x / 6) * np.sin(y / 6) + rng.normal(0, 4, (200, 300))
    picture = np.repeat(wall[..., None], 3, 2)
    picture[80:120, 130:180] = (220, 20, 20)
    mask = np.zeros((200, 300), np.uint8)
    mask[78:122, 128:182] = 255
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(comfy.input / "wall.png")
    Image.fromarray(mask).convert("RGB").save(comfy.input / "sign.png")
    Image.fromarray(np.zeros_like(mask)).convert("RGB").save(comfy.input / "nothing.png")
    Image.fromarray(np.full_like(mask, 255)).convert("RGB").save(comfy.input / "everything.png")
    return "wall.png"


def graph(photo, mask="sign.png", **more):
    load = "LoadImage" if photo == "IMAGE" else "StillbytesLoadRaw"
    name = {"image": "wall.png"} if photo == "IMAGE" else {"file": "wall.png"}
    return {
        "1": {"class_type": load, "inputs": name},
        "2": {"class_type": "LoadImageMask", "inputs": {"image": mask, "channel": "red"}},
        "3": {"class_type": "StillbytesFill", "inputs": {"photo": ["1", 0], "mask": ["2", 0]} | more},
        "4": {"class_type": "StillbytesExport", "inputs": _export(["3", 0], "filled")},
        "5": {"class_type": "StillbytesExport", "inputs": _export(["1", 0], "before")},
    }


def _export(photo, name):
    return {"photo": photo, "filename_prefix": f"fill/{name}", "format": "tiff", "bit_depth": "16"}


@pytest.mark.parametrize("photo", ["IMAGE", "PHOTO"])
def test_the_sign_is_gone_and_the_rest_keeps_its_bits(comfy, wall, photo):
    run = comfy.run(graph(photo))
    after, before = (tifffile.imread(comfy.files(run, number)[0]).astype(int) for number in ("4", "5"))
    assert after.shape == before.shape == (200, 300, 3)
    redness = (after[..., 0] - after[..., 1])[80:120, 130:180]
    assert np.abs(redness).max() < 0.15 * 65535
    outside = np.ones((200, 300), bool)
    outside[78 - 8 : 122 + 8, 128 - 8 : 182 + 8] = False
    np.testing.assert_array_equal(after[outside], before[outside])
    (report,) = run.outputs["3"]["text"]
    assert report.startswith("Filled 1 place")


def test_an_empty_mask_leaves_the_photo_and_says_so(comfy, wall):
    run = comfy.run(graph("IMAGE", "nothing.png"))
    after, before = (tifffile.imread(comfy.files(run, number)[0]) for number in ("4", "5"))
    np.testing.assert_array_equal(after, before)
    assert run.outputs["3"]["text"] == ["The mask is empty: nothing was filled."]


def test_a_mask_over_everything_is_one_sentence(comfy, wall):
    assert "covers the whole photo" in comfy.fail(graph("PHOTO", "everything.png"))["exception_message"]


def test_masks_that_do_not_fit_the_batch_are_one_sentence(comfy, wall):
    batch = graph("IMAGE") | {
        "6": {"class_type": "RepeatImageBatch", "inputs": {"image": ["1", 0], "amount": 3}},
        "7": {"class_type": "MaskToImage", "inputs": {"mask": ["2", 0]}},
        "8": {"class_type": "RepeatImageBatch", "inputs": {"image": ["7", 0], "amount": 2}},
        "9": {"class_type": "ImageToMask", "inputs": {"image": ["8", 0], "channel": "red"}},
    }
    batch["3"]["inputs"] |= {"photo": ["6", 0], "mask": ["9", 0]}
    assert "2 masks for 3 photos" in comfy.fail(batch)["exception_message"]


def test_lama_without_a_model_is_one_sentence(comfy, wall):
    assert "needs a LaMa model" in comfy.fail(graph("IMAGE", engine="lama"))["exception_message"]


RANDOM_LAMA = """
import sys
import torch
from safetensors.torch import save_file
from spandrel.architectures.LaMa import LaMa
torch.manual_seed(3)
net = LaMa(in_nc=4, out_nc=3)
save_file({f"generator.{name}": value.half() for name, value in net.model.state_dict().items()}, sys.argv[1])
"""


@pytest.fixture(scope="module")
def lama(comfy, comfy_command):
    """A LaMa file of the real size with random weights, in half precision, where ComfyUI looks for it."""
    path = comfy.base / "models" / "lama" / "random-lama.safetensors"
    path.parent.mkdir(parents=True)
    made = subprocess.run([comfy_command[0], "-c", RANDOM_LAMA, str(path)], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    yield path.name
    path.unlink()


def test_a_loaded_lama_paints_the_hole_and_nothing_else(comfy, wall, lama):
    steps = graph("IMAGE", engine="lama", fill_model=["6", 0])
    steps["6"] = {"class_type": "StillbytesLoadFillModel", "inputs": {"model": lama}}
    run = comfy.run(steps)
    after, before = (tifffile.imread(comfy.files(run, number)[0]).astype(int) for number in ("4", "5"))
    outside = np.ones((200, 300), bool)
    outside[78 - 8 : 122 + 8, 128 - 8 : 182 + 8] = False
    np.testing.assert_array_equal(after[outside], before[outside])
    assert (after != before).any(axis=2)[80:120, 130:180].mean() > 0.95
    (report,) = run.outputs["3"]["text"]
    assert lama in report

"""A real model of a small size, in ComfyUI's models folder: it is offered, loaded, used, evicted and used again."""

import subprocess

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.comfy

MAKE = """
import json, sys, pathlib, torch, transformers
folder = pathlib.Path(sys.argv[1])
torch.manual_seed(3)
names = {0: "ground", 1: "sky"}
config = transformers.SegformerConfig(
    hidden_sizes=[8, 16, 24, 32], num_attention_heads=[1, 2, 2, 4], depths=[1, 1, 1, 1], decoder_hidden_size=32,
    id2label=names, label2id={name: number for number, name in names.items()},
)
net = transformers.SegformerForSemanticSegmentation(config)
torch.nn.init.zeros_(net.decode_head.classifier.weight)
net.decode_head.classifier.bias.data = torch.tensor([-4.0, 4.0])
net.save_pretrained(folder)
(folder / "preprocessor_config.json").write_text(json.dumps({"size": {"height": 64, "width": 64}}))
"""


@pytest.fixture(scope="module")
def everything_is_sky(comfy, comfy_command):
    """The choice of a SegFormer that gives every pixel the class sky."""
    folder = comfy.base / "models" / "semantic" / "all-sky"
    folder.mkdir(parents=True)
    subprocess.run([comfy_command[0], "-c", MAKE, str(folder)], check=True, capture_output=True, timeout=300)
    Image.fromarray(np.random.default_rng(0).integers(0, 90, (96, 128, 3), np.uint8)).save(comfy.input / "ground.png")
    yield "semantic/all-sky"
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def graph(model, node="StillbytesPickMask", **inputs):
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "ground.png"}},
        "2": {"class_type": "StillbytesLoadSegmenter", "inputs": {"model": model}},
        "3": {"class_type": node, "inputs": {"photo": ["1", 0], "segmenter": ["2", 0]} | inputs},
    }


def test_a_model_in_its_folder_is_offered_and_used(comfy, everything_is_sky):
    offered = comfy.get("/object_info/StillbytesLoadSegmenter")["StillbytesLoadSegmenter"]["input"]["required"]["model"]
    assert everything_is_sky in (offered[1].get("options") or offered[0])
    (report,) = comfy.run(graph(everything_is_sky, target="sky")).outputs["3"]["text"]
    assert report.startswith("Sky: 100 %")
    assert "all-sky engine" in report


def test_the_built_in_engine_can_still_be_asked(comfy, everything_is_sky):
    (report,) = comfy.run(graph(everything_is_sky, target="sky", engine="built-in")).outputs["3"]["text"]
    assert report.startswith("No sky found.")


def test_words_that_the_model_knows_select_its_class(comfy, everything_is_sky):
    run = comfy.run(graph(everything_is_sky, "StillbytesSelectByText", text="the ground"))
    assert run.outputs["3"]["text"][0] == "No the ground found. all-sky sees no ground."


def test_a_model_that_was_unloaded_works_again(comfy, everything_is_sky):
    comfy.run(graph(everything_is_sky, target="sky"))
    comfy.post("/free", {"unload_models": True, "free_memory": True})
    (report,) = comfy.run(graph(everything_is_sky, target="sky", mask_side=512)).outputs["3"]["text"]
    assert report.startswith("Sky: 100 %")


def test_an_engine_that_is_not_loaded_is_one_sentence(comfy, everything_is_sky):
    error = comfy.fail(graph(everything_is_sky, target="sky", engine="sam"))
    assert "No model of the kind “sam” is loaded." in error["exception_message"]


@pytest.mark.parametrize("choice", ["../../../etc/passwd", "semantic/../../input", "elsewhere/x.pt"])
def test_a_model_outside_its_folders_is_refused(comfy, everything_is_sky, choice):
    assert choice in comfy.rejected(graph(choice, target="sky")) or "not in" in comfy.rejected(
        graph(choice, target="sky")
    )

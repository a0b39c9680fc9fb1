"""Torch models in the care of ComfyUI's memory manager: listed, evicted, loaded again, and gone."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.comfy

MAKE = """
import sys, torch, transformers
torch.manual_seed(2)
backbone = transformers.Sam2HieraDetConfig(
    hidden_size=8, blocks_per_stage=[1, 1, 2, 1], embed_dim_per_stage=[8, 16, 32, 64], image_size=[128, 128],
    num_attention_heads_per_stage=[1, 1, 2, 2], window_size_per_stage=[4, 4, 4, 4], global_attention_blocks=[3],
)
vision = transformers.Sam2VisionConfig(
    backbone_config=backbone, backbone_channel_list=[64, 32, 16, 8], fpn_hidden_size=32,
    backbone_feature_sizes=[[32, 32], [16, 16], [8, 8]],
)
net = transformers.Sam2Model(transformers.Sam2Config(
    vision_config=vision,
    prompt_encoder_config=transformers.Sam2PromptEncoderConfig(hidden_size=32, image_size=128),
    mask_decoder_config=transformers.Sam2MaskDecoderConfig(
        hidden_size=32, mlp_dim=32, num_attention_heads=2, iou_head_hidden_dim=16
    ),
))
for parameter in net.parameters():
    parameter.data += 0.15 * torch.randn(parameter.shape)
net.save_pretrained(sys.argv[1])
"""

CARE = """
import gc, importlib, importlib.util, json, sys, weakref
from pathlib import Path
root, folder = Path(sys.argv[1]), Path(sys.argv[2])
sys.argv = ["main.py", "--cpu"]
import comfy.options
comfy.options.enable_args_parsing()
import comfy.model_management as memory
import numpy as np
spec = importlib.util.spec_from_file_location("pack", root / "__init__.py", submodule_search_locations=[str(root)])
sys.modules["pack"] = importlib.util.module_from_spec(spec)
# The package of nodes registers them with ComfyUI's server, which is not here; one of its modules is wanted.
nodes = importlib.util.module_from_spec(importlib.util.spec_from_loader("pack.nodes", None, is_package=True))
nodes.__path__ = [str(root / "nodes")]
sys.modules["pack.nodes"] = nodes
spec.loader.exec_module(sys.modules["pack"])
Managed = importlib.import_module("pack.nodes.memory").Managed
ports = importlib.import_module("pack.engine.masks.ports")
hosts = []
def host(net):
    hosts.append(Managed(net))
    return hosts[-1]
model = importlib.import_module("pack.engine.masks.learned.sam2").load_sam2(folder, host)
(managed,) = hosts
hosts.clear()
listed = lambda: [m.model is managed.patcher for m in memory.current_loaded_models]
said = {"before": listed()}
view = np.random.default_rng(0).random((50, 70, 3), np.float32)
prompt = ports.Prompt((ports.Click(0.5, 0.5),))
first = model.ask(model.look(view), [prompt])[0]
said["at work"], said["bytes"] = listed(), managed.patcher.model_size()
memory.unload_all_models()
said["unloaded"] = listed()
again = model.ask(model.look(view), [prompt])[0]
said["again"] = listed()
said["same"] = all(np.array_equal(a.alpha, b.alpha) for a, b in zip(first, again, strict=True))
managed.leave()
said["left"] = listed()
model.look(view)
net = weakref.ref(model._net)
del model, managed
gc.collect()
memory.cleanup_models()
said["gone"] = net() is None and not memory.current_loaded_models
print(json.dumps(said))
"""


def run(comfy_command, script, *arguments):
    python, main = comfy_command
    done = subprocess.run(
        [python, "-c", script, *map(str, arguments)],
        cwd=Path(main).parent, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def folder(comfy_command, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "sam2-random"
    run(comfy_command, MAKE, path)
    return path


def test_a_model_is_listed_at_work_evicted_loaded_again_and_gone_with_its_adapter(comfy_command, folder, repo_root):
    said = json.loads(run(comfy_command, CARE, repo_root, folder).splitlines()[-1])
    weights = folder / "model.safetensors"
    assert said.pop("bytes") == pytest.approx(weights.stat().st_size, rel=0.2)
    assert said == {
        "before": [], "at work": [True], "unloaded": [], "again": [True], "same": True, "left": [], "gone": True,
    }  # fmt: skip


@pytest.fixture(scope="module")
def graph(comfy, folder):
    """Selects by a point with the model; `x` is where."""
    target = comfy.base / "models" / "sam2" / folder.name
    target.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    pixels = np.random.default_rng(3).integers(0, 255, (60, 80, 3), np.uint8)
    Image.fromarray(pixels).save(comfy.input / "memory.png")

    def build(x):
        points = json.dumps([{"x": x, "y": 0.5}])
        return {
            "1": {"class_type": "LoadImage", "inputs": {"image": "memory.png"}},
            "2": {"class_type": "StillbytesLoadSegmenter", "inputs": {"model": f"sam2/{folder.name}"}},
            "3": {
                "class_type": "StillbytesSelectByPoints",
                "inputs": {"photo": ["1", 0], "points": points, "segmenter": ["2", 0], "engine": "sam"},
            },
            "4": {"class_type": "PreviewAny", "inputs": {"source": ["3", 1]}},
        }

    return build


def loads(comfy):
    return comfy.log.read_text(errors="replace").count("Requested to load Sam2Model")


def test_free_evicts_a_model_and_the_next_click_loads_it_again(comfy, graph):
    before = loads(comfy)
    comfy.run(graph(0.3))
    assert loads(comfy) == before + 1
    second = comfy.run(graph(0.4))
    assert "2" in second.cached
    assert loads(comfy) == before + 1
    comfy.request("POST", "/free", b'{"unload_models": true}')
    third = comfy.run(graph(0.6))
    assert "2" in third.cached
    assert loads(comfy) == before + 2

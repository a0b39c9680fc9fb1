import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.comfy

# Run by ComfyUI's Python inside its checkout: loads the pack as ComfyUI does, with some packages hidden.
SCRIPT = """
import asyncio, importlib.util, json, sys
root, base, hidden, question = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
sys.argv = ["main.py", "--cpu", "--base-directory", base]
sys.path.insert(0, ".")
import comfy.options
comfy.options.enable_args_parsing()
import comfy.utils
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
for name in list(sys.modules):
    if name.partition(".")[0] in hidden:
        del sys.modules[name]
sys.meta_path.insert(0, Hide())
before = set(sys.modules)
spec = importlib.util.spec_from_file_location("pack", root + "/__init__.py", submodule_search_locations=[root])
pack = sys.modules["pack"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pack)
extension = asyncio.run(pack.comfy_entrypoint())
nodes = {node.GET_SCHEMA().node_id: node for node in asyncio.run(extension.get_node_list())}
def newly_imported():
    return sorted({name.partition(".")[0] for name in set(sys.modules) - before})
def said_to_an_image():
    import torch
    try:
        nodes["StillbytesPhotoFromImage"].execute(torch.zeros(1, 4, 4, 3))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
print(json.dumps(globals()[question]()), flush=True)
"""


@pytest.fixture
def in_comfyui(comfy_command, repo_root, tmp_path):
    """Answers one of the script's questions, with the packages `hidden` not installed."""

    def answer(question, hidden=()):
        command = [comfy_command[0], "-c", SCRIPT, str(repo_root), str(tmp_path), json.dumps(list(hidden)), question]
        folder = Path(comfy_command[1]).parent
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    return answer


def test_loading_the_pack_imports_none_of_the_engines_heavy_packages(in_comfyui):
    heavy = {"numba", "rawpy", "cv2", "tifffile", "imagecodecs", "exiv2"}
    loaded = in_comfyui("newly_imported")
    assert heavy.isdisjoint(loaded)


@pytest.mark.parametrize(("package", "sold_as"), [("numba", "numba"), ("imagecodecs", "imagecodecs")])
def test_a_missing_package_fails_one_node_in_one_sentence(in_comfyui, package, sold_as):
    said = in_comfyui("said_to_an_image", hidden=[package])
    assert said == (
        f"ModelMissingError: This node needs the Python package {sold_as}, which ComfyUI's environment lacks. "
        f"Install it with ComfyUI's Python: python -m pip install {sold_as}"
    )

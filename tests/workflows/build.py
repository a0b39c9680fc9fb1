"""Writes the shipped workflows: one description, both forms.

    python tests/workflows/build.py --server 127.0.0.1:8188

asks a running ComfyUI that has the pack for the nodes' inputs and outputs, and writes `workflows/<name>.json` (the
canvas form) and `workflows/api/<name>.json` (for POST /prompt). The tests hold the files equal to what this writes.
With `--pictures` each workflow is run, and its picture among the templates is made of what its nodes show.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import io
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from PIL import Image

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]


def _load(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"stillbytes_workflow_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


_canvas = _load("canvas", _ROOT / "engine" / "plan" / "canvas.py")
GRAPHS = _load("graphs", _HERE / "graphs.py").GRAPHS
api_form, canvas_form, text = _canvas.api_form, _canvas.canvas_form, _canvas.text


def picture(server: str, graph: Any) -> Image.Image:
    """Return the left half of what one node shows and the right half of what another does, after a real run.

    Only what those two need is run, so that the picture of a workflow with a large model can be made without it.
    """
    whole = api_form(graph)
    needed = {number: whole[number] for number in _ancestors(whole, [str(number) for number in graph.picture])}
    prompt_id = json.loads(_ask(server, "/prompt", {"prompt": needed}))["prompt_id"]
    while not (done := json.loads(_ask(server, f"/history/{prompt_id}"))):
        time.sleep(0.2)
    outputs = done[prompt_id]["outputs"]
    left, right = (_shown(server, outputs[str(number)]["images"][0]) for number in graph.picture)
    middle = right.width // 2
    right.paste(left.crop((0, 0, middle, left.height)))
    right.paste((255, 255, 255), (middle - 1, 0, middle + 1, right.height))
    return right


def _ancestors(prompt: dict[str, Any], numbers: list[str]) -> set[str]:
    """Return the nodes that `numbers` need, themselves included."""
    linked = [value[0] for number in numbers for value in prompt[number]["inputs"].values() if isinstance(value, list)]
    return {*numbers, *(_ancestors(prompt, linked) if linked else ())}


def _shown(server: str, entry: dict[str, str]) -> Image.Image:
    image = Image.open(io.BytesIO(_ask(server, f"/view?{urlencode(entry)}"))).convert("RGB")
    image.thumbnail((480, 480), Image.Resampling.LANCZOS)
    return image


def _ask(server: str, path: str, body: Any = None) -> bytes:
    connection = http.client.HTTPConnection(server, timeout=60)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        content = reply.read()
        if reply.status != 200:
            raise SystemExit(f"{server}{path} answered {reply.status}: {content[:500]!r}")
        return content
    finally:
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the shipped workflows from their description.")
    parser.add_argument("--server", default="127.0.0.1:8188", help="a running ComfyUI that has the pack")
    parser.add_argument("--pictures", action="store_true", help="run each workflow and make its picture too")
    options = parser.parse_args()
    info = json.loads(_ask(options.server, "/object_info"))
    folder = _ROOT / "workflows"
    for graph in GRAPHS:
        (folder / f"{graph.name}.json").write_text(text(canvas_form(graph, info)), encoding="utf-8")
        (folder / "api" / f"{graph.name}.json").write_text(text(api_form(graph)), encoding="utf-8")
        if options.pictures:
            picture(options.server, graph).save(folder / f"{graph.name}.jpg", quality=85)


if __name__ == "__main__":
    main()

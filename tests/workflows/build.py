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
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from PIL import Image

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
_WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}
_MATCHED = "COMFY_MATCHTYPE_V3"
_NAMESPACE = uuid.UUID("0b0f6b52-6f0c-4c57-9c2c-2f6f0e6d3a11")
_PACK, _CORE = ("stillbytes", "0.1.0"), ("comfy-core", "0.33.0")


def _load_graphs() -> Any:
    spec = importlib.util.spec_from_file_location("stillbytes_workflow_graphs", _HERE / "graphs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


graphs = _load_graphs()
GRAPHS = graphs.GRAPHS


def api_form(graph: Any) -> dict[str, Any]:
    """Return the workflow as POST /prompt takes it."""
    return {
        str(node.number): {
            "class_type": node.kind,
            "inputs": {
                name: [str(value.number), value.slot] if isinstance(value, graphs.Link) else value
                for name, value in node.inputs.items()
            },
            "_meta": {"title": node.title},
        }
        for node in graph.nodes
    }


def canvas_form(graph: Any, info: dict[str, Any]) -> dict[str, Any]:
    """Return the workflow as the canvas takes it; `info` is the reply to GET /object_info."""
    links = _links(graph, info)
    nodes = [_canvas_node(node, info[node.kind], links, order) for order, node in enumerate(graph.nodes)]
    nodes += [_note(note, len(nodes) + index) for index, note in enumerate(graph.notes)]
    return {
        "id": str(uuid.uuid5(_NAMESPACE, graph.name)),
        "revision": 0,
        "last_node_id": max(node["id"] for node in nodes),
        "last_link_id": len(links),
        "nodes": nodes,
        "links": links,
        "groups": [],
        "config": {},
        "extra": {"ds": {"scale": graph.zoom, "offset": list(graph.offset)}},
        "version": 0.4,
    }


def text(form: dict[str, Any]) -> str:
    """Return a form as the text of its file."""
    return json.dumps(form, indent=2, ensure_ascii=False) + "\n"


def _links(graph: Any, info: dict[str, Any]) -> list[list[Any]]:
    links: list[list[Any]] = []
    for node in graph.nodes:
        slots = [name for name, _ in _inputs(info[node.kind])]
        for name, value in node.inputs.items():
            if isinstance(value, graphs.Link):
                kind = _kind(value, graph, info)
                links.append([len(links) + 1, value.number, value.slot, node.number, slots.index(name), kind])
    return links


def _kind(link: Any, graph: Any, info: dict[str, Any]) -> str:
    """Return the type of what a link carries; of an output that has its input's type, that input's."""
    source = next(node for node in graph.nodes if node.number == link.number)
    schema = info[source.kind]
    kind = schema["output"][link.slot]
    if kind != _MATCHED:
        return kind
    inputs = [name for name, options in _inputs(schema) if options["kind"] == _MATCHED]
    return _kind(next(source.inputs[name] for name in inputs if name in source.inputs), graph, info)


def _canvas_node(node: Any, schema: dict[str, Any], links: list[list[Any]], order: int) -> dict[str, Any]:
    declared = _inputs(schema)
    pack, version = _PACK if node.kind.startswith("Stillbytes") else _CORE
    return {
        "id": node.number,
        "type": node.kind,
        "pos": list(node.position),
        "size": list(node.size),
        "flags": {},
        "order": order,
        "mode": 0,
        "inputs": [_canvas_input(node, slot, declared, links) for slot in range(len(declared))],
        "outputs": [
            {
                "name": name,
                "type": next((link[5] for link in links if link[1:3] == [node.number, slot]), kind),
                "links": [link[0] for link in links if link[1] == node.number and link[2] == slot] or None,
            }
            for slot, (name, kind) in enumerate(zip(schema["output_name"], schema["output"], strict=True))
        ],
        "title": node.title,
        "properties": {"cnr_id": pack, "ver": version, "Node name for S&R": node.kind},
        "widgets_values": _widget_values(node, declared),
    }


def _widget_values(node: Any, declared: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """Return the values of the widgets in order; a seed's is followed by what becomes of it after a run."""
    values: list[Any] = []
    for name, options in declared:
        if options["kind"] in _WIDGETS:
            values.append(node.inputs[name] if name in node.inputs else _default(options))
            values += ["fixed"] * bool(options.get("control_after_generate"))
    return values


def _canvas_input(
    node: Any, slot: int, declared: list[tuple[str, dict[str, Any]]], links: list[list[Any]]
) -> dict[str, Any]:
    name, options = declared[slot]
    found = [link[0] for link in links if link[3] == node.number and link[4] == slot]
    entry = {"name": name, "type": options["kind"], "link": found[0] if found else None}
    if options["optional"]:
        entry["shape"] = 7
    if options["kind"] in _WIDGETS:
        entry["widget"] = {"name": name}
    return entry


def _inputs(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the inputs with a socket in the canvas's order: links first, then widgets."""
    declared: list[tuple[str, dict[str, Any]]] = []
    for group in ("required", "optional"):
        for name in schema["input_order"].get(group, []):
            kind, *rest = schema["input"][group][name]
            options = dict(rest[0]) if rest else {}
            if options.get("socketless"):
                continue
            if isinstance(kind, list):
                kind, options["options"] = "COMBO", kind
            declared.append((name, options | {"kind": kind, "optional": group == "optional"}))
    return sorted(declared, key=lambda item: item[1]["kind"] in _WIDGETS)


def _default(options: dict[str, Any]) -> Any:
    return options["default"] if "default" in options else options["options"][0]


def _note(note: Any, order: int) -> dict[str, Any]:
    return {
        "id": note.number,
        "type": "MarkdownNote",
        "pos": list(note.position),
        "size": list(note.size),
        "flags": {},
        "order": order,
        "mode": 0,
        "inputs": [],
        "outputs": [],
        "title": "Note",
        "properties": {},
        "widgets_values": [note.text],
        "color": "#432",
        "bgcolor": "#653",
    }


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

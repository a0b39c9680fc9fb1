"""Graphs as the canvas of ComfyUI draws them.

Imports nothing of the package: the script that writes the shipped workflows loads this file by itself. A graph is any
object with `name`, `nodes`, `notes`, `zoom` and `offset`, as Drawing has them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}
_CURVE = "CURVE"
_MATCHED = "COMFY_MATCHTYPE_V3"
_NAMESPACE = uuid.UUID("0b0f6b52-6f0c-4c57-9c2c-2f6f0e6d3a11")
_PACK, _CORE = ("stillbytes", "0.1.0"), ("comfy-core", "0.33.0")
_COLUMN_PX, _GAP_PX, _WIDTH_PX = 480, 60, 400
_LINE_PX, _TITLE_PX, _PREVIEW_PX, _TEXT_PX = 26, 60, 280, 90


class Connection(NamedTuple):
    """An input that comes from output `slot` of node `number`."""

    number: int
    slot: int


@dataclass(frozen=True)
class DrawnNode:
    """A node and where it stands; inputs that are not named keep their default."""

    number: int
    kind: str
    title: str
    position: tuple[int, int]
    size: tuple[int, int]
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Drawing:
    """A graph and how the canvas shows it at first."""

    name: str
    nodes: tuple[DrawnNode, ...]
    notes: tuple[Any, ...] = ()
    zoom: float = 0.6
    offset: tuple[int, int] = (60, 120)


def laid_out(graph: Mapping[str, Mapping[str, Any]], info: Mapping[str, Any], name: str) -> Drawing:
    """Return a graph in API form with a place for every node: from left to right as the work goes, none over another.

    info: the reply to GET /object_info.
    """
    depths = _depths(graph)
    bottoms: dict[int, int] = {}
    nodes: list[DrawnNode] = []
    for number, node in graph.items():
        height = _height(info[node["class_type"]])
        top = bottoms.get(depths[number], 0)
        bottoms[depths[number]] = top + height + _GAP_PX
        inputs = {key: Connection(int(v[0]), v[1]) if _from_api(v) else v for key, v in node["inputs"].items()}
        place = (depths[number] * _COLUMN_PX, top)
        nodes.append(
            DrawnNode(int(number), node["class_type"], node["_meta"]["title"], place, (_WIDTH_PX, height), inputs)
        )
    return Drawing(name, tuple(nodes))


def _depths(graph: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return the column of every node: after all that it takes from, and as near as can be to what takes from it."""
    sources = {
        number: [value[0] for value in node["inputs"].values() if _from_api(value)] for number, node in graph.items()
    }
    depths: dict[str, int] = {}
    for number in graph:  # nodes come after those that they take from
        depths[number] = 1 + max((depths[source] for source in sources[number]), default=-1)
    for number in reversed(list(graph)):
        takers = [depths[taker] for taker in graph if number in sources[taker]]
        depths[number] = min(takers, default=depths[number] + 1) - 1
    return depths


def _from_api(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int)


def _height(schema: dict[str, Any]) -> int:
    declared = _inputs(schema)
    widgets = [options for _, options in declared if _is_widget(options)]
    lines = max(len(schema["output"]), len(declared) - len(widgets))
    texts = sum(bool(options.get("multiline")) for options in widgets)
    shows = _PREVIEW_PX * bool(schema.get("output_node")) + _PREVIEW_PX * (schema["name"] == "CurveEditor")
    return _TITLE_PX + _LINE_PX * (lines + len(widgets)) + _TEXT_PX * texts + shows


def api_form(graph: Any) -> dict[str, Any]:
    """Return the workflow as POST /prompt takes it."""
    return {
        str(node.number): {
            "class_type": node.kind,
            "inputs": {
                name: [str(value.number), value.slot] if _is_link(value) else value
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


def _is_link(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "slot")


def _links(graph: Any, info: dict[str, Any]) -> list[list[Any]]:
    links: list[list[Any]] = []
    for node in graph.nodes:
        slots = [name for name, _ in _inputs(info[node.kind])]
        for name, value in node.inputs.items():
            if _is_link(value):
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
        "inputs": [
            _canvas_input(node, slot, declared, links)
            for slot, (_, options) in enumerate(declared)
            if not options.get("socketless")
        ],
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
        if _is_widget(options):
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
    if _is_widget(options):
        entry["widget"] = {"name": name}
    elif "display_name" in options:  # a widget brings its own label, a socket has only the file's
        entry["label"] = options["display_name"]
    return entry


def _inputs(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the inputs with a socket or a value in the canvas's order: links first, then widgets."""
    declared: list[tuple[str, dict[str, Any]]] = []
    for group in ("required", "optional"):
        for name in schema["input_order"].get(group, []):
            kind, *rest = schema["input"][group][name]
            options = dict(rest[0]) if rest else {}
            if options.get("socketless") and kind != _CURVE:
                continue
            if isinstance(kind, list):
                kind, options["options"] = "COMBO", kind
            declared.append((name, options | {"kind": kind, "optional": group == "optional"}))
    return sorted(declared, key=lambda item: _is_widget(item[1]))


def _is_widget(options: dict[str, Any]) -> bool:
    """Return whether an input has a value of its own; a curve has one where nothing can be connected."""
    return options["kind"] in _WIDGETS or (options["kind"] == _CURVE and bool(options.get("socketless")))


def _default(options: dict[str, Any]) -> Any:
    return options["default"] if "default" in options else next(iter(options.get("options", ())), "")


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

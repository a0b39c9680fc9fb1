"""ComfyUI graphs in API form, as POST /prompt takes them: built node by node, and checked against a server's nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Graph = dict[str, dict[str, Any]]


class Link(NamedTuple):
    """Output `slot` of the node `number`."""

    number: int
    slot: int = 0


class GraphBuilder:
    """A graph that grows; nodes are numbered from 1 in the order in which they are added."""

    def __init__(self) -> None:
        self.graph: Graph = {}

    def add(self, kind: str, title: str, inputs: Mapping[str, Any]) -> Link:
        """Add a node, and return its first output. A Link among the inputs becomes a connection."""
        number = len(self.graph) + 1
        self.graph[str(number)] = {
            "class_type": kind,
            "inputs": {
                name: [str(value.number), value.slot] if isinstance(value, Link) else value
                for name, value in inputs.items()
            },
            "_meta": {"title": title},
        }
        return Link(number)


class Problem(NamedTuple):
    """What a server would not take: the node's number, its input ("" for the node itself), and a sentence.

    `file` is the name of a model or photo that is not on the server, "" for any other problem.
    """

    node: str
    input: str
    message: str
    file: str = ""


def check_graph(graph: Graph, info: Mapping[str, Any]) -> list[Problem]:
    """Return what a server whose GET /object_info is `info` would not take in `graph`, empty if it is valid."""
    problems: list[Problem] = []
    for number, node in graph.items():
        kind = node["class_type"]
        if kind not in info:
            problems.append(Problem(number, "", f"There is no node {kind}."))
            continue
        problems += _check_node(number, graph, info)
    return problems


def declared(schema: Mapping[str, Any]) -> dict[str, tuple[Any, dict[str, Any], bool]]:
    """Return the inputs of a node by name: type (a list for an old combo), options, and whether it is required."""
    found: dict[str, tuple[Any, dict[str, Any], bool]] = {}
    for group in ("required", "optional"):
        for name, (kind, *rest) in schema["input"].get(group, {}).items():
            found[name] = (kind, rest[0] if rest else {}, group == "required")
    return found


def is_link(value: Any) -> bool:
    """Return whether an input's value in API form is a connection."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int)


def _check_node(number: str, graph: Graph, info: Mapping[str, Any]) -> list[Problem]:
    node = graph[number]
    known, inputs = declared(info[node["class_type"]]), node["inputs"]
    problems = [
        Problem(number, name, f"{name} is missing.")
        for name, (_, _, needed) in known.items()
        if needed and name not in inputs
    ]
    for name, value in inputs.items():
        if name not in known:
            problems.append(Problem(number, name, f"There is no input {name}."))
        elif is_link(value):
            problems += _check_link(Problem(number, name, ""), value, graph, info)
        else:
            problems += _check_value(Problem(number, name, ""), value, known[name])
    return problems


def _check_link(at: Problem, value: list[Any], graph: Graph, info: Mapping[str, Any]) -> list[Problem]:
    if value[0] not in graph:
        return [at._replace(message=f"{at.input} comes from node {value[0]}, which is not there.")]
    source = info.get(graph[value[0]]["class_type"])
    if source is None:
        return []
    if not 0 <= value[1] < len(source["output"]):
        return [at._replace(message=f"{at.input} comes from output {value[1]}, which is not there.")]
    given, wanted = source["output"][value[1]], declared(info[graph[at.node]["class_type"]])[at.input][0]
    if _fits(given, wanted):
        return []
    return [at._replace(message=f"{at.input} takes {wanted}, found {given}.")]


def _fits(given: Any, wanted: Any) -> bool:
    """Return whether an output's type suits an input's; both may name several, and some take or give any."""
    if not isinstance(given, str) or not isinstance(wanted, str):
        return True
    any_type = {"*", "COMFY_MATCHTYPE_V3"}
    names, takes = set(given.split(",")), set(wanted.split(","))
    return bool(names & takes or (names | takes) & any_type)


def _check_value(at: Problem, value: Any, known: tuple[Any, dict[str, Any], bool]) -> list[Problem]:
    kind, options, _ = known
    choices = kind if isinstance(kind, list) else options.get("options") if kind == "COMBO" else None
    if choices is not None:
        return [] if value in choices else [_not_offered(at, value)]
    if kind in ("INT", "FLOAT"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or (kind == "INT" and value != int(value)):
            return [at._replace(message=f"{at.input} takes a number, found {value!r}.")]
        low, high = options.get("min", value), options.get("max", value)
        inside = low <= value <= high
        return [] if inside else [at._replace(message=f"{at.input} is {value:g}, not from {low:g} to {high:g}.")]
    if (kind == "STRING" and not isinstance(value, str)) or (kind == "BOOLEAN" and not isinstance(value, bool)):
        return [at._replace(message=f"{at.input} takes a {kind}, found {value!r}.")]
    return []


def _not_offered(at: Problem, value: Any) -> Problem:
    file = value if isinstance(value, str) and "." in value else ""
    what = f"{file} is not on the server." if file else f"{at.input} is {value!r}, which is not offered."
    return at._replace(message=what, file=file)

"""`plan compile`: a plan as a ComfyUI workflow, for POST /prompt or for the canvas."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ..engine.errors import PlanInvalidError, WorkflowMismatchError
from . import running, words
from .client import Client

SPEED_CHOICES = ("full", "lightning-8", "lightning-4", "lcm")
_NO_PHOTO = "photo.dng"
_UNCHECKED = "No ComfyUI runs, so the workflow was not checked against its nodes and models."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `plan compile`."""
    add = parser.add_argument
    add("--canvas", action="store_true", help="compile: for the canvas rather than for `run`; needs a running ComfyUI")
    add("--speed", choices=SPEED_CHOICES, default="full", help="compile: how generative steps sample (default: full)")
    add("--checkpoint", metavar="NAME", help="compile: the SDXL checkpoint of generative steps")
    add("--server", metavar="URL", help="compile: check against this ComfyUI; default: the one of `launch`")


def write(arguments: argparse.Namespace, understood: words.Understood) -> int:
    """Write or print the workflow, and say on standard error what is not in it or would not run."""
    from ..engine.plan.compile import compile_plan, unmet_needs
    from ..engine.plan.graph import check_graph

    if arguments.output and arguments.output.suffix.lower() != ".json":
        raise PlanInvalidError(f"{arguments.output} is not the name of a workflow.", "End it in .json.")
    compiled = compile_plan(understood.plan, _options(arguments))
    info = _nodes(arguments)
    remarks = [*words.remarks(understood), *compiled.left_out, *unmet_needs(understood.plan)]
    for problem in check_graph(compiled.graph, info) if info else ():
        if problem.file != _NO_PHOTO or arguments.photo:
            remarks.append(f"Node {problem.node}, {compiled.graph[problem.node]['_meta']['title']}: {problem.message}")
    remarks += [] if info else [_UNCHECKED]
    form: dict[str, Any] = compiled.graph
    if arguments.canvas:
        form = _drawn(compiled.graph, info, arguments.output)
    text = json.dumps(form, indent=2, ensure_ascii=False) + "\n"
    if arguments.output:
        words.write_text(arguments.output, text, arguments.overwrite)
    print("".join(f"{line}\n" for line in remarks), end="", file=sys.stderr)
    print(f"wrote {arguments.output}" if arguments.output and not arguments.json else text.rstrip("\n"))
    return 0


def _options(arguments: argparse.Namespace) -> Any:
    from ..engine.plan.compile import CompileOptions

    chosen: dict[str, Any] = {"speed": arguments.speed, "file": _NO_PHOTO}
    if arguments.checkpoint:
        chosen["checkpoint"] = arguments.checkpoint
    if arguments.photo:
        from ..engine.open import open_photo

        chosen |= {"file": arguments.photo.name, "size": open_photo(arguments.photo).source.size}
    return CompileOptions(**chosen)


def _nodes(arguments: argparse.Namespace) -> dict[str, Any]:
    client = Client(arguments.server) if arguments.server else running.find()
    if client is None and arguments.canvas:
        raise WorkflowMismatchError(
            "The form for the canvas needs a running ComfyUI.", "Start it with `launch`, or name it with --server."
        )
    return {} if client is None else client.nodes()


def _drawn(graph: dict[str, Any], info: dict[str, Any], output: Path | None) -> dict[str, Any]:
    from ..engine.plan.canvas import canvas_form, laid_out

    if missing := sorted({node["class_type"] for node in graph.values()} - info.keys()):
        raise WorkflowMismatchError(f"This ComfyUI has no node {', '.join(missing)}.", "Is the pack installed in it?")
    return canvas_form(laid_out(graph, info, output.stem if output else "plan"), info)

"""`run`: a workflow in API form, queued on a ComfyUI that runs or is started for it."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections import Counter
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, cast

from ..engine.errors import PhotoReadError, WorkflowMismatchError
from . import running
from .client import Client, Graph, JobState, OutputFile, title_of
from .existing import add_options, card_of, installation_of
from .home import ROOT
from .server import Server, ServerOptions
from .show import Status

_PHOTO_INPUTS = {"StillbytesLoadRaw": "file", "LoadImage": "image"}


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    result = argparse.ArgumentParser(
        program,
        description="Queue a workflow in API form on ComfyUI, wait for it, and fetch what it made.",
        allow_abbrev=False,
    )
    add = result.add_argument
    add("workflow", help="a file in API form, or the name of one that comes with Stillbytes, such as develop-raw")
    add("--photo", type=Path, help="upload this photo and load it in the workflow")
    add(
        "--set", action="append", default=[], metavar="NODE.INPUT=VALUE", help="change an input; NODE is an id or title"
    )
    add("-o", "--output", type=Path, metavar="DIR", help="copy the files that it made into DIR")
    add("--server", metavar="URL", help="a ComfyUI that runs; default: the one of `launch`, else one is started")
    add("--json", action="store_true", help="print one JSON object on standard output")
    add_options(result)
    return result


def run(arguments: argparse.Namespace) -> int:
    """Do the work and return the exit status."""
    status = Status()
    graph = read_workflow(arguments.workflow)
    for assignment in arguments.set:
        assign_(graph, assignment)
    if arguments.photo is not None and not arguments.photo.is_file():
        raise PhotoReadError(f"No such file: {arguments.photo}.")
    with _server(arguments, status) as client:
        if arguments.photo is not None:
            status.update(f"uploading {arguments.photo.name}")
            load_photo_(graph, client.upload(arguments.photo))
        prompt_id = client.queue(graph)
        state = client.wait(prompt_id, lambda what, seconds: status.update(f"{what}, {seconds:.0f} s"))
        status.clear()
        paths = fetch_all(client, _kept(state), arguments.output) if arguments.output else []
    _print(state, paths, arguments.json)
    return 0


def read_workflow(name: str) -> Graph:
    """Return the workflow in the file `name`, or the one of that name that comes with Stillbytes."""
    path = Path(name)
    if not path.is_file():
        path = ROOT / "workflows" / "api" / f"{name.removesuffix('.json')}.json"
    if not path.is_file():
        shipped = sorted(file.stem for file in (ROOT / "workflows" / "api").glob("*.json"))
        hint = f"These come with Stillbytes: {', '.join(shipped)}." if shipped else ""
        raise WorkflowMismatchError(f"There is no workflow {name}.", hint)
    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WorkflowMismatchError(f"{path.name} is not JSON.") from error
    if isinstance(value, dict) and "nodes" in value and "links" in value:
        hint = "In ComfyUI, Workflow > Export (API) writes the form that can be queued."
        raise WorkflowMismatchError(f"{path.name} is in the form for the canvas.", hint)
    nodes = cast("dict[str, Any]", value).values() if isinstance(value, dict) else ()
    if not nodes or not all(isinstance(node, dict) and "class_type" in node and "inputs" in node for node in nodes):
        raise WorkflowMismatchError(f"{path.name} is not a workflow in API form.")
    return cast("Graph", value)


def assign_(graph: Graph, assignment: str) -> None:
    """Set an input of `graph` as `NODE.INPUT=VALUE` says; VALUE is read as JSON where it is JSON, else as text."""
    name, equals, text = assignment.partition("=")
    node, dot, key = name.partition(".")
    matches = [entry for entry in graph if node in (entry, title_of(graph, entry), graph[entry]["class_type"])]
    if not equals or not dot or len(matches) != 1 or key not in graph[matches[0]]["inputs"]:
        known = ", ".join(f"{entry} ({title_of(graph, entry)})" for entry in graph)
        raise WorkflowMismatchError(f"--set {assignment}: there is no such input.", f"The nodes: {known}.")
    try:
        graph[matches[0]]["inputs"][key] = json.loads(text)
    except ValueError:
        graph[matches[0]]["inputs"][key] = text


def load_photo_(graph: Graph, name: str) -> None:
    """Let the node of `graph` that loads a photo load the uploaded file `name`."""
    for node in graph.values():
        if (key := _PHOTO_INPUTS.get(node["class_type"])) is not None:
            node["inputs"][key] = name
            return
    raise WorkflowMismatchError("This workflow has no node that loads a photo.", "Leave --photo out.")


def fetch_all(client: Client, files: Sequence[OutputFile], folder: Path) -> list[Path]:
    """Return the copies of `files` in `folder`; those of one name go into folders of the nodes that made them."""
    names = Counter(file.name.lower() for file in files)
    return [
        client.fetch(file, folder if names[file.name.lower()] == 1 else folder / f"node-{file.node.replace(':', '-')}")
        for file in files
    ]


@contextlib.contextmanager
def _server(arguments: argparse.Namespace, status: Status) -> Generator[Client]:
    if arguments.server:
        yield Client(arguments.server)
    elif arguments.comfyui is None and (client := running.find()) is not None:
        yield client
    else:
        card = card_of(arguments)
        with Server(installation_of(arguments, card, status), ServerOptions(card)) as server:
            server.wait_ready(status)
            yield server.client


def _kept(state: JobState) -> list[OutputFile]:
    return [file for file in state.files if file.kind == "output"]


def _print(state: JobState, paths: Sequence[Path], as_json: bool) -> None:
    made = [str(path) for path in paths] or [f"{file.subfolder}/{file.name}".lstrip("/") for file in _kept(state)]
    if as_json:
        print(json.dumps({"files": made, "texts": list(state.texts)}, ensure_ascii=False))
        return
    for text in state.texts:
        print(text)
    print("\n".join(f"wrote {path}" for path in made) if made else "The workflow ran; it wrote no file.")

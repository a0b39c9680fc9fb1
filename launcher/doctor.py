"""`doctor`: what is installed, what is missing, and what to do about it."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import comfyui, environment
from .checkout import checkout_folder, commit_of, has_checkout
from .home import home, version
from .link import LINK_NAME
from .pins import pins
from .probe import probe_card

_GIB = 1024**3
_LOW_DISK_GIB = 10


@dataclass(frozen=True)
class Finding:
    """One line of the report; `advice` is "" where all is well."""

    subject: str
    state: str
    advice: str = ""


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    result = argparse.ArgumentParser(program, description="Say what is installed and what is missing.")
    result.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    return result


def run(arguments: argparse.Namespace) -> int:
    """Print what was found and return 0: what is missing is not an error until it is needed."""
    findings = examine()
    if arguments.json:
        print(json.dumps({finding.subject: {"state": finding.state, "advice": finding.advice} for finding in findings}))
        return 0
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        print(f"{finding.subject:{width}}  {finding.state}")
        if finding.advice:
            print(f"{'':{width}}  -> {finding.advice}")
    return 0


def examine() -> list[Finding]:
    """Return what this machine has. Changes nothing and asks no network."""
    return [
        Finding("Stillbytes", version()),
        Finding("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        Finding("home", str(home())),
        _disk(),
        _environment("photo engine", environment.core(), "The first `edit` makes it."),
        Finding("graphics card", probe_card().describe()),
        _checkout(),
        _environment("ComfyUI's Python", comfyui.comfyui_environment(), "`setup` makes it."),
        _link(),
    ]


def _disk() -> Finding:
    folder = home()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / _GIB
    advice = "ComfyUI with torch takes about 8 GB, models more." if free < _LOW_DISK_GIB else ""
    return Finding("free disk", f"{free:.0f} GB", advice)


def _environment(subject: str, found: environment.Environment, advice: str) -> Finding:
    if found.ready:
        return Finding(subject, str(found.folder))
    return Finding(subject, "incomplete" if found.folder.exists() else "not there yet", advice)


def _checkout() -> Finding:
    pin = pins().comfyui
    folder = checkout_folder(pin)
    if has_checkout(pin):
        return Finding("ComfyUI", f"{pin.version} in {folder}")
    if folder.exists():
        found = commit_of(folder)[:12] or "no commit"
        return Finding("ComfyUI", f"{folder} is at {found}", f"Expected {pin.commit[:12]}; move that folder away.")
    return Finding("ComfyUI", "not there yet", "`setup` fetches it.")


def _link() -> Finding:
    link: Path = comfyui.base_folder() / "custom_nodes" / LINK_NAME
    if link.exists():
        return Finding("pack in ComfyUI", f"{link} -> {link.resolve()}")
    return Finding("pack in ComfyUI", "not linked", "`setup` links it.")

"""Where Stillbytes keeps what it makes for a user: environments, ComfyUI, logs."""

from __future__ import annotations

import os
import sys
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The package's own folder: the checkout, or `site-packages/stillbytes`."""


def home() -> Path:
    """Return Stillbytes' folder, which may not exist yet; `STILLBYTES_HOME` overrides the platform's data folder."""
    if override := os.environ.get("STILLBYTES_HOME"):
        return Path(override).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "Stillbytes"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Stillbytes"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "stillbytes"


def log_file(name: str) -> Path:
    """Return the path of the log called `name`; its folder exists."""
    folder = home() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


@cache
def version() -> str:
    """Return Stillbytes' version: of the checkout where there is one, else of the installed package."""
    project = ROOT / "pyproject.toml"
    if project.is_file():
        return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    return metadata.version("stillbytes")


def is_checkout() -> bool:
    """True where the sources lie with their tests, False for an installed wheel."""
    return (ROOT / "pyproject.toml").is_file() and (ROOT / "tests").is_dir()

"""A ComfyUI to run: Stillbytes' own, at the pinned commit with its own environment, or the user's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from ..engine.errors import InstallError
from . import pip
from .checkout import is_comfyui, make_checkout
from .environment import Environment, Recipe, make, named
from .home import ROOT, home, log_file
from .link import link_pack
from .pins import Pins, pins
from .probe import Card
from .show import Status

_REACH_TIMEOUT_S = 5
_CHECK_TIMEOUT_S = 300
_PYTHON_PLACES = ("venv", ".venv", "env", "../venv", "../.venv", "../python_embeded")
_NEEDED_MODULES = ("numba", "rawpy", "tifffile", "imagecodecs", "exiv2", "cv2")
_PACKAGE_OF = {"cv2": "opencv-python-headless"}


@dataclass(frozen=True)
class Installation:
    """A ComfyUI that can be started. `base` is the folder of its models, input, output and custom_nodes; for the
    user's own it is None: that of the checkout. `pack` is where ComfyUI finds this pack."""

    folder: Path
    python: Path
    base: Path | None
    pack: Path

    @property
    def own(self) -> bool:
        """True for the one that Stillbytes keeps, False for the user's."""
        return self.base is not None


def base_folder() -> Path:
    """Return the folder of models, input, output and custom_nodes of Stillbytes' own ComfyUI."""
    return home() / "comfyui-user"


def comfyui_environment() -> Environment:
    """Return the environment of the pinned ComfyUI, made or not."""
    pin = pins()
    return named("comfyui", f"{pin.comfyui.commit} {pin.torch} {pin.pack} {pin.opencv} {pin.models}")


def chosen_python(option: Path | None) -> Path | None:
    """Return the Python to run ComfyUI with: the one given, else STILLBYTES_COMFY_PYTHON, else None for our own."""
    wanted = option or (Path(value) if (value := os.environ.get("STILLBYTES_COMFY_PYTHON")) else None)
    if wanted is not None and not wanted.is_file():
        raise InstallError(f"There is no Python at {wanted}.")
    return wanted.absolute() if wanted else None


def install_own(card: Card, python: Path | None, status: Status) -> Installation:
    """Return Stillbytes' own ComfyUI, with what is missing fetched and installed.

    python: an interpreter that has ComfyUI's requirements, used instead of an environment of our own.
    """
    pin = pins()
    folder = make_checkout(pin.comfyui, status)
    if python is None:
        purpose = "Setting up ComfyUI's environment (once, several minutes)"
        steps = _install_steps(pin, folder, card)
        python = make(comfyui_environment(), Recipe(purpose, steps, _check_imports), status).python
    return _own(folder, python)


def use_existing(folder: Path, python: Path | None, status: Status) -> Installation:
    """Return the user's own ComfyUI in `folder` with the pack linked into it and what the pack needs installed.

    Nothing that is installed there is changed. Raises InstallError where it is no ComfyUI or its Python is not found.
    """
    folder = folder.expanduser().absolute()
    if not is_comfyui(folder):
        raise InstallError(f"{folder} is no ComfyUI: there is no main.py and nodes.py in it.")
    python = python or find_python(folder)
    missing = _missing_modules(python)
    if missing:
        _add_missing(python, missing, status)
    pack = link_pack(folder / "custom_nodes", ROOT)
    status.say(f"The pack is in that ComfyUI: {pack}")
    return Installation(folder, python, None, pack)


def _own(folder: Path, python: Path) -> Installation:
    base = base_folder()
    kinds = [f"models/{entry.name}" for entry in folder.glob("models/*") if entry.is_dir()]
    try:
        for name in ("custom_nodes", "models", "input", "output", "user", *kinds):
            (base / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InstallError(f"The folders of ComfyUI cannot be made in {base}: {error.strerror}.") from error
    return Installation(folder, python, base, link_pack(base / "custom_nodes", ROOT))


def _install_steps(pin: Pins, folder: Path, card: Card) -> list[list[str]]:
    """Return the arguments of the pip calls: torch first, from where it fits the card, then all the rest around it."""
    index: list[str] = []
    if card.kind == "nvidia" and sys.platform == "win32":
        index = ["--index-url", pin.torch_windows_cuda_index]
    elif card.kind == "cpu" and sys.platform != "darwin" and _reachable(pin.torch_cpu_index):
        index = ["--index-url", pin.torch_cpu_index]
    rest = ["-r", str(folder / "requirements.txt"), *pin.pack, pin.opencv, *pin.models]
    return [[*pin.torch, *index], [*pin.torch, *rest]]


def _reachable(url: str) -> bool:
    try:
        request = urllib.request.Request(f"{url}/torch/", method="HEAD")  # noqa: S310 - the url is a pin
        with urllib.request.urlopen(request, timeout=_REACH_TIMEOUT_S) as reply:  # noqa: S310
            return reply.status == 200
    except (OSError, urllib.error.URLError):
        return False


def _check_imports(environment: Environment) -> None:
    """Raise InstallError unless torch and what the pack adds can be imported together."""
    code = (
        "import torch, torchvision, torchaudio, numba, rawpy, tifffile, imagecodecs, exiv2, cv2, xllamacpp, onnxruntime"
    )
    command = [str(environment.python), "-I", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_CHECK_TIMEOUT_S, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise InstallError(f"ComfyUI's environment is installed but does not work: {reason}")


def find_python(folder: Path) -> Path:
    """Return the Python that a ComfyUI in `folder` runs with."""
    inner = ("python.exe", "Scripts/python.exe") if sys.platform == "win32" else ("bin/python",)
    for place in _PYTHON_PLACES:
        for name in inner:
            if (candidate := folder / place / name).is_file():
                return candidate
    raise InstallError(f"The Python of the ComfyUI in {folder} was not found.", "Name it with --python.")


def _missing_modules(python: Path) -> list[str]:
    code = (
        "import importlib.util as u, json, sys; "
        "print(json.dumps([m for m in json.loads(sys.argv[1]) if u.find_spec(m) is None]))"
    )
    command = [str(python), "-I", "-c", code, json.dumps(_NEEDED_MODULES)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_CHECK_TIMEOUT_S, check=True)
        return json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise InstallError(f"{python} does not work as a Python.") from error


def _add_missing(python: Path, missing: list[str], status: Status) -> None:
    """Install what the pack needs beside what is there; every version that is there stays."""
    purpose = "Adding what the pack needs to your ComfyUI"
    packages = [_PACKAGE_OF.get(module, module) for module in missing]
    status.say(f"{purpose}: {', '.join(packages)}")
    try:
        command = [str(python), "-I", "-m", "pip", "freeze"]
        frozen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except subprocess.CalledProcessError as error:
        raise InstallError(
            f"The pack needs {', '.join(packages)}, and {python} has no working pip to install it with.",
            "Install it there by other means, then try again.",
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        plain = [line for line in frozen.splitlines() if re.fullmatch(r"[\w.-]+==[\w.+!-]+", line)]
        constraints.write_text("\n".join(plain), encoding="utf-8")
        pip.install(python, ["--constraint", str(constraints), *packages], log_file("pack"), status, purpose)

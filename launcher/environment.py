"""The Python environments that Stillbytes makes for itself.

An environment is a venv in Stillbytes' home, named by a digest of what goes into it, so that a change of the pins gives
a new one and an old checkout finds its own. A marker file written last says that it is complete; a folder without it
is a leftover and is removed. Making one is undone when it fails or is interrupted.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..engine.errors import InstallError
from . import pip
from .child import run_logged
from .home import home, log_file
from .lock import locked
from .show import Status

_HERE = Path(__file__).resolve().parent
CORE_REQUIREMENTS = _HERE / "requirements-core.txt"
DEV_REQUIREMENTS = _HERE / "requirements-dev.txt"
_MARKER = "stillbytes-ready"


@dataclass(frozen=True)
class Environment:
    """A folder that holds, or will hold, a venv."""

    folder: Path

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    @property
    def ready(self) -> bool:
        """True when it is complete."""
        return (self.folder / _MARKER).is_file()

    @property
    def current(self) -> bool:
        """True when this process runs in it."""
        return self.folder.exists() and os.path.samefile(sys.prefix, self.folder)


@dataclass(frozen=True)
class Recipe:
    """How an environment is made: its purpose in words, one `pip install` per step, a look at the result.

    `create` makes the bare environment in a folder; `check` raises if the finished one is no good.
    """

    purpose: str
    steps: Sequence[Sequence[str]]
    check: Callable[[Environment], None] = lambda environment: None
    create: Callable[[Path], None] = lambda folder: _create_venv(folder)


def named(kind: str, contents: str) -> Environment:
    """Return the environment of this kind for `contents` and for this Python."""
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    digest = hashlib.sha256(f"{contents}\n{platform.machine()}".encode()).hexdigest()[:12]
    return Environment(home() / f"env-{kind}-{version}-{digest}")


def core() -> Environment:
    """Return the environment that the engine runs in."""
    return named("core", CORE_REQUIREMENTS.read_text(encoding="utf-8"))


def dev() -> Environment:
    """Return the environment that the tests and benchmarks run in: the engine's and the tools."""
    files = (CORE_REQUIREMENTS, DEV_REQUIREMENTS)
    return named("dev", "".join(file.read_text(encoding="utf-8") for file in files))


def make_core(status: Status) -> Environment:
    """Return the engine's environment, made now if it is not there yet."""
    steps = [["--only-binary", ":all:", "-r", str(CORE_REQUIREMENTS)]]
    return make(core(), Recipe("Setting up the photo engine (once, about a minute)", steps), status)


def make_dev(status: Status) -> Environment:
    """Return the environment of the tests, made now if it is not there yet."""
    steps = [["--only-binary", ":all:", "-r", str(CORE_REQUIREMENTS), "-r", str(DEV_REQUIREMENTS)]]
    return make(dev(), Recipe("Setting up the tests (once, about a minute)", steps), status)


def make(environment: Environment, recipe: Recipe, status: Status) -> Environment:
    """Return `environment`, made as `recipe` says if it is not complete.

    Raises InstallError; on any error or interrupt the folder is removed. Only one process makes an environment,
    others wait for it.
    """
    if environment.ready:
        return environment
    lock = environment.folder.with_name(f"{environment.folder.name}.lock")
    try:
        with locked(lock, lambda: status.say(f"{recipe.purpose}: another process is at it; waiting.")):
            if not environment.ready:
                _make(environment, recipe, status)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InstallError(f"{recipe.purpose}: {reason}.", f"It goes into {environment.folder}.") from error
    return environment


def _make(environment: Environment, recipe: Recipe, status: Status) -> None:
    """Make the environment in its place, or leave nothing there."""
    status.say(f"{recipe.purpose} in {environment.folder}")
    _remove(environment.folder)
    log = log_file(environment.folder.name)
    try:
        status.update(f"{recipe.purpose}: making the environment")
        recipe.create(environment.folder)
        for arguments in recipe.steps:
            pip.install(environment.python, arguments, log, status, recipe.purpose)
        recipe.check(environment)
        (environment.folder / _MARKER).write_text("complete\n", encoding="utf-8")
    except BaseException:
        status.clear()
        _remove(environment.folder)
        raise
    status.say("Done.")


def rerun_in(environment: Environment, script: Path, arguments: Sequence[str]) -> int:
    """Run `script` with the environment's Python in place of this process; on Windows as a child. Does not return on
    POSIX, elsewhere it returns the exit status."""
    command = [str(environment.python), "-I", str(script), *arguments]
    if sys.platform != "win32":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the child got it too, and says so
                continue


def _create_venv(folder: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        raise InstallError(
            "This Python cannot make environments: its module ensurepip is missing.",
            "On Debian and Ubuntu, `sudo apt install python3-venv` brings it.",
        )
    venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder)
    log = log_file(folder.name)
    if run_logged([str(Environment(folder).python), "-I", "-m", "ensurepip", "--default-pip"], log) != 0:
        raise InstallError(f"Python could not make an environment in {folder}.", f"Its reason is in {log}.")


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)

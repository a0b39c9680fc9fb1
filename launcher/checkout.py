"""ComfyUI's sources at the pinned commit: recognised where they stand, fetched where they do not."""

from __future__ import annotations

import re
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from ..engine.errors import InstallError
from .child import run_logged
from .home import home, log_file
from .lock import locked
from .pins import ComfyUIPin
from .show import Status

_TIMEOUT_S = 60
_COMMIT_FILE = ".stillbytes-commit"
_COMMIT = re.compile(r"[0-9a-f]{40}")


def checkout_folder(pin: ComfyUIPin) -> Path:
    """Return where the pinned ComfyUI is kept."""
    return home() / "comfyui" / pin.version


def is_comfyui(folder: Path) -> bool:
    """True if `folder` holds ComfyUI's sources."""
    return all((folder / name).is_file() for name in ("main.py", "nodes.py", "comfy/cli_args.py"))


def commit_of(folder: Path) -> str:
    """Return the commit that `folder` stands at, "" if that cannot be told. Reads git's files; needs no git."""
    marker = folder / _COMMIT_FILE
    if marker.is_file():
        return marker.read_text(encoding="utf-8").strip()
    git = folder / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        reference = head.removeprefix("ref: ")
        if (git / reference).is_file():
            return (git / reference).read_text(encoding="utf-8").strip()
        for line in (git / "packed-refs").read_text(encoding="utf-8").splitlines():
            if line.endswith(f" {reference}") and _COMMIT.match(line):
                return line[:40]
    except OSError:
        pass
    return ""


def has_checkout(pin: ComfyUIPin) -> bool:
    """True if the pinned ComfyUI stands in Stillbytes' home, complete and at its commit."""
    folder = checkout_folder(pin)
    return is_comfyui(folder) and commit_of(folder) == pin.commit


def make_checkout(pin: ComfyUIPin, status: Status) -> Path:
    """Return the folder of the pinned ComfyUI, fetched now if it is not there.

    Fetched beside its place and moved there when it is complete. Raises InstallError where it cannot be fetched or
    something else is in its place.
    """
    folder = checkout_folder(pin)
    if has_checkout(pin):
        return folder
    try:
        _make(pin, folder, status)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InstallError(f"ComfyUI {pin.version} cannot be put into {folder}: {reason}.") from error
    return folder


def _make(pin: ComfyUIPin, folder: Path, status: Status) -> None:
    """Fetch the pinned ComfyUI into `folder`, unless another process is quicker."""
    purpose = f"Fetching ComfyUI {pin.version}"
    with locked(folder.with_name(f"{pin.version}.lock"), lambda: status.say(f"{purpose}: another process is at it.")):
        if has_checkout(pin):
            return
        if folder.exists():
            found = commit_of(folder) or "no commit"
            raise InstallError(
                f"{folder}: expected ComfyUI at commit {pin.commit[:12]}, found {found[:12]}.",
                "Move that folder away, or use it as it is with --comfyui.",
            )
        status.say(f"{purpose} into {folder}")
        with tempfile.TemporaryDirectory(
            dir=folder.parent, prefix="fetching-", ignore_cleanup_errors=True
        ) as temporary:
            fetched = Path(temporary) / "ComfyUI"
            if (git := shutil.which("git")) is not None:
                _clone(git, pin, fetched)
            else:
                _download(pin, fetched)
            if not is_comfyui(fetched) or commit_of(fetched) != pin.commit:
                raise InstallError(f"What {pin.repository} gave is not ComfyUI at commit {pin.commit[:12]}.")
            fetched.rename(folder)


def _clone(git: str, pin: ComfyUIPin, folder: Path) -> None:
    """Fetch just the pinned commit with git, which checks the commit's hash."""
    folder.mkdir()
    log = log_file("comfyui-fetch")
    for arguments in (
        ["init", "--quiet"],
        ["fetch", "--quiet", "--depth", "1", pin.repository, pin.commit],
        ["checkout", "--quiet", "--detach", pin.commit],
    ):
        if run_logged([git, "-C", str(folder), *arguments], log) != 0:
            raise InstallError(f"ComfyUI cannot be fetched from {pin.repository}.", f"git's reason is in {log}.")


def _download(pin: ComfyUIPin, folder: Path) -> None:
    """Fetch the archive of the pinned commit over https; for machines without git."""
    archive = folder.with_suffix(".zip")
    unpacked = folder.with_name("unpacked")
    try:
        with urllib.request.urlopen(pin.archive, timeout=_TIMEOUT_S) as reply, archive.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(reply, file)
        with zipfile.ZipFile(archive) as content:
            content.extractall(unpacked)
    except (OSError, urllib.error.URLError, zipfile.BadZipFile) as error:
        raise InstallError(
            f"ComfyUI cannot be fetched from {pin.archive}: {error}.", "With git installed, git is used."
        ) from error
    (top,) = unpacked.iterdir()
    top.rename(folder)
    (folder / _COMMIT_FILE).write_text(f"{pin.commit}\n", encoding="utf-8")

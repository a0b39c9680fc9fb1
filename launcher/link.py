"""Putting the pack into a ComfyUI: a link in its custom_nodes, so that the checkout stays the only copy."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..engine.errors import InstallError

LINK_NAME = "stillbytes"


def link_pack(custom_nodes: Path, pack: Path) -> Path:
    """Return the path in `custom_nodes` that leads to the folder `pack`, made if it is missing.

    A link to another checkout is turned to this one. Raises InstallError where a real folder or file is in the way,
    or the folder cannot be written.
    """
    if (own := _already_there(custom_nodes, pack)) is not None:
        return own
    link = custom_nodes / LINK_NAME
    try:
        custom_nodes.mkdir(parents=True, exist_ok=True)
        if _is_link(link):
            _unlink(link)
        elif link.exists():
            raise InstallError(
                f"{link} is in the way: it is another copy of this pack.",
                "Move it out of custom_nodes, then try again.",
            )
        _link(link, pack)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InstallError(f"The pack cannot be linked into {custom_nodes}: {reason}.") from error
    return link


def _already_there(custom_nodes: Path, pack: Path) -> Path | None:
    """Return the entry of `custom_nodes` that is the pack: linked before, or cloned there by the user."""
    if not custom_nodes.is_dir():
        return None
    for entry in sorted(custom_nodes.iterdir()):
        if entry.is_dir() and not entry.name.endswith(".disabled") and os.path.samefile(entry, pack):
            return entry
    return None


def _is_link(path: Path) -> bool:
    if sys.platform == "win32" and sys.version_info >= (3, 12) and path.is_junction():
        return True
    return path.is_symlink()


def _unlink(link: Path) -> None:
    if link.is_symlink():
        link.unlink()
    else:
        link.rmdir()


def _link(link: Path, pack: Path) -> None:
    """Make a symlink; on Windows a junction, which needs no special rights."""
    if sys.platform == "win32":
        import _winapi

        _winapi.CreateJunction(str(pack), str(link))
    else:
        link.symlink_to(pack, target_is_directory=True)

"""ComfyUI's command line, from the card that is there. Pure: a card and folders in, arguments out.

The pinned ComfyUI streams weights by itself (DynamicVRAM) on NVIDIA cards, so no flag here limits it: `--lowvram` does
nothing there and `--highvram`, `--novram` and `--gpu-only` turn it off. What a small card needs is room for the
screen and other programs, which `--vram-headroom` keeps free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .probe import Card

UPLOAD_LIMIT_MB = 2048
"""RAW files and 16-bit TIFFs are larger than ComfyUI's own limit of 100 MB."""

SMALL_CARD_MIB = 17 * 1024
HEADROOM_GB = 0.75


@dataclass(frozen=True)
class ServerFolders:
    """Where a server reads and writes. `base` has custom_nodes, models, input, output and user; None leaves
    ComfyUI's own layout as it is. `database` is the server's database file."""

    base: Path | None
    database: Path


def server_flags(card: Card, port: int, folders: ServerFolders, extra: Sequence[str] = ()) -> list[str]:
    """Return the arguments for ComfyUI's main.py; `extra` goes last, so that a user's own flags win."""
    flags = ["--listen", "127.0.0.1", "--port", str(port), "--disable-auto-launch", "--disable-api-nodes"]
    flags += ["--max-upload-size", str(UPLOAD_LIMIT_MB), "--preview-method", "latent2rgb"]
    flags += ["--database-url", f"sqlite:///{folders.database.as_posix()}"]
    if folders.base is not None:
        flags += ["--base-directory", str(folders.base)]
    return [*flags, *card_flags(card), *extra]


def card_flags(card: Card) -> list[str]:
    """Return the flags that depend on the card."""
    if card.kind == "cpu":
        return ["--cpu"]
    if card.kind == "nvidia" and card.vram_mib < SMALL_CARD_MIB:
        return ["--vram-headroom", str(HEADROOM_GB)]
    return []

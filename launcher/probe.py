"""What this machine has to run models on."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Literal

_TIMEOUT_S = 15
_QUERY = "name,memory.total,memory.used,compute_cap"


@dataclass(frozen=True)
class Card:
    """What models run on. `vram_mib` and `used_mib` are 0 without an NVIDIA card; `capability` is CUDA's, (8, 6) for
    an RTX 3060, (0, 0) where it is not known."""

    kind: Literal["nvidia", "apple", "cpu"]
    name: str
    vram_mib: int = 0
    used_mib: int = 0
    capability: tuple[int, int] = (0, 0)

    def describe(self) -> str:
        """Return the card in plain words."""
        if self.kind == "nvidia":
            return f"{self.name}, {self.vram_mib / 1024:.0f} GB of video memory, {self.used_mib / 1024:.1f} GB in use"
        return self.name


CPU = Card("cpu", "no graphics card that models can use; they run on the CPU")


def probe_card() -> Card:
    """Return the NVIDIA card with the most memory, else Apple's own, else the CPU."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return Card("apple", "the graphics part of Apple's chip")
    if (tool := shutil.which("nvidia-smi")) is None:
        return CPU
    command = [tool, f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return CPU
    return max(parse_cards(answer), key=lambda card: card.vram_mib, default=CPU)


def parse_cards(answer: str) -> list[Card]:
    """Return the cards in nvidia-smi's answer to name, memory.total, memory.used (MiB), compute_cap as CSV."""
    cards: list[Card] = []
    for line in answer.splitlines():
        fields = [field.strip() for field in line.rsplit(",", 3)]
        if len(fields) != 4 or not fields[1].isdigit():
            continue
        major, _, minor = fields[3].partition(".")
        capability = (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)
        used = int(fields[2]) if fields[2].isdigit() else 0
        cards.append(Card("nvidia", fields[0], int(fields[1]), used, capability))
    return cards

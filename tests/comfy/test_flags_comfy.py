"""Every flag that the launcher gives is one that the pinned ComfyUI takes, and means what it is given for."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from stillbytes.launcher.flags import ServerFolders, server_flags
from stillbytes.launcher.probe import CPU, Card

pytestmark = pytest.mark.comfy

CARDS = [
    CPU,
    Card("apple", "the graphics part of Apple's chip"),
    Card("nvidia", "RTX 3060", 12288, 1100, (8, 6)),
    Card("nvidia", "RTX 4070", 12282, 900, (8, 9)),
    Card("nvidia", "RTX 4090", 24564, 0, (8, 9)),
]
_PARSE = """
import json, sys
sys.path.insert(0, sys.argv.pop(1))
import comfy.options
comfy.options.enable_args_parsing()
from comfy.cli_args import args
print(json.dumps({key: str(value) for key, value in vars(args).items()}))
"""


def parsed(command: list[str], flags: list[str]) -> dict[str, str]:
    """Return what ComfyUI's own parser makes of `flags`."""
    words = [command[0], "-c", _PARSE, str(Path(command[1]).parent), *flags]
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name.split(";")[0])
def test_comfyui_takes_the_flags_of_every_card(comfy_command: list[str], tmp_path: Path, card: Card):
    flags = server_flags(card, 8190, ServerFolders(tmp_path, tmp_path / "x.db"))
    seen = parsed(comfy_command, flags)
    assert seen["listen"] == "127.0.0.1"
    assert seen["port"] == "8190"
    assert float(seen["max_upload_size"]) == 2048
    assert seen["base_directory"] == str(tmp_path)
    assert seen["database_url"].endswith("/x.db")
    assert seen["cpu"] == str(card.kind == "cpu")
    assert float(seen["vram_headroom"]) == (0.75 if 0 < card.vram_mib < 17000 else 0)


def test_a_flag_that_comfyui_does_not_know_would_be_seen(comfy_command: list[str]):
    with pytest.raises(AssertionError, match="unrecognized arguments"):
        parsed(comfy_command, ["--normalvram"])

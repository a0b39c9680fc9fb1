"""The pack in ComfyUI: linked into custom_nodes and installed in the same environment, it loads once."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.comfy

_PROBE = """
import atexit, json, sys
def tell():
    found = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    places = [name for name, file in found.items() if file and file.replace("\\\\", "/").endswith("/nodes/load.py")]
    print("PROBE " + json.dumps({"nodes": places, "by_name": "stillbytes" in sys.modules}), file=sys.stderr, flush=True)
atexit.register(tell)
NODE_CLASS_MAPPINGS = {}
"""


def test_linked_and_installed_the_pack_loads_once(comfy_command: list[str], repo_root: Path, tmp_path: Path):
    custom_nodes = tmp_path / "base" / "custom_nodes"
    custom_nodes.mkdir(parents=True)
    (custom_nodes / "stillbytes").symlink_to(repo_root, target_is_directory=True)
    (custom_nodes / "probe.py").write_text(_PROBE, encoding="utf-8")
    installed = tmp_path / "site"
    installed.mkdir()
    (installed / "stillbytes").symlink_to(repo_root, target_is_directory=True)
    flags = ["--cpu", "--quick-test-for-ci", "--disable-api-nodes", "--database-url", "sqlite:///:memory:"]
    done = subprocess.run(
        [*comfy_command, *flags, "--base-directory", str(tmp_path / "base")],
        cwd=Path(comfy_command[1]).parent,
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "IMPORT FAILED" not in done.stdout + done.stderr
    line = next(line for line in (done.stdout + done.stderr).splitlines() if line.startswith("PROBE "))
    seen = json.loads(line.removeprefix("PROBE "))
    assert len(seen["nodes"]) == 1
    assert not seen["by_name"]

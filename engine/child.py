"""Starting one of our own scripts in a process of its own. Imports nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def start_script(script: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Return the running `script`, which gets this process' module folders as JSON and speaks UTF-8 over its pipes.

    The child imports nothing of the user's own Python (-I); `environment` is added to what this process has.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", str(script), json.dumps(sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **environment},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )

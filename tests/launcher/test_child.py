from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from stillbytes.launcher.child import run_logged

PARENT = """
import subprocess, sys
child = "import pathlib, sys, time; print('child', flush=True); time.sleep(1); pathlib.Path(sys.argv[1]).touch()"
subprocess.run([sys.executable, "-c", child, sys.argv[1]])
"""


def test_the_output_is_logged_and_handed_on_and_the_status_returned(tmp_path: Path):
    lines: list[str] = []
    code = run_logged([sys.executable, "-c", "print('a'); print('b'); exit(3)"], tmp_path / "log", lines.append)
    assert code == 3
    assert lines == ["a", "b"]
    assert (tmp_path / "log").read_text(encoding="utf-8").endswith("a\nb\n")


def test_an_interrupt_ends_the_program_and_its_children(tmp_path: Path):
    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    mark = tmp_path / "the child lived on"
    with pytest.raises(KeyboardInterrupt):
        run_logged([sys.executable, "-c", PARENT, str(mark)], tmp_path / "log", interrupt)
    time.sleep(1.3)
    assert not mark.exists()

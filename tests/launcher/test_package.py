"""A checkout is importable as `stillbytes`, whatever its folder is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_PROBE = """
import runpy, sys
from pathlib import Path
root = Path(sys.argv[1])
load = runpy.run_path(str(root / "launcher" / "package.py"))["load_package"]
load(root)
import stillbytes.engine.errors, stillbytes.launcher.home
print(stillbytes.engine.errors.__file__)
"""


@pytest.mark.parametrize("name", ["stillbytes", "some-other.name", "a folder", "1st"])
def test_any_folder_name_loads_as_the_package(repo_root: Path, tmp_path: Path, name: str) -> None:
    clone = tmp_path / name
    clone.symlink_to(repo_root, target_is_directory=True)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _PROBE, str(clone)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert Path(done.stdout.strip()) == clone / "engine" / "errors.py"


def test_a_folder_without_a_package_is_an_import_error(tmp_path: Path) -> None:
    from stillbytes.launcher.package import load_package

    with pytest.raises(ImportError, match="not a checkout"):
        load_package(tmp_path)

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from stillbytes.engine import jit

LOAD = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location({name!r}, {init!r}, submodule_search_locations=[{root!r}])
package = importlib.util.module_from_spec(spec)
sys.modules[{name!r}] = package
spec.loader.exec_module(package)
import importlib
import numpy as np
photo = importlib.import_module({name!r} + ".engine.photo")
photo.luminance(np.ones((2, 2, 3), np.float32))
print(sum(photo._luminance.stats.cache_hits.values()))
"""


def hits(repo_root: Path, name: str, cache: Path) -> int:
    code = LOAD.format(name=name, init=str(repo_root / "__init__.py"), root=str(repo_root))
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "STILLBYTES_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(run.stdout)


def test_machine_code_is_kept_for_each_name_the_package_is_imported_under(repo_root, tmp_path):
    assert hits(repo_root, "stillbytes", tmp_path) == 0
    assert hits(repo_root, "stillbytes", tmp_path) == 1
    assert hits(repo_root, "_x_custom_nodes_x_stillbytes", tmp_path) == 0
    assert hits(repo_root, "_x_custom_nodes_x_stillbytes", tmp_path) == 1


def test_it_is_known_whether_the_kernels_are_compiled(monkeypatch, repo_root, tmp_path):
    monkeypatch.setenv("STILLBYTES_CACHE", str(tmp_path))
    assert not jit.compiled()
    hits(repo_root, "stillbytes", tmp_path)
    assert jit.compiled()


def test_kernels_work_where_no_cache_can_be_written(repo_root, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert hits(repo_root, "stillbytes", blocked) == 0


def test_old_machine_code_is_forgotten_and_recent_code_is_not(monkeypatch, tmp_path):
    monkeypatch.setenv("STILLBYTES_CACHE", str(tmp_path))
    jit._open_cache.cache_clear()
    old, recent = tmp_path / "kernels" / "old", tmp_path / "kernels" / "recent"
    for folder in (old, recent):
        folder.mkdir(parents=True)
    long_ago = time.time() - 60 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    folder = jit._open_cache()
    jit._open_cache.cache_clear()
    assert folder.is_dir()
    assert recent.is_dir()
    assert not old.exists()

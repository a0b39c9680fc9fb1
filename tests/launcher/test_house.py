"""How the house is built: imports point one way, doors import nothing, every way to install it works."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from stillbytes.launcher.home import ROOT

ROOMS = {"engine": {"engine"}, "launcher": {"launcher", "engine"}, "nodes": {"nodes", "engine"}}
COMFYUI = {"comfy", "comfy_api", "comfy_extras", "comfy_execution", "folder_paths", "server", "execution"}
HEAVY = {"torch", "torchvision", "transformers", "ultralytics", "llama_cpp", "xllamacpp", "spandrel"}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(tree: ast.AST, *, top_level_only: bool = False) -> Iterator[tuple[int, str]]:
    """Yield (level, dotted name) of the imports in `tree`, those for type checkers left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, ".".join(filter(None, (node.module, alias.name)))) for alias in node.names)
        elif not (top_level_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            yield from imports(node, top_level_only=top_level_only)


def room_of(path: Path, level: int, name: str) -> str:
    """Return the folder of the house that a relative import in the module `path` leads to."""
    package = list(path.relative_to(ROOT).parent.parts)
    return [*package[: len(package) - level + 1], *name.split(".")][0]


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_imports_point_one_way(room: str):
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(room)
        for level, name in imports(ast.parse(path.read_text(encoding="utf-8")))
        if level and room_of(path, level, name) not in ROOMS[room]
    ]
    assert wrong == []


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_the_package_never_imports_itself_by_name(room: str):
    wrong = [
        str(path.relative_to(ROOT))
        for path in modules(room)
        for level, name in imports(ast.parse(path.read_text(encoding="utf-8")))
        if not level and name.split(".")[0] in ("stillbytes", *ROOMS)
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ["engine", "launcher"])
def test_only_the_nodes_import_comfyui(room: str):
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(room)
        for level, name in imports(ast.parse(path.read_text(encoding="utf-8")))
        if not level and name.split(".")[0] in COMFYUI
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ["engine", "launcher"])
def test_model_libraries_are_imported_only_by_the_functions_that_use_them(room: str):
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(room)
        for level, name in imports(ast.parse(path.read_text(encoding="utf-8")), top_level_only=True)
        if not level and name.split(".")[0] in HEAVY
    ]
    assert wrong == []


def test_the_launcher_needs_only_python_until_a_function_asks_for_more():
    wrong = [
        f"{path.name}: {name}"
        for path in modules("launcher")
        for level, name in imports(ast.parse(path.read_text(encoding="utf-8")), top_level_only=True)
        if (not level and name.split(".")[0] not in sys.stdlib_module_names)
        or (level and room_of(path, level, name) == "engine" and not name.startswith("engine.errors."))
    ]
    assert wrong == []


def test_the_root_imports_nothing_at_module_level():
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    assert list(imports(tree, top_level_only=True)) == []


def test_the_root_has_no_mappings_that_would_hide_the_nodes():
    assert "NODE_CLASS_MAPPINGS" not in (ROOT / "__init__.py").read_text(encoding="utf-8")


def test_every_package_of_the_tree_is_in_the_wheels_list():
    import tomllib

    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"])
    there = {
        ".".join(("stillbytes", *path.parent.relative_to(ROOT).parts))
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert there - listed == set()


@pytest.fixture(scope="session")
def builder() -> list[str]:
    """The command that builds wheels with this Python's setuptools, without pip and without a network."""
    setuptools = pytest.importorskip("setuptools")
    if int(setuptools.__version__.split(".")[0]) < 77:
        pytest.skip("setuptools 77 or newer builds this project")
    code = "import sys, setuptools.build_meta as b; print(getattr(b, sys.argv[1])(sys.argv[2]))"
    return [sys.executable, "-W", "ignore", "-c", code]


def build(builder: list[str], kind: str, sources: Path, folder: Path) -> Path:
    folder.mkdir()
    done = subprocess.run([*builder, kind, str(folder)], cwd=sources, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture
def clone(tmp_path: Path):
    """Return a copy of what the repository ships, in a folder of the given name."""

    def make(name: str) -> Path:
        target = tmp_path / name
        target.mkdir()
        for part in ("__init__.py", "pyproject.toml", "README.md", "LICENSE", *ROOMS, "workflows", "web", "tests"):
            source = ROOT / part
            if source.is_dir():
                _copy(source, target / part)
            elif source.is_file():
                (target / part).write_bytes(source.read_bytes())
        (target / "README.md").touch()
        return target

    return make


def _copy(source: Path, target: Path) -> None:
    import shutil

    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.dng"))


def installed_at(folder: Path, module: str, flags: tuple[str, ...] = ()) -> dict[str, str]:
    """Return where `module` comes from in a Python whose site folder is `folder`."""
    code = (
        "import importlib, json, site, sys; site.addsitedir(sys.argv[1]); m = importlib.import_module(sys.argv[2]);"
        "print(json.dumps({'file': m.__file__, 'name': m.__name__}))"
    )
    command = [sys.executable, *flags, "-c", code, str(folder), module]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", ["photo tools", "still-bytes"])
def test_an_editable_install_works_from_a_clone_of_any_name(builder: list[str], clone, tmp_path: Path, name: str):
    sources = clone(name)
    site = tmp_path / "site"
    with zipfile.ZipFile(build(builder, "build_editable", sources, tmp_path / "wheel")) as wheel:
        wheel.extractall(site)
    assert Path(installed_at(site, "stillbytes.engine.errors")["file"]) == sources / "engine" / "errors.py"
    assert Path(installed_at(site, "stillbytes.launcher.cli")["file"]) == sources / "launcher" / "cli.py"


@pytest.mark.parametrize("installed", [True, False])
def test_a_hyphenated_clone_runs_its_own_sources_installed_or_not(
    builder: list[str], clone, tmp_path: Path, installed: bool
):
    sources = clone("still-bytes-main")
    variables = dict(os.environ)
    if installed:
        site = tmp_path / "site"
        with zipfile.ZipFile(build(builder, "build_wheel", clone("other"), tmp_path / "wheel")) as wheel:
            wheel.extractall(site)
        variables["PYTHONPATH"] = str(site)
    (sources / "pyproject.toml").write_text('[project]\nversion = "9.9.9"\n', encoding="utf-8")
    command = [sys.executable, str(sources / "launcher"), "--version"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "Stillbytes 9.9.9", done.stderr


def test_the_wheel_has_workflows_and_data_and_no_tests(builder: list[str], clone, tmp_path: Path):
    with zipfile.ZipFile(build(builder, "build_wheel", clone("clone"), tmp_path / "wheel")) as wheel:
        names = wheel.namelist()
        entry_points = next(wheel.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    data = ("workflows/*.json", "workflows/api/*.json", "launcher/*.json", "launcher/*.txt", "web/docs/*.md")
    for wanted in (*data, "engine/masks/*.safetensors"):
        shipped = {f"stillbytes/{path.relative_to(ROOT).as_posix()}" for path in ROOT.glob(wanted)}
        assert shipped <= set(names), wanted
    assert not [name for name in names if {"tests", "samples", "training"} & set(name.split("/"))]
    assert "stillbytes = stillbytes.launcher.cli:main" in entry_points

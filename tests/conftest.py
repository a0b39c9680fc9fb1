"""What every test shares: the package under test, the photos, and folders of its own for what is kept per user."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _register_package() -> None:
    """Make this checkout importable as `stillbytes`, whatever its folder is called and wherever pytest starts."""
    spec = importlib.util.spec_from_file_location(
        "stillbytes", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["stillbytes"] = package
    spec.loader.exec_module(package)


_register_package()


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The checkout under test."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The photos that lie beside the checkout on the project's own machines."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared photos do not lie beside this checkout")
    return folder


@pytest.fixture
def user_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home: what Stillbytes keeps per user goes there during the test, and pip can install nothing."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("PIP_NO_INDEX", "PIP_REQUIRE_VIRTUALENV"):
        monkeypatch.setenv(name, "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("LOCALAPPDATA", str(home / "local"))
    for name in ("STILLBYTES_HOME", "STILLBYTES_COMFY_PYTHON"):
        monkeypatch.delenv(name, raising=False)
    return home


def _helper(name: str) -> ModuleType:
    """Return the module `name` of tests/helpers."""
    spec = importlib.util.spec_from_file_location(f"stillbytes_tests_{name}", ROOT / "tests" / "helpers" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def write_yolo() -> Callable[..., Path]:
    """Writes YOLO networks as ONNX files whose answers are known; see helpers/tiny_onnx.py."""
    return _helper("tiny_onnx").write_yolo


@pytest.fixture(scope="session")
def tiny_llm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model of a real architecture with random weights, as a GGUF file of half a megabyte."""
    return _helper("tiny_gguf").write_tiny_gguf(tmp_path_factory.mktemp("llm") / "tiny.gguf")


@pytest.fixture
def scripted_llm() -> Iterator[Callable[..., Any]]:
    """Starts servers that answer as a language model from a script; see helpers/scripted_llm.py."""
    module = _helper("scripted_llm")
    started = []

    def start(*script: Any, **options: Any) -> Any:
        started.append(module.ScriptedLlm([module.Says(s) if isinstance(s, str) else s for s in script], **options))
        return started[-1]

    start.says, start.refuses = module.Says, module.Refuses
    yield start
    for server in started:
        server.close()

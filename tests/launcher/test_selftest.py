from __future__ import annotations

from pathlib import Path

from stillbytes.launcher.bench import benchmarks
from stillbytes.launcher.selftest import model_arguments, pytest_arguments


def test_options_keep_the_suites():
    arguments = pytest_arguments(["-q", "-x"])
    assert "tests/launcher" in arguments
    assert arguments[-2:] == ["-q", "-x"]


def test_a_path_replaces_the_suites():
    assert pytest_arguments(["tests/launcher/test_cli.py::test_x"]) == ["tests/launcher/test_cli.py::test_x"]


def test_model_tests_run_apart_from_the_others():
    both = ["tests/models", "tests/launcher/test_cli.py", "-q"]
    assert model_arguments(both) == ["tests/models", "-q"]
    assert pytest_arguments(both) == ["tests/launcher/test_cli.py", "-q"]
    assert pytest_arguments(["tests/models", "-q"]) == []
    assert model_arguments(["tests/launcher"]) == []


def test_an_expression_is_no_path():
    assert "tests/launcher" in pytest_arguments(["-k", "something"])


def test_benchmarks_are_the_scripts_with_a_main(tmp_path: Path):
    (tmp_path / "speed.py").write_text('if __name__ == "__main__":\n    pass\n', encoding="utf-8")
    (tmp_path / "helper.py").write_text("x = 1\n", encoding="utf-8")
    assert benchmarks(tmp_path) == {"speed": tmp_path / "speed.py"}

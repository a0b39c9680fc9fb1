from __future__ import annotations

import subprocess
import sys
import threading
import venv
from pathlib import Path

import pytest
from stillbytes.engine.errors import InstallError
from stillbytes.launcher import environment, pip
from stillbytes.launcher.environment import Environment, Recipe, make, named
from stillbytes.launcher.show import Status


def bare(folder: Path) -> None:
    """Make an environment without pip: quick."""
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)


def test_it_is_ready_only_after_the_last_step(user_home: Path) -> None:
    seen: list[bool] = []
    made = make(named("x", "1"), Recipe("test", [], lambda it: seen.append(it.ready), bare), Status())
    assert seen == [False]
    assert made.ready
    assert made.python.exists()


def test_one_that_is_ready_is_not_made_again(user_home: Path) -> None:
    make(named("x", "1"), Recipe("test", [], create=bare), Status())

    def never(folder: Path) -> None:
        raise AssertionError

    assert make(named("x", "1"), Recipe("test", [], create=never), Status()).ready


def test_other_contents_make_another_environment(user_home: Path) -> None:
    assert named("x", "numpy==1").folder != named("x", "numpy==2").folder


def test_a_failed_check_leaves_nothing_behind(user_home: Path) -> None:
    def refuse(made: Environment) -> None:
        raise InstallError("no good")

    with pytest.raises(InstallError, match="no good"):
        make(named("x", "1"), Recipe("test", [], refuse, bare), Status())
    assert not named("x", "1").folder.exists()


def test_an_interrupt_leaves_nothing_behind(user_home: Path) -> None:
    def interrupt(made: Environment) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(named("x", "1"), Recipe("test", [], interrupt, bare), Status())
    assert not named("x", "1").folder.exists()


def test_a_leftover_without_its_marker_is_made_anew(user_home: Path) -> None:
    leftover = named("x", "1").folder
    leftover.mkdir(parents=True)
    (leftover / "half").write_text("", encoding="utf-8")
    assert make(named("x", "1"), Recipe("test", [], create=bare), Status()).ready
    assert not (leftover / "half").exists()


def test_two_at_once_make_it_once(user_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    created: list[Path] = []
    started = threading.Event()
    go_on = threading.Event()

    def slow(folder: Path) -> None:
        created.append(folder)
        folder.mkdir(parents=True)
        started.set()
        assert go_on.wait(10)

    recipe = Recipe("test", [], create=slow)
    threads = [threading.Thread(target=make, args=(named("x", "1"), recipe, Status())) for _ in range(2)]
    threads[0].start()
    assert started.wait(10)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(created) == 1
    assert named("x", "1").ready


@pytest.mark.skipif(sys.platform == "win32", reason="the borrowed Python is a shell script")
def test_a_package_that_cannot_be_found_is_one_sentence_and_leaves_nothing(user_home: Path) -> None:
    def borrowed(folder: Path) -> None:
        python = Environment(folder).python
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
        python.chmod(0o755)

    recipe = Recipe("Setting up", [["--no-index", "--no-cache-dir", "stillbytes-no-such-package"]], create=borrowed)
    with pytest.raises(InstallError, match=r"Setting up: pip stopped: .*stillbytes-no-such-package") as caught:
        make(named("x", "1"), recipe, Status())
    assert "log" in caught.value.hint
    assert not named("x", "1").folder.exists()


def test_a_home_that_cannot_be_written_is_one_sentence(
    user_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("STILLBYTES_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(InstallError, match="Setting up: "):
        make(named("x", "1"), Recipe("Setting up", [], create=bare), Status())


def test_pips_lines_become_plain_words() -> None:
    wheel = "  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl (16.6 MB)"
    assert pip.in_plain_words("Collecting numpy==2.4.6 (from -r core.txt (line 2))") == "looking for numpy"
    assert pip.in_plain_words(wheel) == "fetching numpy (16.6 MB)"
    assert pip.in_plain_words("Installing collected packages: a, b, c") == "installing 3 packages"
    assert pip.in_plain_words("Requirement already satisfied: pip") == ""


def test_every_core_requirement_is_pinned_exactly() -> None:
    lines = environment.CORE_REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(line.count("==") == 1 for line in pins)
    assert len({line.split("==")[0].lower() for line in pins}) == len(pins)


def test_the_pins_hold_every_dependency_of_the_package(repo_root: Path) -> None:
    import re
    import tomllib

    project = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named_there = {re.split(r"[<>=~!]", line)[0].lower() for line in project["dependencies"]}
    text = environment.CORE_REQUIREMENTS.read_text(encoding="utf-8").lower()
    assert {name for name in named_there if f"{name}==" not in text} == set()


@pytest.mark.skipif(sys.platform == "win32", reason="exec replaces the process on POSIX only")
def test_rerun_replaces_the_process_and_keeps_arguments_and_status(user_home: Path, repo_root: Path) -> None:
    made = make(named("x", "1"), Recipe("test", [], create=bare), Status())
    script = user_home / "script.py"
    script.write_text("import sys; print(sys.argv[1:], sys.prefix); sys.exit(7)", encoding="utf-8")
    code = (
        "import runpy, sys; from pathlib import Path; root = Path(sys.argv[1]);"
        "runpy.run_path(str(root / 'launcher' / 'package.py'))['load_package'](root);"
        "import stillbytes.launcher.environment as e;"
        "e.rerun_in(e.Environment(Path(sys.argv[2])), Path(sys.argv[3]), ['a b', '--c'])"
    )
    command = [sys.executable, "-c", code, str(repo_root), str(made.folder), str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 7
    assert done.stdout.strip() == f"['a b', '--c'] {made.folder}"

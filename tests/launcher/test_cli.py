"""The command line as users start it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from stillbytes.engine.errors import StillbytesError
from stillbytes.launcher import cli


def launcher(repo_root: Path, *words: str, flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *flags, str(repo_root / "launcher"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_works_without_any_package(repo_root: Path):
    done = launcher(repo_root, "--help", flags=("-I", "-S"))
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in cli.COMMANDS)
    assert done.stderr == ""


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_each_command_has_a_help_that_needs_no_package(repo_root: Path, command: str):
    done = launcher(repo_root, command, "--help", flags=("-I", "-S"))
    assert done.returncode == 0, done.stderr
    assert f"usage: python launcher {command}" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break in another way there")
def test_a_reader_that_has_had_enough_gets_no_complaint(repo_root: Path):
    command = [sys.executable, str(repo_root / "launcher"), "--help"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 1


def test_a_clone_of_any_folder_name_runs(repo_root: Path, tmp_path: Path):
    clone = tmp_path / "still-bytes.2 copy"
    clone.symlink_to(repo_root, target_is_directory=True)
    done = launcher(clone, "--version")
    assert done.stdout.startswith("Stillbytes ")


def test_an_old_python_gets_one_sentence(repo_root: Path):
    code = "import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_path(sys.argv[1], run_name='__main__')"
    command = [sys.executable, "-c", code, str(repo_root / "launcher" / "__main__.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == "Stillbytes needs Python 3.11 or newer; this is Python 3.9."


def test_an_unknown_command_suggests_the_nearest(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["edti"]) == 1
    assert "hint: Did you mean `edit`?" in capsys.readouterr().err


def test_no_command_prints_the_overview_and_fails(capsys: pytest.CaptureFixture[str]):
    assert cli.main([]) == 2
    assert "usage: stillbytes COMMAND" in capsys.readouterr().out


def test_errors_go_to_stderr_and_with_json_to_stdout_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def fail(words: list[str], own_environment: bool) -> int:
        raise StillbytesError("It broke.", "Mend it.")

    monkeypatch.setattr(cli, "_dispatch", fail)
    assert cli.main(["doctor", "--json"]) == 1
    captured = capsys.readouterr()
    assert captured.err == "error: It broke.\nhint: Mend it.\n"
    assert captured.out == '{"error": "It broke.", "hint": "Mend it."}\n'


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["edit", "--json"], "The following arguments are required: PHOTO, WORDS."),
        (["edit", "a.png", "--bit-depth", "7", "--json"], "Argument --bit-depth: invalid choice: 7"),
        (["plan", "x", "--nonsense", "--json"], "Unrecognized arguments: --nonsense."),
        (["launch", "--json", "--nonsense"], "Unknown arguments: "),
    ],
)
def test_wrong_arguments_are_one_object_with_json_and_status_2(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
):
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert stopped.value.code == 2
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer["error"].startswith(message)
    assert answer["hint"] == f"`stillbytes {words[0]} --help` explains the arguments."
    assert said.err.startswith("usage: ")


def test_wrong_arguments_without_json_are_usage_alone(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        cli.main(["edit", "--nonsense", "a.png"])
    said = capsys.readouterr()
    assert said.out == ""
    assert "error: unrecognized arguments: --nonsense" in said.err


def test_ctrl_c_with_json_is_one_object(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def interrupt(words: list[str], own_environment: bool) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_dispatch", interrupt)
    assert cli.main(["edit", "a.png", "--json"]) == 130
    assert json.loads(capsys.readouterr().out) == {"error": "Stopped; nothing half-done is left behind.", "hint": ""}
    assert cli.main(["launch", "--", "--json"]) == 130
    assert capsys.readouterr().out == ""


def test_ctrl_c_is_one_line_and_130(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def interrupt(words: list[str], own_environment: bool) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_dispatch", interrupt)
    assert cli.main(["doctor"]) == 130
    assert capsys.readouterr().err.count("\n") == 1

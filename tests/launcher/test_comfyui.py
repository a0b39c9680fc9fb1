from __future__ import annotations

import sys
import venv
from dataclasses import replace
from pathlib import Path

import pytest
from stillbytes.engine.errors import InstallError
from stillbytes.launcher import comfyui
from stillbytes.launcher.checkout import checkout_folder
from stillbytes.launcher.comfyui import chosen_python, use_existing
from stillbytes.launcher.pins import pins
from stillbytes.launcher.probe import CPU
from stillbytes.launcher.show import Status


def comfyui_at(folder: Path) -> Path:
    for name in ("main.py", "nodes.py", "comfy/cli_args.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    return folder


def test_a_checkout_at_the_pinned_commit_is_accepted_as_it_is(user_home: Path, repo_root: Path):
    folder = comfyui_at(checkout_folder(pins().comfyui))
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text(pins().comfyui.commit + "\n", encoding="utf-8")
    before = sorted(folder.rglob("*"))
    found = comfyui.install_own(CPU, Path(sys.executable), Status())
    assert found.folder == folder
    assert found.own
    assert found.pack.samefile(repo_root)
    assert sorted(folder.rglob("*")) == before


def test_the_users_own_gets_the_pack_and_keeps_its_folders(
    user_home: Path, tmp_path: Path, repo_root: Path, capsys: pytest.CaptureFixture[str]
):
    folder = comfyui_at(tmp_path / "ComfyUI")
    found = use_existing(folder, Path(sys.executable), Status())
    assert not found.own
    assert found.base is None
    assert (folder / "custom_nodes" / "stillbytes").samefile(repo_root)
    assert str(found.pack) in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="venvs have another layout there")
@pytest.mark.parametrize("place", ["venv", ".venv", "../venv"])
def test_the_python_of_the_users_own_is_found(user_home: Path, tmp_path: Path, place: str):
    folder = comfyui_at(tmp_path / "ComfyUI")
    python = folder / place / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("", encoding="utf-8")
    assert comfyui.find_python(folder).samefile(python)


@pytest.mark.skipif(sys.platform == "win32", reason="venvs have another layout there")
def test_a_python_without_pip_says_what_it_lacks(user_home: Path, tmp_path: Path):
    venv.EnvBuilder(with_pip=False).create(tmp_path / "bare")
    with pytest.raises(InstallError, match=r"needs .*rawpy.* no working pip"):
        use_existing(comfyui_at(tmp_path / "ComfyUI"), tmp_path / "bare" / "bin" / "python", Status())


def test_a_comfyui_without_a_python_asks_for_it(user_home: Path, tmp_path: Path):
    with pytest.raises(InstallError, match="Python of the ComfyUI") as caught:
        use_existing(comfyui_at(tmp_path / "ComfyUI"), None, Status())
    assert "--python" in caught.value.hint


def test_a_folder_that_is_no_comfyui_says_so(user_home: Path, tmp_path: Path):
    with pytest.raises(InstallError, match="no ComfyUI"):
        use_existing(tmp_path, None, Status())


def test_the_python_can_be_given_by_the_environment(user_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert chosen_python(None) is None
    monkeypatch.setenv("STILLBYTES_COMFY_PYTHON", sys.executable)
    assert chosen_python(None) == Path(sys.executable)
    with pytest.raises(InstallError, match="no Python at"):
        chosen_python(tmp_path / "python")


@pytest.mark.parametrize("part", ["torch", "pack", "models"])
def test_another_pin_is_another_environment(user_home: Path, monkeypatch: pytest.MonkeyPatch, part: str):
    before = comfyui.comfyui_environment().folder
    other = replace(pins(), **{part: ("something-else==1.0",)})
    monkeypatch.setattr(comfyui, "pins", lambda: other)
    assert comfyui.comfyui_environment().folder != before


def test_what_runs_models_is_pinned_at_the_versions_that_are_tested(repo_root: Path):
    tested = (repo_root / "launcher" / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    assert pins().models
    assert set(pins().models) <= set(tested)

from __future__ import annotations

import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from stillbytes.engine.errors import InstallError
from stillbytes.launcher import checkout
from stillbytes.launcher.checkout import checkout_folder, commit_of, has_checkout, make_checkout
from stillbytes.launcher.pins import ComfyUIPin, pins
from stillbytes.launcher.show import Status

FILES = ("main.py", "nodes.py", "comfy/cli_args.py")
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def _fill(folder: Path) -> None:
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")


@pytest.fixture
def origin(tmp_path: Path) -> ComfyUIPin:
    """A pin of a repository on this disk, with an archive of the same files."""
    folder = tmp_path / "origin"
    _fill(folder)
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as content:
        for name in FILES:
            content.write(folder / name, f"ComfyUI-{commit}/{name}")
    return ComfyUIPin("0.0.1", commit, folder.as_uri(), archive.as_uri())


@needs_git
def test_the_pinned_commit_is_fetched_once(user_home: Path, origin: ComfyUIPin) -> None:
    folder = make_checkout(origin, Status())
    assert folder == checkout_folder(origin)
    assert commit_of(folder) == origin.commit
    before = (folder / ".git" / "HEAD").stat().st_mtime_ns
    assert make_checkout(origin, Status()) == folder
    assert (folder / ".git" / "HEAD").stat().st_mtime_ns == before


@needs_git
def test_without_git_the_archive_is_fetched(
    user_home: Path, origin: ComfyUIPin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout.shutil, "which", lambda name: None)
    make_checkout(origin, Status())
    assert has_checkout(origin)


@needs_git
def test_a_fetch_that_fails_leaves_nothing_behind(user_home: Path, origin: ComfyUIPin) -> None:
    wrong = replace(origin, commit="0" * 40)
    with pytest.raises(InstallError, match="cannot be fetched"):
        make_checkout(wrong, Status())
    assert [path.suffix for path in checkout_folder(wrong).parent.iterdir()] == [".lock"]


def test_a_home_that_cannot_be_made_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("STILLBYTES_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(InstallError, match="cannot be put into"):
        make_checkout(pins().comfyui, Status())


@needs_git
def test_something_else_in_its_place_is_left_alone(user_home: Path, origin: ComfyUIPin) -> None:
    _fill(checkout_folder(origin))
    with pytest.raises(InstallError, match="expected ComfyUI at commit"):
        make_checkout(origin, Status())
    assert (checkout_folder(origin) / "main.py").is_file()


@needs_git
def test_a_commit_is_read_from_a_branch_too(origin: ComfyUIPin, tmp_path: Path) -> None:
    assert commit_of(tmp_path / "origin") == origin.commit
    subprocess.run(["git", "-C", str(tmp_path / "origin"), "pack-refs", "--all"], check=True)
    assert commit_of(tmp_path / "origin") == origin.commit


def test_a_folder_without_git_has_no_commit(tmp_path: Path) -> None:
    assert commit_of(tmp_path) == ""


def test_the_pins_name_a_full_commit_and_https() -> None:
    pin = pins().comfyui
    assert len(pin.commit) == 40
    assert pin.commit in pin.archive
    assert pin.repository.startswith("https://")
    assert pin.archive.startswith("https://")

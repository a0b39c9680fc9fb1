from __future__ import annotations

from pathlib import Path

import pytest
from stillbytes.launcher import home


def test_the_override_wins_over_the_platform(user_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STILLBYTES_HOME", str(tmp_path / "elsewhere"))
    assert home.home() == tmp_path / "elsewhere"


def test_without_an_override_it_is_in_the_users_data_folder(user_home: Path) -> None:
    assert user_home in home.home().parents
    assert not home.home().exists()


def test_a_log_file_has_its_folder(user_home: Path) -> None:
    log = home.log_file("something")
    assert log.parent.is_dir()
    assert log.suffix == ".log"


def test_the_version_is_the_projects(repo_root: Path) -> None:
    assert f'version = "{home.version()}"' in (repo_root / "pyproject.toml").read_text(encoding="utf-8")

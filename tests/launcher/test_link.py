from __future__ import annotations

from pathlib import Path

import pytest
from stillbytes.engine.errors import InstallError
from stillbytes.launcher.link import link_pack


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    return folder


def test_the_link_leads_to_the_pack(tmp_path: Path, pack: Path) -> None:
    link = link_pack(tmp_path / "custom_nodes", pack)
    assert link == tmp_path / "custom_nodes" / "stillbytes"
    assert (link / "__init__.py").samefile(pack / "__init__.py")


def test_linking_twice_changes_nothing(tmp_path: Path, pack: Path) -> None:
    assert link_pack(tmp_path / "custom_nodes", pack) == link_pack(tmp_path / "custom_nodes", pack)
    assert len(list((tmp_path / "custom_nodes").iterdir())) == 1


def test_a_link_to_another_checkout_is_turned(tmp_path: Path, pack: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    link_pack(tmp_path / "custom_nodes", other)
    assert link_pack(tmp_path / "custom_nodes", pack).samefile(pack)
    assert other.is_dir()


def test_a_pack_that_was_cloned_there_is_used_as_it_is(tmp_path: Path) -> None:
    cloned = tmp_path / "custom_nodes" / "my-clone"
    cloned.mkdir(parents=True)
    assert link_pack(tmp_path / "custom_nodes", cloned) == cloned
    assert len(list((tmp_path / "custom_nodes").iterdir())) == 1


def test_a_real_folder_in_the_way_is_left_alone(tmp_path: Path, pack: Path) -> None:
    (tmp_path / "custom_nodes" / "stillbytes").mkdir(parents=True)
    with pytest.raises(InstallError, match="in the way"):
        link_pack(tmp_path / "custom_nodes", pack)
    assert (tmp_path / "custom_nodes" / "stillbytes").is_dir()

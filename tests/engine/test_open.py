"""Opening a file as a photo: which reader it gets, and what is said of what is no photo."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from stillbytes.engine.errors import PhotoReadError
from stillbytes.engine.open import PHOTO_SUFFIXES, open_photo
from stillbytes.engine.raw.source import RawSource


def test_a_raw_file_and_an_image_get_their_own_readers(repo_root: Path, tmp_path: Path) -> None:
    assert isinstance(open_photo(repo_root / "samples" / "balloon.dng").source, RawSource)
    Image.fromarray(np.zeros((3, 5, 3), np.uint8)).save(tmp_path / "a.JPG")
    assert open_photo(tmp_path / "a.JPG").size == (5, 3)
    assert {".dng", ".nef", ".jpg", ".tif"} <= PHOTO_SUFFIXES


@pytest.mark.skipif(os.name != "posix", reason="other systems have other names")
@pytest.mark.parametrize("name", ["Möwe 📷.png", os.fsdecode(b"caf\xe9.png"), "line\nbreak.png"])
def test_a_name_may_hold_anything(tmp_path: Path, name: str) -> None:
    Image.fromarray(np.zeros((3, 5, 3), np.uint8)).save(tmp_path / name)
    assert open_photo(tmp_path / name).size == (5, 3)


@pytest.mark.parametrize(
    ("name", "words"),
    [("none.dng", "no such file"), (".", "not a file"), (f"{'x' * 300}.dng", "cannot be read"), ("a\0.jpg", "no such")],
)
def test_what_is_no_file_is_one_sentence(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(PhotoReadError, match=words):
        open_photo(tmp_path / name)

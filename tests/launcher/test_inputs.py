from __future__ import annotations

import os
from pathlib import Path

import pytest
from stillbytes.engine.errors import ExportError, PhotoReadError, StillbytesError
from stillbytes.launcher.inputs import Job, find_photos, keep_photos, plan_jobs, sort_arguments


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two photos, a text and a subfolder with one photo."""
    for name in ("a.nef", "b.jpg", "notes.txt", "more/c.nef"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def is_photo(path: Path) -> bool:
    return path.suffix in (".nef", ".jpg")


def test_what_exists_is_a_photo_and_the_rest_are_the_words(folder: Path) -> None:
    wish = sort_arguments(["a.nef", "b.jpg", "darken the sky"])
    assert wish.paths == (Path("a.nef"), Path("b.jpg"))
    assert wish.words == "darken the sky"


def test_words_without_quotes_are_joined(folder: Path) -> None:
    assert sort_arguments(["a.nef", "darken", "the", "sky"]).words == "darken the sky"


def test_words_may_come_first(folder: Path) -> None:
    assert sort_arguments(["warmer", "a.nef"]) == sort_arguments(["a.nef", "warmer"])


@pytest.mark.parametrize("missing", ["missing.nef", "folder/photo", "./x", "C:\\photos\\x", "IMG_1.CR3", "/a b/c.nef"])
def test_a_missing_file_is_no_words(folder: Path, missing: str) -> None:
    with pytest.raises(PhotoReadError, match="No such file"):
        sort_arguments([missing, "darken the sky"])


@pytest.mark.parametrize(
    "words", ["exposure +0.5", "warmer. less contrast", "darken by 1.5 EV", "crop to 16:9", "warmer"]
)
def test_words_with_points_and_numbers_are_words(folder: Path, words: str) -> None:
    assert sort_arguments(["a.nef", words]).words == words


def test_words_in_two_places_are_refused(folder: Path) -> None:
    with pytest.raises(StillbytesError, match="several places: warmer, darker"):
        sort_arguments(["warmer", "a.nef", "darker"])


def test_a_pattern_that_the_shell_left_stands_for_its_matches(folder: Path) -> None:
    assert sort_arguments(["*.nef"]).paths == (Path("a.nef"),)


def test_a_text_longer_than_any_path_is_words(folder: Path) -> None:
    assert len(sort_arguments(["a.nef", "warm " * 2000]).words) > 9000


def test_a_folder_gives_its_photos_by_name(folder: Path) -> None:
    assert find_photos([folder], recursive=False, is_photo=is_photo) == [folder / "a.nef", folder / "b.jpg"]


def test_subfolders_only_when_asked(folder: Path) -> None:
    assert folder / "more" / "c.nef" in find_photos([folder], recursive=True, is_photo=is_photo)


def test_a_photo_named_twice_is_edited_once(folder: Path) -> None:
    assert len(find_photos([Path("a.nef"), folder, folder / "a.nef"], recursive=False, is_photo=is_photo)) == 2


def test_a_folder_without_photos_says_so(folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(PhotoReadError, match="no photo in the folder"):
        find_photos([folder / "empty"], recursive=False, is_photo=is_photo)


def test_no_photo_at_all_says_so() -> None:
    with pytest.raises(PhotoReadError, match="No photo"):
        find_photos([], recursive=False, is_photo=is_photo)


def test_one_photo_goes_to_the_file_that_was_named() -> None:
    assert plan_jobs([Path("a.nef")], Path("out.tif"), ".tif", several=False) == [Job(Path("a.nef"), Path("out.tif"))]


def test_a_name_without_a_suffix_is_a_file_of_the_format() -> None:
    assert plan_jobs([Path("a.nef")], Path("x/out"), ".jpg", several=False) == [Job(Path("a.nef"), Path("x/out.jpg"))]


def test_one_photo_goes_into_a_folder_that_exists(folder: Path) -> None:
    (job,) = plan_jobs([Path("a.nef")], folder / "more", ".tif", several=False)
    assert job.output == folder / "more" / "a-edited.tif"


def test_several_photos_go_into_a_folder(folder: Path) -> None:
    jobs = plan_jobs([Path("a.nef"), Path("b.jpg")], Path("new"), ".png", several=True)
    assert [job.output for job in jobs] == [Path("new/a-edited.png"), Path("new/b-edited.png")]


def test_photos_of_one_name_get_names_of_their_own() -> None:
    photos = [Path("x/a.nef"), Path("x/A.jpg"), Path("y/a.nef")]
    outputs = [job.output for job in plan_jobs(photos, Path("new"), ".tif", several=True)]
    assert outputs == [Path("new/a-nef-edited.tif"), Path("new/A-jpg-edited.tif"), Path("new/a-nef-edited-2.tif")]


@pytest.mark.parametrize("output", ["out.tif", "b.jpg"])
def test_several_photos_into_one_file_are_refused(folder: Path, output: str) -> None:
    with pytest.raises(ExportError, match="is one file for 2 photos"):
        plan_jobs([Path("a.nef"), Path("b.jpg")], Path(output), ".tif", several=True)


def test_no_result_replaces_another_photo_of_the_run(folder: Path) -> None:
    photos = [Path("a.tif"), Path("a-edited.tif")]
    with pytest.raises(ExportError, match=r"a-edited\.tif is one of the photos"):
        keep_photos(plan_jobs(photos, None, ".tif", several=True))
    keep_photos(plan_jobs(photos, Path("new"), ".tif", several=True))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read every folder")
def test_a_folder_that_may_not_be_read_says_so(folder: Path) -> None:
    (folder / "more").chmod(0)
    try:
        with pytest.raises(PhotoReadError, match="more cannot be read: Permission denied"):
            find_photos([folder / "more"], recursive=False, is_photo=is_photo)
    finally:
        (folder / "more").chmod(0o700)

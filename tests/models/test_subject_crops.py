"""What the subject network learns from: parts of photographs, and subjects pasted before other pictures."""

import numpy as np
import pytest
from stillbytes.engine.masks.subject_net import SIDE

pytest.importorskip("torch")  # what the crops share with the sky's lies beside what needs it

from stillbytes.training.subject_crops import STAGE, Known, Photo, cut, draw, paste, surroundings


def disc(seed=0, source="birds"):
    """An orange disc at a random place before dark noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:80, :96]
    picture, truth = rng.integers(0, 90, (80, 96, 3), np.uint8), np.zeros((80, 96), np.uint8)
    inside = np.hypot(y - rng.uniform(30, 50), x - rng.uniform(30, 60)) < 18
    picture[inside], truth[inside] = (240, 160, 60), 255
    return Photo(picture, truth, source)


def bare(level=20):
    return Photo(np.full((70, 90, 3), level, np.uint8), np.zeros((70, 90), np.uint8), "others")


def test_crops_are_pictures_with_a_share_of_subject_per_known_cell():
    known, rng = Known([disc(0), disc(1, "animals-a"), bare(), bare(90)]), np.random.default_rng(4)
    shares = []
    for _ in range(40):
        crop = draw(known, rng)
        assert crop.picture.shape == (SIDE, SIDE, 3)
        assert crop.picture.dtype == np.float32
        assert 0 <= crop.picture.min() <= crop.picture.max() <= 1
        assert crop.share.shape == crop.known.shape == (SIDE // 2, SIDE // 2)
        assert 0 <= crop.share.min() <= crop.share.max() <= 1 + 1e-6
        shares.append(crop.share.mean())
    assert min(shares) == 0 < max(shares)


def test_kinds_of_sources_are_drawn_as_often_as_the_table_says():
    known, rng = Known([disc(0, "animals-a"), disc(1, "animals-b"), disc(2, "ubuntu")]), np.random.default_rng(1)
    assert [len(group) for group in known.groups] == [2, 1]
    drawn = [len(known.group(rng)) for _ in range(400)]
    assert np.mean(np.array(drawn) == 2) == pytest.approx(3 / 5, abs=0.07)


@pytest.mark.parametrize("seed", range(5))
def test_a_pasted_subject_is_where_its_truth_says(seed):
    rng = np.random.default_rng(seed)
    for count in (1, 3):
        stage = np.full((STAGE, STAGE, 3), 20, np.float32)
        picture, truth = paste([disc(seed)] * count, stage, rng)
        if picture.shape[0] != STAGE:
            continue  # hardly anything of it came onto the stage: a part of the photograph instead
        other = np.abs(picture.astype(int) - np.median(picture[truth == 0], axis=0)).sum(axis=2)
        assert other[truth == 0].max() < 0.6 * max(np.median(other[truth == 255]), 40)


def test_what_surrounds_a_subject_does_not_show_it():
    rng = np.random.default_rng(3)
    for seed in range(20):
        part = surroundings(disc(seed), rng)
        assert part is None or (part.max(axis=2) > 200).mean() < 0.01


def test_without_room_beside_the_subject_there_are_no_surroundings():
    full = Photo(np.zeros((40, 40, 3), np.uint8), np.full((40, 40), 255, np.uint8))
    assert surroundings(full, np.random.default_rng(0)) is None
    assert Known([full]).stage(np.random.default_rng(0)).shape == (STAGE, STAGE, 3)


def test_a_part_keeps_most_of_the_subject():
    rng, photo = np.random.default_rng(2), disc(5)
    whole = (photo.truth == 255).sum()
    for _ in range(30):
        picture, truth = cut(photo, rng)
        assert picture.shape[:2] == truth.shape
        assert (truth == 255).sum() >= 0.7 * whole

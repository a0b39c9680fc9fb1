"""Nearest-neighbour fields, their pyramid and their votes."""

import numpy as np
import pytest
from stillbytes.engine.errors import CancelledError
from stillbytes.engine.fill import patchmatch
from stillbytes.engine.fill.patchmatch import RADIUS, SIDE, Field, Patches, Search, enlarged, improve, random_field
from stillbytes.engine.fill.peel import peeled
from stillbytes.engine.fill.pyramid import Level, encoded, first_level, halved, pyramid
from stillbytes.engine.fill.vote import Voters, trust_of, vote, vote_
from stillbytes.engine.opencv import cv2


def scene(height=72, width=90, seed=3):
    rng = np.random.default_rng(seed)
    picture = rng.uniform(0.1, 0.9, (height, width, 3)).astype(np.float32)
    hole = np.zeros((height, width), bool)
    hole[30:41, 40:52] = True
    return picture, hole


def patches_of(picture, hole):
    level = first_level(picture, hole, np.ones_like(hole))
    return level, Patches(encoded(level.values), level.targets(), level.sources())


def true_distance(codes, first, second):
    square = codes.reshape(codes.shape[0], -1, 4).astype(np.int64)
    cut = [square[r - RADIUS : r + RADIUS + 1, c - RADIUS : c + RADIUS + 1] for r, c in (first, second)]
    return int(((cut[0] - cut[1]) ** 2).sum())


def searched(patches, turns=12, seed=1):
    field = random_field(patches, seed)
    for turn in range(turns):
        field = improve(patches, field, Search(seed, turn, 64, 2 ** (turn % 4)))
    return field


def test_costs_are_the_sums_of_squared_differences():
    _, patches = patches_of(*scene())
    field = searched(patches, 2)
    for row, column in np.argwhere(patches.targets)[::17]:
        match = field.rows[row, column], field.columns[row, column]
        assert patches.sources[match]
        assert field.cost[row, column] == true_distance(patches.codes, (row, column), match)


def test_a_sum_of_the_largest_differences_fits():
    extremes = np.zeros((SIDE, 2 * SIDE, 4), np.float32)
    extremes[:, SIDE:] = 1
    codes = encoded(extremes)
    assert true_distance(codes, (RADIUS, RADIUS), (RADIUS, SIDE + RADIUS)) < int(patchmatch.WORST)


def test_an_exact_copy_is_found():
    picture, hole = scene()
    picture = cv2().GaussianBlur(picture, (0, 0), 2.5)
    picture[1:25, 20:55] = picture[26:50, 30:65]
    level, patches = patches_of(picture, hole)
    known = Level(first_level(picture, np.zeros_like(hole), ~hole).values, hole, level.allowed)
    field = searched(Patches(encoded(known.values), patches.targets, patches.sources), 24)
    inside = patches.targets & (np.indices(hole.shape)[0] > 31) & (np.indices(hole.shape)[0] < 40)
    inside &= (np.indices(hole.shape)[1] > 40) & (np.indices(hole.shape)[1] < 51)
    rows, columns = np.nonzero(inside)
    found = (field.rows[inside] == rows - 25) & (field.columns[inside] == columns - 10)
    assert found.mean() > 0.95


def test_a_pass_never_makes_a_match_worse():
    _, patches = patches_of(*scene())
    field = searched(patches, 1)
    for turn in range(1, 6):
        better = improve(patches, field, Search(1, turn, 32, 2))
        assert (better.cost <= field.cost)[patches.targets].all()
        field = better


def test_the_field_does_not_depend_on_the_threads(monkeypatch):
    _, patches = patches_of(*scene(200, 220))
    usual = searched(patches, 4)

    def backwards(task, items, progress=None):
        for item in reversed(items):
            task(item)

    monkeypatch.setattr(patchmatch, "for_each", backwards)
    alone = searched(patches, 4)
    for first, second in zip(usual, alone, strict=True):
        np.testing.assert_array_equal(first, second)


def test_another_seed_begins_elsewhere():
    _, patches = patches_of(*scene())
    assert not np.array_equal(random_field(patches, 1).rows, random_field(patches, 2).rows)


def test_an_enlarged_field_has_doubled_offsets():
    rows = np.full((6, 8), 1, np.int32)
    field = Field(rows, rows + 2, np.zeros_like(rows))
    fine = enlarged(field, (11, 15))
    assert fine.rows.shape == (11, 15)
    assert fine.rows[4, 7] - 4 == 2 * (1 - 2)
    assert fine.columns[4, 7] - 7 == 2 * (3 - 3)
    assert (fine.cost == patchmatch.WORST).all()


def test_a_cancelling_progress_ends_the_search():
    def stop(done, total):
        raise CancelledError("stopped")

    _, patches = patches_of(*scene())
    with pytest.raises(CancelledError):
        improve(patches, random_field(patches, 0), Search(0, 0, 8, 1), stop)


def test_halving_keeps_a_constant_and_its_hole():
    level = Level(np.full((9, 12, 4), 0.3, np.float32), np.zeros((9, 12), bool), np.ones((9, 12), bool))
    level.hole[4:9, 4:12] = True
    small = halved(level)
    assert small.values.shape == (5, 6, 4)
    np.testing.assert_allclose(small.values[~small.hole], 0.3, atol=1e-6)
    assert small.hole[4, 5]
    assert not small.hole[:2].any()


def test_levels_end_where_the_hole_is_about_a_patch():
    picture, hole = scene(256, 256)
    hole[60:190, 60:190] = True
    levels = pyramid(first_level(picture, hole, np.ones_like(hole)))
    assert len(levels) == 4
    assert levels[-1].shape == (32, 32)
    assert all(level.sources().any() for level in levels)


def test_the_texture_of_noise_is_above_that_of_a_plane():
    picture, hole = scene()
    flat = first_level(np.full_like(picture, 0.5), hole, ~hole)
    busy = first_level(picture, hole, ~hole)
    assert flat.values[10, 10, 3] == 0
    assert busy.values[10, 10, 3] > 0.3


def test_votes_of_one_offset_are_a_copy():
    picture, hole = scene()
    level, patches = patches_of(picture, hole)
    rows, columns = (plane.astype(np.int32) for plane in np.indices(hole.shape))
    field = Field(np.maximum(rows - 20, RADIUS), columns, np.zeros(hole.shape, np.int32))
    painted = vote(level.values, hole, Voters(patches.targets, field, trust_of(hole)), 3.0)
    np.testing.assert_allclose(painted[30:41, 40:52], level.values[10:21, 40:52], atol=1e-6)
    np.testing.assert_array_equal(painted[~hole], level.values[~hole])


def test_votes_on_squares_tell_what_the_mean_lost():
    picture, hole = scene()
    level, patches = patches_of(picture, hole)
    rows, columns = (plane.astype(np.int32) for plane in np.indices(hole.shape))
    field = Field(np.maximum(rows - 20, RADIUS), columns, np.zeros(hole.shape, np.int32))
    voters = Voters(patches.targets, field, trust_of(hole), squares=True)
    luma = vote(level.values, hole, voters, 3.0)[30:41, 40:52] @ np.array([0.299, 0.587, 0.114, 0], np.float32)
    squares = vote(level.values, hole, voters, 3.0)[30:41, 40:52, 3]
    np.testing.assert_allclose(squares, luma**2, atol=1e-6)  # all patches say the same
    spread = field._replace(rows=field.rows - (rows + columns) % 2 * 2 * (field.rows > RADIUS + 2))
    mixed = vote(level.values, hole, voters._replace(field=spread), 0.1)[30:41, 40:52]
    lost = mixed[..., 3] - (mixed @ np.array([0.299, 0.587, 0.114, 0], np.float32)) ** 2
    assert lost.min() > -1e-6
    assert lost.mean() > 1e-4


def test_votes_go_where_they_are_asked_for_and_nowhere_else():
    picture, hole = scene()
    level, patches = patches_of(picture, hole)
    voters = Voters(patches.targets, random_field(patches, 1), trust_of(hole))
    out = np.full_like(level.values, 7)
    vote_(out, level.values, hole, voters, 3.0)
    np.testing.assert_array_equal(out[hole], vote(level.values, hole, voters, 3.0)[hole])
    assert (out[~hole] == 7).all()


def test_trust_is_1_outside_and_falls_inside():
    hole = np.zeros((21, 21), bool)
    hole[5:16, 5:16] = True
    trust = trust_of(hole)
    assert trust[0, 0] == 1
    assert trust[10, 10] < trust[6, 10] < 1
    assert trust.min() > 0


def test_peeling_continues_an_edge():
    picture = np.zeros((40, 40, 3), np.float32)
    picture[:, 20:] = 0.8
    hole = np.zeros((40, 40), bool)
    hole[16:24, 16:24] = True
    level, patches = patches_of(np.where(hole[..., None], np.float32(0.5), picture), hole)
    values, field = peeled(level.values, hole, patches.targets, patches.sources)
    np.testing.assert_array_equal(values[..., :3] > 0.4, picture > 0.4)
    assert np.abs(values[..., :3] - picture)[hole].mean() < 0.05
    assert patches.sources[field.rows[patches.targets], field.columns[patches.targets]].all()

import numpy as np
import pytest
from stillbytes.engine.masks import fields
from stillbytes.engine.masks.fields import Palette, coupling, parts, settle_, sigmoid, sums, widen


def noise(shape, seed=0):
    return np.random.default_rng(seed).uniform(0, 100, shape).astype(np.float32)


def test_coupling_is_the_exponential_of_the_squared_difference_over_half_the_mean():
    lab = noise((5, 7, 3))
    right, below = coupling(lab)
    across, down = ((lab[:, 1:] - lab[:, :-1]) ** 2).sum(axis=2), ((lab[1:] - lab[:-1]) ** 2).sum(axis=2)
    spread = (across.mean() + down.mean()) / 4
    assert np.allclose(right[:, :-1], np.exp(-across / spread) + 0.02, atol=1e-5)
    assert np.allclose(below[:-1], np.exp(-down / spread) + 0.02, atol=1e-5)
    assert np.all(right[:, -1] == np.float32(0.02))
    assert np.all(below[-1] == np.float32(0.02))


def test_the_upper_rows_alone_are_as_in_the_whole_picture():
    lab, part = noise((12, 7, 3)), noise((12, 7), 1) / 100
    right, below = coupling(lab)
    upper_right, upper_below = coupling(lab, 5)
    assert np.array_equal(upper_right, right[:5])
    assert np.array_equal(upper_below[:4], below[:4])
    assert np.all(upper_below[4] == np.float32(0.02))
    palette = Palette(lab)
    assert np.array_equal(palette.odds(part, 1 - part, 5), palette.odds(part, 1 - part)[:5])


@pytest.mark.parametrize("shape", [(61, 40), (64, 33), (7, 90)])
@pytest.mark.parametrize("threads", [2, 3])
def test_strips_do_not_show_in_what_neighbours_settle_on(shape, threads, monkeypatch):
    odds, near = noise(shape) / 50 - 1, coupling(noise((*shape, 3), 1))
    whole = sigmoid(odds)
    settle_(whole, odds, near, 0.7, 4)
    monkeypatch.setattr(fields, "_LEAST_SHARE_PX", 1)
    monkeypatch.setattr(fields, "thread_count", lambda: threads)
    in_strips = sigmoid(odds)
    settle_(in_strips, odds, near, 0.7, 4)
    assert np.array_equal(whole, in_strips)


def test_sigmoid_inverts_log_odds():
    p = np.linspace(0.01, 0.99, 50).reshape(5, 10)
    assert np.allclose(sigmoid(np.log(p / (1 - p))), p, atol=1e-6)


def test_a_colour_of_the_part_has_odds_above_0_and_one_of_the_rest_below():
    lab = np.zeros((6, 8, 3), np.float32)
    lab[:, :4], lab[:, 4:] = (30, -20, 40), (80, 10, -30)
    part = np.zeros((6, 8), np.float32)
    part[:, :4] = 1
    odds = Palette(lab).odds(part, 1 - part)
    assert odds[:, :4].min() > 3
    assert odds[:, 4:].max() < -3


def test_a_colour_as_common_in_both_has_odds_of_0():
    lab = np.full((4, 4, 3), 50, np.float32)
    part = np.zeros((4, 4), np.float32)
    part[0] = 1
    assert np.allclose(Palette(lab).odds(part, 1 - part), 0, atol=1e-6)


def test_widen_by_less_than_0_undoes_widen_of_a_rectangle():
    mask = np.zeros((20, 20), bool)
    mask[6:12, 5:15] = True
    assert widen(mask, 2).sum() == 10 * 14
    assert np.array_equal(widen(widen(mask, 2), -2), mask)


def test_parts_touching_at_a_corner_are_two():
    mask = np.eye(2, dtype=bool)
    found = parts(mask)
    assert len(found.boxes) == 3
    assert found.labels[0, 0] != found.labels[1, 1]


def test_sums_of_parts_add_up_to_the_sum_of_all():
    values = noise((9, 12))
    mask = np.zeros((9, 12), bool)
    mask[1:4, 2:5], mask[6:8, 7:11] = True, True
    found = parts(mask)
    total = sums(found, values)
    assert total[1:].sum() == pytest.approx(values[mask].sum(), rel=1e-5)
    assert total.sum() == pytest.approx(values.sum(), rel=1e-5)

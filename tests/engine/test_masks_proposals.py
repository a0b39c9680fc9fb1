import numpy as np
import pytest
from stillbytes.engine.masks.lab import to_lab
from stillbytes.engine.masks.proposals import Scene, propose

SIDE = 96


def disc(x, y, radius):
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.hypot(columns - x, rows - y) < radius


def scene(*layers, noise=0.01):
    """A scene of a grey ground with (mask, colour) laid over it."""
    picture = np.full((SIDE, SIDE, 3), 0.45, np.float32)
    for inside, color in layers:
        picture[inside] = color
    picture += np.random.default_rng(3).normal(0, noise, picture.shape).astype(np.float32)
    return Scene(to_lab(np.clip(picture, 0, 1)))


def blurred(inside, high=0.9, low=0.05):
    return np.where(inside, np.float32(high), np.float32(low))


def overlap(p, inside):
    return ((p > 0.5) & inside).sum() / ((p > 0.5) | inside).sum()


RED = (0.8, 0.2, 0.15)


def test_the_outline_settles_on_the_edge_of_the_colours_where_the_start_is_rough():
    thing = disc(50, 46, 22)
    rough = blurred(disc(47, 49, 20))
    p = propose(scene((thing, RED)), [rough])
    assert p.dtype == np.float32
    assert p.min() >= 0
    assert p.max() <= 1
    assert overlap(p, thing) > 0.97


def test_of_two_maps_the_one_wins_that_shows_a_whole_thing():
    thing = disc(48, 48, 24)
    ground_too = blurred(np.hypot(*np.mgrid[-48:48, -48:48]) < 40, high=0.6)
    salience = np.maximum(ground_too, blurred(thing))
    of_the_thing = blurred(thing)
    both = propose(scene((thing, RED)), [salience, of_the_thing])
    assert overlap(both, thing) > 0.97


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_a_map_is_cut_where_its_two_groups_part_however_faint_it_is(share):
    thing = disc(52, 46, 20)
    salience = np.where(thing, 0.95, 0.35).astype(np.float32) * np.float32(share)
    assert overlap(propose(scene((thing, RED), noise=0.03), [salience]), thing) > 0.95


def test_a_map_of_nothing_proposes_nothing():
    p = propose(scene(), [np.zeros((SIDE, SIDE), np.float32)])
    assert p.shape == (SIDE, SIDE)
    assert not (p > 0.5).any()


def test_lesser_parts_are_left_out_and_holes_are_filled():
    thing = disc(48, 48, 26)
    hole, crumb = disc(48, 48, 4), disc(8, 8, 3)
    p = propose(scene((thing, RED), (hole, (0.45, 0.45, 0.45)), (crumb, RED)), [blurred(thing | crumb)])
    assert p[48, 48] > 0.5
    assert p[8, 8] < 0.5


def test_an_outline_lies_on_edges_where_the_colours_change_and_the_border_is_none():
    thing = disc(48, 48, 20)
    shown = scene((thing, RED))
    assert shown.on_edges(thing) > 0.98
    assert shown.on_edges(disc(48, 48, 34)) < 0.3
    assert shown.on_edges(np.ones((SIDE, SIDE), bool)) == 0.0

"""The tilt of a photo is measured with the right sign, and only where its edges agree."""

import cv2
import numpy as np
import pytest
from stillbytes.engine.develop.horizon import Edges, judged, measure_tilt, straight_edges
from stillbytes.engine.develop.level_line import LevelLine
from stillbytes.engine.photo import Photo
from stillbytes.engine.raster.source import ArraySource


def street(clockwise_deg):
    """A picture of level and upright bars, turned clockwise."""
    picture = np.full((400, 600, 3), 60, np.uint8)
    for number in range(5):
        cv2.rectangle(picture, (90 + 90 * number, 110), (130 + 90 * number, 290), (190, 180, 170), -1)
    turn = cv2.getRotationMatrix2D((300, 200), -clockwise_deg, 1.0)
    return cv2.warpAffine(picture, turn, (600, 400), flags=cv2.INTER_CUBIC, borderValue=(60, 60, 60))


def edges(*rows):
    return Edges(*np.array(rows, np.float64).T.reshape(3, -1))


@pytest.mark.parametrize("tilt", [-6.0, -2.5, 0.0, 1.5, 6.0])
def test_a_photo_that_was_turned_is_turned_back(tilt):
    found = judged(straight_edges(street(tilt)))
    assert found.sure
    assert found.angle_deg == pytest.approx(-tilt, abs=0.15)


def test_the_frame_is_measured_as_it_is_turned_and_straightened():
    photo = Photo(ArraySource(street(4.0).astype(np.float32) / 255))
    found = measure_tilt(photo)
    assert found.angle_deg == pytest.approx(-4.0, abs=0.2)
    level = photo.with_framing(photo.framing.straightened(found.angle_deg, photo.source.size))
    assert measure_tilt(level).angle_deg == pytest.approx(0.0, abs=0.2)
    flipped = photo.with_framing(photo.framing.flipped("horizontal"))
    assert measure_tilt(flipped).angle_deg == pytest.approx(4.0, abs=0.2)


def test_noise_says_nothing():
    noise = np.random.default_rng(4).integers(0, 255, (300, 400, 3)).astype(np.uint8)
    assert not judged(straight_edges(noise)).sure


def test_an_empty_picture_is_one_sentence():
    found = judged(straight_edges(np.full((50, 60, 3), 90, np.uint8)))
    assert not found.sure
    assert found.reason == "No straight edge is nearly level or upright."


def test_edges_that_disagree_are_not_sure():
    lines = [(angle, 0.2, 0.0) for angle in (-8, -5, -2, 1, 4, 7)]
    assert not judged(edges(*lines)).sure
    assert judged(edges(*lines, *[(2.0, 0.2, 0.0)] * 6)).sure


def test_converging_upright_edges_are_level_in_the_middle():
    lines = [(1.0 + 8 * place, 0.25, place) for place in np.linspace(-0.4, 0.4, 9)]
    found = judged(edges(*lines))
    assert found.sure
    assert found.angle_deg == pytest.approx(-1.0, abs=0.3)


def test_what_seems_tilted_by_more_than_photos_are_is_not_sure():
    found = judged(straight_edges(street(8.0)))
    assert not found.sure
    assert found.angle_deg == pytest.approx(-8.0, abs=0.2)


def test_a_dark_street_is_seen_like_a_bright_one():
    dark = (street(2.0) // 12).astype(np.uint8)
    found = judged(straight_edges(dark))
    assert found.sure
    assert found.angle_deg == pytest.approx(-2.0, abs=0.15)


def test_upright_edges_are_believed_among_scattered_level_ones():
    upright = [(1.0, 0.2, place) for place in (-0.3, -0.1, 0.1, 0.3, 0.4)]
    scattered = [(angle, 0.2, 0.0) for angle in (-9, -7, -5, -3, 4, 6, 8)]
    found = judged(edges(*upright, *scattered))
    assert found.sure
    assert found.angle_deg == pytest.approx(-1.0, abs=0.2)
    assert "nearly upright" in found.reason


def test_a_line_across_the_frame_is_a_horizon_where_no_edge_speaks():
    found = judged(edges((9.0, 0.03, 0.0)), LevelLine(1.2, 0.85, 0.9))
    assert found.sure
    assert found.angle_deg == -1.2
    assert found.reason == "A line across 85 % of the frame is tilted by 1.2 degrees."
    assert not judged(edges((9.0, 0.03, 0.0)), LevelLine(1.2, 0.5, 0.9)).sure


def test_a_soft_line_with_a_rival_is_not_sure():
    few = edges((9.0, 0.03, 0.0))
    assert judged(few, LevelLine(1.2, 0.75, 0.8)).sure
    assert not judged(few, LevelLine(1.2, 0.75, 0.97)).sure


def test_a_line_and_edges_that_disagree_are_not_believed():
    lines = [(1.0, 0.25, place) for place in (-0.4, -0.2, 0.2, 0.3, 0.4)]
    found = judged(edges(*lines), LevelLine(-2.0, 0.9, 0.5))
    assert not found.sure
    assert found.reason == "What should be level in it disagrees: between -2.0 and 1.0 degrees."


def test_level_edges_that_many_upright_ones_contradict_are_not_believed():
    table = [(4.0, 0.3, 0.0)] * 4
    walls = [(0.0, 0.2, place) for place in (-0.4, -0.2, 0.2, 0.4)]
    leaning = [(angle, 0.2, 0.1) for angle in (-9.0, -6.5, 6.5, 9.0)]
    assert judged(edges(*table)).sure
    assert not judged(edges(*table, *walls, *leaning)).sure

import numpy as np
import pytest
from stillbytes.engine import geometry
from stillbytes.engine.framing import Framing
from stillbytes.engine.geometry import Box, Size
from stillbytes.engine.photo import Photo

SOURCE = Size(220, 150)


def finished(framing, source):
    return Photo(source, framing=framing).render()


def test_turning_and_flipping_move_pixels_and_change_none(scene, pixel_source):
    source = pixel_source(scene)
    assert np.array_equal(finished(Framing().turned(1), source), np.rot90(scene, -1))
    assert np.array_equal(finished(Framing().turned(-1), source), np.rot90(scene))
    assert np.array_equal(finished(Framing().turned(2), source), scene[::-1, ::-1])
    assert np.array_equal(finished(Framing().flipped("horizontal"), source), scene[:, ::-1])
    assert np.array_equal(finished(Framing().flipped("vertical"), source), scene[::-1])


def test_a_crop_is_cut_from_what_is_shown(scene, pixel_source):
    source = pixel_source(scene)
    turned_then_cut = finished(Framing().turned(1).cropped(0.2, 0.5, 0.8, 1.0), source)
    assert np.array_equal(turned_then_cut, np.rot90(scene, -1)[110:220, 30:120])
    cut_then_turned = finished(Framing().cropped(0.5, 0.0, 1.0, 0.4).turned(1), source)
    assert np.array_equal(cut_then_turned, np.rot90(scene[0:60, 110:220], -1))
    cut_then_flipped = finished(Framing().cropped(0.0, 0.0, 0.5, 1.0).flipped("horizontal"), source)
    assert np.array_equal(cut_then_flipped, scene[:, 109::-1])


@pytest.mark.parametrize(("width", "height"), [(1, 1), (16, 9), (4, 5), (3, 2)])
def test_an_aspect_crop_has_the_aspect_and_touches_the_frame(width, height):
    size = Framing().cropped_to_aspect(width, height, Size(6000, 4000)).size(Size(6000, 4000))
    assert size.width / size.height == pytest.approx(width / height, rel=1e-3)
    assert size.width == 6000 or size.height == 4000


@pytest.mark.parametrize("angle", [-30.0, -2.5, 0.7, 12.0, 45.0])
@pytest.mark.parametrize("start", [Framing(), Framing().turned(1), Framing().cropped(0.1, 0.2, 0.7, 0.9)])
def test_a_straightened_frame_shows_no_empty_corner(angle, start):
    framing = start.straightened(angle, SOURCE)
    size = framing.size(SOURCE)
    to_frame = np.vstack([framing.to_frame(SOURCE), [0, 0, 1]])
    corners = np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]]).T
    points = np.linalg.inv(to_frame) @ corners
    assert points[0].min() >= -1.0
    assert points[0].max() <= SOURCE.width + 1.0
    assert points[1].min() >= -1.0
    assert points[1].max() <= SOURCE.height + 1.0
    before = start.size(SOURCE)
    assert size.width / size.height == pytest.approx(before.width / before.height, rel=0.05)


def test_straightening_clockwise_levels_a_horizon_that_falls_to_the_left(pixel_source):
    y, x = np.mgrid[0:200, 0:300]
    below = (y - 100) > -(x - 150) * np.tan(np.radians(5.0))  # the horizon rises to the right by 5 degrees
    source = pixel_source(np.repeat(np.where(below, 0.1, 0.8)[..., None], 3, axis=2))
    level = Photo(source, framing=Framing().straightened(5.0, source.size)).render()[..., 0]
    horizon = (level > 0.45).sum(axis=0)
    assert np.ptp(horizon[5:-5]) <= 1


def test_straightening_by_nothing_changes_nothing(scene, pixel_source):
    source = pixel_source(scene)
    assert np.array_equal(finished(Framing().straightened(0.0, source.size), source), scene)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_to_frame_sends_the_source_corners_where_turning_does(orientation):
    framing = Framing(orientation=orientation)
    marks = np.arange(150 * 220).reshape(150, 220)
    shown = geometry.upright(marks, orientation)
    for corner, (x, y) in {(0, 0): (-1, -1), (0, -1): (1, -1), (-1, 0): (-1, 1)}.items():
        row, column = divmod(int(shown[corner]), 220)
        place = framing.to_frame(SOURCE) @ [column + 0.5, row + 0.5, 1.0]
        assert place == pytest.approx([x, y], abs=0.02)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="45"):
        Framing().straightened(60.0, SOURCE)
    with pytest.raises(ValueError, match="crop"):
        Framing().cropped(0.5, 0.0, 0.4, 1.0)


@pytest.mark.parametrize("turn", range(4))
def test_a_straightened_turned_frame_does_not_depend_on_its_tiles(scene, pixel_source, turn):
    framing = Framing().turned(turn).straightened(3.0, SOURCE)
    photo = Photo(pixel_source(scene), framing=framing)
    whole = photo.render()
    box = Box(17, 9, 90, 70)
    assert np.array_equal(photo.render(box), whole[9:70, 17:90])

import numpy as np
import pytest
from stillbytes.engine.errors import PlanInvalidError
from stillbytes.engine.framing import Framing
from stillbytes.engine.masks.frame import render_mask, view_point
from stillbytes.engine.masks.pointing import PlacedPoint, Pointing, read_box, read_points, resolve_pointing
from stillbytes.engine.photo import Photo


@pytest.fixture
def photo(pixel_source):
    """A red and a green block on blue, 120 x 200, linear."""
    rng = np.random.default_rng(0)
    pixels = np.float32((0.05, 0.1, 0.4)) * rng.uniform(0.8, 1.2, (120, 200, 1)).astype(np.float32)
    pixels[30:80, 30:80] = (0.6, 0.03, 0.02)
    pixels[40:90, 130:170] = (0.05, 0.5, 0.05)
    return Photo(pixel_source(pixels, "display"))


FRAMINGS = [
    Framing(),
    Framing().turned(1),
    Framing().flipped("horizontal"),
    Framing().turned(3).flipped("vertical"),
    Framing().cropped(0.1, 0.2, 0.9, 0.95),
    Framing().turned(1).cropped(0.1, 0.1, 0.9, 0.8),
]


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_point_on_the_finished_frame_selects_what_is_seen_there(photo, framing):
    framed = photo.with_framing(framing)
    shown = framed.render()
    red = (shown[..., 0] > 0.4) & (shown[..., 1] < 0.2)
    y, x = (float(axis.mean()) for axis in np.nonzero(red))
    pointing = Pointing((PlacedPoint(x, y, True),), in_px=True)
    _, mask = resolve_pointing(framed, pointing)
    found = render_mask(framed, mask) >= 0.5
    assert (found & red).sum() / (found | red).sum() > 0.85


@pytest.mark.parametrize("framing", FRAMINGS[1:4])
def test_the_middle_of_a_whole_frame_is_the_middle_of_the_view(photo, framing):
    assert view_point(photo.with_framing(framing), 0.5, 0.5) == pytest.approx((0.5, 0.5))
    assert view_point(photo.with_framing(framing), 0.2, 0.7) == pytest.approx((0.2, 0.7))


def test_points_inside_a_box_give_what_both_mean(photo):
    box = read_box({"x": 20, "y": 20, "width": 40, "height": 70})
    _, mask = resolve_pointing(photo, Pointing((PlacedPoint(0.22, 0.45, True),), box))
    alpha = render_mask(photo, mask)
    assert alpha[40:70, 35:55].min() > 0.9
    assert alpha[:, 66:].max() < 0.1


def test_points_are_read_from_objects_and_pairs():
    text = '[{"x": 0.1, "y": 0.2}, [0.3, 0.4], {"x": 1, "y": 0, "include": false}]'
    assert read_points(text) == (
        PlacedPoint(0.1, 0.2, True),
        PlacedPoint(0.3, 0.4, True),
        PlacedPoint(1.0, 0.0, False),
    )
    assert read_points(" ") == ()
    assert read_points('{"x": 0, "y": 0}') == (PlacedPoint(0.0, 0.0, True),)


@pytest.mark.parametrize(
    "text",
    ["x", "[1]", "[[1]]", '[{"x": 1}]', '[{"x": "a", "y": 0}]', '[{"x": NaN, "y": 0}]', "[" * 100_000, "[null]",
     '[{"x": 0, "y": 0, "include": "no"}]'],
)  # fmt: skip
def test_points_that_make_no_sense_are_refused_in_one_sentence(text):
    with pytest.raises(PlanInvalidError, match="JSON list"):
        read_points(text)


def test_too_many_points_are_refused():
    with pytest.raises(PlanInvalidError, match="at most 64"):
        read_points(str([[0.5, 0.5]] * 65))


def test_a_box_is_read_from_what_detectors_give():
    box = {"x": 1, "y": 2, "width": 30, "height": 40, "label": "dog"}
    assert read_box(box) == read_box([box]) == read_box([[box, box]]) == (1, 2, 31, 42)
    assert read_box(None) is None
    assert read_box([[]]) is None


@pytest.mark.parametrize("value", [{"x": 1}, "box", 3, {"x": 0, "y": 0, "width": 0, "height": 5}])
def test_a_box_that_makes_no_sense_is_refused(value):
    with pytest.raises(PlanInvalidError, match="Expected a box"):
        read_box(value)


def test_what_lies_outside_the_photo_is_refused(photo):
    with pytest.raises(PlanInvalidError, match="lies outside"):
        resolve_pointing(photo, Pointing((PlacedPoint(1.5, 0.5, True),)))
    with pytest.raises(PlanInvalidError, match="lies outside"):
        resolve_pointing(photo, Pointing(box=read_box({"x": 500, "y": 0, "width": 9, "height": 9})))
    with pytest.raises(PlanInvalidError, match="Nothing is pointed at"):
        resolve_pointing(photo, Pointing())
    with pytest.raises(PlanInvalidError, match="includes anything"):
        resolve_pointing(photo, Pointing((PlacedPoint(0.5, 0.5, False),)))

"""The second look at a part of the photo, with an engine that selects by colour."""

import cv2
import numpy as np
import pytest
from stillbytes.engine.masks.learned.closer import agreement, bounds, innermost, look_closer, prompt_for
from stillbytes.engine.masks.ports import Area, Candidate, Click, Prompt

FULL_H, FULL_W = 1200, 1800
H, W = 120, 180


class ColourEngine:
    """Sees a view blurred to 48 px, as a model sees it coarsely, and selects what has the colour under the click."""

    name = "colour"

    def __init__(self):
        self.asked, self.looks = [], 0

    def look(self, view):
        self.looks += 1
        return view.shape[:2], cv2.resize(view, (48, 48), interpolation=cv2.INTER_AREA)

    def ask(self, looked, prompts):
        self.asked += prompts
        (height, width), seen = looked
        answers = []
        for prompt in prompts:
            click = next(c for c in prompt.clicks if c.include)
            colour = seen[min(47, int(click.y * 48)), min(47, int(click.x * 48))]
            near = 1 - np.clip(np.abs(seen - colour).max(2) / 0.5, 0, 1)
            alpha = np.clip(cv2.resize(near, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)
            area = bounds(alpha)
            answers.append([Candidate(area, 0.9, "", alpha)] if area else [])
        return answers


def disc(height, width, x, y, radius):
    rows, columns = np.mgrid[0:height, 0:width]
    inside = np.hypot((columns + 0.5) - x * width, (rows + 0.5) - y * height) < radius * height
    return inside.astype(np.float32)


@pytest.fixture
def photo():
    """A photo with a red disc of a tenth of its height on grey."""
    truth = disc(FULL_H, FULL_W, 0.3, 0.6, 0.1)
    pixels = np.full((FULL_H, FULL_W, 3), 0.4, np.float32)
    pixels[truth > 0] = (0.9, 0.1, 0.1)
    return pixels


@pytest.fixture
def crop(photo):
    def render(area):
        rows = slice(round(area.top * FULL_H), round(area.bottom * FULL_H))
        columns = slice(round(area.left * FULL_W), round(area.right * FULL_W))
        return photo[rows, columns]

    return render


CLICK = Prompt((Click(0.3, 0.6),))
EXACT = cv2.resize(disc(FULL_H, FULL_W, 0.3, 0.6, 0.1), (W, H), interpolation=cv2.INTER_AREA)


def first_look(engine, photo):
    small = cv2.resize(photo, (W, H), interpolation=cv2.INTER_AREA)
    ((found,),) = engine.ask(engine.look(small), [CLICK])
    return found


def test_a_second_look_draws_a_small_thing_much_more_exactly(photo, crop):
    engine = ColourEngine()
    found = first_look(engine, photo)
    finer = look_closer(engine, found, CLICK, crop)
    before, after = np.abs(found.alpha - EXACT).mean(), np.abs(finer.alpha - EXACT).mean()
    assert finer.alpha.shape == (H, W)
    assert after < 0.4 * before
    assert agreement(finer.alpha, EXACT) > 0.9
    assert finer.area == bounds(finer.alpha)


def test_the_click_and_the_box_are_asked_at_their_places_in_the_part(photo, crop):
    engine = ColourEngine()
    found = first_look(engine, photo)
    seen = []
    look_closer(engine, found, CLICK, lambda area: seen.append(area) or crop(area))
    (area,), asked = seen, engine.asked[-1]
    (click,) = asked.clicks
    assert area.left + click.x * (area.right - area.left) == pytest.approx(0.3)
    assert area.top + click.y * (area.bottom - area.top) == pytest.approx(0.6)
    for part, whole, low, high in (
        (asked.area.left, found.area.left, area.left, area.right),
        (asked.area.bottom, found.area.bottom, area.top, area.bottom),
    ):
        assert low + part * (high - low) == pytest.approx(whole)
    assert area.left < found.area.left < found.area.right < area.right


def test_a_box_alone_is_asked_again_with_a_click_inside_the_thing(photo, crop):
    engine = ColourEngine()
    found = first_look(engine, photo)
    finer = look_closer(engine, found, Prompt((), found.area), crop)
    assert [c.include for c in engine.asked[-1].clicks] == [True]
    assert agreement(finer.alpha, EXACT) > 0.9


def test_what_fills_the_view_is_not_looked_at_again(crop):
    engine = ColourEngine()
    found = Candidate(Area(0, 0, 1, 0.9), 0.8, "", np.ones((H, W), np.float32))
    assert look_closer(engine, found, CLICK, crop) is found
    assert engine.looks == 0


def test_a_second_look_that_sees_another_thing_is_dropped(photo, crop):
    engine = ColourEngine()
    found = first_look(engine, photo)
    elsewhere = Prompt((Click(found.area.left - 0.01, found.area.top - 0.01),))
    assert look_closer(engine, found, elsewhere, crop) is found


def test_a_candidate_without_a_mask_is_a_mistake_of_the_caller(crop):
    with pytest.raises(ValueError, match="has an alpha"):
        look_closer(ColourEngine(), Candidate(Area(0, 0, 0.1, 0.1), 0.5), CLICK, crop)


def test_the_innermost_point_is_the_centre_of_a_disc_and_lies_inside_a_ring():
    click = innermost(disc(90, 120, 0.4, 0.5, 0.3))
    assert (click.x, click.y) == (pytest.approx(0.4, abs=0.01), pytest.approx(0.5, abs=0.01))
    ring = disc(90, 120, 0.5, 0.5, 0.4) - disc(90, 120, 0.5, 0.5, 0.2)
    click = innermost(ring)
    assert ring[int(click.y * 90), int(click.x * 120)] == 1


def test_the_innermost_point_keeps_away_from_the_border_of_the_view():
    alpha = np.zeros((40, 40), np.float32)
    alpha[:, :20] = 1
    click = innermost(alpha)
    assert 0.2 < click.x < 0.3
    assert 0.2 < click.y < 0.8


def test_a_prompt_for_a_mask_points_at_it():
    prompt = prompt_for(disc(100, 100, 0.5, 0.5, 0.2))
    assert prompt.area == Area(0.3, 0.3, 0.7, 0.7)
    assert prompt.clicks[0].x == pytest.approx(0.5, abs=0.01)
    with pytest.raises(ValueError, match="empty"):
        prompt_for(np.zeros((5, 5), np.float32))


def test_agreement_is_the_iou_and_symmetric():
    first, second = disc(60, 60, 0.4, 0.5, 0.3), disc(60, 60, 0.6, 0.5, 0.3)
    expected = (first * second).sum() / np.maximum(first, second).sum()
    assert agreement(first, second) == pytest.approx(expected)
    assert agreement(second, first) == agreement(first, second)
    assert agreement(first, first) == 1
    assert agreement(first * 0, first * 0) == 0


def test_bounds_are_in_fractions_and_none_for_nothing():
    alpha = np.zeros((10, 20), np.float32)
    assert bounds(alpha) is None
    alpha[2:5, 4:9] = 0.6
    assert bounds(alpha) == Area(0.2, 0.2, 0.45, 0.5)

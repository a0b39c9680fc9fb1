"""Every target of a plan becomes a mask, by the best engine at hand, and says which that was."""

import gc

import numpy as np
import pytest
from stillbytes.engine.errors import CancelledError, ModelMissingError
from stillbytes.engine.framing import Framing
from stillbytes.engine.masks import resolve as module
from stillbytes.engine.masks.frame import render_mask
from stillbytes.engine.masks.ports import Area, Candidate, Segmenters
from stillbytes.engine.masks.resolve import resolve
from stillbytes.engine.photo import Photo
from stillbytes.engine.plan.schema import (
    WHOLE,
    BoxTarget,
    ColorRange,
    LuminanceRange,
    Phrase,
    Points,
    Region,
)
from stillbytes.engine.tiles import no_progress


@pytest.fixture
def pixels():
    """Blue sky over dark ground, with a red ball on the left and a yellow one on the right, 160 x 240."""
    rng = np.random.default_rng(2)
    pixels = np.empty((160, 240, 3), np.float32)
    pixels[:70] = np.linspace((0.12, 0.25, 0.65), (0.3, 0.45, 0.75), 70, dtype=np.float32)[:, None]
    pixels[70:] = np.float32((0.05, 0.07, 0.02)) * rng.uniform(0.4, 1.8, (90, 240, 1)).astype(np.float32)
    y, x = np.mgrid[:160, :240]
    pixels[np.hypot(x - 70, y - 105) < 30] = (0.7, 0.04, 0.03)
    pixels[np.hypot(x - 180, y - 110) < 25] = (0.7, 0.5, 0.02)
    return pixels


@pytest.fixture
def photo(pixel_source, pixels):
    return Photo(pixel_source(pixels, "display"))


@pytest.fixture
def red(pixels):
    return (pixels[..., 0] > 0.6) & (pixels[..., 1] < 0.1)


@pytest.fixture
def yellow(pixels):
    return (pixels[..., 0] > 0.6) & (pixels[..., 1] > 0.4)


def iou(alpha, truth):
    found = alpha >= 0.5
    return (found & truth).sum() / max((found | truth).sum(), 1)


class Balls:
    """A detector that knows one word, and finds red and yellow things by their colour."""

    name = "ball finder"
    vocabulary = frozenset({"ball"})

    def __init__(self, with_alpha=True):
        self.with_alpha, self.asked = with_alpha, []

    def detect(self, view, phrase):
        self.asked.append(phrase)
        found = []
        for green_above, score in ((0.0, 0.9), (0.5, 0.8)):
            mask = (view[..., 0] > 0.7) & ((view[..., 1] > 0.5) == (green_above > 0))
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            height, width = mask.shape
            area = Area(columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)
            found.append(Candidate(area, score, "ball", mask.astype(np.float32) if self.with_alpha else None))
        return found


class Colors:
    """A promptable engine that gives whatever has about the colour under the first click or the box's centre."""

    name = "colour pointer"

    def __init__(self):
        self.looks = 0

    def look(self, view):
        self.looks += 1
        return view

    def ask(self, looked, prompts):
        answers = []
        for prompt in prompts:
            area = prompt.area
            x, y = (
                (prompt.clicks[0].x, prompt.clicks[0].y)
                if prompt.clicks
                else ((area.left + area.right) / 2, (area.top + area.bottom) / 2)
            )
            height, width = looked.shape[:2]
            here = looked[min(int(y * height), height - 1), min(int(x * width), width - 1)]
            mask = np.abs(looked - here).max(axis=2) < 0.15
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            box = Area(columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)
            answers.append([Candidate(box, 0.95, alpha=mask.astype(np.float32))])
        return answers

    def everything(self, looked, points_per_side=16, progress=no_progress):
        progress(0, points_per_side**2)
        at = (np.arange(4) + 0.5) / 4
        from stillbytes.engine.masks.ports import Click, Prompt

        return [c for answer in self.ask(looked, [Prompt((Click(x, y),)) for x in at for y in at]) for c in answer]


class Classes:
    """A semantic engine that calls blue pixels sky."""

    name = "classes"
    vocabulary = frozenset({"sky", "person"})

    def classify(self, view, labels):
        blue = (view[..., 2] > view[..., 0] + 0.1).astype(np.float32)
        return {label: blue if label == "sky" else np.zeros_like(blue) for label in labels}


def test_whole_is_everything(photo):
    selection, mask = resolve(photo, WHOLE)
    assert selection.coverage == 1
    assert render_mask(photo, mask).min() == 1


def test_the_built_in_engine_finds_the_sky_without_any_model(photo):
    selection, mask = resolve(photo, Region("sky"))
    alpha = render_mask(photo, mask)
    assert selection.engine == "built-in"
    assert alpha[:60].mean() > 0.97
    assert alpha[85:].mean() < 0.03


def test_inverting_a_target_is_its_complement(photo):
    sky, others = (resolve(photo, Region("sky", invert=invert)) for invert in (False, True))
    np.testing.assert_allclose(render_mask(photo, sky[1]) + render_mask(photo, others[1]), 1, atol=1 / 128)
    assert others[0].coverage == pytest.approx(1 - sky[0].coverage)


def test_the_background_is_what_the_subject_leaves(photo):
    subject, background = (resolve(photo, Region(kind))[0] for kind in ("subject", "background"))
    assert subject.found
    np.testing.assert_array_equal(background.alpha, 1 - subject.alpha)


def test_tones_and_colours_are_selected_by_pixel(photo, pixels, red, yellow):
    bright = render_mask(photo, resolve(photo, LuminanceRange(low=0.5, high=1.0, feather=0.05))[1])
    assert bright[yellow].mean() > 0.9
    assert bright[75:][~(red | yellow)[75:]].mean() < 0.05
    reds = render_mask(photo, resolve(photo, ColorRange(hue_deg=0, width_deg=25))[1])
    assert iou(reds, red) > 0.9


def test_tones_that_are_not_there_are_nothing_found(pixel_source):
    dark = Photo(pixel_source(np.full((30, 40, 3), 0.001, np.float32), "display"))
    selection, mask = resolve(dark, LuminanceRange(low=0.9, high=1.0))
    assert not selection.found
    assert "No tone" in selection.reason
    assert render_mask(dark, mask).max() == 0


def test_a_box_and_a_point_give_the_thing_there(photo, red):
    boxed = BoxTarget(left=35 / 240, top=70 / 160, right=105 / 240, bottom=140 / 160)
    assert iou(render_mask(photo, resolve(photo, boxed)[1]), red) > 0.9
    point = Points(include=((70 / 240, 105 / 160),))
    assert iou(render_mask(photo, resolve(photo, point)[1]), red) > 0.85


def test_positions_are_those_of_the_photo_as_it_is_turned(photo, pixels, red):
    turned = photo.with_framing(Framing().turned(1))
    point = Points(include=(((160 - 105) / 160, 70 / 240),))
    alpha = render_mask(turned, resolve(turned, point)[1])
    assert iou(alpha, np.rot90(red, -1)) > 0.85


@pytest.mark.parametrize(
    ("text", "truth"), [("the red parts", "red"), ("everything yellow", "yellow"), ("reds", "red")]
)
def test_phrases_for_colours_need_no_model(photo, request, text, truth):
    selection, mask = resolve(photo, Phrase(text=text))
    assert iou(render_mask(photo, mask), request.getfixturevalue(truth)) > 0.85
    assert selection.engine == "built-in"


def test_parts_of_a_phrase_add_up(photo, red):
    alpha = render_mask(photo, resolve(photo, Phrase(text="the sky and the red areas"))[1])
    assert alpha[:60].mean() > 0.97
    assert alpha[red].mean() > 0.9


@pytest.mark.parametrize("text", ["the red car", "a dog on the left", "sign"])
def test_a_thing_that_no_engine_at_hand_knows_is_said(photo, text):
    with pytest.raises(ModelMissingError, match="needs a segmentation model"):
        resolve(photo, Phrase(text=text))


def test_a_detector_finds_by_name_and_place(photo, red, yellow):
    segmenters = Segmenters(detectors=(Balls(),))
    for text, truth in (("the ball on the left", red), ("the right ball", yellow), ("all balls", red | yellow)):
        selection, mask = resolve(photo, Phrase(text=text), segmenters)
        assert iou(render_mask(photo, mask), truth) > 0.9, text
        assert selection.engine == "ball finder"
        assert selection.confidence in (0.9, 0.8)


def test_boxes_of_a_detector_become_masks_by_the_promptable_engine_or_by_the_built_in_cut(photo, red):
    boxes = Balls(with_alpha=False)
    for segmenters, engine in (
        (Segmenters(detectors=(boxes,)), "ball finder"),
        (Segmenters((Colors(),), (boxes,)), "ball finder with colour pointer"),
    ):
        selection, mask = resolve(photo, Phrase(text="the left ball"), segmenters)
        assert iou(render_mask(photo, mask), red) > 0.9
        assert selection.engine == engine


def test_nothing_found_by_a_detector_is_an_answer_with_a_reason(photo):
    segmenters = Segmenters(detectors=(Balls(),))
    segmenters.detectors[0].detect = lambda view, phrase: []
    selection, mask = resolve(photo, Phrase(text="the ball"), segmenters)
    assert not selection.found
    assert selection.reason == "ball finder sees no ball."
    assert render_mask(photo, mask).max() == 0


def test_auto_takes_the_learned_engine_and_says_so(photo, red):
    segmenters = Segmenters((Colors(),), (), (Classes(),))
    assert resolve(photo, Region("sky"), segmenters)[0].engine == "classes"
    selection, mask = resolve(photo, Points(include=((70 / 240, 105 / 160),)), segmenters)
    assert selection.engine == "colour pointer"
    assert iou(render_mask(photo, mask), red) > 0.9
    assert resolve(photo, Region("sky"), segmenters, "built-in")[0].engine == "built-in"


def test_a_learned_engine_that_does_not_know_the_target_leaves_it_to_the_built_in_one(photo):
    assert resolve(photo, Region("sky"), Segmenters(detectors=(Balls(),)))[0].engine == "built-in"


def test_an_engine_may_be_named_by_its_kind_or_its_name(photo):
    segmenters = Segmenters((), (), (Classes(),))
    for engine in ("semantic", "classes"):
        assert resolve(photo, Region("sky"), segmenters, engine)[0].engine == "classes"


@pytest.mark.parametrize("target", [Region("sky"), Region("subject", invert=True), Region("background")])
def test_a_search_among_all_things_tells_its_progress_and_can_be_cancelled(photo, target):
    told = []
    segmenters = Segmenters(promptable=(Colors(),))
    first, _ = resolve(photo, target, segmenters, "sam", lambda done, total: told.append((done, total)))
    assert told == [(0, 256)]

    def stop(done, total):
        raise CancelledError("Stopped.")

    other = Segmenters(promptable=(Colors(),))
    with pytest.raises(CancelledError):
        resolve(photo, target, other, "sam", stop)
    again, _ = resolve(photo, target, other, "sam")
    assert np.array_equal(again.alpha, first.alpha)


@pytest.mark.parametrize("engine", ["sam", "detector", "nobody"])
def test_a_named_engine_that_is_not_loaded_is_an_error(photo, engine):
    with pytest.raises(ModelMissingError, match="is loaded"):
        resolve(photo, Region("sky"), Segmenters((), (), (Classes(),)), engine)


def test_a_named_engine_that_cannot_look_for_the_target_is_an_error(photo):
    with pytest.raises(ModelMissingError, match="cannot look for points"):
        resolve(photo, Points(include=((0.5, 0.5),)), Segmenters((), (), (Classes(),)), "semantic")


def test_a_photo_is_looked_at_once_per_target_and_engine(photo):
    pointer = Colors()
    segmenters = Segmenters((pointer,))
    point = Points(include=((70 / 240, 105 / 160),))
    first = resolve(photo, point, segmenters)
    looks = pointer.looks
    cropped = photo.with_framing(Framing().cropped(0, 0, 0.5, 0.5))
    assert resolve(cropped, point, segmenters)[0] is first[0]
    assert pointer.looks == looks
    resolve(photo, Points(include=((180 / 240, 110 / 160),)), segmenters)
    assert resolve(photo, point)[0] is not first[0]


def test_only_the_latest_answers_are_kept_and_they_go_with_the_photo(pixel_source, pixels):
    photo = Photo(pixel_source(pixels, "display"))
    for hue in range(12):
        resolve(photo, ColorRange(hue_deg=hue, width_deg=20))
    assert len(module._sources[photo.source].known) == module._KEEP
    gc.collect()
    known = len(module._sources)
    del photo
    gc.collect()
    assert len(module._sources) == known - 1


def test_people_without_a_model_are_the_subject_if_it_shows_skin(pixel_source):
    rng = np.random.default_rng(8)
    wall = np.float32((0.2, 0.3, 0.35)) * rng.uniform(0.9, 1.1, (200, 150, 1)).astype(np.float32)
    wall[60:170, 50:100] = (0.02, 0.05, 0.25)
    y, x = np.mgrid[:200, :150]
    wall[np.hypot((x - 75) / 16, (y - 45) / 20) < 1] = (0.55, 0.3, 0.2)
    selection, _ = resolve(Photo(pixel_source(wall, "display")), Region("person"))
    assert selection.found
    assert selection.confidence <= 0.5
    assert "cannot tell" in selection.reason


def test_a_subject_without_skin_is_no_person(pixel_source):
    wall = np.full((150, 150, 3), 0.3, np.float32) * np.random.default_rng(1).uniform(0.95, 1.05, (150, 150, 1))
    wall[50:110, 50:100] = (0.02, 0.5, 0.05)
    selection, _ = resolve(Photo(pixel_source(wall.astype(np.float32), "display")), Region("person"))
    assert not selection.found
    assert "no person" in selection.reason

"""A plan becomes edits and framing of one photo, and every step says what it did."""

import numpy as np
import pytest
from stillbytes.engine.errors import CancelledError
from stillbytes.engine.photo import Photo
from stillbytes.engine.plan.apply import apply_plan
from stillbytes.engine.plan.schema import EditPlan
from stillbytes.engine.plan.validate import parse_plan

ADJUST_SKY = {"op": "adjust", "target": {"kind": "sky"}, "settings": {"exposure_ev": -1}}


def plan_of(*steps):
    return parse_plan({"version": 1, "steps": list(steps)})


@pytest.fixture
def landscape(pixel_source):
    """A blue sky that brightens towards a sharp skyline, over dark rough ground."""
    rng = np.random.default_rng(3)
    pixels = np.empty((240, 360, 3), np.float32)
    height = np.linspace(0, 1, 130, dtype=np.float32)[:, None, None]
    pixels[:130] = np.float32((0.12, 0.25, 0.6)) * (1 - height) + np.float32((0.5, 0.62, 0.8)) * height
    pixels[130:] = np.float32((0.07, 0.06, 0.03)) * rng.uniform(0.3, 1.8, (110, 360, 1)).astype(np.float32)
    return Photo(pixel_source(pixels, "display"))


@pytest.fixture
def gray(pixel_source):
    return Photo(pixel_source(np.full((40, 60, 3), 0.18, np.float32)))


def test_an_empty_plan_changes_nothing(gray):
    photo, report = apply_plan(gray, EditPlan())
    assert photo is gray
    assert report.lines() == ["The plan has no steps: the photo stays as it is."]


def test_one_ev_on_the_whole_scene_doubles_its_light(gray):
    photo, report = apply_plan(gray, plan_of({"op": "adjust", "settings": {"exposure_ev": 1}}))
    np.testing.assert_allclose(photo.render(), 0.36, rtol=1e-5)
    assert report.steps[0].outcome == "done"
    assert report.steps[0].coverage == 1.0
    assert report.lines()[0] == "1. Whole photo: brighter by 1 EV. Done."


def test_a_sky_step_darkens_the_sky_and_leaves_the_ground_alone(landscape):
    before = landscape.render()
    photo, report = apply_plan(landscape, plan_of(ADJUST_SKY))
    after = photo.render()
    step = report.steps[0]
    assert step.outcome == "done"
    assert 0.4 < step.coverage < 0.65
    assert 0 < step.confidence <= 1
    assert step.engine
    assert step.reason
    assert step.milliseconds > 0
    assert after[:100].mean() < 0.6 * before[:100].mean()
    np.testing.assert_array_equal(after[170:], before[170:])
    assert "% of the photo, confidence" in step.sentence


def test_an_inverted_target_is_the_rest_of_the_photo(landscape):
    inverted = {**ADJUST_SKY, "target": {"kind": "sky", "invert": True}}
    before = landscape.render()
    photo, report = apply_plan(landscape, plan_of(inverted))
    after = photo.render()
    np.testing.assert_array_equal(after[:90], before[:90])
    assert after[170:].mean() < 0.6 * before[170:].mean()
    _, direct = apply_plan(landscape, plan_of(ADJUST_SKY))
    assert report.steps[0].coverage == pytest.approx(1 - direct.steps[0].coverage)


def test_a_sky_that_is_not_there_is_left_out_and_said(pixel_source):
    rng = np.random.default_rng(9)
    ground = np.float32((0.1, 0.06, 0.03)) * rng.uniform(0.2, 1.8, (200, 300, 1)).astype(np.float32)
    start = Photo(pixel_source(ground, "display"))
    photo, report = apply_plan(start, plan_of(ADJUST_SKY, {"op": "flip", "axis": "horizontal"}))
    assert [step.outcome for step in report.steps] == ["nothing found", "done"]
    assert photo.edits == ()
    assert "nothing found" in report.lines()[0]
    assert report.done == 1


@pytest.mark.parametrize(
    ("step", "word"),
    [
        ({"op": "adjust", "target": {"kind": "phrase", "text": "the red car"}, "settings": {}}, "segmentation"),
        (
            {"op": "adjust", "target": {"kind": "phrase", "text": "a car"}, "settings": {"contrast": 5}},
            "segmentation",
        ),
        ({"op": "remove", "target": {"kind": "phrase", "text": "the sign"}}, "model"),
        ({"op": "blur", "target": {"kind": "phrase", "text": "the sign"}}, "segmentation"),
        ({"op": "upscale"}, "model"),
        ({"op": "straighten"}, "angle"),
    ],
)
def test_what_cannot_be_done_is_left_out_with_a_reason(gray, step, word):
    photo, report = apply_plan(gray, plan_of(step))
    assert photo.edits == ()
    assert photo.framing == gray.framing
    assert report.steps[0].outcome == "not possible"
    assert word in report.steps[0].reason
    assert "Left out" in report.lines()[0]


def test_framing_steps_add_up(gray):
    photo, _ = apply_plan(gray, plan_of({"op": "rotate", "quarter_turns": 1}, {"op": "crop", "aspect": "1:1"}))
    assert photo.size == (40, 40)
    photo, _ = apply_plan(gray, plan_of({"op": "crop", "right": 0.5}, {"op": "crop", "bottom": 0.5}))
    assert photo.size == (30, 20)
    photo, _ = apply_plan(gray, plan_of({"op": "flip", "axis": "vertical"}, {"op": "flip", "axis": "vertical"}))
    assert photo.framing == gray.framing


def test_straightening_beyond_45_degrees_in_all_is_not_possible(gray):
    steps = [{"op": "straighten", "angle_deg": 30}, {"op": "straighten", "angle_deg": 30}]
    photo, report = apply_plan(gray, plan_of(*steps))
    assert [step.outcome for step in report.steps] == ["done", "not possible"]
    assert photo.framing.angle_deg == 30


def test_one_plan_fits_many_photos_and_is_deterministic(gray, landscape):
    plan = plan_of(ADJUST_SKY, {"op": "adjust", "settings": {"contrast": 10}})
    first, again = apply_plan(landscape, plan)[0].render(), apply_plan(landscape, plan)[0].render()
    np.testing.assert_array_equal(first, again)
    assert len(apply_plan(gray, plan)[1].steps) == 2


def test_progress_counts_steps_and_can_cancel(gray):
    seen = []

    def progress(done, total):
        seen.append((done, total))
        if done == 1:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        apply_plan(gray, plan_of(*[{"op": "flip", "axis": "vertical"}] * 3), progress)
    assert seen == [(0, 3), (1, 3)]


def test_the_report_as_json_has_plain_values(gray):
    _, report = apply_plan(gray, plan_of({"op": "flip", "axis": "vertical"}))
    (entry,) = report.to_json()
    assert entry["number"] == 1
    assert entry["op"] == "flip"
    assert entry["target"] == "the frame"
    assert entry["coverage"] is None


@pytest.fixture
def wall_with_a_box(pixel_source):
    """A rough grey wall with a red box, and the plan's target that holds it."""
    rng = np.random.default_rng(6)
    pixels = (0.3 * rng.uniform(0.8, 1.2, (120, 180, 1)) * np.ones(3)).astype(np.float32)
    pixels[50:70, 80:104] = (0.6, 0.02, 0.02)
    return Photo(pixel_source(pixels)), {"kind": "box", "left": 0.43, "top": 0.40, "right": 0.59, "bottom": 0.60}


def test_a_remove_step_takes_the_thing_away_and_says_how(wall_with_a_box):
    start, target = wall_with_a_box
    photo, report = apply_plan(start, plan_of({"op": "remove", "target": target}))
    after = photo.render()
    place = after[50:70, 80:104]
    assert np.abs(place[..., 0] - place[..., 1]).max() < 0.1
    assert report.steps[0].outcome == "done"
    assert "Filled 1 place" in report.lines()[0]
    np.testing.assert_array_equal(after[:25], start.render()[:25])


def test_what_is_to_go_goes_before_the_other_steps_look_for_their_targets(wall_with_a_box):
    start, target = wall_with_a_box
    remove, darken = {"op": "remove", "target": target}, {"op": "adjust", "settings": {"exposure_ev": -1}}
    one, other = (apply_plan(start, plan_of(*steps)) for steps in ((remove, darken), (darken, remove)))
    np.testing.assert_array_equal(one[0].render(), other[0].render())
    assert [step.op for step in other[1].steps] == ["adjust", "remove"]


def test_removing_everything_is_not_possible_and_says_why(wall_with_a_box):
    start, _ = wall_with_a_box
    everything = {"kind": "luminance_range", "low": 0.0, "high": 1.0}
    photo, report = apply_plan(start, plan_of({"op": "remove", "target": everything}))
    assert photo is start
    assert report.steps[0].outcome == "not possible"
    assert "nothing left" in report.steps[0].reason


def test_lens_blur_softens_its_target_and_leaves_the_rest_alone(landscape):
    before = landscape.render()
    photo, report = apply_plan(landscape, plan_of({"op": "blur", "target": {"kind": "sky", "invert": True}}))
    after = photo.render()
    assert report.steps[0].outcome == "done"
    np.testing.assert_array_equal(after[:90], before[:90])
    assert np.abs(np.diff(after[180:, :, 1])).mean() < 0.5 * np.abs(np.diff(before[180:, :, 1])).mean()


def test_a_blur_of_nothing_is_no_edit(gray):
    photo, report = apply_plan(gray, plan_of({"op": "blur", "amount": 0}))
    assert photo.edits == ()
    assert report.steps[0].outcome == "done"


def test_an_automatic_step_becomes_numbers_that_give_the_same_pixels(landscape):
    photo, report = apply_plan(landscape, plan_of({"op": "auto", "part": "tone"}))
    concrete = report.steps[0].concrete
    assert concrete["op"] == "adjust"
    assert concrete["settings"]
    assert "Automatic tone. Done: Whole photo: " in report.steps[0].sentence
    again, _ = apply_plan(landscape, plan_of(concrete))
    np.testing.assert_array_equal(again.render(), photo.render())


def test_automatic_settings_do_not_undo_a_step_before_them(landscape):
    darker = {"op": "adjust", "settings": {"exposure_ev": -2}}
    _, alone = apply_plan(landscape, plan_of({"op": "auto"}))
    _, after = apply_plan(landscape, plan_of(darker, {"op": "auto"}))
    assert after.steps[1].concrete == alone.steps[0].concrete


def test_a_photo_is_straightened_by_what_it_shows(pixel_source):
    y, x = np.mgrid[0:300, 0:400]
    turn = np.radians(3.0)
    down = (y - 150) * np.cos(turn) - (x - 200) * np.sin(turn)
    bars = np.where((down // 25) % 2 == 0, 0.6, 0.1)[..., None] * np.ones(3)
    photo, report = apply_plan(Photo(pixel_source(bars, "display")), plan_of({"op": "straighten"}))
    assert report.steps[0].concrete["angle_deg"] == pytest.approx(-3.0, abs=0.2)
    assert photo.framing.angle_deg == report.steps[0].concrete["angle_deg"]


def test_everything_but_a_phrase_that_needs_no_model(landscape):
    step = {"op": "adjust", "target": {"kind": "phrase", "text": "the sky", "invert": True}}
    photo, _ = apply_plan(landscape, plan_of({**step, "settings": {"exposure_ev": -1}}))
    before, after = landscape.render(), photo.render()
    np.testing.assert_array_equal(after[:90], before[:90])
    assert after[170:].mean() < 0.6 * before[170:].mean()


@pytest.mark.parametrize(("sure", "warns"), [(0.0, False), (1.01, True)])
def test_a_blur_warns_where_the_built_in_engine_is_not_sure_of_its_mask(landscape, monkeypatch, sure, warns):
    monkeypatch.setattr("stillbytes.engine.plan.apply._SURE", sure)
    (step,) = apply_plan(landscape, plan_of({"op": "blur", "target": {"kind": "sky"}, "amount": 40}))[1].steps
    assert step.outcome == "done"
    assert ("unsure" in step.sentence) == warns
    (whole,) = apply_plan(landscape, plan_of({"op": "blur", "amount": 40}))[1].steps
    assert "unsure" not in whole.sentence


def test_what_is_hardly_more_than_a_guess_is_not_removed(landscape, monkeypatch):
    monkeypatch.setattr("stillbytes.engine.plan.apply.LEAST_SURE", 1.01)
    guessed = {"op": "remove", "target": {"kind": "phrase", "text": "the sky"}}
    photo, report = apply_plan(landscape, plan_of(guessed))
    assert report.steps[0].outcome == "not possible"
    assert "too unsure" in report.steps[0].sentence
    assert photo.source is landscape.source
    shown = {"op": "remove", "target": {"kind": "points", "include": [[0.5, 0.2]]}}
    assert apply_plan(landscape, plan_of(shown))[1].steps[0].outcome == "done"


DARK_GROUND = {"op": "auto", "part": "exposure", "target": {"kind": "luminance_range", "low": 0, "high": 0.3}}


def test_automatic_settings_of_a_part_go_onto_the_part(landscape):
    photo, report = apply_plan(landscape, plan_of(DARK_GROUND))
    (step,) = report.steps
    assert step.outcome == "done"
    assert step.concrete["target"] == DARK_GROUND["target"]
    assert step.concrete["settings"]["exposure_ev"] > 0.3
    assert 0 < step.coverage < 1
    before, after = landscape.render(), photo.render()
    assert after[200:].mean() > 1.2 * before[200:].mean()
    np.testing.assert_array_equal(after[100:120], before[100:120])


def test_a_part_that_is_not_there_gets_no_automatic_settings(landscape):
    nowhere = {"op": "auto", "target": {"kind": "color_range", "hue_deg": 300}}
    photo, report = apply_plan(landscape, plan_of(nowhere))
    assert photo is landscape
    assert report.steps[0].outcome == "nothing found"

"""The form in which models write plans: whole numbers, every key there, and always a valid plan on the way back."""

import json
import re

import pytest
from stillbytes.engine.develop.settings import HUES, SETTINGS, DevelopSettings, Grade, HueShift
from stillbytes.engine.errors import PlanInvalidError
from stillbytes.engine.plan.llm.shapes import OneOf, Settings
from stillbytes.engine.plan.llm.wire import MAX_STEPS, read_answer, reply_shape, shape_of, write_answer
from stillbytes.engine.plan.schema import (
    WHOLE,
    Adjust,
    BoxTarget,
    Crop,
    EditPlan,
    Expand,
    Flip,
    Generate,
    LuminanceRange,
    Phrase,
    Points,
    Region,
    Remove,
    Restyle,
    Rotate,
    Straighten,
    Upscale,
)
from stillbytes.engine.plan.validate import parse_plan, plan_schema, plan_to_json

SETTINGS_OF_ALL_KINDS = DevelopSettings(
    exposure_ev=-0.35,
    contrast=20.0,
    sharpen_radius_px=1.5,
    color_mixer={"green": HueShift(saturation=-40.0), "blue": HueShift(luminance=-15.0)},
    color_grading={"shadows": Grade(hue=200.0, saturation=12.0)},
    curve={"rgb": ((0.0, 0.02), (0.5, 0.55), (1.0, 1.0))},
)
PLAN = EditPlan(
    summary="One step of every kind that has a value of its own.",
    steps=(
        Adjust(WHOLE, SETTINGS_OF_ALL_KINDS),
        Adjust(Region("sky", True), DevelopSettings(dehaze=30.0)),
        Crop(0.1, 0.0, 0.9, 1.0, "16:9"),
        Straighten(-2.5),
        Remove(Phrase(text="the sign on the left")),
        Generate(BoxTarget(left=0.2, top=0.3, right=0.6, bottom=0.9), "a red kite"),
        Expand(0.25, 0.0, 0.0, 0.1),
        Upscale(2.5),
    ),
)
MORE = EditPlan(
    steps=(
        Straighten(),
        Rotate(3),
        Flip("vertical"),
        Restyle("watercolour", 60.0),
        Remove(Points(include=((0.5, 0.25), (0.6, 0.3)), exclude=((0.1, 0.1),))),
        Adjust(LuminanceRange(low=0.0, high=0.3, feather=0.2), DevelopSettings(shadows=25.0)),
    ),
)


def steps_shape():
    shape = reply_shape().steps.item
    assert isinstance(shape, OneOf)
    return shape


def answer(*steps, **more):
    return json.dumps({"summary": "", "steps": list(steps), "not_understood": []} | more)


def adjust(*settings, target=None):
    return {"op": "adjust", "target": target or {"kind": "whole"}, "settings": list(settings)}


def inner_schemas(value):
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from inner_schemas(part)
    elif isinstance(value, list):
        for part in value:
            yield from inner_schemas(part)


@pytest.mark.parametrize("plan", [PLAN, MORE, EditPlan()])
def test_a_plan_written_and_read_again_is_the_same_plan(plan):
    reading = read_answer(write_answer(plan, ("the moon",)))
    assert reading.plan == plan
    assert reading.not_understood == ("the moon",)
    assert (reading.clamped, reading.dropped, reading.cut) == ((), (), False)


def test_every_step_and_every_target_of_a_plan_can_be_written():
    schema = plan_schema()["$defs"]
    ops = {entry["properties"]["op"]["const"] for entry in schema["step"]["oneOf"]}
    assert {name for name, _ in steps_shape().kinds} == ops
    target = next(key.shape for shape in steps_shape().shapes for key in shape.keys if key.name == "target")
    kinds = {
        kind
        for entry in schema["target"]["oneOf"]
        for kind in entry["properties"]["kind"].get("enum", [entry["properties"]["kind"].get("const")])
    }
    assert {name for name, _ in target.kinds} == kinds


def test_every_setting_can_be_written():
    settings = next(key.shape for shape in steps_shape().shapes for key in shape.keys if key.name == "settings")
    assert isinstance(settings, Settings)
    paths = {leaf.path for leaf in settings.leaves}
    assert {(name,) for name in SETTINGS} <= paths
    assert {("color_mixer", hue, part) for hue in HUES for part in ("hue", "saturation", "luminance")} <= paths
    assert len({leaf.name for leaf in settings.leaves}) == len(settings.leaves)


def test_the_schema_has_whole_numbers_bounds_and_required_keys_only():
    for schema in inner_schemas(reply_shape().schema()):
        if "properties" in schema and schema.get("type") == "object":
            assert schema["required"] == list(schema["properties"])
            assert schema["additionalProperties"] is False
        match schema.get("type"):
            case "integer":
                assert isinstance(schema["minimum"], int)
                assert schema["minimum"] < schema["maximum"]
            case "string":
                assert schema["maxLength"] <= 240
            case "array":
                assert schema["maxItems"] <= MAX_STEPS
        assert "pattern" not in schema
        assert schema.get("type") != "number"


def test_what_is_written_obeys_the_published_schema():
    jsonschema = pytest.importorskip("jsonschema")
    for plan in (PLAN, MORE, EditPlan()):
        validator = jsonschema.Draft202012Validator(reply_shape().schema())
        assert [error.message for error in validator.iter_errors(json.loads(write_answer(plan)))] == []


def test_names_say_their_unit():
    written = json.loads(write_answer(PLAN))["steps"]
    assert {"exposure_ev_x100": -35} in written[0]["settings"]
    assert {"sharpen_radius_px_x10": 15} in written[0]["settings"]
    assert written[2]["left_percent"] == 10
    assert written[3]["angle_deg_x10"] == -25
    assert written[7]["factor_x10"] == 25


def test_a_value_outside_its_range_is_clamped_and_told():
    reading = read_answer(answer(adjust({"exposure_ev_x100": 900}, {"contrast": -4000.7})))
    assert reading.plan.steps == (Adjust(settings=DevelopSettings(exposure_ev=5.0, contrast=-100.0)),)
    assert len(reading.clamped) == 2
    assert "exposure_ev_x100" in reading.clamped[0]


@pytest.mark.parametrize(
    "step",
    [
        {"op": "explode"},
        {"op": ["crop"]},
        "crop",
        None,
        adjust({"contrast": "much"}),
        adjust({"contrasts": 10}),
        adjust({"contrast": True}),
        adjust({"contrast": float("nan")}),
        adjust(),
        adjust({"contrast": 10}, target={"kind": "moon"}),
        {"op": "remove", "target": {"kind": "whole"}},
        {"op": "remove", "target": {"kind": "phrase", "text": " \n "}},
        {"op": "rotate", "quarter_turns": None},
        {"op": "crop", "aspect": "wide"},
        {"op": "crop", "left_percent": 50, "right_percent": 50},
    ],
)
def test_a_step_that_cannot_be_read_is_dropped_and_the_others_stay(step):
    reading = read_answer(answer(step, {"op": "flip", "axis": "vertical"}).replace("NaN", "null"))
    assert reading.plan.steps == (Flip("vertical"),)
    assert len(reading.dropped) >= 1
    assert "steps[0]" in reading.dropped[0]


def test_sides_that_were_swapped_are_put_right():
    box = {"kind": "box", "left_percent": 80, "top_percent": 60, "right_percent": 20, "bottom_percent": 10}
    reading = read_answer(answer({"op": "remove", "target": box}))
    assert reading.plan.steps == (Remove(BoxTarget(left=0.2, top=0.1, right=0.8, bottom=0.6)),)


def test_the_sides_of_an_expansion_are_not_swapped():
    step = {"op": "expand", "left_percent": 40, "top_percent": 0, "right_percent": 0, "bottom_percent": 0}
    assert read_answer(answer(step)).plan.steps == (Expand(left=0.4),)


def test_curve_points_are_sorted_and_each_x_is_kept_once():
    reading = read_answer(answer(adjust({"curve.rgb_percent": [[100, 90], [0, 5], [50, 60], [50, 99]]})))
    assert reading.plan.steps[0].settings.curve == {"rgb": ((0.0, 0.05), (0.5, 0.6), (1.0, 0.9))}


def test_settings_may_also_come_as_one_object():
    step = {"op": "adjust", "target": {"kind": "sky"}, "settings": {"contrast": 10, "dehaze": 20}}
    assert read_answer(answer(step)).plan.steps == (Adjust(Region("sky"), DevelopSettings(contrast=10.0, dehaze=20.0)),)


def test_an_aspect_beyond_the_offered_ones_is_taken_where_the_plan_takes_it():
    assert read_answer(answer({"op": "crop", "aspect": "7:5"})).plan.steps == (Crop(aspect="7:5"),)


def test_texts_lose_what_does_not_belong_into_a_terminal():
    prompt = 'a "red"\\ \u001b[31mkite\n\ufffd'
    step = {"op": "restyle", "prompt": prompt, "strength": 50}
    assert read_answer(answer(step)).plan.steps == (Restyle("a red [31mkite"),)


def test_an_answer_cut_anywhere_gives_a_valid_plan_of_its_complete_steps():
    whole = write_answer(PLAN, ("the moon", "and stars"))
    ends = [m.end() for m in re.finditer(r"\}(?=,\{\"op\"|\],\"not_under)", whole)]
    for length in range(1, len(whole)):
        reading = read_answer(whole[:length])
        assert reading.cut
        complete = sum(end <= length for end in ends)
        assert reading.plan.steps == PLAN.steps[:complete]
        assert parse_plan(plan_to_json(reading.plan)) == reading.plan


def test_more_steps_than_fit_are_left_out():
    assert len(read_answer(answer(*[{"op": "flip", "axis": "vertical"}] * 50)).plan.steps) == MAX_STEPS


@pytest.mark.parametrize("text", ["", "no", "[]", '{"summary": "x"}', '{"steps": 3}', '{"steps": "[]"}', '{"steps":[}'])
def test_what_is_no_answer_is_an_error(text):
    with pytest.raises(PlanInvalidError):
        read_answer(text)


def test_an_unknown_kind_of_spec_is_refused():
    with pytest.raises(ValueError, match="no wire form"):
        shape_of(object(), "x")

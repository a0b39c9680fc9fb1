"""The published schema is what the reader reads; jsonschema is the judge."""

import json
import random
from pathlib import Path

import jsonschema
import pytest
from stillbytes.engine.develop.settings import HUES, SETTINGS
from stillbytes.engine.errors import PlanInvalidError
from stillbytes.engine.plan import validate
from stillbytes.engine.plan.schema import EditPlan
from stillbytes.engine.plan.validate import parse_plan, plan_schema, plan_to_json, plan_to_text, schema_text

FULL = {
    "version": 1,
    "summary": "everything once",
    "steps": [
        {
            "op": "adjust",
            "target": {"kind": "sky"},
            "settings": {
                "exposure_ev": -0.7,
                "dehaze": 20,
                "color_mixer": {"blue": {"saturation": 20, "luminance": -5}},
                "color_grading": {"shadows": {"hue": 210, "saturation": 15}},
                "curve": {"rgb": [[0, 0.05], [0.5, 0.5], [1, 1]]},
            },
        },
        {"op": "adjust", "target": {"kind": "subject", "invert": True}, "settings": {"shadows": 30}},
        {"op": "adjust", "target": {"kind": "luminance_range", "low": 0.1, "high": 0.4}, "settings": {"texture": 9}},
        {"op": "adjust", "target": {"kind": "color_range", "hue_deg": 120}, "settings": {"saturation": -20}},
        {"op": "crop", "left": 0.1, "bottom": 0.9, "aspect": "16:9"},
        {"op": "straighten", "angle_deg": -1.5},
        {"op": "straighten"},
        {"op": "rotate", "quarter_turns": 3},
        {"op": "flip", "axis": "vertical"},
        {"op": "blur", "target": {"kind": "background"}, "amount": 40},
        {"op": "remove", "target": {"kind": "phrase", "text": "the sign on the left"}},
        {"op": "remove", "target": {"kind": "box", "left": 0, "top": 0, "right": 0.2, "bottom": 0.2}},
        {"op": "generate", "target": {"kind": "points", "include": [[0.5, 0.5]]}, "prompt": "a dog\nrunning"},
        {"op": "expand", "right": 0.25},
        {"op": "restyle", "prompt": "ink drawing", "strength": 60},
        {"op": "upscale", "factor": 4},
    ],
}
ODD = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2.0,
    1e308,
    10**400,
    "",
    " ",
    "sky",
    "16:9",
    "\x1b[2J",
    [],
    {},
    [[0, 0]],
    {"kind": "sky"},
]


def places(value, found=()):
    """Yield (container, key) of everything in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield value, key
        yield from places(part)


def mutated(rng):
    plan = json.loads(json.dumps(FULL))
    plan["steps"] = rng.sample(plan["steps"], rng.randint(1, 4))
    for _ in range(rng.randint(1, 2)):
        holder, key = rng.choice(list(places(plan)))
        change = rng.randrange(4)
        if change == 0:
            holder[key] = rng.choice(ODD)
        elif change == 1 and isinstance(holder, dict):
            holder[rng.choice([*SETTINGS, *HUES, "kind", "op", "nonsense"])] = rng.choice(ODD)
        elif change == 2:
            del holder[key]
        elif isinstance(holder[key], float | int):
            holder[key] = holder[key] * rng.choice([-1, 0.5, 10, 1000])
    return plan


def refusal(plan):
    try:
        parse_plan(plan)
    except PlanInvalidError as error:
        return error.message
    return ""


def test_the_schema_file_is_current():
    file = Path(validate.__file__).with_name("plan.schema.json")
    assert file.read_text(encoding="utf-8") == schema_text(), "write validate.schema_text() to plan.schema.json"


def test_the_schema_is_a_valid_schema_and_accepts_a_full_plan():
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(FULL)


def test_schema_and_reader_agree_on_mutated_plans():
    judge = jsonschema.Draft202012Validator(plan_schema())
    rng = random.Random(11)  # noqa: S311
    accepted = refused = 0
    for _ in range(500):
        plan = mutated(rng)
        error = refusal(plan)
        between_fields = "must be at least" in error or "must be above" in error
        assert judge.is_valid(plan) == (error == "" or between_fields), (error, plan)
        accepted += error == ""
        refused += error != ""
    assert min(accepted, refused) > 50


def test_parse_and_dump_are_inverse_on_every_plan_that_parses():
    rng = random.Random(5)  # noqa: S311
    for _ in range(300):
        try:
            plan = parse_plan(mutated(rng))
        except PlanInvalidError:
            continue
        text = plan_to_text(plan)
        assert parse_plan(text) == plan
        assert plan_to_text(parse_plan(text)) == text


def test_canonical_json_leaves_neutral_values_out_and_orders_keys():
    settings = {"contrast": 10.0, "exposure_ev": -0.0, "saturation": 0, "color_mixer": {"red": {}, "blue": {"hue": 5}}}
    plan = parse_plan({"steps": [{"settings": settings, "op": "adjust"}], "version": 1})
    assert plan_to_json(plan) == {
        "version": 1,
        "summary": "",
        "steps": [
            {
                "op": "adjust",
                "target": {"kind": "whole"},
                "settings": {"contrast": 10, "color_mixer": {"blue": {"hue": 5}}},
            }
        ],
    }
    assert "10.0" not in plan_to_text(plan)


def test_equal_plans_give_equal_bytes():
    shuffled = {
        "steps": [dict(reversed(step.items())) for step in FULL["steps"]],
        "summary": FULL["summary"],
        "version": 1,
    }
    assert plan_to_text(parse_plan(shuffled)) == plan_to_text(parse_plan(FULL))


@pytest.mark.parametrize("name", list(SETTINGS))
def test_every_setting_is_bounded_by_its_own_table(name):
    low, high = SETTINGS[name].low, SETTINGS[name].high
    for value in (low, high):
        plan = parse_plan({"version": 1, "steps": [{"op": "adjust", "settings": {name: value}}]})
        assert getattr(plan.steps[0].settings, name) == value
    for value in (low - 0.01, high + 0.01):
        with pytest.raises(PlanInvalidError) as caught:
            parse_plan({"version": 1, "steps": [{"op": "adjust", "settings": {name: value}}]})
        assert caught.value.path == f"steps[0].settings.{name}"


def test_an_empty_plan_is_a_plan():
    assert parse_plan('{"version": 1}') == EditPlan()

"""What nobody vouches for is refused in one sentence that leads to the value."""

import json
import time

import pytest
from stillbytes.engine.errors import PlanInvalidError
from stillbytes.engine.plan.validate import MAX_DEPTH, MAX_TEXT_BYTES, parse_plan, plan_to_json


def adjust(settings):
    return {"version": 1, "steps": [{"op": "adjust", "settings": settings}]}


def refused(source):
    with pytest.raises(PlanInvalidError) as caught:
        parse_plan(source)
    assert "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("plan", "message", "hint", "path"),
    [
        (adjust({"contrast": 130}), "130 is above 100.", "", "steps[0].settings.contrast"),
        (adjust({"contrast": -100.5}), "-100.5 is below -100.", "", "steps[0].settings.contrast"),
        (adjust({"contrast": True}), "expected a number, found true.", "", "steps[0].settings.contrast"),
        (adjust({"contrast": "10"}), "expected a number, found '10'.", "", "steps[0].settings.contrast"),
        (adjust({"contrats": 10}), "unknown name.", "Did you mean contrast?", "steps[0].settings.contrats"),
        (adjust({"curve": {"rgb": [[0, 0], [0, 1]]}}), "x must be above", "", "steps[0].settings.curve.rgb[1]"),
        (adjust([]), "expected an object, found a list.", "", "steps[0].settings"),
        ({"version": 1, "steps": [{"op": "adjst"}]}, "'adjst' is not known.", "Did you mean adjust?", "steps[0].op"),
        ({"version": 1, "steps": [{}]}, "is missing.", "It is one of adjust", "steps[0].op"),
        ({"version": 1, "steps": [{"op": "flip"}]}, "is missing.", "", "steps[0].axis"),
        (
            {"version": 1, "steps": [{"op": "remove", "target": {"kind": "whole"}}]},
            "not known",
            "",
            "steps[0].target.kind",
        ),
        ({"version": 1, "steps": [{"op": "crop", "left": 0.5, "right": 0.4}]}, "above left", "", "steps[0].right"),
        ({"version": 1, "steps": [{"op": "crop", "aspect": "wide"}]}, "16:9", "", "steps[0].aspect"),
        (
            {"version": 1, "steps": [{"op": "rotate", "quarter_turns": 1.5}]},
            "whole number",
            "",
            "steps[0].quarter_turns",
        ),
        ({"version": 2}, "2 is newer than 1", "Update Stillbytes.", "version"),
        ({"version": "1"}, "expected 1, found '1'.", "", "version"),
        ({}, "is missing.", "", "version"),
        ({"version": 1, "summary": "x\x1b[2J"}, "control characters", "", "summary"),
        ({"version": 1, "summary": "\ud800"}, "control characters", "", "summary"),
        ({"version": 1, "steps": [{"op": "flip", "axis": "vertical"}] * 101}, "found 101", "", "steps"),
        ({"version": 1, "steps": [{"op": "restyle", "prompt": "  "}]}, "blank", "", "steps[0].prompt"),
        ({"version": 1, 7: 1}, "unknown name", "", "[7]"),
    ],
)
def test_the_error_names_the_place_and_the_fault(plan, message, hint, path):
    error = refused(plan)
    assert message in error.message
    assert hint in error.hint
    assert error.path == path
    assert error.message.startswith(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON"),
        ("{", "line 1, column 2"),
        ("[1]", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ('{"version": 1, "version": 1}', "'version' twice"),
        ('{"version": 1, "summary": NaN}', "NaN"),
        ('{"version": 1, "steps": [{"op": "adjust", "settings": {"contrast": -Infinity}}]}', "-Infinity"),
        ('{"version": 1, "steps": [{"op": "adjust", "settings": {"contrast": 1e999}}]}', "finite"),
        ('{"version": 1' + "0" * 300 + "}", "newer"),
        ('{"version": ' + "9" * 5000 + "}", "too many digits"),
        ("[" * (MAX_DEPTH + 1), "nested"),
        ('{"a":' * 50_000, "nested"),
        (" " * (MAX_TEXT_BYTES + 1), "larger than 256 KiB"),
        ('"' * 100_001, "not valid JSON"),
        ("\\" * 100_001, "not valid JSON"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_hostile_text_is_one_sentence(text, message):
    started = time.process_time()
    assert message in refused(text).message
    assert time.process_time() - started < 1.0


def test_brackets_inside_texts_do_not_count_as_nesting():
    assert parse_plan(json.dumps({"version": 1, "summary": '\\"[[[[' * 40})).summary.startswith("\\")


def test_utf8_with_a_byte_order_mark_is_read():
    assert parse_plan('\ufeff{"version": 1, "summary": "été"}'.encode()).summary == "été"


def test_values_shown_in_messages_are_short_and_printable():
    error = refused({"version": 1, "steps": [{"op": "\x1b" * 5000}]})
    assert len(error.message) < 120
    assert error.message.isprintable()


def test_a_plan_is_read_within_two_milliseconds():
    text = json.dumps(
        {
            "version": 1,
            "steps": [{"op": "adjust", "target": {"kind": "sky"}, "settings": {"contrast": 5, "shadows": 9}}] * 6,
        }
    )
    times = []
    for _ in range(15):
        started = time.process_time()
        parse_plan(text)
        times.append(time.process_time() - started)
    assert sorted(times)[7] < 0.002


def test_the_white_balance_of_a_part_is_no_plan():
    auto = {"op": "auto", "part": "white_balance", "target": {"kind": "sky"}}
    with pytest.raises(PlanInvalidError, match="white balance is for the whole photo") as error:
        parse_plan({"version": 1, "steps": [auto]})
    assert error.value.path == "steps[0].target"
    assert parse_plan({"version": 1, "steps": [{**auto, "part": "tone"}]}).steps[0].target.kind == "sky"


def test_an_automatic_step_of_the_whole_photo_is_written_without_its_target():
    plan = parse_plan({"version": 1, "steps": [{"op": "auto", "target": {"kind": "whole"}}]})
    assert plan_to_json(plan)["steps"] == [{"op": "auto"}]

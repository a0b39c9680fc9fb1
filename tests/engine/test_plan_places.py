"""A line of numbers says a box, points, tones or a colour; anything else is one sentence with an example."""

import pytest
from stillbytes.engine.errors import PlanInvalidError
from stillbytes.engine.plan.places import EXAMPLES, read_place
from stillbytes.engine.plan.schema import BoxTarget, ColorRange, LuminanceRange, Points
from stillbytes.engine.plan.validate import parse_plan


def target(kind, text):
    step = {"op": "adjust", "target": read_place(kind, text), "settings": {"contrast": 5}}
    return parse_plan({"version": 1, "steps": [step]}).steps[0].target


@pytest.mark.parametrize(
    ("kind", "text", "meant"),
    [
        ("box", "0.2, 0.1, 0.6, 0.9", BoxTarget(0.2, 0.1, 0.6, 0.9)),
        ("box", " .2 0.1  0.6 1 ", BoxTarget(0.2, 0.1, 0.6, 1.0)),
        ("box", "20%, 10 %, 60%, 90%", BoxTarget(0.2, 0.1, 0.6, 0.9)),
        ("points", "0.4, 0.5", Points(((0.4, 0.5),))),
        ("points", "0.4 0.5; 0.6 0.5;\nNot 0.1, 0.9;", Points(((0.4, 0.5), (0.6, 0.5)), ((0.1, 0.9),))),
        ("luminance_range", "0.5 to 0.8", LuminanceRange(0.5, 0.8)),
        ("luminance_range", "50 % to 80 %", LuminanceRange(0.5, 0.8)),
        ("luminance_range", "50-80%", LuminanceRange(0.5, 0.8)),
        ("luminance_range", "0.5-0.8", LuminanceRange(0.5, 0.8)),
        ("luminance_range", "0, 0.25, 0.05", LuminanceRange(0.0, 0.25, 0.05)),
        ("color_range", "220", ColorRange(220.0)),
        ("color_range", "30, 45", ColorRange(30.0, 45.0)),
    ],
)
def test_numbers_in_a_line_are_a_target(kind, text, meant):
    assert target(kind, text) == meant


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_examples_can_be_read(kind):
    assert target(kind, EXAMPLES[kind]).kind == kind


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("box", ""),
        ("box", "0.1, 0.2, 0.3"),
        ("box", "left, top, right, bottom"),
        ("box", "0.1, 0.2, 0.3, nan"),
        ("points", "0.4"),
        ("points", "0.4, 0.5, 0.6"),
        ("points", "not here"),
        ("luminance_range", "bright"),
        ("luminance_range", "0,5 to 0,8"),
        ("color_range", "blue"),
        ("color_range", "50%"),
        ("color_range", "1e9"),
    ],
)
def test_anything_else_is_one_sentence_with_an_example(kind, text):
    with pytest.raises(PlanInvalidError, match="expected") as error:
        read_place(kind, text)
    assert EXAMPLES[kind] in error.value.hint
    assert str(error.value).startswith("place: ")
    assert repr(text.removeprefix("not ")) in str(error.value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("box", "0.6, 0.1, 0.2, 0.9"), ("points", ""), ("points", "not 0.1, 0.2"), ("luminance_range", "0.8 to 0.5"),
     ("color_range", "400")],
)  # fmt: skip
def test_numbers_that_no_target_has_are_refused_as_in_any_plan(kind, text):
    with pytest.raises(PlanInvalidError):
        target(kind, text)

"""JSON out of answers as models give them."""

import pytest
from stillbytes.engine.errors import PlanInvalidError
from stillbytes.engine.plan.llm.salvage import salvage


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "steps": [{"b": 2}]}',
        'Here is the plan:\n```json\n{"a": 1, "steps": [{"b": 2}]}\n```\nEnjoy {it}!',
        '<think>{"a": 9} or rather {</think>\n{"a": 1, "steps": [{"b": 2}]}',
        '{"a": 1, "steps": [{"b": 2}]}{"a": 5}',
    ],
)
def test_the_object_is_found_whatever_surrounds_it(text):
    assert salvage(text) == ({"a": 1, "steps": [{"b": 2}]}, False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{", {}),
        ('{"a": "some tex', {}),
        ('{"a": "t", "ste', {"a": "t"}),
        ('{"a": "t", "steps": [{"b": 2}, {"c', {"a": "t", "steps": [{"b": 2}]}),
        ('{"a": "t", "steps": [{"b": [1, 2]}, {"c": [{"d": 1}, {"e', {"a": "t", "steps": [{"b": [1, 2]}]}),
        (
            '{"a": "brackets ] } in a text", "steps": [{"b": "}]"}, ',
            {"a": "brackets ] } in a text", "steps": [{"b": "}]"}]},
        ),
        ('{"steps": [{"b": 2}]', {"steps": [{"b": 2}]}),
        ('{"a": {"x": {"y": 1}, "z', {}),
    ],
)
def test_a_cut_object_keeps_what_was_complete(text, value):
    assert salvage(text) == (value, True)


@pytest.mark.parametrize("text", ["", "no object", "<think>{}", '{"a" 1}', '{"a": NaN}', '{"a": ' + "1" * 5000 + "}"])
def test_what_holds_no_object_is_an_error(text):
    with pytest.raises(PlanInvalidError):
        salvage(text)


def test_deep_nesting_is_an_error_and_not_a_crash():
    with pytest.raises(PlanInvalidError, match="nested"):
        salvage('{"a":' + "[" * 100_000)

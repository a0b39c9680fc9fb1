"""The GBNF, checked by turning it into a regular expression: it has no recursion."""

import json
import re

import pytest
from stillbytes.engine.plan.llm.grammar import gbnf, integer, literal, llguidance
from stillbytes.engine.plan.llm.prompt import examples
from stillbytes.engine.plan.llm.shapes import Array, Enum, Integer, String
from stillbytes.engine.plan.llm.wire import reply_shape, write_answer

_PARTS = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|\{[0-9]+(?:,[0-9]*)?\}|[()|?*+]|[a-z][a-z0-9-]*|\s+')


def pattern_of(grammar):
    """The grammar as a regular expression. Every rule must be defined and used as GBNF says, before it is used."""
    rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines())

    def expand(body, above):
        out, position = [], 0
        while position < len(body):
            match = _PARTS.match(body, position)
            assert match, f"not GBNF: {body[position : position + 40]}"
            part, position = match[0], match.end()
            if part[0] == '"':
                text = re.sub(r"\\(.)", r"\1", part[1:-1])
                out.append(f"(?:{re.escape(text)})")
            elif part[0].isalpha():
                assert part not in above, f"{part} is recursive"
                out.append(f"(?:{expand(rules[part], {*above, part})})")
            elif part.isspace():
                continue
            else:
                out.append("(?:" if part == "(" else part)
        return "".join(out)

    return re.compile(expand(rules["root"], {"root"}), re.DOTALL)


@pytest.fixture(scope="module")
def reply():
    return pattern_of(gbnf(reply_shape().parts()))


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 0), (0, 9), (0, 100), (-100, 100), (-500, 500), (5, 30), (1, 8), (10, 80), (-450, -17), (99, 1010)],
)
def test_an_integer_rule_takes_exactly_the_numbers_of_its_range(low, high):
    pattern = pattern_of(f"root ::= {integer(low, high)}\n")
    taken = {n for n in range(-1500, 1501) if pattern.fullmatch(str(n))}
    assert taken == set(range(low, high + 1))
    for text in ("", "-0", "00", "007", "+5", "1.0", " 5", "1e2"):
        assert not pattern.fullmatch(text)


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="no whole number"):
        integer(3, 2)


def test_the_right_answers_match(reply):
    for example in examples():
        assert reply.fullmatch(write_answer(example.plan, example.not_understood))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"contrast":20', '"contrast":101'),
        ('"contrast":20', '"contrast":2.5'),
        ('"contrast":20', '"contrasts":20'),
        ('"contrast":20', '"contrast": 20'),
        ('"kind":"sky"', '"kind":"moon"'),
        ('"op":"adjust"', '"op":"explode"'),
        ('"invert":false', '"invert":0'),
        ('"not_understood":[]', '"not_understood":["","x"]'),
        ('"summary":"', '"summary":"\n'),
        ('"summary":"', '"summary":"\\u0000'),
        ('"summary":"', '"summary":"' + "x" * 200),
        (',"not_understood":[]', ""),
    ],
)
def test_wrong_answers_do_not_match(reply, old, new):
    right = write_answer(examples()[0].plan)
    assert old in right
    assert reply.fullmatch(right)
    assert not reply.fullmatch(right.replace(old, new, 1))


def test_what_matches_is_json_of_the_schema(reply):
    jsonschema = pytest.importorskip("jsonschema")
    answer = write_answer(examples()[3].plan, ("é — ü", "x" * 80))
    assert reply.fullmatch(answer)
    jsonschema.validate(json.loads(answer), reply_shape().schema())


@pytest.mark.parametrize(("fewest", "most", "taken"), [(0, 0, [0]), (0, 2, [0, 1, 2]), (1, 3, [1, 2, 3]), (2, 2, [2])])
def test_a_list_has_as_many_items_as_it_may(fewest, most, taken):
    pattern = pattern_of(gbnf([("v", Array(Integer(1, 9), fewest, most))]))
    found = [n for n in range(6) if pattern.fullmatch('{"v":[' + ",".join("5" * n) + "]}")]
    assert found == taken


def test_literals_and_texts_keep_quotes_apart():
    assert literal('a"b\\') == '"a\\"b\\\\"'
    pattern = pattern_of(gbnf([("v", Enum(('say "x"', 3))), ("t", String(0, 3))]))
    assert pattern.fullmatch('{"v":"say \\"x\\"","t":"äöü"}')
    assert pattern.fullmatch('{"v":3,"t":""}')
    assert not pattern.fullmatch('{"v":3,"t":"\\""}')


def test_the_grammar_for_llguidance_is_the_schema_without_white_space():
    schema = {"type": "integer"}
    head, _, body = llguidance(schema).partition("start: %json ")
    assert head == "%llguidance {}\n"
    assert json.loads(body) == schema | {"x-guidance": {"whitespace_flexible": False}}

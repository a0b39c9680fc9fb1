"""Plans of older versions are brought up to this one; newer ones are refused in one sentence."""

import pytest
from stillbytes.engine.errors import PlanInvalidError
from stillbytes.engine.plan.migrate import MIGRATIONS, migrated
from stillbytes.engine.plan.schema import VERSION
from stillbytes.engine.plan.validate import parse_plan

STEPS = [{"op": "flip", "axis": "vertical"}]


def rename_turn(document):
    """Call the step "turn" by its later name."""
    steps = [{**step, "op": "rotate"} if step.get("op") == "turn" else step for step in document.get("steps", [])]
    return {**document, "steps": steps}


def test_every_version_before_this_one_has_its_migration():
    assert sorted(MIGRATIONS) == list(range(1, VERSION))


def test_a_plan_of_this_version_stays_as_it_is():
    document = {"version": VERSION, "summary": "", "steps": STEPS}
    assert migrated(document) is document
    assert parse_plan(document).version == VERSION


def test_an_older_plan_goes_through_every_version_between():
    old = {"version": 1, "steps": [{"op": "turn", "by": 90}, STEPS[0]]}
    kept = {"version": 1, "steps": [{"op": "turn", "by": 90}, STEPS[0]]}
    new = migrated(old, {1: rename_turn, 2: lambda document: {**document, "summary": "old"}}, 3)
    assert new == {"version": 3, "summary": "old", "steps": [{"op": "rotate", "by": 90}, STEPS[0]]}
    assert old == kept


@pytest.mark.parametrize("version", [VERSION + 1, 999, 10**40])
def test_a_newer_plan_is_refused_in_one_sentence(version):
    with pytest.raises(PlanInvalidError, match="is newer than") as caught:
        parse_plan({"version": version, "steps": STEPS})
    assert caught.value.path == "version"
    assert caught.value.hint == "Update Stillbytes."


@pytest.mark.parametrize("version", [None, "1", True, 0, -1, 1.5, [1]])
def test_what_is_no_version_is_left_for_the_reader_to_refuse(version):
    document = {"version": version, "steps": STEPS}
    assert migrated(document) is document
    with pytest.raises(PlanInvalidError, match="version"):
        parse_plan(document)

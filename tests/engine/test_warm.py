import pytest
from stillbytes.engine.plan.schema import EditPlan
from stillbytes.engine.plan.validate import parse_plan
from stillbytes.engine.warm import warm_up

SKY = parse_plan(
    {"version": 1, "steps": [{"op": "adjust", "target": {"kind": "sky"}, "settings": {"exposure_ev": -1}}]}
)
REMOVE = parse_plan({"version": 1, "steps": [{"op": "remove", "target": {"kind": "subject"}}]})


@pytest.mark.parametrize("plan", [EditPlan(), SKY, REMOVE])
def test_warming_up_ends_by_itself_whatever_the_plan(plan):
    thread = warm_up(plan, "uint16")
    thread.join(120)
    assert not thread.is_alive()

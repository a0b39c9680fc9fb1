"""What models and servers really answer: each is a plan, or one clear sentence."""

import json
import time

import pytest
from stillbytes.engine.develop.settings import DevelopSettings
from stillbytes.engine.errors import PlanInvalidError, ServerUnavailableError
from stillbytes.engine.plan.llm.model import LanguageModel
from stillbytes.engine.plan.llm.planner import plan_with_model
from stillbytes.engine.plan.llm.settings import AskSettings, ModelSettings
from stillbytes.engine.plan.llm.wire import write_answer
from stillbytes.engine.plan.schema import Adjust, EditPlan, Flip, Region

SKY = EditPlan("Darken the sky.", (Adjust(Region("sky"), DevelopSettings(exposure_ev=-0.5)),))
FLIP = EditPlan("Mirror it: ünïcödé 空.", (Flip("horizontal"),))
JSON = write_answer(SKY)


def planned(server, **settings):
    return plan_with_model("darken the sky", None, server.url, AskSettings(**settings))


@pytest.mark.parametrize(
    "text",
    [
        f"Sure! Here is your plan:\n```json\n{JSON}\n```\nEnjoy {{it}}.",
        f"I take {{sky}} as the target.\n{JSON}",
        f"<think>{{a draft}}</think>{JSON}",
        f'{{"thought": "the sky is bright"}}\n{JSON}',
        f"{JSON}\n{write_answer(FLIP)}",
        f'{{"plan": {JSON}}}',
        f"\ufeff  {JSON}",
        JSON.replace(":", ": ").replace(",", ",\n\t"),
    ],
    ids=["fence", "braces in words", "thought", "two objects", "two plans", "wrapped", "byte order mark", "indented"],
)
def test_a_plan_among_other_words_is_found(scripted_llm, text):
    made = planned(scripted_llm(text))
    assert made.plan == SKY
    assert made.answers == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I cannot help with that.", "I cannot help with that"),
        ("", "The model's answer is empty."),
        ("  \n", "The model's answer is empty."),
        ('{"summary": "x", "steps": [{"op": "flip", "axis": NaN}]}', "not valid JSON"),
        ('{"answer": 42}', "has no steps"),
        ("{" * 50, "nested more than"),
        ("x" * 300_000, "holds no JSON object"),
        ("\ud83d nope", "holds no JSON object"),
    ],
    ids=["refusal", "empty", "blank", "NaN", "other object", "deep", "huge", "unicode"],
)
def test_what_is_no_plan_is_one_sentence_with_what_the_model_said(scripted_llm, text, said):
    with pytest.raises(PlanInvalidError) as error:
        planned(scripted_llm(text))
    assert said in error.value.message
    assert "no usable plan in 2 answers" in error.value.message
    assert len(error.value.message) < 400


def test_a_refusal_in_its_own_field_is_what_the_model_said(scripted_llm):
    with pytest.raises(PlanInvalidError, match="I must not"):
        planned(scripted_llm(scripted_llm.says("I must not do that.", refused=True)))


def test_a_second_answer_may_be_better(scripted_llm):
    made = planned(scripted_llm("Which sky do you mean?", JSON))
    assert (made.plan, made.answers) == (SKY, 2)


def test_a_text_with_letters_of_all_kinds_survives(scripted_llm):
    assert planned(scripted_llm(write_answer(FLIP))).plan == FLIP


def test_an_answer_that_is_cut_before_its_first_step_is_asked_again_or_empty(scripted_llm):
    server = scripted_llm(scripted_llm.says(JSON[: JSON.index("op") + 1], reason="length"))
    made = planned(server)
    assert made.plan.steps == ()
    assert any("cut at its limit" in note for note in made.notes)


def test_a_server_that_does_not_stream_is_read_whole(scripted_llm):
    made = planned(scripted_llm(scripted_llm.says(JSON, whole=True)))
    assert made.plan == SKY


def test_lines_that_keep_the_connection_alive_are_no_answer(scripted_llm):
    made = planned(scripted_llm(scripted_llm.says(JSON, pings=5, pause_s=0.02)))
    assert made.plan == SKY


def test_a_connection_that_is_only_kept_alive_ends_at_the_time_limit(scripted_llm):
    server = scripted_llm(scripted_llm.says(JSON, pings=200, pause_s=0.05))
    with pytest.raises(ServerUnavailableError, match="did not finish in time"):
        planned(server, time_limit_s=0.5)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(scripted_llm, status):
    server = scripted_llm(scripted_llm.refuses(status, "slow down", retry_after="1"), JSON)
    started = time.monotonic()
    assert planned(server).plan == SKY
    assert time.monotonic() - started >= 1.0
    assert len(server.requests) == 2


def test_a_server_that_stays_busy_beyond_the_time_limit_says_for_how_long(scripted_llm):
    server = scripted_llm(scripted_llm.refuses(429, retry_after="3600"))
    with pytest.raises(ServerUnavailableError, match=r"has too much to do\. It asks to wait 3600 s"):
        planned(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize("retry_after", ["soon", "-3", "9" * 30, "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_an_odd_wish_to_wait_is_no_error(scripted_llm, retry_after):
    server = scripted_llm(scripted_llm.refuses(503, retry_after=retry_after), JSON)
    assert planned(server).plan == SKY


def test_a_server_that_lists_no_models_needs_the_name_of_one(scripted_llm):
    server = scripted_llm(JSON, models=None)
    with pytest.raises(ServerUnavailableError, match="does not list its models") as error:
        planned(server)
    assert "name its model" in error.value.hint
    named = LanguageModel(ModelSettings(server.url, name="qwen"))
    assert plan_with_model("darken the sky", None, named).plan == SKY
    assert server.requests[0]["model"] == "qwen"


def test_a_key_that_is_wanted_is_asked_for(scripted_llm, monkeypatch):
    monkeypatch.delenv("STILLBYTES_LLM_KEY", raising=False)
    with pytest.raises(ServerUnavailableError, match="wants a key"):
        planned(scripted_llm(JSON, key="secret"))


def test_an_answer_in_the_middle_of_which_the_server_goes_is_one_sentence(scripted_llm):
    server = scripted_llm(scripted_llm.says(JSON[:60], breaks_off=True))
    with pytest.raises(ServerUnavailableError, match="stopped answering"):
        planned(server)


def test_values_that_no_setting_has_are_changed_to_fit(scripted_llm):
    answer = json.loads(JSON)
    step = answer["steps"][0]
    text = json.dumps(answer).replace("-50", "-" + "9" * 40)
    made = planned(scripted_llm(text))
    assert made.plan.steps[0].target == Region("sky")
    assert made.plan.steps[0].settings.exposure_ev == -5.0, step
    assert any("Changed to fit" in note for note in made.notes)

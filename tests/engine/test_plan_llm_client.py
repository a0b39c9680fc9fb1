"""One client for every kind of server, asked over real HTTP."""

import json
import threading
import time
from dataclasses import replace
from itertools import pairwise

import pytest
from stillbytes.engine.errors import CancelledError, ServerUnavailableError
from stillbytes.engine.plan.llm.client import Question, answers, ask, find_endpoint
from stillbytes.engine.plan.llm.endpoint import Endpoint, base_of
from stillbytes.engine.plan.llm.events import Answer, add_line
from stillbytes.engine.plan.llm.stream import Watch

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
PICTURE = "data:image/jpeg;base64,QUJD"


def question(**changes):
    messages = changes.pop("messages", [{"role": "user", "content": "hello"}])
    values = {"max_tokens": 77, "temperature": 0.5, "seed": 3, "context_tokens": 4096} | changes
    return Question(messages, SCHEMA, "root ::= [0-9]", **values)


def watch(seconds=10.0, on_text=lambda text: None, on_wait=lambda silence: None):
    return Watch(on_text, on_wait, time.monotonic() + seconds)


@pytest.mark.parametrize(
    ("kind", "found"), [("openai", "openai"), ("ollama", "ollama"), ("llama-server", "llama-server")]
)
def test_the_kind_of_a_server_is_found_out(scripted_llm, kind, found):
    server = scripted_llm("{}", kind=kind, models=("first", "second"))
    assert find_endpoint(server.url, "", "") == Endpoint(server.url, found, "", "first")
    assert find_endpoint(f"{server.url}/v1/", "k", "second") == Endpoint(server.url, found, "k", "second")


@pytest.mark.parametrize("kind", ["openai", "ollama", "llama-server"])
def test_an_answer_comes_in_pieces_with_its_counts(scripted_llm, kind):
    server, texts = scripted_llm('{"a":1,"b":"ä€𝄞 and more"}', kind=kind), []
    answer = ask(find_endpoint(server.url, "", ""), question(), watch(on_text=texts.append))
    assert answer.text == '{"a":1,"b":"ä€𝄞 and more"}'
    assert (answer.cut, answer.tokens, answer.prompt_tokens, answer.constrained) == (False, 12, 34, True)
    assert texts[-1] == answer.text
    assert all(later.startswith(sooner) for sooner, later in pairwise(texts))


def test_each_server_is_told_the_constraint_in_its_own_way(scripted_llm):
    bodies = {}
    for kind in ("openai", "ollama", "llama-server"):
        server = scripted_llm("{}", kind=kind)
        ask(find_endpoint(server.url, "", ""), question(), watch())
        bodies[kind] = server.requests[0]
    assert bodies["openai"]["response_format"]["json_schema"]["schema"] == SCHEMA
    assert bodies["openai"]["max_tokens"] == 77
    assert bodies["ollama"]["format"] == SCHEMA
    assert bodies["ollama"]["options"] == {"num_predict": 77, "num_ctx": 4096, "temperature": 0.5, "seed": 3}
    assert bodies["llama-server"]["grammar"] == "root ::= [0-9]"
    assert bodies["llama-server"]["cache_prompt"] is True


def test_pictures_go_the_way_that_each_server_takes_them(scripted_llm):
    content = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": PICTURE}}]
    sent = {}
    for kind in ("openai", "ollama"):
        server = scripted_llm("{}", kind=kind)
        ask(find_endpoint(server.url, "", ""), question(messages=[{"role": "user", "content": content}]), watch())
        sent[kind] = server.requests[0]["messages"][0]
    assert sent["openai"]["content"] == content
    assert sent["ollama"] == {"role": "user", "content": "look", "images": ["QUJD"]}


def test_the_limit_of_tokens_is_told_as_a_cut(scripted_llm):
    server = scripted_llm(scripted_llm.says('{"a"', "length"))
    assert ask(find_endpoint(server.url, "", ""), question(), watch()).cut


@pytest.mark.parametrize(("kind", "field"), [("openai", "response_format"), ("ollama", "format")])
def test_a_server_that_refuses_bounds_gets_the_schema_without_them(scripted_llm, kind, field):
    server = scripted_llm(scripted_llm.refuses(400, "maximum is not supported"), '{"a":1}', kind=kind)
    bounded = {"type": "object", "properties": {"maximum": {"type": "integer", "minimum": 0, "maximum": 9}}}
    asked = replace(question(), schema=bounded)
    assert ask(find_endpoint(server.url, "", ""), asked, watch()).constrained
    assert json.dumps(bounded) in json.dumps(server.requests[0][field])
    loose = {"type": "object", "properties": {"maximum": {"type": "integer"}}}
    assert json.dumps(loose) in json.dumps(server.requests[1][field])


def test_a_server_that_takes_no_schema_is_asked_without(scripted_llm):
    refusal = scripted_llm.refuses(400, "response_format is not supported")
    server = scripted_llm(refusal, refusal, '{"a":1}')
    answer = ask(find_endpoint(server.url, "", ""), question(), watch())
    assert (answer.text, answer.constrained) == ('{"a":1}', False)
    assert "response_format" not in server.requests[2]
    assert len(server.requests) == 3


def test_a_server_that_is_loading_is_waited_for(scripted_llm):
    server = scripted_llm(scripted_llm.refuses(503, "Loading model"), '{"a":1}')
    assert ask(find_endpoint(server.url, "", ""), question(), watch()).text == '{"a":1}'


@pytest.mark.parametrize(("status", "words"), [(500, "answered 500"), (404, "answered 404"), (401, "wants a key")])
def test_an_error_of_the_server_is_one_sentence(scripted_llm, status, words):
    server = scripted_llm(scripted_llm.refuses(status, "out of\nmemory\x1b[0m"))
    with pytest.raises(ServerUnavailableError, match=words) as raised:
        ask(find_endpoint(server.url, "", ""), question(), watch())
    assert raised.value.message.isprintable()


def test_a_redirect_is_not_followed(scripted_llm):
    other = scripted_llm("{}")
    server = scripted_llm(scripted_llm.refuses(307, "", f"{other.url}/v1/chat/completions"))
    with pytest.raises(ServerUnavailableError, match="answered 307"):
        ask(find_endpoint(server.url, "", ""), question(), watch())
    assert other.requests == []


def test_a_stream_that_breaks_off_is_an_error(scripted_llm):
    server = scripted_llm(scripted_llm.says('{"a":1', breaks_off=True))
    with pytest.raises(ServerUnavailableError, match="stopped answering"):
        ask(find_endpoint(server.url, "", ""), question(), watch())


def test_the_time_limit_holds_and_the_server_is_left(scripted_llm):
    server, started = scripted_llm(scripted_llm.says("x" * 3000, pause_s=0.05)), time.monotonic()
    with pytest.raises(ServerUnavailableError, match="in time"):
        ask(find_endpoint(server.url, "", ""), question(), watch(0.6))
    assert time.monotonic() - started < 3
    assert server.left.wait(5)


def test_a_stop_leaves_the_server_even_while_it_is_silent(scripted_llm):
    server, asked = scripted_llm(scripted_llm.says("x" * 20, pause_s=30.0)), threading.Event()
    endpoint = find_endpoint(server.url, "", "")

    def stop(silence_s):
        if silence_s > 0.3:
            asked.set()
            raise CancelledError("stop")

    started = time.monotonic()
    with pytest.raises(CancelledError):
        ask(endpoint, question(), watch(on_wait=stop))
    assert asked.is_set()
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1", "127.0.0.1:1234", "http://", "nonsense", "http://[::1", "http://h:99999"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ServerUnavailableError, match="not the address"):
        find_endpoint(address, "", "")


def test_nobody_there_is_one_sentence():
    with pytest.raises(ServerUnavailableError, match="No language model answers at http"):
        find_endpoint("http://127.0.0.1:9", "", "")
    assert not answers(Endpoint("http://127.0.0.1:9", "openai"), 1.0)


def test_a_web_site_is_no_language_model(scripted_llm):
    with pytest.raises(ServerUnavailableError, match="does not list its models"):
        find_endpoint(scripted_llm("", kind="web site").url, "", "")


def test_a_model_that_the_server_lacks_is_named_with_those_it_has(scripted_llm):
    server = scripted_llm("{}", models=("one", "two"))
    with pytest.raises(ServerUnavailableError, match="no model three") as raised:
        find_endpoint(server.url, "", "three")
    assert "one, two" in raised.value.hint
    with pytest.raises(ServerUnavailableError, match="no model loaded"):
        find_endpoint(scripted_llm("{}", models=()).url, "", "")


def test_a_key_is_sent_and_a_missing_one_is_asked_for(scripted_llm):
    server = scripted_llm("{}", key="secret")
    assert find_endpoint(server.url, "secret", "") == Endpoint(server.url, "openai", "secret", "tiny")
    with pytest.raises(ServerUnavailableError, match="wants a key") as raised:
        find_endpoint(server.url, "", "")
    assert "STILLBYTES_LLM_KEY" in raised.value.hint
    assert "secret" not in repr(Endpoint(server.url, "openai", "secret"))


def test_only_this_machine_counts_as_local():
    assert Endpoint("http://127.0.0.1:1", "openai").is_local
    assert Endpoint("http://localhost:1", "openai").is_local
    assert not Endpoint("http://192.0.2.1:1", "openai").is_local
    assert not Endpoint("http://127.0.0.1.example.org", "openai").is_local


@pytest.mark.parametrize("line", ["data: {broken", "data: []", "data: 3", ": ping", 'data: {"choices":[3]}', "{}"])
def test_odd_lines_in_a_stream_do_no_harm(line):
    if line.endswith("{broken"):
        with pytest.raises(ServerUnavailableError, match="not JSON"):
            add_line(Answer("x", False), line)
    else:
        assert add_line(Answer("x", False), line) == (Answer("x", False), False)


def test_an_error_in_the_stream_is_one_sentence():
    with pytest.raises(ServerUnavailableError, match="failed: out of memory"):
        add_line(Answer("", False), "data: " + json.dumps({"error": {"message": "out of\nmemory."}}))


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("http://127.0.0.1:1234/v1/", "http://127.0.0.1:1234"),
        ("https://user:word@Example.org/llm/v1?x=1", "https://example.org/llm"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_keeps_its_server_and_prefix_only(address, base):
    assert base_of(address) == base

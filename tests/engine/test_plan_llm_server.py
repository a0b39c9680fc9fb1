"""The child process, with a real library and a tiny model: what it serves, how it ends, what it gives back."""

import contextlib
import gc
import http.client
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import psutil
import pytest
from stillbytes.engine.errors import (
    CancelledError,
    ModelMissingError,
    ModelReadError,
    ServerUnavailableError,
)
from stillbytes.engine.plan.llm.grammar import gbnf, llguidance
from stillbytes.engine.plan.llm.model import Form, LanguageModel, Listener, card_bytes
from stillbytes.engine.plan.llm.planner import plan_with_model
from stillbytes.engine.plan.llm.server import ChildServer, close_all
from stillbytes.engine.plan.llm.settings import AskSettings, ModelSettings
from stillbytes.engine.plan.llm.wire import read_answer, reply_shape

HOT = AskSettings(temperature=1.0, time_limit_s=60.0)
REPLY = reply_shape()
FORM = Form(REPLY.schema(), gbnf(REPLY.parts()))
needs_library = pytest.mark.skipif(
    not (importlib.util.find_spec("xllamacpp") or importlib.util.find_spec("llama_cpp")),
    reason="neither xllamacpp nor llama-cpp-python is installed",
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def settings(path, **changes):
    return ModelSettings(**({"model": str(path), "context_tokens": 16384, "gpu_layers": 0, "threads": 1} | changes))


@pytest.fixture
def model(tiny_llm):
    kept = LanguageModel(settings(tiny_llm, keep_loaded=True))
    yield kept
    kept.release()


def ask(model, seed=0, max_tokens=1024, listener=None, words="darken the sky", form=FORM):
    asking = AskSettings(temperature=1.0, seed=seed, max_tokens=max_tokens)
    messages = [{"role": "user", "content": words}]
    return model.ask(messages, form, asking, listener or Listener(), time.monotonic() + 60)


def status(server, token):
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=5)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/v1/chat/completions", b'{"messages": [], "max_tokens": 1}', headers)
        return connection.getresponse().status
    finally:
        connection.close()


def gone(pid, seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


@needs_library
def test_a_random_model_always_gives_a_valid_plan_even_when_it_is_cut(model):
    for max_tokens in (1024, 200, 40):
        for seed in range(8):
            answer = ask(model, seed, max_tokens)
            reading = read_answer(answer.text)
            assert reading.cut == answer.cut
            assert reading.clamped == ()


@needs_library
def test_our_own_grammar_is_obeyed_by_llama_cpp(model):
    """What llama-cpp-python and llama-server are sent, run by llama.cpp's own engine."""
    model.load(Listener())
    model._endpoint = model._endpoint.__class__(model._endpoint.url, "llama-server", model._endpoint.token)
    for seed in range(6):
        answer = ask(model, seed)
        assert read_answer(answer.text).clamped == ()


@needs_library
def test_the_address_is_loopback_and_the_token_is_asked_for(tiny_llm):
    server = ChildServer(settings(tiny_llm))
    try:
        assert urlsplit(server.url).hostname == "127.0.0.1"
        assert status(server, "wrong") == 401
        assert status(server, server.token) != 401
        assert server.token not in " ".join(psutil.Process(server.pid).cmdline())
    finally:
        server.close()
    assert not server.alive
    server.close()


@needs_library
def test_the_beginning_of_a_prompt_is_worked_out_once(model):
    words = "the same long beginning " * 40
    first, second = ask(model, words=words + "one"), ask(model, words=words + "two")
    assert second.cached_tokens > 0.9 * second.prompt_tokens
    assert first.cached_tokens < 0.1 * first.prompt_tokens


@needs_library
def test_a_model_that_is_not_to_stay_is_gone_after_the_plan(tiny_llm):
    model, pids = LanguageModel(settings(tiny_llm)), []
    listener = Listener(on_text=lambda text: pids.append(model.process_id))
    plan_with_model("warmer", None, model, HOT, listener)
    assert model.process_id is None
    assert gone(pids[0])


@needs_library
def test_sessions_may_nest_and_the_outermost_ends_the_process(tiny_llm):
    model = LanguageModel(settings(tiny_llm))
    with model.session():
        with model.session():
            ask(model)
            inner = model.process_id
        assert model.process_id == inner
    assert model.process_id is None


@needs_library
def test_memory_is_given_back(tiny_llm):
    here = psutil.Process()
    ask(warm := LanguageModel(settings(tiny_llm)))
    warm.release()
    gc.collect()
    before = here.memory_info().rss
    with LanguageModel(settings(tiny_llm)).session() as model:
        plan_with_model("darken the sky", None, model, HOT)
    gc.collect()
    assert here.memory_info().rss - before < 50e6
    assert not [child for child in here.children() if any("worker.py" in part for part in child.cmdline())]


@needs_library
@posix
def test_a_crash_is_one_sentence_and_the_next_question_starts_anew(model):
    ask(model)
    killed = model.process_id

    def crash(text):
        if len(text) > 20 and model.process_id == killed:
            os.kill(killed, signal.SIGSEGV)
            time.sleep(0.05)

    with pytest.raises(ServerUnavailableError, match="was ended by signal 11") as raised:
        ask(model, listener=Listener(on_text=crash))
    assert len(str(raised.value).splitlines()) == 1
    assert ask(model).text
    assert model.process_id != killed


@needs_library
@posix
def test_a_hang_is_noticed_and_the_process_ended(model, monkeypatch):
    monkeypatch.setattr("stillbytes.engine.plan.llm.model._SILENCE_S", 0.4)
    monkeypatch.setattr("stillbytes.engine.plan.llm.model._PING_S", 0.4)
    ask(model)
    stopped = model.process_id

    def hang(text):
        if len(text) > 20:
            os.kill(stopped, signal.SIGSTOP)

    with pytest.raises(ServerUnavailableError, match="hangs and was ended"):
        ask(model, listener=Listener(on_text=hang), max_tokens=8000)
    assert gone(stopped)
    assert ask(model).text


@needs_library
def test_a_slow_prompt_is_no_hang(model, monkeypatch):
    monkeypatch.setattr("stillbytes.engine.plan.llm.model._SILENCE_S", 0.02)
    assert ask(model, words="0123456789 " * 150).text


@needs_library
def test_a_stop_reaches_a_model_that_is_writing(model):
    def stop(text):
        raise CancelledError("stop")

    with pytest.raises(CancelledError):
        ask(model, listener=Listener(on_text=stop))
    assert ask(model).text


@needs_library
@posix
def test_the_child_ends_with_its_parent(tiny_llm, repo_root, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import importlib.util, sys, time\n"
        f"root = {str(repo_root)!r}\n"
        "find = importlib.util.spec_from_file_location\n"
        "spec = find('pack', root + '/__init__.py', submodule_search_locations=[root])\n"
        "sys.modules['pack'] = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(sys.modules['pack'])\n"
        "from pack.engine.plan.llm.server import ChildServer\n"
        "from pack.engine.plan.llm.settings import ModelSettings\n"
        f"server = ChildServer(ModelSettings({str(tiny_llm)!r}, context_tokens=4096, gpu_layers=0, threads=1))\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert psutil.pid_exists(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(child)


@needs_library
def test_closing_all_ends_every_child(tiny_llm):
    servers = [ChildServer(settings(tiny_llm)) for _ in range(2)]
    close_all()
    assert [server.alive for server in servers] == [False, False]
    with pytest.raises(ServerUnavailableError):
        servers[0].check()


@needs_library
def test_a_model_that_nobody_holds_is_ended(tiny_llm):
    model = LanguageModel(settings(tiny_llm, keep_loaded=True))
    ask(model)
    pid = model.process_id
    del model
    gc.collect()
    assert gone(pid)


@needs_library
@pytest.mark.parametrize("content", [b"GGUF", b"GGUF" + bytes(2000), b"GGUF\x03\0\0\0" + b"\xff" * 2000])
def test_a_broken_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises((ModelReadError, ServerUnavailableError), match=r"broken\.gguf could not be loaded|process"):
        ChildServer(settings(path))


def test_a_file_of_another_kind_is_refused_before_anything_starts(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"PK\x03\x04 not a model")
    with pytest.raises(ModelReadError, match="expected a GGUF file"):
        ChildServer(settings(path))
    with pytest.raises(ModelMissingError, match="cannot be read"):
        ChildServer(settings(tmp_path / "absent.gguf"))


@pytest.mark.parametrize(("backend", "module"), [("xllamacpp", "xllamacpp"), ("llama-cpp-python", "llama_cpp")])
def test_without_its_library_a_file_is_not_loaded_and_the_message_says_what_to_install(tmp_path, backend, module):
    if importlib.util.find_spec(module):
        pytest.skip(f"{backend} is installed here")
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    with pytest.raises(ModelMissingError, match=f"Python package {backend}, which is not installed") as raised:
        ChildServer(settings(path, backend=backend))
    assert f"pip install {backend}" in raised.value.hint


@needs_library
def test_loading_can_be_stopped(tiny_llm):
    started = []

    def stop():
        started.append(threading.get_ident())
        raise CancelledError("stop")

    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(CancelledError):
        ChildServer(settings(tiny_llm), stop)
    assert started
    assert {child.pid for child in psutil.Process().children()} <= before


@needs_library
def test_room_is_made_before_a_file_goes_to_the_card(tiny_llm):
    asked = []
    model = LanguageModel(settings(tiny_llm, gpu_layers=-1), asked.append)
    with model.session():
        model.load(Listener())
    assert asked == [card_bytes(model.settings)]
    on_cpu = LanguageModel(settings(tiny_llm), asked.append)
    with on_cpu.session():
        on_cpu.load(Listener())
    assert len(asked) == 1


def test_the_size_on_the_card_grows_with_file_and_context(tiny_llm):
    small, large = card_bytes(settings(tiny_llm)), card_bytes(settings(tiny_llm, context_tokens=32768))
    assert small > tiny_llm.stat().st_size
    assert large - small == 16384 * 80_000


@needs_library
def test_a_bad_grammar_is_an_error_and_not_a_crash(model):
    bad = Form({"type": "no such type"}, "root ::= (((")
    with contextlib.suppress(ServerUnavailableError):
        ask(model, form=bad, max_tokens=5)
    assert ask(model).text


def test_llguidance_gets_what_the_schema_says():
    assert '"maxItems":8' in llguidance(REPLY.schema())

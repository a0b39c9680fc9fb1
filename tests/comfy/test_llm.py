"""The nodes of language models, with a server that answers from a script and with a tiny model in a child process."""

import json
import subprocess
import time

import psutil
import pytest

pytestmark = pytest.mark.comfy

PHOTO = {"1": {"class_type": "EmptyImage", "inputs": {"width": 96, "height": 64, "batch_size": 2, "color": 0x808080}}}
ANSWER = json.dumps(
    {
        "summary": "Darken it.",
        "steps": [{"op": "adjust", "target": {"kind": "whole"}, "settings": [{"exposure_ev_x100": -100}]}],
        "not_understood": ["and call me"],
    }
)


def load(**inputs):
    return {"2": {"class_type": "StillbytesLoadLLM", "inputs": {"model": "server"} | inputs}}


def plan(**inputs):
    return {
        "3": {"class_type": "StillbytesPlanEdit", "inputs": {"words": "darker and call me", "llm": ["2", 0]} | inputs},
        "4": {"class_type": "PreviewAny", "inputs": {"source": ["3", 2]}},
    }


def text_of(run, node):
    return run.outputs[node]["text"][0]


def made(run):
    return json.loads(text_of(run, "4"))


@pytest.fixture
def file_model(comfy, comfy_command, tiny_llm):
    """The name of a tiny model in models/llm; skips where ComfyUI's environment cannot serve one."""
    found = subprocess.run([comfy_command[0], "-c", "import xllamacpp"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("ComfyUI's environment lacks xllamacpp")
    folder = comfy.base / "models" / "llm"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.gguf").write_bytes(tiny_llm.read_bytes())
    return "tiny.gguf"


def workers():
    return [p for p in psutil.process_iter(["cmdline"]) if any("llm/worker.py" in c for c in p.info["cmdline"] or [])]


def gone(process):
    """Whether a process has ended, though its parent may not have asked yet: its memory goes some time before it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() == 1
    except psutil.NoSuchProcess:
        return True


def test_a_server_plans_and_the_text_says_who_understood_what(comfy, scripted_llm):
    server = scripted_llm(ANSWER)
    run = comfy.run(PHOTO | load(server=server.url) | plan(photo=["1", 0]))
    assert made(run)["steps"][0]["settings"] == {"exposure_ev": -1}
    shown = text_of(run, "3")
    assert "Not understood: and call me." in shown
    assert "Understood by 127.0.0.1" in shown
    assert "size 96 x 64" in server.requests[0]["messages"][-1]["content"]


def test_an_address_may_come_without_its_scheme_and_without_a_photo(comfy, scripted_llm):
    server = scripted_llm(ANSWER)
    run = comfy.run(load(server=server.url.removeprefix("http://")) | plan())
    assert made(run)["summary"] == "Darken it."
    assert "not described" in server.requests[0]["messages"][-1]["content"]


def test_show_photo_sends_a_picture_and_the_answer_settings_arrive(comfy, scripted_llm):
    server = scripted_llm(ANSWER)
    asking = {"seed": 5, "max_tokens": 300, "retries": 0}
    comfy.run(PHOTO | load(server=server.url, show_photo=True) | plan(photo=["1", 0], **asking))
    request = server.requests[0]
    assert request["messages"][-1]["content"][1]["type"] == "image_url"
    assert (request["seed"], request["max_tokens"]) == (5, 300)


def test_look_again_shows_the_model_what_its_plan_did(comfy, scripted_llm):
    server = scripted_llm(ANSWER)
    comfy.run(PHOTO | load(server=server.url) | plan(photo=["1", 0], look_again=True))
    assert "After:" in server.requests[1]["messages"][-1]["content"]


def test_no_server_is_an_error_of_one_line_on_the_node(comfy):
    error = comfy.fail(load(server="http://127.0.0.1:9") | plan(seed=1))
    assert error["node_type"] == "StillbytesPlanEdit"
    assert "No language model answers" in error["exception_message"]
    assert len(error["exception_message"].strip().splitlines()) == 1


def test_a_model_that_talks_instead_of_planning_is_an_error(comfy, scripted_llm):
    error = comfy.fail(load(server=scripted_llm("I would love to help!").url) | plan())
    assert "no usable plan in 2 answers" in error["exception_message"]


def test_cancelling_leaves_the_model(comfy, scripted_llm):
    server = scripted_llm(scripted_llm.says(ANSWER, pause_s=0.3))
    prompt = comfy.queue(load(server=server.url) | plan(seed=2))
    deadline = time.monotonic() + 30
    while not server.requests and time.monotonic() < deadline:
        time.sleep(0.05)
    assert comfy.post(f"/api/jobs/{prompt}/cancel", {})[0] == 200
    assert any(kind == "execution_interrupted" for kind, _ in comfy.wait(prompt).messages)
    assert server.left.wait(5)


def test_every_photo_of_a_batch_is_described(comfy, scripted_llm):
    server = scripted_llm(json.dumps({"caption": "A grey card.", "keywords": ["card", "grey"]}))
    describe = {"3": {"class_type": "StillbytesDescribePhoto", "inputs": {"photo": ["1", 0], "llm": ["2", 0]}}}
    show = {"4": {"class_type": "PreviewAny", "inputs": {"source": ["3", 1]}}}
    run = comfy.run(PHOTO | load(server=server.url) | describe | show)
    assert text_of(run, "4") == "card, grey\ncard, grey"
    assert "did not see the photo" in text_of(run, "3")
    assert len(server.requests) == 2


def test_a_file_plans_in_a_process_that_is_gone_afterwards(comfy, file_model):
    run = comfy.run(load(model=file_model, gpu_layers=0, context_tokens=16384) | plan(seed=3))
    assert made(run)["version"] == 1
    assert "Understood by tiny.gguf" in text_of(run, "3")
    assert workers() == []


def test_comfyui_has_its_memory_back_after_a_plan(comfy, file_model):
    server = next(p for p in psutil.process_iter(["cmdline"]) if str(comfy.base) in (p.info["cmdline"] or []))
    comfy.run(load(model=file_model, gpu_layers=0, context_tokens=16384) | plan(seed=10))
    before = server.memory_info().rss
    comfy.run(load(model=file_model, gpu_layers=0, context_tokens=16384) | plan(seed=11))
    assert server.memory_info().rss - before < 50e6
    assert workers() == []


def test_a_file_that_is_to_stay_stays_and_survives_its_own_crash(comfy, file_model):
    kept = load(model=file_model, gpu_layers=0, context_tokens=16384, keep_loaded=True)
    comfy.run(kept | plan(seed=4))
    (worker,) = workers()
    comfy.run(kept | plan(seed=5))
    assert workers() == [worker]
    worker.kill()
    deadline = time.monotonic() + 5
    while not gone(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    comfy.run(kept | plan(seed=6))
    (other,) = workers()
    assert other.pid != worker.pid
    comfy.run(load(model=file_model, gpu_layers=0, context_tokens=16384) | plan(seed=7))


def test_a_file_that_is_not_there_is_refused(comfy):
    assert "absent.gguf" in comfy.rejected(load(model="absent.gguf") | plan())

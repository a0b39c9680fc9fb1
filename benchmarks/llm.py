"""A language model's answers, with a random model: are they always valid plans, what do they cost, what is given back?

    python benchmarks/llm.py [--answers N] [--model FILE.gguf]

The model is of a real architecture with random weights: hostile on purpose, it writes any tokens that the grammar lets
through. Half of the answers are cut by a limit of tokens. With --model another GGUF file is measured instead.
"""

from __future__ import annotations

import argparse
import gc
import runpy
import tempfile
import time
from pathlib import Path
from typing import Any

import harness
import psutil
from stillbytes.engine.plan.llm.grammar import gbnf
from stillbytes.engine.plan.llm.model import Form, LanguageModel, Listener
from stillbytes.engine.plan.llm.planner import plan_with_model
from stillbytes.engine.plan.llm.settings import AskSettings, ModelSettings
from stillbytes.engine.plan.llm.wire import read_answer, reply_shape, write_answer
from stillbytes.engine.plan.rules import plan_from_words
from stillbytes.engine.plan.validate import parse_plan, plan_to_text

LIMITS = (1024, 1024, 400, 120)
MEMORY_TARGET_MB = 50
VALIDATION_TARGET_MS = 2.0
WORDS = "darken the sky by half a stop, crop to 16:9, more contrast, warmer and the greens less saturated"


def valid_answers(model: LanguageModel, count: int) -> tuple[int, int, int]:
    """Return how many of `count` answers were valid plans, how many were cut, and their tokens."""
    reply = reply_shape()
    form = Form(reply.schema(), gbnf(reply.parts()))
    messages = [{"role": "user", "content": WORDS}]
    valid = cut = tokens = 0
    for number in range(count):
        asking = AskSettings(temperature=1.0, seed=number, max_tokens=LIMITS[number % len(LIMITS)])
        answer = model.ask(messages, form, asking, Listener(), time.monotonic() + 600)
        reading = read_answer(answer.text)
        valid += parse_plan(plan_to_text(reading.plan)) == reading.plan and not reading.clamped
        cut += answer.cut
        tokens += answer.tokens
    return valid, cut, tokens


def memory_left_mb(settings: ModelSettings) -> float:
    """Return how much this process has grown after a plan, in MB; the child must be gone."""
    here = psutil.Process()
    for _ in range(2):
        gc.collect()
        before = here.memory_info().rss
        model = LanguageModel(settings)
        plan_with_model(WORDS, None, model, AskSettings(temperature=1.0, max_tokens=300, retries=0))
        assert model.process_id is None
    gc.collect()
    return (here.memory_info().rss - before) / harness.MEGABYTE


def milliseconds(task: Any, rounds: int = 200) -> float:
    """Return the CPU milliseconds of one call."""
    started = time.process_time()
    for _ in range(rounds):
        task()
    return (time.process_time() - started) * 1000 / rounds


def main() -> None:
    parser = argparse.ArgumentParser(description="What a language model's answers cost, and whether they are valid.")
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.model
        if path is None:
            tiny = runpy.run_path(str(harness.ROOT / "tests" / "helpers" / "tiny_gguf.py"))
            path = tiny["write_tiny_gguf"](Path(folder) / "tiny.gguf")
        settings = ModelSettings(str(path), context_tokens=16384, gpu_layers=0 if arguments.model is None else -1)
        with LanguageModel(settings).session() as model:
            started = time.perf_counter()
            model.load(Listener())
            harness.note(f"ready to answer in {time.perf_counter() - started:.2f} s")
            started = time.perf_counter()
            valid, cut, tokens = valid_answers(model, arguments.answers)
            each = (time.perf_counter() - started) * 1000 / max(tokens, 1)
        harness.note(f"{cut} of {arguments.answers} answers were cut; {tokens} tokens, {each:.2f} ms each")
        harness.line("valid plans", valid, arguments.answers, f"of {arguments.answers}", "more")
        harness.line("memory kept after the end", memory_left_mb(settings), MEMORY_TARGET_MB, "MB", "less")
    plan = plan_from_words(WORDS).plan
    text, answer = plan_to_text(plan), write_answer(plan)
    harness.line("plan validation", milliseconds(lambda: parse_plan(text)), VALIDATION_TARGET_MS, "ms", "less")
    harness.line("answer to plan", milliseconds(lambda: read_answer(answer)), VALIDATION_TARGET_MS, "ms", "less")


if __name__ == "__main__":
    main()

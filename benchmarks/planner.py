"""What the rule parser understands, how often it is right, and what it costs.

    python benchmarks/planner.py [--more FILE.jsonl] [--show] [--sentences N]

data/wishes.jsonl holds one sentence a line: "want", every wish in it as TARGET/CLAIM with "|" between equals, and
"also", what may come with them. A claim is a setting with its direction, or a step. The sentences were written before
the parser was changed and are not looked at while it is changed; its tests are others. `--more` takes real requests
for the count of exceptions: a text or an object with "request", "text" or summaries a line.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import harness  # noqa: F401 - makes this checkout importable as stillbytes
from stillbytes.engine.develop.settings import SETTINGS
from stillbytes.engine.plan.rules import MAX_WORDS_LENGTH, plan_from_words
from stillbytes.engine.plan.schema import Adjust, Auto, EditPlan, Phrase, Region, Step, has_target
from stillbytes.engine.plan.validate import parse_plan, plan_to_text

WISHES = Path(__file__).parent / "data" / "wishes.jsonl"
SENTENCES = 20_000
SHORT = 200  # characters of a sentence, as opposed to a letter
_ARTICLE = re.compile(r"^(the|a|an|my|her|his|our|their|your|this|that|these|those) ")
_MARKS = (
    *(",", ".", " and ", " but not ", " don't ", " 20% ", " 1/0 ", " +"),
    *("²", "\ud800", "🙂", "\x00", "'", "(", "\n"),
)


class Score(NamedTuple):
    """One sentence: the wishes that were met and missed, and the claims that nobody asked for."""

    text: str
    kind: str
    met: list[str]
    missed: list[str]
    claims: set[str]
    wrong: set[str]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="What the rule parser understands.")
    parser.add_argument("--more", type=Path, help="requests that are read and mutated too, one JSON value a line")
    parser.add_argument("--show", action="store_true", help="print every sentence that went wrong")
    parser.add_argument("--sentences", type=int, default=SENTENCES, help=f"how many (default: {SENTENCES})")
    arguments = parser.parse_args()
    scores = [score(json.loads(line)) for line in WISHES.read_text(encoding="utf-8").splitlines()]
    if arguments.show:
        for one in scores:
            if one.missed or one.wrong:
                print(f"{one.text!r}: missed {one.missed}, wrong {sorted(one.wrong)}")
    report(scores)
    real = [one.text for one in scores] + (list(requests(arguments.more)) if arguments.more else [])
    endure(real, arguments.sentences)
    validation()


def score(row: dict[str, Any]) -> Score:
    """Return how the parser reads one line of the list."""
    plan = plan_from_words(row["text"]).plan
    claimed = {claim for step in plan.steps for claim in claims(step)}
    allowed = [[normal(one) for one in wish.split("|")] for wish in row["want"]]
    met = [wish for wish, ways in zip(row["want"], allowed, strict=True) if claimed.intersection(ways)]
    missed = [wish for wish in row["want"] if wish not in met]
    right = {one for ways in allowed for one in ways} | {normal(one) for one in row.get("also", [])}
    return Score(row["text"], row["kind"], met, missed, claimed, claimed - right)


def claims(step: Step) -> Iterator[str]:
    """Yield what a step says that it will do: "sky/exposure_ev-", "remove/two people", "crop"."""
    where = _target(step)
    if isinstance(step, Auto):
        yield "auto" if step.part == "all" else f"auto_{step.part}"
        return
    if not isinstance(step, Adjust):
        yield f"{step.op}/{where}" if where else step.op
        return
    prefix = f"{where}/" if where else ""
    settings = step.settings
    for name, rule in SETTINGS.items():
        value = getattr(settings, name)
        if value != rule.neutral and not name.startswith(("sharpen_", "vignette_", "grain_")):
            yield f"{prefix}{name}{'+' if value > rule.neutral else '-'}"
    for hue, shift in settings.color_mixer.items():
        for part in ("hue", "saturation", "luminance"):
            if value := getattr(shift, part):
                yield f"{prefix}{hue}-{part}{'+' if value > 0 else '-'}"
    if settings.color_grading:
        yield f"{prefix}grading"
    if settings.curve:
        yield f"{prefix}curve"


def normal(claim: str) -> str:
    """Return a claim of the list as `claims` writes it."""
    if "/" not in claim:
        return claim
    head, _, rest = claim.partition("/")
    if head in ("remove", "generate", "blur"):
        return f"{head}/{_plain(rest)}"
    return f"{_plain(head)}/{rest}"


def _target(step: Step) -> str:
    target = step.target if has_target(step) else None
    if isinstance(target, Region):
        return f"{'not ' if target.invert else ''}{target.kind}"
    return _plain(target.text) if isinstance(target, Phrase) else ""


def _plain(phrase: str) -> str:
    return _ARTICLE.sub("", phrase.casefold())


def report(scores: list[Score]) -> None:
    """Print how much was understood, and how much of what was claimed is right."""
    for kind in ("single", "several", "thing"):
        group = [one for one in scores if one.kind == kind]
        met, missed = sum(len(one.met) for one in group), sum(len(one.missed) for one in group)
        print(f"{kind:8} wishes met: {met} of {met + missed}, {100 * met / (met + missed):.0f} %")
    silent = [one for one in scores if one.kind == "nothing"]
    print(f"nothing asked for, nothing done: {sum(not one.claims for one in silent)} of {len(silent)}")
    claimed, wrong = sum(len(one.claims) for one in scores), sum(len(one.wrong) for one in scores)
    print(f"claims right: {claimed - wrong} of {claimed}, {100 * (claimed - wrong) / claimed:.0f} %")
    answered = [one for one in scores if one.claims]
    clean = sum(not one.wrong for one in answered)
    print(f"answers without a wrong claim: {clean} of {len(answered)}, {100 * clean / len(answered):.0f} %")


def requests(path: Path) -> Iterator[str]:
    """Yield the requests in a file of JSON lines."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        row = {"text": row} if isinstance(row, str) else row
        for name in ("text", "request", "detailed_request", "expert_summary", "amateur_summary"):
            value = row.get(name) or []
            yield from [value] if isinstance(value, str) else value


def endure(real: list[str], count: int) -> None:
    """Print exceptions and CPU time over real and mutated sentences; every plan is written and read again.

    The time is that of the quicker of two readings: what else the machine does is not the parser's.
    """
    times: list[float] = []
    short: list[float] = []
    failed: list[str] = []
    for text in [*real, *mutations(real, count - len(real))]:
        try:
            plan, seconds = min((_timed(text[:MAX_WORDS_LENGTH]) for _ in range(2)), key=lambda read: read[1])
        except Exception as error:  # noqa: BLE001 - what this counts
            failed.append(f"{text!r}: {error!r}")
            continue
        times.append(seconds)
        short += [seconds] if len(text) <= SHORT else []
        if parse_plan(plan_to_text(plan)) != plan:
            failed.append(f"{text!r}: the plan does not survive its JSON")
    print("\n".join(failed[:10]))
    print(f"{len(times) + len(failed)} sentences, {len(real)} as written: {len(failed)} exceptions")
    slow = sorted(times)
    print(f"ms of CPU each: median {_ms(statistics.median(slow))}, 99 % {_ms(slow[len(slow) * 99 // 100])}, ", end="")
    print(f"longest {_ms(slow[-1])}, of at most {SHORT} characters {_ms(max(short))}")


def _timed(text: str) -> tuple[EditPlan, float]:
    started = time.process_time()
    plan = plan_from_words(text).plan
    return plan, time.process_time() - started


def mutations(real: list[str], count: int) -> Iterable[str]:
    """Yield sentences made of real ones: letters lost, swapped and doubled, words mixed, sentences run together."""
    rng = random.Random(5)  # noqa: S311
    words = [word for text in real for word in text.split()]
    for _ in range(count):
        text = rng.choice(real)
        for _ in range(rng.randrange(1, 5)):
            place = rng.randrange(len(text) + 1)
            match rng.randrange(6):
                case 0:
                    text = text[:place] + rng.choice(_MARKS) + text[place:]
                case 1:
                    text = text[:place] + text[place + 1 :]
                case 2:
                    text = " ".join(rng.sample(words, rng.randint(1, 25)))
                case 3:
                    text = f"{text} {rng.choice(real)}"
                case 4:
                    text = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
                case _:
                    text = text[:place] + text[place : place + 1] * rng.randint(2, 5) + text[place + 1 :]
        yield text


def validation() -> None:
    """Print what it costs to read a plan of six full steps from its text."""
    settings: dict[str, Any] = {name: rule.high for name, rule in SETTINGS.items()}
    settings["color_mixer"] = {"green": {"saturation": 5}, "blue": {"luminance": -5}}
    settings["curve"] = {"rgb": [[0, 0], [0.25, 0.2], [0.75, 0.8], [1, 1]]}
    targets = [{"kind": "phrase", "text": f"the house {number}"} for number in range(6)]
    steps = [{"op": "adjust", "target": target, "settings": settings} for target in targets]
    text = plan_to_text(parse_plan({"version": 1, "summary": "all of it", "steps": steps}))
    times: list[float] = []
    for _ in range(200):
        started = time.process_time()
        plan: EditPlan = parse_plan(text)
        times.append(time.process_time() - started)
    print(f"reading a plan of {len(plan.steps)} full steps: {_ms(statistics.median(times))} ms of CPU")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"


if __name__ == "__main__":
    main()

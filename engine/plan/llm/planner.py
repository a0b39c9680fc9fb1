"""Asking a language model for a plan: what it answers is read, checked, clamped and, where it is wrong, asked again."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from ...errors import PlanInvalidError, ServerUnavailableError
from ...photo import Photo
from ..apply import apply_plan
from ..describe import describe_step
from ..rules import MAX_WORDS_LENGTH
from ..schema import EditPlan
from .events import Answer
from .facts import Facts, Figures, measure, photo_facts, picture_url, small_picture
from .grammar import gbnf
from .model import Form, LanguageModel, Listener
from .prompt import plan_messages, with_correction, with_result
from .settings import AskSettings, ModelSettings
from .wire import Reading, read_answer, reply_shape

_MOST_PROBLEMS = 6


@dataclass(frozen=True)
class ModelPlan:
    """A plan from a language model.

    not_understood: words of the wish that it left over. notes: what had to be changed or cut, in sentences. source:
    the model's name. answers: how many were asked for. tokens: how many were written in all, 0 if unknown.
    """

    plan: EditPlan
    not_understood: tuple[str, ...]
    notes: tuple[str, ...]
    source: str
    answers: int
    tokens: int
    seconds: float


def plan_with_model(
    words: str,
    photo: Photo | None,
    model: str | LanguageModel,
    settings: AskSettings | None = None,
    listener: Listener | None = None,
) -> ModelPlan:
    """Return the plan that a language model makes of a wish, for `photo` where there is one.

    model: a GGUF file, the address of a server, or a model that the caller keeps. Raises PlanInvalidError where the
    wish is empty or too long or no answer was a plan, ServerUnavailableError and ModelMissingError where the model
    does not answer, and what `listener` raises to stop.
    """
    if not words.strip() or len(words) > MAX_WORDS_LENGTH:
        raise PlanInvalidError(f"A wish has 1 to {MAX_WORDS_LENGTH} characters; this one has {len(words.strip())}.")
    asked = LanguageModel(ModelSettings(model)) if isinstance(model, str) else model
    with asked.session():
        return _Planner(asked, settings or AskSettings(), listener or Listener()).plan(words, photo)


class _Planner:
    """One wish: its conversation with the model and what that cost."""

    def __init__(self, model: LanguageModel, settings: AskSettings, listener: Listener) -> None:
        self._model, self._settings, self._listener = model, settings, listener
        self._started = self._deadline = time.monotonic()
        self._answers = self._tokens = 0
        self._notes: list[str] = []

    def plan(self, words: str, photo: Photo | None) -> ModelPlan:
        facts = photo_facts(photo) if photo is not None else None
        picture = picture_url(photo) if photo is not None and self._model.sees else ""
        if self._model.leaves_machine:
            sent = "The words and a small picture" if picture else "The words"
            self._notes.append(f"{sent} were sent to {self._model.name}, which is not this computer.")
        messages = plan_messages(words, facts.text() if facts else "", picture)
        self._model.load(self._listener)
        self._deadline = time.monotonic() + self._settings.time_limit_s
        reading, answer = self._best(messages)
        if photo is not None and facts is not None and reading.plan.steps:
            for _ in range(self._settings.looks):
                corrected = self._look(photo, facts, (reading, answer), messages)
                if corrected is None:
                    break
                reading, answer = corrected
        return self._result(reading)

    def _best(self, messages: list[dict[str, object]]) -> tuple[Reading, str]:
        """Return the best reading in the allowed number of answers; the first without problems is taken at once."""
        best: tuple[Reading, str] | None = None
        problem = PlanInvalidError("The model gave no answer.")
        conversation = messages
        for _ in range(self._settings.retries + 1):
            answer = self._ask(conversation)
            try:
                reading = read_answer(answer.text)
            except PlanInvalidError as error:
                problem, problems = error, (error.message,)
            else:
                problems = reading.dropped
                if best is None or len(problems) < len(best[0].dropped):
                    best = reading, answer.text
                if not problems:
                    break
            conversation = with_correction(messages, answer.text[:2000], problems[:_MOST_PROBLEMS])
        if best is None:
            raise PlanInvalidError(
                f"{self._model.name} gave no usable plan in {self._answers} answers: {problem.message}",
                "Say it in other words, or use a larger model.",
            ) from problem
        return best

    def _look(
        self, photo: Photo, facts: Facts, told: tuple[Reading, str], messages: list[dict[str, object]]
    ) -> tuple[Reading, str] | None:
        """Return a corrected plan that measures no worse, or None where the first is kept."""
        reading, answer = told
        after = _figures(photo, reading.plan)
        try:
            again = self._ask(with_result(messages, answer, facts.figures, after))
            corrected = read_answer(again.text)
        except (PlanInvalidError, ServerUnavailableError) as error:
            self._notes.append(f"The plan was not looked at again: {error.message}")
            return None
        if corrected.plan == reading.plan or corrected.dropped or corrected.cut or not corrected.plan.steps:
            return None
        if _loss(facts.figures, _figures(photo, corrected.plan)) > _loss(facts.figures, after):
            self._notes.append("A correction that would have lost more detail was not taken.")
            return None
        self._notes.append("Corrected once after looking at the result.")
        return corrected, again.text

    def _ask(self, messages: list[dict[str, object]]) -> Answer:
        shape = reply_shape()
        form = Form(shape.schema(), gbnf(shape.parts()))
        settings = replace(self._settings, seed=self._settings.seed + self._answers)
        answer = self._model.ask(messages, form, settings, self._listener, self._deadline)
        self._answers += 1
        self._tokens += answer.tokens
        if not answer.constrained:
            self._notes.append("The server takes no schema; the answer was only checked afterwards.")
        return answer

    def _result(self, reading: Reading) -> ModelPlan:
        notes = [*self._notes, *(f"Changed to fit: {text}." for text in reading.clamped)]
        notes += [f"Left out: {text}." for text in reading.dropped]
        if reading.cut:
            notes.append(f"The answer was cut at its limit; {_kept(reading.plan)}")
        return ModelPlan(
            reading.plan,
            reading.not_understood,
            tuple(dict.fromkeys(notes)),
            self._model.name,
            self._answers,
            self._tokens,
            time.monotonic() - self._started,
        )


def _kept(plan: EditPlan) -> str:
    if not plan.steps:
        return "no step was complete."
    return f"the last complete step is: {describe_step(plan.steps[-1])}"


def _figures(photo: Photo, plan: EditPlan) -> Figures:
    return measure(small_picture(apply_plan(photo, plan)[0]))


def _loss(before: Figures, after: Figures) -> float:
    """Return how much detail an edit lost, in percent of the photo's pixels."""
    return max(after.clipped_high - before.clipped_high, 0.0) + max(after.clipped_low - before.clipped_low, 0.0)

"""Words into a plan by a language model that a command line names: a GGUF file or a server that runs already."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.errors import PlanInvalidError
from .show import Status
from .words import EXAMPLES, Understood

if TYPE_CHECKING:
    from ..engine.plan.llm.model import Listener
    from ..engine.plan.llm.settings import ModelSettings

_SERVER = re.compile(r"[\w.-]+:\d{1,5}(/.*)?")
_TAIL_CHARACTERS = 60


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add --llm and --llm-name to the parser of a command that takes words."""
    add = parser.add_argument
    add("--llm", metavar="MODEL", help="let this language model read the words: a GGUF file, or a server's address")
    add("--llm-name", default="", metavar="NAME", help="which of the server's models (default: its first)")


def understand(words: str, model: str, name: str = "", photo: Path | None = None) -> Understood:
    """Return what a language model makes of `words`, told what is in `photo` where there is one.

    model: a GGUF file or an address, with or without its http://. Raises PlanInvalidError where there are no words or
    the answer asks for nothing, PhotoReadError, and ModelMissingError or ServerUnavailableError where no model answers.
    """
    from ..engine.open import open_photo
    from ..engine.plan.llm.model import LanguageModel
    from ..engine.plan.llm.planner import plan_with_model
    from ..engine.plan.llm.settings import AskSettings

    if not words.strip():
        raise PlanInvalidError("--llm needs words to read.", EXAMPLES)
    status = Status()
    try:
        status.update("asking the language model")
        shown = open_photo(photo) if photo is not None else None
        found = plan_with_model(words, shown, LanguageModel(_settings(model, name)), AskSettings(), _listener(status))
    finally:
        status.clear()
    if not found.plan.steps:
        raise PlanInvalidError(f'{found.source} made no step of "{words}".', " ".join(found.notes) or EXAMPLES)
    return Understood(found.plan, found.not_understood, found.notes)


def _settings(model: str, name: str) -> ModelSettings:
    from ..engine.plan.llm.settings import ModelSettings

    is_address = _SERVER.fullmatch(model) and not Path(model).exists()
    return ModelSettings(f"http://{model}" if is_address else model, name=name.strip())


def _listener(status: Status) -> Listener:
    """Return what shows the end of the answer while it is written."""
    from ..engine.plan.llm.model import Listener

    return Listener(on_text=lambda text: status.update(f"answer: {' '.join(text.split())[-_TAIL_CHARACTERS:]}"))

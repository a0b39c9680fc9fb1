"""A photo in words: a caption and keywords from a language model."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ...errors import PlanInvalidError
from ...photo import Photo
from .facts import photo_facts, picture_url
from .grammar import gbnf
from .model import Form, LanguageModel, Listener
from .salvage import salvage
from .settings import AskSettings
from .shapes import Array, Findings, Shape, String, UnreadableError, closed_object

_CAPTION = String(1, 300)
_KEYWORDS = Array(String(2, 40), 1, 15)
_PARTS: tuple[tuple[str, Shape], ...] = (("caption", _CAPTION), ("keywords", _KEYWORDS))
_TASK = (
    'Describe the photo for an archive. Answer with one JSON object: {"caption": one or two plain sentences about what '
    'the photo shows, "keywords": up to 15 lower-case words or short phrases, the most important first}. '
    "Say only what is known; do not guess names or places."
)


@dataclass(frozen=True)
class Description:
    """A caption, keywords without doubles, and whether the model saw the photo or only its facts."""

    caption: str
    keywords: tuple[str, ...]
    seen: bool


def describe_photo(
    photo: Photo, model: LanguageModel, settings: AskSettings | None = None, listener: Listener | None = None
) -> Description:
    """Return what a photo shows. A model without eyes has only the photo's facts to go by.

    Raises PlanInvalidError where no answer was usable, and what LanguageModel.ask raises.
    """
    settings, listener = settings or AskSettings(), listener or Listener()
    form = Form(closed_object({name: shape.schema() for name, shape in _PARTS}), gbnf(_PARTS))
    problem = ""
    with model.session():
        messages = _messages(photo, model.sees)
        model.load(listener)
        deadline = time.monotonic() + settings.time_limit_s
        for _ in range(settings.retries + 1):
            answer = model.ask(messages, form, settings, listener, deadline)
            try:
                caption, keywords = _read(answer.text)
            except (PlanInvalidError, UnreadableError) as error:
                problem = str(error)
                continue
            return Description(caption, keywords, model.sees)
    raise PlanInvalidError(f"{model.name} gave no usable description: {problem}", "Use a larger model.")


def _messages(photo: Photo, sees: bool) -> list[dict[str, Any]]:
    text = f"{_TASK}\n\nPhoto:\n{photo_facts(photo).text()}"
    content: Any = text
    if sees:
        content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": picture_url(photo)}}]
    return [{"role": "user", "content": content}]


def _read(text: str) -> tuple[str, tuple[str, ...]]:
    value, _ = salvage(text, "caption")
    findings = Findings()
    caption: str = _CAPTION.read(value.get("caption"), "caption", findings)
    keywords: list[str] = _KEYWORDS.read(value.get("keywords"), "keywords", findings)
    return caption, tuple(dict.fromkeys(word.lower() for word in keywords))

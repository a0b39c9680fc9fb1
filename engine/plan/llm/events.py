"""What a server's stream of events says: the text of an answer piece by piece, why it ended, and what it cost."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, cast

from ...errors import ServerUnavailableError


@dataclass(frozen=True)
class Answer:
    """What came back. `cut`: ended by the limit of tokens. Token counts are 0 where the server does not tell."""

    text: str
    cut: bool
    tokens: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    constrained: bool = True


def add_line(answer: Answer, line: str) -> tuple[Answer, bool]:
    """Return the answer with what a line of the stream adds, and whether the line says that it is complete."""
    if not line.startswith(("data:", "{")):
        return answer, False
    data = line.removeprefix("data:").strip()
    if data == "[DONE]":
        return answer, True
    try:
        event: Any = json.loads(data)
    except ValueError as error:
        raise ServerUnavailableError("The language model's server sent something that is not JSON.") from error
    if not isinstance(event, dict):
        return answer, False
    if error := event.get("error"):
        said: Any = error.get("message") if isinstance(error, dict) else error
        raise ServerUnavailableError(f"The language model failed: {short(str(said))}")
    piece, reason = _piece(cast("dict[str, Any]", event))
    if piece:
        answer = replace(answer, text=answer.text + piece)
    answer = _counted(answer, cast("dict[str, Any]", event))
    return replace(answer, cut=answer.cut or reason == "length"), bool(reason)


def _piece(event: dict[str, Any]) -> tuple[str, str]:
    """Return the text in an event, and why the answer ends with it, "" if it does not."""
    if isinstance(event.get("message"), dict):  # Ollama
        reason = str(event.get("done_reason") or "stop") if event.get("done") else ""
        return _text(event["message"]), reason
    choices = event.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return "", ""
    choice = cast("dict[str, Any]", choices[0])
    delta = choice.get("delta") or choice.get("message")  # a server that does not stream sends it all at once
    text = _text(cast("dict[str, Any]", delta)) if isinstance(delta, dict) else ""
    return text, str(choice.get("finish_reason") or "")


def _text(message: dict[str, Any]) -> str:
    """Return the text of a message or a part of one, in parts or whole; a refusal is what the model says."""
    content: Any = message.get("content")
    if isinstance(content, list):
        parts = [part for part in cast("list[Any]", content) if isinstance(part, dict)]
        return "".join(str(cast("dict[str, Any]", part).get("text") or "") for part in parts)
    return str(content or message.get("refusal") or "")


def _counted(answer: Answer, event: dict[str, Any]) -> Answer:
    usage: Any = event.get("usage")
    if isinstance(usage, dict):
        details: Any = usage.get("prompt_tokens_details")
        cached = _count(details, "cached_tokens") if isinstance(details, dict) else 0
        tokens, prompt = _count(usage, "completion_tokens"), _count(usage, "prompt_tokens")
        return replace(answer, tokens=tokens, prompt_tokens=prompt, cached_tokens=cached)
    if "eval_count" in event:
        return replace(answer, tokens=_count(event, "eval_count"), prompt_tokens=_count(event, "prompt_eval_count"))
    return answer


def _count(values: Any, name: str) -> int:
    value = values.get(name)
    return value if isinstance(value, int) else 0


def short(text: str) -> str:
    """Return what a server said, in one line of at most 200 characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words[:200].rstrip(".")

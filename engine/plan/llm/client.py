"""One client for every server that a language model answers from: ours, llama-server, Ollama, LM Studio and others.

An answer is constrained to a JSON Schema in the way that the server has.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from ...errors import ServerUnavailableError
from .endpoint import Endpoint, base_of, exchange
from .events import Answer, short
from .grammar import llguidance
from .stream import POLL_S, Line, Stream, Watch, receive

Messages = Sequence[Mapping[str, Any]]

_LOOK_S = 5.0
_LOADING, _TOO_MANY = 503, 429
_PAUSE_S = {_LOADING: 0.5, _TOO_MANY: 2.0}  # where the server does not say how long
_BOUNDS = frozenset({"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"})
_REFUSALS = frozenset({400, 422, 500, 501})


@dataclass(frozen=True)
class Question:
    """What is asked: messages, the JSON Schema of the answer and the same as GBNF, and how it is sampled."""

    messages: Messages
    schema: Mapping[str, Any]
    gbnf: str
    max_tokens: int
    temperature: float
    seed: int
    context_tokens: int


def find_endpoint(address: str, key: str, model: str) -> Endpoint:
    """Return what answers at an address that the user gave. Raises ServerUnavailableError if it is no such server."""
    url = base_of(address)
    found = Endpoint(url, "openai", key, model)
    if "version" in _get(found, "/api/version"):
        found = replace(found, kind="ollama")
    elif "default_generation_settings" in _get(found, "/props"):
        found = replace(found, kind="llama-server")
    listed = _get(found, "/v1/models").get("data")
    if not isinstance(listed, list) and model:  # some servers list nothing, and the user knows what they run
        return replace(found, model=model)
    if not isinstance(listed, list):
        raise ServerUnavailableError(
            f"What answers at {url} does not list its models at /v1/models.",
            "Give the address of llama-server, Ollama, LM Studio or another such server, or name its model.",
        )
    names = [str(cast("dict[str, Any]", entry).get("id")) for entry in listed if isinstance(entry, dict)]
    if model and model not in names:
        raise ServerUnavailableError(f"{url} has no model {model}.", f"It has: {', '.join(names[:10]) or 'none'}.")
    if not names:
        raise ServerUnavailableError(f"{url} has no model loaded.", "Load one there first.")
    return replace(found, model=model or names[0])


def ask(endpoint: Endpoint, question: Question, watch: Watch) -> Answer:
    """Return the model's answer. A server that refuses the constraint is asked again with a weaker one, then without.

    A busy server is asked again when it says, or soon. Raises ServerUnavailableError where it fails, is silent too long
    or not ready in time, and what `watch` raises.
    """
    schemas = _schemas(endpoint, question.schema)
    while True:
        path, body = _request(endpoint, question, schemas[0])
        stream = Stream(endpoint, path, body, max(1.0, watch.deadline - time.monotonic()) + _LOOK_S)
        try:
            answer = receive(stream, watch)
        finally:
            stream.close()
        if isinstance(answer, Answer):
            return replace(answer, constrained=schemas[0] is not None)
        if answer.status in _PAUSE_S:
            _pause(answer, watch)
        elif len(schemas) > 1 and answer.status in _REFUSALS:
            del schemas[0]
        else:
            raise _failure(endpoint, answer)


def answers(endpoint: Endpoint, timeout_s: float) -> bool:
    """Return whether the server's process still reacts."""
    try:
        exchange(endpoint, "/health", timeout_s)
    except (OSError, http.client.HTTPException):
        return False
    return True


def _schemas(endpoint: Endpoint, schema: Mapping[str, Any]) -> list[Mapping[str, Any] | None]:
    """Return the schemas to try, the strictest first; None is no constraint."""
    loose = [_without_bounds(schema)] if endpoint.kind in ("openai", "ollama") else []
    return [schema, *loose, None]


def _without_bounds(value: Any) -> Any:
    """Return a schema without ranges and lengths, which some servers refuse."""
    if isinstance(value, list):
        return [_without_bounds(part) for part in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    kept = cast("dict[str, Any]", value)
    bounds = _BOUNDS if isinstance(kept.get("type"), str) else frozenset[str]()
    return {name: _without_bounds(part) for name, part in kept.items() if name not in bounds}


def _request(endpoint: Endpoint, question: Question, schema: Mapping[str, Any] | None) -> tuple[str, dict[str, Any]]:
    """Return the path and the body of a request whose answer is to match `schema`, or anything."""
    if endpoint.kind == "ollama":
        return "/api/chat", _ollama_body(endpoint, question, schema)
    body: dict[str, Any] = {
        "messages": list(question.messages),
        "max_tokens": question.max_tokens,
        "temperature": question.temperature,
        "seed": question.seed,
        "stream": True,
    }
    if endpoint.model:
        body["model"] = endpoint.model
    if endpoint.kind == "openai":
        wanted = {"name": "answer", "strict": True, "schema": schema}
        constraint: dict[str, Any] = {"response_format": {"type": "json_schema", "json_schema": wanted}}
    else:
        body |= {"cache_prompt": True, "chat_template_kwargs": {"enable_thinking": False}}
        constraint = {"grammar": llguidance(question.schema) if endpoint.kind == "xllamacpp" else question.gbnf}
    body["stream_options"] = {"include_usage": True}
    return "/v1/chat/completions", body | (constraint if schema is not None else {})


def _ollama_body(endpoint: Endpoint, question: Question, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    options = {
        "num_predict": question.max_tokens,
        "num_ctx": question.context_tokens,
        "temperature": question.temperature,
        "seed": question.seed,
    }
    messages = [_ollama_message(message) for message in question.messages]
    body = {"model": endpoint.model, "messages": messages, "options": options, "stream": True, "think": False}
    return body | ({"format": schema} if schema is not None else {})


def _ollama_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message with its pictures as Ollama takes them: base64 beside the text."""
    if isinstance(message["content"], str):
        return dict(message)
    texts = [part["text"] for part in message["content"] if part["type"] == "text"]
    urls = [part["image_url"]["url"] for part in message["content"] if part["type"] == "image_url"]
    return {"role": message["role"], "content": "\n".join(texts), "images": [url.partition(",")[2] for url in urls]}


def _pause(busy: Line, watch: Watch) -> None:
    """Wait for a server that is still loading or has too much to do, as long as it says."""
    until = time.monotonic() + (busy.retry_s or _PAUSE_S[busy.status])
    if until > watch.deadline:
        what = "is still loading" if busy.status == _LOADING else "has too much to do"
        wait = f" It asks to wait {busy.retry_s:.0f} s." if busy.retry_s else ""
        raise ServerUnavailableError(f"The language model's server {what}.{wait}", "Try again in a while.")
    while time.monotonic() < until:
        time.sleep(POLL_S)
        watch.on_wait(0.0)


def _failure(endpoint: Endpoint, line: Line) -> ServerUnavailableError:
    if line.status in (401, 403):
        return ServerUnavailableError(
            f"The language model's server at {endpoint.url} wants a key.",
            "Put it into the environment variable STILLBYTES_LLM_KEY.",
        )
    said = short(line.text)
    return ServerUnavailableError(f"The language model's server answered {line.status}: {said or 'nothing more'}.")


def _get(endpoint: Endpoint, path: str) -> dict[str, Any]:
    """Return the JSON object at `path`, {} where there is none. Raises ServerUnavailableError if nothing answers."""
    try:
        status, body = exchange(endpoint, path, _LOOK_S)
    except (OSError, http.client.HTTPException) as error:
        hint = "Is it running? Start the server first."
        raise ServerUnavailableError(f"No language model answers at {endpoint.url}.", hint) from error
    if status in (401, 403):
        raise _failure(endpoint, Line(status=status))
    try:
        value: Any = json.loads(body) if status == http.client.OK else {}
    except ValueError:
        value = {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

"""A script that serves one GGUF model to one client: a local HTTP server that ends when its standard input closes.

Started by path, with sys.path as JSON in its argument and one JSON line of settings on standard input. It prints one
JSON line: {"url", "backend"} when it serves, or {"error", "missing"}. Whoever asks shows the token of the settings.
Crashes and memory of the native libraries stay in this process, and its end gives all of the memory back.
"""

from __future__ import annotations

import codecs
import hmac
import importlib
import importlib.util
import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_LOOPBACK = "127.0.0.1"
_MAX_BODY_BYTES = 32 << 20
_PROMPT_CACHE_MIB = 256
_BATCH_TOKENS = 512  # the work space of a prompt grows with it
_KV_NAMES = {"f16": "GGML_TYPE_F16", "q8_0": "GGML_TYPE_Q8_0", "q4_0": "GGML_TYPE_Q4_0"}
_KV_NUMBERS = {"f16": 1, "q8_0": 8, "q4_0": 2}
_CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
_PACKAGES = {"xllamacpp": "xllamacpp", "llama-cpp-python": "llama_cpp"}


def _threads(job: dict[str, Any]) -> int:
    return int(job["threads"]) or max(1, (os.cpu_count() or 2) - 1)


def _serve_xllamacpp(job: dict[str, Any]) -> tuple[str, Any]:
    """Return the address of llama.cpp's own server in this process, and what keeps it alive."""
    lib: Any = importlib.import_module("xllamacpp")
    params = lib.CommonParams()
    params.model.path = job["model"]
    if job["vision"]:
        params.mmproj.path = job["vision"]
    params.offline = True
    params.n_ctx = job["context_tokens"]
    params.n_batch = params.n_ubatch = _BATCH_TOKENS
    params.n_gpu_layers = job["gpu_layers"]
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = _threads(job)
    params.cache_type_k = params.cache_type_v = getattr(lib.ggml_type, _KV_NAMES[job["kv_cache"]])
    flash = "ENABLED" if job["flash_attention"] else "DISABLED"
    params.flash_attn_type = getattr(lib.llama_flash_attn_type, f"LLAMA_FLASH_ATTN_TYPE_{flash}")
    params.hostnames = [_LOOPBACK]
    params.port = 0
    params.api_keys = [job["token"]]
    params.ui = False
    params.endpoint_slots = False
    params.cache_ram_mib = _PROMPT_CACHE_MIB
    params.verbosity = 1
    server = lib.Server(params)
    return str(server.listening_address), server


def _serve_llama_cpp(job: dict[str, Any]) -> tuple[str, Any]:
    """Return the address of a small server of our own around llama-cpp-python, and what keeps it alive."""
    lib: Any = importlib.import_module("llama_cpp")
    model = lib.Llama(
        model_path=job["model"],
        n_ctx=job["context_tokens"],
        n_batch=_BATCH_TOKENS,
        n_gpu_layers=job["gpu_layers"],
        n_threads=_threads(job),
        n_threads_batch=_threads(job),
        type_k=_KV_NUMBERS[job["kv_cache"]],
        type_v=_KV_NUMBERS[job["kv_cache"]],
        flash_attn=job["flash_attention"],
        verbose=False,
    )
    server = _Server((_LOOPBACK, 0), _Handler)
    server.lib, server.model, server.token = lib, model, str(job["token"])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://{_LOOPBACK}:{server.server_address[1]}", server


class _Server(ThreadingHTTPServer):
    """One model, asked one question at a time."""

    daemon_threads = True
    lib: Any
    model: Any
    token: str

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.turn = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    """`GET /health` and a streaming `POST /v1/chat/completions`, as llama.cpp's server has them."""

    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self._reply(200 if self.path == "/health" else 404, {"status": "ok"})

    def do_POST(self) -> None:
        given = self.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.server.token}".encode()):
            self._reply(401, {"error": "the token is wrong"})
            return
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/v1/chat/completions" or not 0 < length <= _MAX_BODY_BYTES:
            self._reply(404, {"error": "no such service"})
            return
        try:
            self._answer(json.loads(self.rfile.read(length)))
        except (BrokenPipeError, ConnectionResetError):
            return  # whoever asked has left
        except (ValueError, RuntimeError, KeyError, TypeError) as error:
            self._send({"error": {"message": f"{type(error).__name__}: {error}"}})

    def _answer(self, question: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with self.server.turn:
            for event in _events(self.server.lib, self.server.model, question):
                self._send(event)
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, piece: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(piece).encode() + b"\n\n")
        self.wfile.flush()

    def _reply(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        return


def _events(lib: Any, model: Any, question: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events of an answer as llama.cpp's server writes them.

    The library's own stream turns every token back into text together with all before it, which takes longer with each.
    """
    tokens: list[int] = model.tokenize(_prompt(lib, model, question["messages"]), add_bos=False, special=True)
    if len(tokens) + question["max_tokens"] > model.n_ctx():
        raise ValueError("the question and its answer are longer than the context")
    known: list[int] = model.input_ids[: model.n_tokens].tolist()
    cached = next((n for n, pair in enumerate(zip(known, tokens, strict=False)) if pair[0] != pair[1]), len(known))
    model.set_seed(question["seed"])
    grammar = lib.LlamaGrammar.from_string(question["grammar"], verbose=False)
    decoder, reason, count = codecs.getincrementaldecoder("utf-8")("replace"), "length", 0
    for token in model.generate(tokens, temp=question["temperature"], grammar=grammar):
        piece: bytes = model.detokenize([token])
        if not piece:  # within the grammar only the token that ends an answer has no text
            reason = "stop"
            break
        count += 1
        yield {"choices": [{"delta": {"content": decoder.decode(piece)}, "finish_reason": None}]}
        if count == question["max_tokens"]:
            break
    details = {"cached_tokens": min(cached, len(tokens))}
    usage = {"completion_tokens": count, "prompt_tokens": len(tokens), "prompt_tokens_details": details}
    yield {"choices": [{"delta": {}, "finish_reason": reason}], "usage": usage}


def _prompt(lib: Any, model: Any, messages: list[dict[str, str]]) -> bytes:
    """Return the conversation as the model was trained to see it; ChatML where its file has no template."""
    template: str = model.metadata.get("tokenizer.chat_template") or _CHATML
    vocabulary = model._model  # the library has no public way to the texts of its marks
    ends = [vocabulary.token_get_text(token) if token >= 0 else "" for token in (model.token_eos(), model.token_bos())]
    formatter = lib.llama_chat_format.Jinja2ChatFormatter(template, *ends)
    return str(formatter(messages=messages, enable_thinking=False).prompt).encode()


def _backends(job: dict[str, Any]) -> list[str]:
    """Return the installed libraries that can serve this job, the preferred one first."""
    # llama-cpp-python comes from people who built it for their card. It shows pictures to a few models only.
    wanted = ["xllamacpp"] if job["vision"] else ["llama-cpp-python", "xllamacpp"]
    if job["backend"] != "auto":
        wanted = [job["backend"]]
    return [name for name in wanted if importlib.util.find_spec(_PACKAGES[name])]


def _serve(job: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Return the line to print and what must be kept."""
    problem = ""
    for name in _backends(job):
        try:
            start = _serve_xllamacpp if name == "xllamacpp" else _serve_llama_cpp
            url, server = start(job)
        except Exception as error:  # noqa: BLE001 - native libraries raise anything; the next one may do better
            problem = problem or f"{name}: {' '.join(str(error).split())[:200]}"
            continue
        return {"url": url, "backend": name}, server
    return {"error": problem, "missing": not problem}, None


def main() -> None:
    sys.path.extend(folder for folder in json.loads(sys.argv[1]) if folder not in sys.path)
    line = sys.stdin.readline()
    if not line:
        return
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what native libraries print must not come between
    answer, server = _serve(json.loads(line))
    told.write(json.dumps(answer) + "\n")
    told.flush()
    if server is not None:
        while sys.stdin.readline():
            pass
    os._exit(0)  # freeing memory in order takes time, and the process's end frees it anyway


if __name__ == "__main__":
    main()

"""A language model's server that answers from a script, over real HTTP, in the manner of several servers."""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 7


@dataclass(frozen=True)
class Says:
    """An answer: its text in pieces of a few characters, why it ends, the pause after each piece.

    pings: lines before the text that only keep the connection alive. whole: sent at once, as indented JSON. refused:
    the text is a refusal, in the field that OpenAI has for it.
    """

    text: str
    reason: str = "stop"
    pause_s: float = 0.0
    breaks_off: bool = False
    pings: int = 0
    whole: bool = False
    refused: bool = False


@dataclass(frozen=True)
class Refuses:
    """A reply with an error status."""

    status: int
    text: str = "no"
    location: str = ""
    retry_after: str = ""


class ScriptedLlm(ThreadingHTTPServer):
    """Answers its `script` in order, the last one for ever; `requests` keeps the bodies of what was asked.

    models: those that it lists; None where it has no such list.
    """

    daemon_threads = True

    def __init__(self, script, kind="openai", models=("tiny",), key=""):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script, self.kind, self.models, self.key = list(script), kind, models, key
        self.requests, self.paths, self.left = [], [], threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next_reply(self):
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def close(self):
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request, client_address):
        """A client that has left is no error of the test."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        known = (
            {"/v1/models": {"data": [{"id": name} for name in self.server.models]}}
            if self.server.models is not None
            else {}
        )
        if self.server.kind == "ollama":
            known["/api/version"] = {"version": "0.30.5"}
        elif self.server.kind == "llama-server":
            known["/props"] = {"default_generation_settings": {}}
        elif self.server.kind == "web site":
            known = {"/v1/models": {"error": "Unexpected endpoint"}, "/props": []}
        if self.server.key and self.headers.get("Authorization") != f"Bearer {self.server.key}":
            self._json(401, {"error": "no key"})
            return
        self._json(200 if self.path in known else 404, known.get(self.path, {"error": "not found"}))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        self.server.paths.append(self.path)
        reply = self.server.next_reply()
        if isinstance(reply, Refuses):
            self.send_response(reply.status)
            if reply.location:
                self.send_header("Location", reply.location)
            if reply.retry_after:
                self.send_header("Retry-After", reply.retry_after)
            self.end_headers()
            self.wfile.write(reply.text.encode())
            return
        if reply.whole:
            self._whole(reply)
            return
        self.send_response(200)
        self.end_headers()
        try:
            self._stream(reply)
        except OSError:
            self.server.left.set()

    def _whole(self, reply):
        message = {"role": "assistant", "content": [{"type": "text", "text": reply.text}]}
        data = json.dumps({"choices": [{"message": message, "finish_reason": reply.reason}]}, indent=2).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, reply):
        for _ in range(reply.pings):
            self.wfile.write(b": keep-alive\n\n")
            self.wfile.flush()
            time.sleep(reply.pause_s)
        self._field = "refusal" if reply.refused else "content"
        for start in range(0, len(reply.text), PIECE):
            self._event(reply.text[start : start + PIECE], None)
            time.sleep(reply.pause_s)
        if not reply.breaks_off:
            self._event("", reply.reason)

    def _event(self, text, reason):
        if self.server.kind == "ollama":
            event = {"message": {"role": "assistant", "content": text}, "done": bool(reason)}
            event |= {"done_reason": reason, "eval_count": 12, "prompt_eval_count": 34} if reason else {}
            line = json.dumps(event) + "\n"
        else:
            event = {"choices": [{"index": 0, "delta": {self._field: text}, "finish_reason": reason}]}
            line = f"data: {json.dumps(event)}\n\n"
            if reason:
                usage = {"completion_tokens": 12, "prompt_tokens": 34, "prompt_tokens_details": {"cached_tokens": 5}}
                line += f"data: {json.dumps({'choices': [], 'usage': usage})}\n\ndata: [DONE]\n\n"
        self.wfile.write(line.encode())
        self.wfile.flush()

    def _json(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        return

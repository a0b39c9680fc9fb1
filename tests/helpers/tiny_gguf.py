"""Writes a tiny language model with random weights: a real architecture (Qwen 2), bytes and pairs, a megabyte.

The file format is GGUF 3: a header, key-value pairs, tensor descriptions, padding to 32 bytes, tensor data.
"""

import itertools
import re
import struct
from collections import Counter
from pathlib import Path

import numpy as np

LAYERS, WIDTH, HEADS, KV_HEADS, FEED, CONTEXT = 2, 64, 2, 1, 128, 32768
MERGES = 300
SAMPLE = Path(__file__).resolve().parents[2] / "engine" / "plan" / "plan.schema.json"
_U32, _F32, _STRING, _ARRAY, _BOOL, _I32 = 4, 6, 8, 9, 7, 5
_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_tiny_gguf(path: Path, seed: int = 0) -> Path:
    """Write the model to `path` and return it."""
    tokens, merges, types = _vocabulary()
    entries = [
        _entry("general.architecture", _STRING, "qwen2"),
        _entry("general.name", _STRING, "tiny random"),
        _entry("general.alignment", _U32, 32),
        _entry("qwen2.context_length", _U32, CONTEXT),
        _entry("qwen2.embedding_length", _U32, WIDTH),
        _entry("qwen2.block_count", _U32, LAYERS),
        _entry("qwen2.feed_forward_length", _U32, FEED),
        _entry("qwen2.attention.head_count", _U32, HEADS),
        _entry("qwen2.attention.head_count_kv", _U32, KV_HEADS),
        _entry("qwen2.attention.layer_norm_rms_epsilon", _F32, 1e-6),
        _entry("qwen2.rope.freq_base", _F32, 10000.0),
        _entry("tokenizer.ggml.model", _STRING, "gpt2"),
        _entry("tokenizer.ggml.pre", _STRING, "qwen2"),
        _entry("tokenizer.ggml.tokens", _ARRAY, (_STRING, tokens)),
        _entry("tokenizer.ggml.token_type", _ARRAY, (_I32, types)),
        _entry("tokenizer.ggml.merges", _ARRAY, (_STRING, merges)),
        _entry("tokenizer.ggml.eos_token_id", _U32, tokens.index("<|im_end|>")),
        _entry("tokenizer.ggml.add_bos_token", _BOOL, False),
        _entry("tokenizer.chat_template", _STRING, _TEMPLATE),
    ]
    tensors = _tensors(len(tokens), np.random.default_rng(seed))
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(entries)) + b"".join(entries)
    offset = 0
    for name, values in tensors.items():
        dims = values.shape[::-1]
        head += _text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, 0, offset)
        offset += _padded(values.nbytes)
    body = b"".join(values.tobytes().ljust(_padded(values.nbytes), b"\0") for values in tensors.values())
    path.write_bytes(head.ljust(_padded(len(head)), b"\0") + body)
    return path


def _vocabulary() -> tuple[list[str], list[str], list[int]]:
    """The 256 bytes as GPT-2 writes them, pairs that are frequent in SAMPLE, and the marks of the chat template."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in visible]
    letters = {b: chr(b) for b in visible} | {b: chr(256 + n) for n, b in enumerate(hidden)}
    words = [[letters[b] for b in word.encode()] for word in re.findall(r" ?[a-zA-Z]+", SAMPLE.read_text("utf-8"))]
    merges = _frequent_pairs(words)
    tokens = [letters[b] for b in range(256)] + [left + right for left, right in merges]
    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    return tokens + marks, [" ".join(pair) for pair in merges], [1] * len(tokens) + [3] * len(marks)


def _frequent_pairs(words: list[list[str]]) -> list[tuple[str, str]]:
    """Byte pair encoding (Sennrich et al. 2016): the pairs to join, the most frequent first."""
    merges: list[tuple[str, str]] = []
    while len(merges) < MERGES:
        pair = Counter(itertools.chain.from_iterable(itertools.pairwise(word) for word in words)).most_common(1)[0][0]
        merges.append(pair)
        for word in words:
            for n in range(len(word) - 2, -1, -1):
                if (word[n], *word[n + 1 : n + 2]) == pair:
                    word[n : n + 2] = [pair[0] + pair[1]]
    return merges


def _tensors(vocabulary: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    def random(*shape: int) -> np.ndarray:
        return rng.normal(0, shape[-1] ** -0.5, shape).astype(np.float32)

    kv = WIDTH * KV_HEADS // HEADS
    tensors = {"token_embd.weight": random(vocabulary, WIDTH)}
    for n in range(LAYERS):
        tensors |= {
            f"blk.{n}.attn_norm.weight": np.ones(WIDTH, np.float32),
            f"blk.{n}.attn_q.weight": random(WIDTH, WIDTH),
            f"blk.{n}.attn_q.bias": np.zeros(WIDTH, np.float32),
            f"blk.{n}.attn_k.weight": random(kv, WIDTH),
            f"blk.{n}.attn_k.bias": np.zeros(kv, np.float32),
            f"blk.{n}.attn_v.weight": random(kv, WIDTH),
            f"blk.{n}.attn_v.bias": np.zeros(kv, np.float32),
            f"blk.{n}.attn_output.weight": random(WIDTH, WIDTH),
            f"blk.{n}.ffn_norm.weight": np.ones(WIDTH, np.float32),
            f"blk.{n}.ffn_gate.weight": random(FEED, WIDTH),
            f"blk.{n}.ffn_up.weight": random(FEED, WIDTH),
            f"blk.{n}.ffn_down.weight": random(WIDTH, FEED),
        }
    return tensors | {"output_norm.weight": np.ones(WIDTH, np.float32), "output.weight": random(vocabulary, WIDTH)}


def _entry(key: str, kind: int, value: object) -> bytes:
    return _text(key) + struct.pack("<I", kind) + _value(kind, value)


def _value(kind: int, value: object) -> bytes:
    if kind == _STRING:
        return _text(value)
    if kind == _ARRAY:
        inner, items = value
        return struct.pack("<IQ", inner, len(items)) + b"".join(_value(inner, item) for item in items)
    return struct.pack({_U32: "<I", _F32: "<f", _BOOL: "<?", _I32: "<i"}[kind], value)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _padded(size: int) -> int:
    return -(-size // 32) * 32

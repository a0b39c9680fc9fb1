"""How a language model is loaded and asked. The defaults fit a 4 B model beside a photo on a 12 GB card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

KvCache = Literal["f16", "q8_0", "q4_0"]
Backend = Literal["auto", "xllamacpp", "llama-cpp-python"]

ALL_LAYERS = -1
KEY_VARIABLE = "STILLBYTES_LLM_KEY"
"""The environment variable with the key of a server that asks for one; a key in a workflow would be shared with it."""


@dataclass(frozen=True)
class ModelSettings:
    """What a model is and how it is loaded.

    model: a GGUF file, or the address of a server such as http://127.0.0.1:11434. vision: the GGUF of the model's eyes
    (mmproj), None if it has none. sees: whether a server's model is shown a small picture; a file's is if it has eyes.
    name: which of a server's models answers; "" takes the first. gpu_layers: ALL_LAYERS puts on the card what fits, 0
    uses the CPU only. kv_cache: the number format of the context; q8_0 halves its memory. threads: 0 takes all cores
    but one. keep_loaded: whether a file stays loaded between questions. load_limit_s: how long loading may take.
    """

    model: str
    vision: Path | None = None
    sees: bool = False
    name: str = ""
    context_tokens: int = 8192
    gpu_layers: int = ALL_LAYERS
    kv_cache: KvCache = "q8_0"
    flash_attention: bool = True
    threads: int = 0
    backend: Backend = "auto"
    keep_loaded: bool = False
    load_limit_s: float = 180.0

    @property
    def is_address(self) -> bool:
        """True where a server is asked instead of loading a file."""
        return self.model.lower().startswith(("http://", "https://"))


@dataclass(frozen=True)
class AskSettings:
    """How one question is asked.

    max_tokens: how long the answer may be; a longer one is cut and its complete steps are kept. time_limit_s: for the
    whole question with its retries. retries: how often the model is told what was wrong. looks: how often it sees the
    measured result and may correct itself. temperature: 0 always takes the likeliest word.
    """

    max_tokens: int = 1024
    time_limit_s: float = 180.0
    retries: int = 1
    looks: int = 0
    temperature: float = 0.2
    seed: int = 0

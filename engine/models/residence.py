"""Where a torch model lives between calls, and on which device it works.

An adapter never moves its model. It asks its residence, which outside ComfyUI is `Local` and inside it the memory
manager (nodes/memory.py), so that a model there can be evicted for others.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from .packages import torch


class Residence(Protocol):
    """Owns one torch.nn.Module."""

    def at_work(self, memory_bytes: int = 0) -> AbstractContextManager[Any]:
        """Return a context whose value is the torch.device that the whole model is on inside it.

        memory_bytes: what the call needs besides the weights. Gradients are off inside.
        """
        ...


Host = Callable[[Any], Residence]
"""Takes a torch.nn.Module, in eval mode and on the CPU, into its care."""


class Local:
    """A model outside ComfyUI: on CUDA if there is one, else on the CPU, from its first use on."""

    def __init__(self, net: Any) -> None:
        self._net = net

    @contextmanager
    def at_work(self, memory_bytes: int = 0) -> Generator[Any]:
        device = torch().device("cuda" if torch().cuda.is_available() else "cpu")
        self._net.to(device)
        with torch().inference_mode():
            yield device

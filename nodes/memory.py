"""Torch models in the care of ComfyUI's memory manager, so that they can be evicted for others."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import comfy.model_management as memory
import comfy.model_patcher
import torch


class _Shell(torch.nn.Module):
    """Holds a net whose `device` is a read-only property, which the patcher would try to set."""

    def __init__(self, net: torch.nn.Module) -> None:
        super().__init__()
        self.net = net


class Managed:
    """The residence of one model. `patcher` is what ComfyUI's caches and its memory manager know it by."""

    def __init__(self, net: torch.nn.Module) -> None:
        self.patcher = comfy.model_patcher.CoreModelPatcher(
            _Shell(net), load_device=memory.get_torch_device(), offload_device=memory.unet_offload_device()
        )

    @contextmanager
    def at_work(self, memory_bytes: int = 0) -> Generator[Any]:
        memory.load_models_gpu([self.patcher], memory_required=memory_bytes, force_full_load=True)
        device = self.patcher.load_device
        # Direct parameters of non-leaf modules (a ViT's position embedding) are not moved by the patcher.
        self.patcher.model.to(device)
        with torch.inference_mode():
            yield device

    def leave(self) -> None:
        """Give the card's memory back; the weights stay in RAM."""
        memory.unload_model_and_clones(self.patcher)
        self.patcher.model.to(self.patcher.offload_device)

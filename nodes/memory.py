"""Torch models in the care of ComfyUI's memory manager, so that they can be evicted for others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import comfy.model_management as memory
import comfy.model_patcher
import torch

# Under DynamicVRAM the manager streams ComfyUI's own layers and takes nothing from plain torch modules for other
# such models (comfy/model_management.py, free_memory), so a large one must not stay on the card.
_STAY_BYTES = 256 << 20


class _Shell(torch.nn.Module):
    """Holds a net whose `device` is a read-only property, which the patcher would try to set."""

    def __init__(self, net: torch.nn.Module) -> None:
        super().__init__()
        self.net = net


class Managed:
    """The residence of one model. `patcher` is what ComfyUI's caches and its memory manager know it by.

    The weights are gone from RAM as well once nothing refers to the adapter that works with them.
    """

    def __init__(self, net: torch.nn.Module) -> None:
        kind = type(type(net).__name__, (_Shell,), {})  # the name that ComfyUI's log shows
        self.patcher = comfy.model_patcher.CoreModelPatcher(
            kind(net), load_device=memory.get_torch_device(), offload_device=memory.unet_offload_device()
        )

    @contextmanager
    def at_work(self, memory_bytes: int = 0) -> Iterator[Any]:
        """Load the model onto ComfyUI's device, evicting others if need be; see engine/models/residence.py."""
        memory.load_models_gpu([self.patcher], memory_required=memory_bytes, force_full_load=True)
        device = self.patcher.load_device
        # Direct parameters of non-leaf modules (a ViT's position embedding) are not moved by the patcher.
        self.patcher.model.to(device)
        try:
            with torch.inference_mode():
                yield device
        finally:
            if self.patcher.is_dynamic() and self.patcher.model_size() > _STAY_BYTES:
                self.leave()

    def leave(self) -> None:
        """Give the card's memory back; the weights stay in RAM."""
        memory.unload_model_and_clones(self.patcher)
        self.patcher.model.to(self.patcher.offload_device)

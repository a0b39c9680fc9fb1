"""What the training of our small networks shares: layers, worse pictures, the steps, the export."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor, nn

from ..engine.masks.network import MEAN, SPREAD

LEARNING_RATE = 3e-3


def folded(inputs: int, outputs: int, side: int = 3, stride: int = 1) -> nn.Sequential:
    """Return a convolution and its normalisation, which the export makes one."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False), nn.BatchNorm2d(outputs, momentum=0.05)
    )


def worse(x: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a picture (h, w, 3) in [0, 1] with other saturation, black and white, out of focus or noisy."""
    if rng.random() < 0.4:
        grey = x.mean(2, keepdims=True)
        x = grey + (x - grey) * np.float32(rng.uniform(0, 1.5))
    if rng.random() < 0.08:
        x = np.repeat(x.mean(2, keepdims=True), 3, 2)
    if rng.random() < 0.15:
        x = np.asarray(cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.5)), np.float32)
    if rng.random() < 0.3:
        x = x + rng.normal(0, rng.uniform(0.005, 0.05), x.shape).astype(np.float32)
    return np.clip(x, 0, 1)


def as_tensor(pictures: list[NDArray[np.float32]]) -> Tensor:
    """Return (n, 3, h, w) as the networks expect it, of n display-encoded pictures (h, w, 3) in [0, 1]."""
    x = torch.from_numpy((np.stack(pictures) - np.float32(MEAN)) / np.float32(SPREAD))
    return x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def learn(net: nn.Module, loss: Callable[[], Tensor], steps: int, warm_up: float) -> None:
    """Take `steps` towards a lower `loss`, which draws what it is measured on; leave `net` ready to answer.

    Its weights become the mean over the last steps (Polyak and Juditsky 1992). warm_up: the share of the steps in which
    the learning rate rises.
    """
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=0.03)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps, pct_start=warm_up)
    mean = {name: value.detach().clone() for name, value in net.state_dict().items()}
    for step in range(steps):
        lost = loss()
        optimizer.zero_grad()
        lost.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        keep = min(0.995, (step + 1) / (step + 20))
        for name, value in net.state_dict().items():
            if value.dtype.is_floating_point:
                mean[name].mul_(keep).add_(value.detach(), alpha=1 - keep)
        if (step + 1) % 100 == 0:
            print(f"step {step + 1}: loss {lost.item():.3f}", flush=True)
    net.load_state_dict(mean)
    net.eval()


def export(net: nn.Module, path: Path, without: Collection[str] = ()) -> None:
    """Write the weights in half precision, normalisation folded in: layers as (taps * inputs, outputs).

    without: layers that only learning needs.
    """
    arrays: dict[str, Tensor] = {}
    for name, layer in net.named_children():
        if name in without:
            continue
        if isinstance(layer, nn.Sequential):
            conv, norm = layer
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            taps, bias = conv.weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale
        else:
            taps, bias = layer.weight, layer.bias
        taps = taps.reshape(*taps.shape[:2], -1)
        arrays[f"{name}.weight"] = taps.permute(2, 1, 0).reshape(-1, taps.shape[0])
        arrays[f"{name}.bias"] = bias
    save_file({name: value.detach().numpy().astype(np.float16).copy() for name, value in arrays.items()}, str(path))

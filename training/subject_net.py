"""Train the network of engine/masks/subject_net.py from scratch and write its weights.

    python training/subject_net.py --data DIR [--out FILE] [--steps 7000] [--hold-out SOURCE]

DIR is what subject_photos.py makes. Needs torch and safetensors; about half an hour of CPU time. `--hold-out`
leaves the photographs of one source out and says how well their subjects are found.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

ROOT = Path(__file__).resolve().parents[1]
if "stillbytes" not in sys.modules:
    runpy.run_path(str(ROOT / "launcher" / "package.py"))["load_package"](ROOT)

from stillbytes.engine.masks.subject_net import SIDE, seen  # noqa: E402
from stillbytes.training.learning import export, folded, learn  # noqa: E402
from stillbytes.training.subject_crops import Crop, Known, Light, Photo, Rng, draw, read  # noqa: E402

CHANNELS = 5
"""What the network sees of a pixel: three colours and two maps."""
BATCH = 32
KEPT = 1500
"""Of how many crops half of a batch is drawn again, mirrored: making a crop costs as much as learning from it."""
ONLY_LEARNING = ("drop",)
"""The layers that the shipped network does without."""


class Batch(NamedTuple):
    """What the network sees (n, CHANNELS, SIDE, SIDE), the share of subject and how much is known (n, CELLS, CELLS)."""

    x: Tensor
    share: Tensor
    known: Tensor


class SubjectNet(nn.Module):
    """The network that engine/masks/subject_net.py computes."""

    def __init__(self, widths: tuple[int, int, int, int, int] = (16, 32, 64, 96, 128)) -> None:
        super().__init__()
        a, b, c, d, e = widths
        self.c1, self.c2, self.c3 = folded(CHANNELS, a, stride=2), folded(a, b, stride=2), folded(b, b)
        self.c4, self.c5 = folded(b, c, stride=2), folded(c, c)
        self.c6, self.c7 = folded(c, d, stride=2), folded(d, d)
        self.c8, self.c9 = folded(d, e, stride=2), folded(e, e)
        self.g, self.drop = nn.Linear(e, e), nn.Dropout2d(0.1)
        self.u3, self.d3, self.u2, self.d2 = folded(e, d, 1), folded(d, d), folded(d, c, 1), folded(c, c)
        self.u1, self.d1, self.u0 = folded(c, b, 1), folded(b, b), folded(b, a, 1)
        self.out = nn.Conv2d(a, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the log-odds of subject per cell, (n, CELLS, CELLS)."""
        half = fn.relu(self.c1(x))
        quarter = fn.relu(self.c3(fn.relu(self.c2(half))))
        eighth = fn.relu(self.c5(fn.relu(self.c4(quarter))))
        coarse = fn.relu(self.c7(fn.relu(self.c6(eighth))))
        x = fn.relu(self.c9(fn.relu(self.c8(coarse))))
        x = self.drop(x + fn.relu(self.g(x.mean((2, 3))))[:, :, None, None])
        x = fn.relu(self.d3(fn.relu(fn.interpolate(self.u3(x), scale_factor=2) + coarse)))
        x = fn.relu(self.d2(fn.relu(fn.interpolate(self.u2(x), scale_factor=2) + eighth)))
        x = fn.relu(self.d1(fn.relu(fn.interpolate(self.u1(x), scale_factor=2) + quarter)))
        return self.out(fn.relu(fn.interpolate(self.u0(x), scale_factor=2) + half))[:, 0]


def as_batch(crops: list[Crop]) -> Batch:
    """Return the crops as the network sees them."""
    known = torch.from_numpy(np.stack([crop.known for crop in crops]))
    share = torch.from_numpy(np.stack([crop.share for crop in crops])).float().clamp(0, 1)
    return Batch(as_tensor([crop.picture for crop in crops]), share, known)


def as_tensor(pictures: list[Light]) -> Tensor:
    """Return (n, CHANNELS, SIDE, SIDE) of n display-encoded pictures (SIDE, SIDE, 3) in [0, 1]."""
    x = torch.from_numpy(np.stack([seen(picture) for picture in pictures]))
    return x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


class Crops:
    """An endless supply of batches: half of each is new, the other half comes mirrored from earlier ones."""

    def __init__(self, known: Known, rng: Rng) -> None:
        self._known, self._rng = known, rng
        self._kept: list[Batch] = []

    def batch(self) -> Batch:
        """Return BATCH crops."""
        count = BATCH // 2 if len(self._kept) >= BATCH else BATCH
        new = as_batch([draw(self._known, self._rng) for _ in range(count)])
        parts = [Batch(*(values[i] for values in new)) for i in range(count)]
        again = [self._kept[self._rng.integers(len(self._kept))] for _ in range(BATCH - count)]
        for part in parts:
            if len(self._kept) < KEPT:
                self._kept.append(part)
            else:
                self._kept[self._rng.integers(KEPT)] = part
        parts += [Batch(*(values.flip(-1) for values in part)) for part in again]
        x, share, known = (torch.stack(values) for values in zip(*parts, strict=True))
        return Batch(x.contiguous(memory_format=torch.channels_last), share, known)


def loss_of(net: SubjectNet, batch: Batch) -> Tensor:
    """Return the cross entropy of the cells, plus a third of what the overlap with the subject lacks to 1."""
    odds = net(batch.x)
    cells = (fn.binary_cross_entropy_with_logits(odds, batch.share, reduction="none") * batch.known).mean()
    p, share = torch.sigmoid(odds) * batch.known, batch.share * batch.known
    both = (p * share).sum((1, 2))
    overlap = (both + 1) / ((p + share).sum((1, 2)) - both + 1)
    return cells + 0.35 * ((1 - overlap) * (share.mean((1, 2)) > 0.005)).mean()


def train(photos: list[Photo], steps: int, seed: int) -> SubjectNet:
    """Return the network after `steps`."""
    torch.manual_seed(seed)
    net = SubjectNet().to(memory_format=torch.channels_last)
    crops = Crops(Known(photos), np.random.default_rng(seed))
    learn(net, lambda: loss_of(net, crops.batch()), steps, warm_up=0.05)
    return net


@torch.no_grad()
def overlap(net: SubjectNet, photos: list[Photo]) -> float:
    """Return the mean IoU, cells at 0.5, of the subjects of `photos`."""
    found: list[float] = []
    for photo in photos:
        small = cv2.resize(photo.picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        odds = cv2.resize(net(as_tensor([small]))[0].numpy(), photo.truth.shape[::-1])
        inside, subject = (odds > 0) & (photo.truth != 128), photo.truth == 255
        found.append(float((inside & subject).sum() / max((inside | subject).sum(), 1)))
    return float(np.mean(found))


def main() -> None:
    """Train, write, and say how good it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that subject_photos.py made")
    parser.add_argument("--out", type=Path, default=ROOT / "engine" / "masks" / "subject_net.safetensors")
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hold-out", metavar="SOURCE", help="leave the photographs of this source out")
    options = parser.parse_args()
    photos = read(options.data)
    held = [photo for photo in photos if photo.source == options.hold_out and photo.box is not None]
    net = train([photo for photo in photos if photo.source != options.hold_out], options.steps, options.seed)
    export(net, options.out, ONLY_LEARNING)
    if held:
        print(f"mean IoU on {len(held)} photographs left out: {overlap(net, held):.3f}")


if __name__ == "__main__":
    main()

"""Train the network of engine/masks/sky_net.py from scratch and write its weights.

    python training/sky_net.py --data DIR [--out engine/masks/sky_net.safetensors] [--steps 1600] [--hold-out 0/3]

DIR is what sky_photos.py makes. Needs torch and safetensors; some 25 CPU minutes. `--hold-out K/N` leaves every N-th
photograph out, from the K-th, and says how well those are told apart.
"""

from __future__ import annotations

import argparse
import json
import runpy
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as fn

ROOT = Path(__file__).resolve().parents[1]
if "stillbytes" not in sys.modules:
    runpy.run_path(str(ROOT / "launcher" / "package.py"))["load_package"](ROOT)

from stillbytes.engine.masks.sky_net import SIDE, Recognised  # noqa: E402
from stillbytes.training.learning import as_tensor, export, folded, learn, worse  # noqa: E402

CELLS = SIDE // 4
BATCH = 32
ONLY_LEARNING = ("any", "drop")
"""The layers that the shipped network does without."""
LEAST_SHARE = 0.015
"""A crop with less sky than this, but some, does not say whether there is a sky."""
NEW_SKY, NIGHTS = 0.25, 0.1
"""Of the photographs with a sky, those that get another one, and those that the later rounds turn into nights."""


class Photo(NamedTuple):
    """A small picture (h, w, 3), and where it shows sky: 255, none: 0, unsure: 128."""

    picture: NDArray[np.uint8]
    truth: NDArray[np.uint8]

    @property
    def sky(self) -> bool:
        return bool((self.truth == 255).any())


class Crop(NamedTuple):
    """What a step learns from: a picture in [0, 1], the share of sky per cell, and how much of a cell is known."""

    picture: NDArray[np.float32]
    share: NDArray[np.float32]
    known: NDArray[np.float32]


class SkyNet(nn.Module):
    """The network that engine/masks/sky_net.py computes, and a say on "is there a sky" that only learning needs."""

    def __init__(self, widths: tuple[int, int, int, int] = (16, 32, 64, 96)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.c1, self.c2, self.c3 = folded(3, a, stride=2), folded(a, b, stride=2), folded(b, b)
        self.c4, self.c5 = folded(b, c, stride=2), folded(c, c)
        self.c6, self.c7 = folded(c, d, stride=2), folded(d, d)
        self.g, self.any, self.drop = nn.Linear(d, d), nn.Linear(d, 1), nn.Dropout(0.25)
        self.u2, self.d2, self.u1, self.d1 = folded(d, c, 1), folded(c, c), folded(c, b, 1), folded(b, b)
        self.out = nn.Conv2d(b, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the log-odds of sky per cell, (n, 24, 24), and of any sky, (n,)."""
        fine = fn.relu(self.c3(fn.relu(self.c2(fn.relu(self.c1(x))))))
        middle = fn.relu(self.c5(fn.relu(self.c4(fine))))
        x = fn.relu(self.c7(fn.relu(self.c6(middle))))
        mean = self.drop(x.mean((2, 3)))
        x = x + fn.relu(self.g(mean))[:, :, None, None]
        x = fn.relu(fn.interpolate(self.u2(x), scale_factor=2) + middle)
        x = fn.relu(fn.interpolate(self.u1(fn.relu(self.d2(x))), scale_factor=2) + fine)
        return self.out(fn.relu(self.d1(x)))[:, 0], self.any(mean)[:, 0]


def read(folder: Path) -> list[Photo]:
    """Return the photographs of `folder`."""
    entries = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [Photo(_rgb(folder / entry["file"]), _grey(folder / entry["gt"])) for entry in entries]


def _rgb(path: Path) -> Any:
    return np.ascontiguousarray(cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1])


def _grey(path: Path) -> Any:
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


def draw(skies: list[Photo], others: list[Photo], rng: np.random.Generator, nights: float = 0.0) -> Crop:
    """Return a part of a random photograph, half of the time of one with a sky, as if another camera had taken it.

    nights: the share of those with a sky that become nights, at most NEW_SKY.
    """
    group = skies if rng.random() < 0.5 else others
    photo = group[rng.integers(len(group))]
    if group is skies and (chance := rng.random()) < NEW_SKY:
        other = skies[rng.integers(len(skies))]
        photo = _at_night(photo, rng) if chance < nights else _under_another_sky(photo, other, rng)
    crop = _cut(photo, rng)
    return crop._replace(picture=_exposed(crop.picture, rng))


def _under_another_sky(photo: Photo, other: Photo, rng: np.random.Generator) -> Photo:
    """Return `photo` with a part of the sky of `other` as its own; `photo` itself where none is found."""
    height, width = other.truth.shape
    for _ in range(8):
        top, left = int(rng.uniform(0, 0.4) * height), int(rng.uniform(0, 0.4) * width)
        bottom = int(min(height, top + rng.uniform(0.15, 0.6) * height))
        right = int(min(width, left + rng.uniform(0.4, 1) * width))
        part = np.s_[top:bottom, left:right]
        if bottom - top > 20 and right - left > 40 and other.truth[part].min() == 255:
            sky = cv2.resize(other.picture[part], photo.truth.shape[::-1]).astype(np.float32)
            alpha = cv2.GaussianBlur((photo.truth == 255).astype(np.float32), (0, 0), 0.8)[..., None]
            return Photo((photo.picture * (1 - alpha) + sky * alpha).astype(np.uint8), photo.truth)
    return photo


def _at_night(photo: Photo, rng: np.random.Generator) -> Photo:
    """Return `photo` with a dark, noisy sky, lighter towards its lower end, over a ground of more contrast."""
    sky = photo.truth == 255
    if sky.all():  # a dark frame without a ground may be anything
        return photo
    alpha = cv2.GaussianBlur(sky.astype(np.float32), (0, 0), 0.8)[..., None]
    lowest = max(1.0, float(np.flatnonzero(sky.any(axis=1)).max(initial=1)))
    down = (np.arange(len(sky), dtype=np.float32)[:, None, None] / lowest) ** 3
    tint = 1 + rng.uniform(-0.5, 0.5) * np.array([1, 0.1, -1])
    noise = rng.normal(0, rng.uniform(0.5, 8), (*sky.shape, 1))
    dark = (rng.uniform(0, 30) + rng.uniform(0, 50) * down) * tint + noise
    ground = 255 * (photo.picture / 255) ** rng.uniform(1, 2.5) * rng.uniform(0.5, 1.2)
    return Photo(np.clip(ground * (1 - alpha) + dark * alpha, 0, 255).astype(np.uint8), photo.truth)


def _cut(photo: Photo, rng: np.random.Generator) -> Crop:
    height, width = photo.truth.shape
    area = rng.uniform(0.25, 1) if rng.random() < 0.8 else 1.0
    slim = np.exp(rng.uniform(-0.25, 0.25))
    tall, wide = min(1.0, np.sqrt(area) * slim), min(1.0, np.sqrt(area) / slim)
    top, left = int(rng.uniform(0, 1 - tall) * height), int(rng.uniform(0, 1 - wide) * width)
    if rng.random() < 0.3:
        top = 0
    part = np.s_[top : top + max(8, int(tall * height)), left : left + max(8, int(wide * width))]
    picture = cv2.resize(photo.picture[part], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    sky, known = (_per_cell(values) for values in (photo.truth[part] == 255, photo.truth[part] != 128))
    flip = -1 if rng.random() < 0.5 else 1
    share = np.where(known > 0, sky / np.maximum(known, 1e-3), 0)
    return Crop(picture[:, ::flip].astype(np.float32) / 255, share[:, ::flip], known[:, ::flip])


def _per_cell(values: NDArray[np.bool_]) -> Any:
    return cv2.resize(values.astype(np.float32), (CELLS, CELLS), interpolation=cv2.INTER_AREA)


def _exposed(x: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the picture under another exposure, white balance, contrast, saturation, focus, noise and compression."""
    if rng.random() < 0.85:
        warm = rng.uniform(-0.3, 0.3) if rng.random() < 0.5 else 0.0
        balance = np.exp(rng.normal(0, 0.1, 3)) * np.array([1 + warm, 1, 1 - warm])
        light = x**2.2 * (balance / balance.mean() * 2 ** rng.uniform(-1.4, 1.2)).astype(np.float32)
        x = np.clip(light, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.18)) / 2.2)
    x = worse(x, rng)
    if rng.random() < 0.25:
        how = [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(25, 90))]
        x = cv2.imdecode(cv2.imencode(".jpg", np.rint(x * 255).astype(np.uint8), how)[1], 1).astype(np.float32) / 255
    return x


def loss_of(net: SkyNet, crops: list[Crop]) -> Tensor:
    """Return the cross entropy of the cells, and a fifth of that of "is there a sky"."""
    share = torch.from_numpy(np.stack([crop.share for crop in crops])).float()
    known = torch.from_numpy(np.stack([crop.known for crop in crops]))
    odds, anything = net(as_tensor([crop.picture for crop in crops]))
    cells = (fn.binary_cross_entropy_with_logits(odds, share, reduction="none") * known).mean()
    mean = share.mean((1, 2))
    there = (mean > LEAST_SHARE).float()
    clear = ((mean == 0) | (mean > LEAST_SHARE)).float()
    return cells + 0.2 * (fn.binary_cross_entropy_with_logits(anything, there, reduction="none") * clear).mean()


def _loss(net: SkyNet, crop: Callable[[], Crop]) -> Tensor:
    return loss_of(net, [crop() for _ in range(BATCH)])


def train(photos: list[Photo], steps: int, seed: int) -> SkyNet:
    """Return the network after a round of `steps` and four more that show nights as well."""
    torch.manual_seed(seed)
    net = SkyNet().to(memory_format=torch.channels_last)
    skies, others = [photo for photo in photos if photo.sky], [photo for photo in photos if not photo.sky]
    for turn, count in enumerate([steps, steps * 5 // 16, steps // 2, steps, steps]):
        net.train()
        crop = partial(draw, skies, others, np.random.default_rng(seed + turn), NIGHTS if turn else 0.0)
        learn(net, partial(_loss, net, crop), count, warm_up=0.15)
    return net


@torch.no_grad()
def tell_apart(net: SkyNet, photos: list[Photo]) -> float:
    """Return the area under the curve of "is there a sky" on `photos`."""
    small = [
        cv2.resize(photo.picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA) / np.float32(255) for photo in photos
    ]
    cells = [net(as_tensor([np.asarray(picture, np.float32)]))[0][0].numpy() for picture in small]
    said = np.array([Recognised(answer).anywhere for answer in cells])
    sky = np.array([photo.sky for photo in photos])
    return float((said[sky][:, None] > said[~sky]).mean())


def main() -> None:
    """Train, write, and say how good it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that sky_photos.py made")
    parser.add_argument("--out", type=Path, default=ROOT / "engine" / "masks" / "sky_net.safetensors")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hold-out", metavar="K/N", help="leave every N-th photograph out, from the K-th")
    options = parser.parse_args()
    photos, held = read(options.data), []
    if options.hold_out:
        first, every = map(int, options.hold_out.split("/"))
        held = photos[first::every]
        photos = [photo for number, photo in enumerate(photos) if number % every != first]
    net = train(photos, options.steps, options.seed)
    export(net, options.out, ONLY_LEARNING)
    if held:
        print(f"area under the curve on {len(held)} photographs left out: {tell_apart(net, held):.3f}")


if __name__ == "__main__":
    main()

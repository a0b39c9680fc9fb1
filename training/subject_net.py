"""Train the network of engine/masks/subject_net.py from scratch and write its weights.

    python training/subject_net.py --data DIR [--out FILE] [--steps 7000] [--hold-out SOURCE]

DIR is what subject_photos.py makes. Needs torch and safetensors; about half an hour of CPU time. `--hold-out`
leaves the photographs of one source out and says how well their subjects are found.
"""

from __future__ import annotations

import argparse
import json
import runpy
import sys
from collections import defaultdict
from functools import cached_property
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

from stillbytes.engine.masks.subject_net import SIDE  # noqa: E402
from stillbytes.training.learning import as_tensor, export, folded, learn, worse  # noqa: E402

CELLS = SIDE // 2
STAGE = 192
"""The side of a picture that a subject is pasted into, in px."""
BATCH = 24
ONLY_LEARNING = ("drop",)
"""The layers that the shipped network does without."""
BARE, PASTED = 0.08, 0.34
"""How often a step sees a picture without a subject, and a subject in front of another picture."""
EVEN = 0.6
"""The power of a source's size that says how often its photographs are drawn."""

Rng = np.random.Generator
Pixels = NDArray[np.uint8]


class Photo:
    """A small picture (h, w, 3), and where it shows its subject: 255, none: 0, unsure: 128."""

    def __init__(self, picture: Pixels, truth: Pixels, source: str = "") -> None:
        self.picture, self.truth, self.source = picture, truth, source

    @cached_property
    def box(self) -> tuple[int, int, int, int] | None:
        """Left, top, right and bottom of the subject; None without one."""
        y, x = np.nonzero(self.truth == 255)
        return (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1) if len(x) else None


class Crop(NamedTuple):
    """What a step learns from: a picture in [0, 1], the share of subject per cell, and how much of a cell is known."""

    picture: NDArray[np.float32]
    share: NDArray[np.float32]
    known: NDArray[np.float32]


class Known:
    """Photographs, by whether they have a subject and by source."""

    def __init__(self, photos: list[Photo]) -> None:
        self.bare = [photo for photo in photos if photo.box is None]
        sources: dict[str, list[Photo]] = defaultdict(list)
        for photo in photos:
            if photo.box is not None and (photo.truth == 255).mean() > 0.01:
                sources[photo.source].append(photo)
        self.groups = list(sources.values())
        often = np.array([len(group) for group in self.groups]) ** EVEN
        self.often = often / often.sum()

    def subject(self, rng: Rng, evenly: bool = False) -> Photo:
        """Return a random photograph with a subject."""
        group = self.groups[rng.choice(len(self.groups), p=None if evenly else self.often)]
        return group[rng.integers(len(group))]

    def backdrop(self, rng: Rng) -> Photo:
        """Return a random photograph to stand behind something, mostly one without a subject."""
        return self.bare[rng.integers(len(self.bare))] if self.bare and rng.random() < 0.8 else self.subject(rng)


class SubjectNet(nn.Module):
    """The network that engine/masks/subject_net.py computes."""

    def __init__(self, widths: tuple[int, int, int, int, int] = (16, 32, 64, 96, 128)) -> None:
        super().__init__()
        a, b, c, d, e = widths
        self.c1, self.c2, self.c3 = folded(3, a, stride=2), folded(a, b, stride=2), folded(b, b)
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


def read(folder: Path) -> list[Photo]:
    """Return the photographs of `folder`."""
    entries = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [
        Photo(
            np.ascontiguousarray(cv2.imread(str(folder / entry["file"]), cv2.IMREAD_COLOR)[..., ::-1]),
            np.asarray(cv2.imread(str(folder / entry["gt"]), cv2.IMREAD_GRAYSCALE)),
            entry["set"],
        )
        for entry in entries
    ]


def draw(known: Known, rng: Rng) -> Crop:
    """Return a part of a photograph, or a subject in front of another one, as if another camera had taken it."""
    kind = rng.random()
    if kind < BARE and known.bare:
        picture, truth = cut(known.bare[rng.integers(len(known.bare))], rng)
    elif kind < BARE + PASTED:
        picture, truth = paste(known.subject(rng, evenly=True), known.backdrop(rng), rng)
    else:
        picture, truth = cut(known.subject(rng), rng)
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    subject, sure = (_per_cell(values) for values in (truth == 255, truth != 128))
    flip = -1 if rng.random() < 0.5 else 1
    share = np.where(sure > 0, subject / np.maximum(sure, 1e-3), 0)
    return Crop(_exposed(np.ascontiguousarray(small[:, ::flip]), rng), share[:, ::flip], sure[:, ::flip])


def _per_cell(values: NDArray[np.bool_]) -> Any:
    return cv2.resize(values.astype(np.float32), (CELLS, CELLS), interpolation=cv2.INTER_AREA)


def cut(photo: Photo, rng: Rng) -> tuple[Pixels, Pixels]:
    """Return a random part of `photo` and of its truth that keeps most of the subject, and not only the subject."""
    height, width = photo.truth.shape
    whole = (photo.truth == 255).sum()
    for _ in range(8):
        area = rng.uniform(0.35, 1) if rng.random() < 0.75 else 1.0
        slim = np.exp(rng.uniform(-0.2, 0.2))
        tall, wide = min(1.0, np.sqrt(area) * slim), min(1.0, np.sqrt(area) / slim)
        top, left = int(rng.uniform(0, 1 - tall) * height), int(rng.uniform(0, 1 - wide) * width)
        part = np.s_[top : top + max(8, int(tall * height)), left : left + max(8, int(wide * width))]
        seen = photo.truth[part] == 255
        if not whole or (seen.sum() >= 0.7 * whole and seen.mean() < 0.8):
            return photo.picture[part], photo.truth[part]
    return photo.picture, photo.truth


def paste(photo: Photo, behind: Photo, rng: Rng) -> tuple[Pixels, Pixels]:
    """Return the subject of `photo` in front of a part of `behind`, (STAGE, STAGE, 3), and its truth.

    A side of the frame that cuts the subject cuts it again. Falls back on a part of `photo` where hardly any is left.
    """
    stage = cv2.resize(cut(Photo(behind.picture, np.zeros_like(behind.truth)), rng)[0], (STAGE, STAGE)).astype(
        np.float32
    )
    if rng.random() < 0.4:
        stage = np.asarray(cv2.GaussianBlur(stage, (0, 0), rng.uniform(0.8, 5)), np.float32)
    thing, alpha, (left, top) = _cut_out(photo, rng)
    rows, columns = (
        slice(max(0, first), min(STAGE, first + size)) for first, size in zip((top, left), alpha.shape, strict=True)
    )
    cover = np.zeros((STAGE, STAGE), np.float32)
    shown = np.s_[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    if rng.random() < 0.6:
        light = (thing.mean(axis=2) * alpha).sum() / max(float(alpha.sum()), 1.0)
        thing = thing * (1 + rng.uniform(0.2, 0.8) * (np.clip(stage.mean() / max(light, 1.0), 0.5, 2) - 1))
    cover[rows, columns] = alpha[shown]
    truth = np.where(cover > 0.6, 255, np.where(cover < 0.3, 0, 128)).astype(np.uint8)
    if (truth == 255).mean() < 0.01:
        return cut(photo, rng)
    stage[rows, columns] += (thing[shown] - stage[rows, columns]) * alpha[shown][..., None]
    return np.clip(stage, 0, 255).astype(np.uint8), truth


def _cut_out(photo: Photo, rng: Rng) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[int, int]]:
    """Return the subject's pixels at a random size, its soft outline, and where its left top comes on the stage."""
    assert photo.box is not None
    x0, y0, x1, y1 = photo.box
    height, width = photo.truth.shape
    thing, alpha = photo.picture[y0:y1, x0:x1], (photo.truth[y0:y1, x0:x1] == 255).astype(np.float32)
    area = np.exp(rng.uniform(np.log(0.04), np.log(0.45)))
    scale = min(np.sqrt(area * STAGE**2 / max(float(alpha.sum()), 1.0)), 1.15 * STAGE / max(alpha.shape))
    wide = max(6, int((x1 - x0) * scale * np.exp(rng.uniform(-0.12, 0.12))))
    tall = max(6, int((y1 - y0) * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    thing, alpha = (cv2.resize(values, (wide, tall), interpolation=how) for values in (thing, alpha))
    cut_left, cut_right = x0 <= 1, x1 >= width - 1
    if rng.random() < 0.5:
        thing, alpha, cut_left, cut_right = thing[:, ::-1], alpha[:, ::-1], cut_right, cut_left
    alpha = cv2.GaussianBlur(np.ascontiguousarray(alpha), (0, 0), rng.uniform(0.4, 1.1))
    left = int(np.clip(rng.normal(0.5, 0.22), -0.05, 1.05) * (STAGE - wide))
    left = (
        min(left, 0) if cut_left and not cut_right else max(left, STAGE - wide) if cut_right and not cut_left else left
    )
    if y1 >= height - 2:
        top = STAGE - tall + int(rng.integers(0, max(1, tall // 8)))
    else:
        top = int(rng.uniform(0.1, 1) * (STAGE - tall))
        top = min(top, 0) if y0 <= 1 else top
    return thing.astype(np.float32), np.asarray(alpha, np.float32), (left, top)


def _exposed(x: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Return the picture under another exposure, white balance, contrast, saturation, focus and noise."""
    if rng.random() < 0.85:
        balance = np.exp(rng.normal(0, 0.12, 3))
        light = x**2.2 * (balance / balance.mean() * 2 ** rng.uniform(-1.2, 0.8)).astype(np.float32)
        x = np.clip(light, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.15)) / 2.2)
    return worse(x, rng)


def loss_of(net: SubjectNet, crops: list[Crop]) -> Tensor:
    """Return the cross entropy of the cells, plus a third of what the overlap with the subject lacks to 1."""
    share = torch.from_numpy(np.stack([crop.share for crop in crops])).float().clamp(0, 1)
    known = torch.from_numpy(np.stack([crop.known for crop in crops]))
    odds = net(as_tensor([crop.picture for crop in crops]))
    cells = (fn.binary_cross_entropy_with_logits(odds, share, reduction="none") * known).mean()
    p, share = torch.sigmoid(odds) * known, share * known
    both = (p * share).sum((1, 2))
    overlap = (both + 1) / ((p + share).sum((1, 2)) - both + 1)
    return cells + 0.35 * ((1 - overlap) * (share.mean((1, 2)) > 0.005)).mean()


def train(photos: list[Photo], steps: int, seed: int) -> SubjectNet:
    """Return the network after `steps`."""
    torch.manual_seed(seed)
    rng, net, known = np.random.default_rng(seed), SubjectNet().to(memory_format=torch.channels_last), Known(photos)
    learn(net, lambda: loss_of(net, [draw(known, rng) for _ in range(BATCH)]), steps, warm_up=0.05)
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

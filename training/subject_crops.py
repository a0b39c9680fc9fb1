"""What training/subject_net.py learns from: parts of photographs, and subjects pasted before other pictures."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..engine.masks.subject_net import SIDE
from .learning import worse

CELLS = SIDE // 2
STAGE = 160
"""The side of a picture that a subject is pasted into, in px."""
BARE, PASTED, HERDS, HIDDEN = 0.07, 0.45, 0.15, 0.35
"""How often a crop shows no subject, a pasted one, several pasted ones, and pasted ones in the colours behind them."""
OFTEN = {"animals": 3.0, "birds": 1.7, "pets": 1.5, "coco": 4.0}
"""How often a kind of source is drawn; the others together count 2."""

Rng = np.random.Generator
Pixels = NDArray[np.uint8]
Light = NDArray[np.float32]


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

    picture: Light
    share: Light
    known: Light


class Known:
    """Photographs, by whether they have a subject and by the kind of their source: what its name begins with."""

    def __init__(self, photos: list[Photo]) -> None:
        self.bare = [photo for photo in photos if photo.box is None]
        kinds: dict[str, list[Photo]] = defaultdict(list)
        for photo in photos:
            if photo.box is not None and (photo.truth == 255).mean() > 0.01:
                kind = photo.source.split("-")[0]
                kinds[kind if kind in OFTEN else "others"].append(photo)
        self.groups = list(kinds.values())
        often = np.array([OFTEN.get(kind, 2.0) for kind in kinds])
        self.often = often / often.sum()

    def group(self, rng: Rng) -> list[Photo]:
        """Return the photographs with a subject of a random kind of source."""
        return self.groups[rng.choice(len(self.groups), p=self.often)]

    def stage(self, rng: Rng) -> Light:
        """Return a picture without a subject, (STAGE, STAGE, 3): a bare one, or what surrounds another subject."""
        for _ in range(8):
            photo = _one(self.bare, rng) if self.bare and rng.random() < 0.6 else _one(self.group(rng), rng)
            if (part := surroundings(photo, rng)) is not None:
                return cv2.resize(part, (STAGE, STAGE), interpolation=cv2.INTER_AREA).astype(np.float32)
        return np.full((STAGE, STAGE, 3), 128, np.float32)


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


def _one(photos: list[Photo], rng: Rng) -> Photo:
    return photos[rng.integers(len(photos))]


def draw(known: Known, rng: Rng) -> Crop:
    """Return a part of a photograph, or subjects in front of another one, as if another camera had taken it."""
    kind = rng.random()
    if kind < BARE and known.bare:
        picture, truth = cut(_one(known.bare, rng), rng)
    elif kind < BARE + PASTED:
        group = known.group(rng)
        count = int(rng.integers(2, 5)) if rng.random() < HERDS else 1
        first = _one(group, rng)
        herd = [first if rng.random() < 0.6 else _one(group, rng) for _ in range(count - 1)]
        picture, truth = paste([first, *herd], known.stage(rng), rng)
    else:
        picture, truth = cut(_one(known.group(rng), rng), rng)
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    subject, sure = (_per_cell(values) for values in (truth == 255, truth != 128))
    flip = -1 if rng.random() < 0.5 else 1
    share = np.where(sure > 0, subject / np.maximum(sure, 1e-3), 0)
    return Crop(exposed(np.ascontiguousarray(small[:, ::flip]), rng), share[:, ::flip], sure[:, ::flip])


def _per_cell(values: NDArray[np.bool_]) -> Any:
    return cv2.resize(values.astype(np.float32), (CELLS, CELLS), interpolation=cv2.INTER_AREA)


def cut(photo: Photo, rng: Rng) -> tuple[Pixels, Pixels]:
    """Return a random part of `photo` and of its truth that keeps most of the subject, and not only the subject."""
    height, width = photo.truth.shape
    whole = (photo.truth == 255).sum()
    for _ in range(8):
        area = rng.uniform(0.35, 1) if rng.random() < 0.75 else 1.0
        slim = np.exp(rng.uniform(-0.2, 0.2))
        part = _part((height, width), area, slim, rng)
        seen = photo.truth[part] == 255
        if not whole or (seen.sum() >= 0.7 * whole and seen.mean() < 0.8):
            return photo.picture[part], photo.truth[part]
    return photo.picture, photo.truth


def surroundings(photo: Photo, rng: Rng) -> Pixels | None:
    """Return a random part of `photo` that does not show its subject; None if none was found."""
    if photo.box is None:
        return cut(photo, rng)[0]
    for _ in range(10):
        part = _part(photo.truth.shape, rng.uniform(0.1, 0.6), np.exp(rng.uniform(-0.3, 0.3)), rng)
        if (photo.truth[part] == 255).mean() < 0.01:
            return photo.picture[part]
    return None


def _part(shape: tuple[int, ...], area: float, slim: float, rng: Rng) -> tuple[slice, slice]:
    """Return rows and columns of a random rectangle with this share of the area, `slim` times as tall as the frame."""
    tall, wide = min(1.0, np.sqrt(area) * slim), min(1.0, np.sqrt(area) / slim)
    top, left = int(rng.uniform(0, 1 - tall) * shape[0]), int(rng.uniform(0, 1 - wide) * shape[1])
    return np.s_[top : top + max(8, int(tall * shape[0])), left : left + max(8, int(wide * shape[1]))]


def paste(photos: list[Photo], stage: Light, rng: Rng) -> tuple[Pixels, Pixels]:
    """Return the subjects of `photos` in front of `stage`, (STAGE, STAGE, 3), and where they are.

    A side of the frame that cuts a subject cuts it again. Where hardly any is left, it is a part of a photograph.
    """
    if rng.random() < 0.35:
        stage = np.asarray(cv2.GaussianBlur(stage, (0, 0), rng.uniform(0.8, 5)), np.float32)
    behind, cover = stage.copy(), np.zeros((STAGE, STAGE), np.float32)
    area = np.exp(rng.uniform(np.log(0.04), np.log(0.45))) / len(photos) ** 0.7
    hidden = rng.random() < HIDDEN
    for photo in photos:
        size = area * np.exp(rng.normal(0, 0.25)) if len(photos) > 1 else area
        thing, alpha, (left, top) = _cut_out(photo, size, rng)
        rows, columns = (
            slice(max(0, first), min(STAGE, first + size)) for first, size in zip((top, left), alpha.shape, strict=True)
        )
        shown = np.s_[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        if min(alpha[shown].shape) < 4:
            continue
        thing = _lit(thing, alpha, behind[rows, columns] if hidden else None, stage, rng)
        stage[rows, columns] += (thing[shown] - stage[rows, columns]) * alpha[shown][..., None]
        cover[rows, columns] = np.maximum(cover[rows, columns], alpha[shown])
    truth = np.where(cover > 0.6, 255, np.where(cover < 0.3, 0, 128)).astype(np.uint8)
    if (truth == 255).mean() < 0.01:
        return cut(photos[0], rng)
    return np.clip(stage, 0, 255).astype(np.uint8), truth


def _lit(thing: Light, alpha: Light, behind: Light | None, stage: Light, rng: Rng) -> Light:
    """Return `thing` in the colours of what is `behind` it; without that, mostly in the light of the stage."""
    if behind is not None and (alpha > 0.5).sum() > 10:
        return _recoloured(thing, alpha > 0.5, behind, rng)
    if rng.random() < 0.6:
        light = (thing.mean(axis=2) * alpha).sum() / max(float(alpha.sum()), 1.0)
        thing = thing * (1 + rng.uniform(0.2, 0.8) * (np.clip(stage.mean() / max(light, 1.0), 0.5, 2) - 1))
    return thing


def _recoloured(thing: Light, inside: NDArray[np.bool_], behind: Light, rng: Rng) -> Light:
    """Return `thing` with mean and spread moved towards those of `behind`, in L*a*b* (Reinhard et al. 2001)."""
    own, other = _lab(thing), _lab(behind).reshape(-1, 3)
    mean, spread = own[inside].mean(axis=0), own[inside].std(axis=0) + 1
    far = rng.uniform(0.3, 1)
    stretch = 1 - far + far * np.clip((other.std(axis=0) + 1) / spread, 0.6, 1.5)
    shift = far * (other.mean(axis=0) - mean) * np.array([rng.uniform(0.3, 1), 1, 1])
    moved = ((own - mean) * stretch + mean + shift).astype(np.float32)
    return np.asarray(cv2.cvtColor(moved, cv2.COLOR_LAB2RGB) * 255, np.float32)


def _lab(picture: Light) -> Light:
    codes = np.clip(np.ascontiguousarray(picture), 0, 255).astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(codes, cv2.COLOR_RGB2LAB), np.float32)


def _cut_out(photo: Photo, area: float, rng: Rng) -> tuple[Light, Light, tuple[int, int]]:
    """Return the subject's pixels at this share of the stage, its soft outline, and where its left top comes."""
    assert photo.box is not None
    x0, y0, x1, y1 = photo.box
    height, width = photo.truth.shape
    thing, alpha = photo.picture[y0:y1, x0:x1], (photo.truth[y0:y1, x0:x1] == 255).astype(np.float32)
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


def exposed(x: Light, rng: Rng) -> Light:
    """Return the picture under another exposure, white balance, contrast, saturation, focus and noise."""
    if rng.random() < 0.85:
        balance = np.exp(rng.normal(0, 0.12, 3))
        light = cv2.pow(x, 2.2) * (balance / balance.mean() * 2 ** rng.uniform(-1.2, 0.8)).astype(np.float32)
        x = np.asarray(cv2.pow(np.clip(light, 0, 1), float(np.exp(rng.normal(0, 0.15)) / 2.2)), np.float32)
    return worse(x, rng)

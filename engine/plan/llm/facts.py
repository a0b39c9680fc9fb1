"""What a language model is told about a photo: figures of its tones and colours, what is in it, how it was taken."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...develop.display import OutputSpec, preview_scale, render_display
from ...masks.frame import render_mask
from ...masks.mask import Target
from ...masks.select import select
from ...metadata import Metadata
from ...photo import Photo

LOOK_SIDE = 512
PARTS: tuple[Target, ...] = ("sky", "subject")
_CLIPPED_HIGH, _CLIPPED_LOW = 253, 2
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709
_NIGHT, _DARK, _BRIGHT = 18.0, 32.0, 68.0
_FLAT, _HARSH = 13.0, 30.0
_CAST, _PALE, _GREY = 4.0, 12.0, 2.0
_BACKLIGHT = 15.0


@dataclass(frozen=True)
class Figures:
    """Tones and colours of a finished picture, all in percent of full scale except `warmth`.

    mean, darkest (1st percentile), median, brightest (99th); contrast: standard deviation; clipped_low and
    clipped_high: share of pixels with no detail; colorfulness: mean distance of the channels; warmth: red minus blue.
    """

    mean: float
    darkest: float
    median: float
    brightest: float
    contrast: float
    clipped_low: float
    clipped_high: float
    colorfulness: float
    warmth: float

    def lines(self) -> list[str]:
        """Return the figures in words."""
        return [
            f"brightness: mean {self.mean:.0f} %, median {self.median:.0f} %, "
            f"darkest {self.darkest:.0f} %, brightest {self.brightest:.0f} %",
            f"contrast {self.contrast:.0f} %, without detail: {self.clipped_low:.1f} % black, "
            f"{self.clipped_high:.1f} % white",
            f"colourfulness {self.colorfulness:.0f} %, red minus blue {self.warmth:+.0f} %",
        ]


@dataclass(frozen=True)
class Facts:
    """What is told about one photo. `parts` are shares of the photo, 0 to 1, by name; 0 where it was not found."""

    width: int
    height: int
    figures: Figures
    parts: dict[str, float]
    tags: tuple[str, ...]
    taken: str

    def text(self) -> str:
        """Return the facts as the lines of a prompt."""
        seen = ", ".join(f"{name} {share * 100:.0f} %" if share else f"no {name}" for name, share in self.parts.items())
        lines = [f"size {self.width} x {self.height}", *self.figures.lines(), f"found: {seen}"]
        lines += [f"looks: {', '.join(self.tags)}"] if self.tags else []
        return "\n".join([*lines, *([f"taken: {self.taken}"] if self.taken else [])])


def photo_facts(photo: Photo) -> Facts:
    """Return the facts of a photo; the masks that this finds are kept and found again at once by a plan."""
    picture, scale = small_picture(photo), preview_scale(photo, LOOK_SIDE)
    masks = {name: _alpha(photo, name, scale) for name in PARTS}
    shares = {name: float(alpha.mean()) for name, alpha in masks.items()}
    figures = measure(picture)
    tags = _tags(figures, shares, _difference(picture, masks["subject"]))
    return Facts(photo.size.width, photo.size.height, figures, shares, tags, _taken(photo.source.metadata))


def small_picture(photo: Photo) -> NDArray[np.uint8]:
    """Return the finished photo as sRGB uint8 (h, w, 3), its longer side at most LOOK_SIDE px."""
    return render_display(photo, OutputSpec(dtype="uint8"), None, preview_scale(photo, LOOK_SIDE))


def picture_url(photo: Photo) -> str:
    """Return the small picture as a data address with a JPEG, as servers take pictures."""
    buffer = io.BytesIO()
    Image.fromarray(small_picture(photo)).save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def measure(picture: NDArray[np.uint8]) -> Figures:
    """Return the figures of an sRGB uint8 (h, w, 3) picture."""
    values = picture.astype(np.float32)
    luma = values @ _LUMA
    dark, median, bright = (float(v) / 2.55 for v in np.percentile(luma, (1, 50, 99)))
    return Figures(
        mean=float(luma.mean()) / 2.55,
        darkest=dark,
        median=median,
        brightest=bright,
        contrast=float(luma.std()) / 2.55,
        clipped_low=float((picture.max(axis=2) <= _CLIPPED_LOW).mean()) * 100,
        clipped_high=float((picture.min(axis=2) >= _CLIPPED_HIGH).mean()) * 100,
        colorfulness=float((values.max(axis=2) - values.min(axis=2)).mean()) / 2.55,
        warmth=float(values[..., 0].mean() - values[..., 2].mean()) / 2.55,
    )


def _tags(figures: Figures, shares: dict[str, float], subject_ev: float) -> tuple[str, ...]:
    found = {
        "outdoors": shares["sky"] > 0.05,
        "night or very dark": figures.mean < _NIGHT,
        "dark": _NIGHT <= figures.mean < _DARK,
        "bright": figures.mean > _BRIGHT,
        "flat or hazy": figures.contrast < _FLAT,
        "hard contrast": figures.contrast > _HARSH,
        "black and white": figures.colorfulness < _GREY,
        "pale colours": _GREY <= figures.colorfulness < _PALE,
        "warm colours": figures.warmth > _CAST,
        "cool colours": figures.warmth < -_CAST,
        "backlit subject": subject_ev < -_BACKLIGHT,
    }
    return tuple(tag for tag, holds in found.items() if holds)


def _difference(picture: NDArray[np.uint8], alpha: NDArray[np.float32]) -> float:
    """Return how much brighter the selected part is than the rest, in percent of full scale; 0 without a part."""
    luma = picture.astype(np.float32) @ _LUMA
    part, rest = float(alpha.sum()), float((1 - alpha).sum())
    if min(part, rest) < 1:
        return 0.0
    return float((luma * alpha).sum() / part - (luma * (1 - alpha)).sum() / rest) / 2.55


def _alpha(photo: Photo, part: Target, scale: float) -> NDArray[np.float32]:
    """Return where a part is in the finished frame at `scale`, all 0 where it was not found."""
    selection, mask = select(photo, part)
    alpha = render_mask(photo, mask, scale)
    return alpha if selection.found else np.zeros_like(alpha)


def _taken(metadata: Metadata) -> str:
    """Return how the photo was taken; names from the file keep only harmless characters."""
    parts = [_name(f"{metadata.make} {metadata.model}"), _name(metadata.lens)]
    parts += [f"ISO {metadata.iso:.0f}"] if metadata.iso else []
    if metadata.exposure_s:
        long = metadata.exposure_s >= 0.4
        parts.append(f"{metadata.exposure_s:g} s" if long else f"1/{1 / metadata.exposure_s:.0f} s")
    parts += [f"f/{metadata.aperture:g}"] if metadata.aperture else []
    parts += [f"{metadata.focal_length_mm:g} mm"] if metadata.focal_length_mm else []
    parts += [metadata.taken[:16]] if metadata.taken[:1].isdigit() else []
    return ", ".join(part for part in parts if part)


def _name(text: str) -> str:
    kept = "".join(c if c.isascii() and (c.isalnum() or c in " .-/+()") else " " for c in text)
    return " ".join(kept.split())[:40]

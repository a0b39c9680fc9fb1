"""Small pictures of photos: what nodes show of themselves and hand on as previews."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folder_paths
import numpy as np
from comfy_api.latest import io, ui
from PIL import Image

if TYPE_CHECKING:
    from ..engine.develop.display import OutputSpec
    from .convert import Frame, Photos
    from .work import Work

_TINT = np.array([0.95, 0.15, 0.15], np.float32)
_TINT_STRENGTH = 0.55
_JPEG = {"quality": 92, "subsampling": 0}


def render_frames(
    photos: Photos,
    max_side: int,
    job: Work,
    share: tuple[float, float] = (0.0, 1.0),
    spec: OutputSpec | None = None,
) -> list[Frame]:
    """Return the photos as float32 (h, w, 3) pictures, display-encoded as `spec` says, sRGB if None.

    Their longer side is at most `max_side` px; 0 gives the full size. `share` is this work's part of the progress.
    """
    from ..engine.develop.display import OutputSpec, frame_size, render_display

    return [
        render_display(photo, spec or OutputSpec(), None, frame_size(photo, max_side)[1], job.part(index, share))
        for index, photo in enumerate(photos)
    ]


def shown(frames: Sequence[Frame], text: str = "") -> dict[str, Any]:
    """Return what a node shows of itself: display-encoded (h, w, 3) pictures, as JPEGs in the temp folder, and text.

    A JPEG is written ten times as fast as a PNG and is a tenth of its size, which counts while sliders move.
    """
    folder = Path(folder_paths.get_temp_directory())
    folder.mkdir(parents=True, exist_ok=True)
    results: list[ui.SavedResult] = []
    for frame in frames:
        name = f"stillbytes_{uuid.uuid4().hex}.jpg"
        codes = (np.clip(frame, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
        Image.fromarray(codes).save(folder / name, **_JPEG)
        results.append(ui.SavedResult(name, "", io.FolderType.temp))
    said = ui.PreviewText(text).as_dict() if text else {}
    return ui.SavedImages(results).as_dict() | said


def tinted(image: Frame, alpha: Frame) -> Frame:
    """Return the display-encoded image, (h, w, 3), with a red tint where `alpha`, (h, w), selects it."""
    amount = (alpha * _TINT_STRENGTH)[..., None]
    return image * (1.0 - amount) + _TINT * amount

"""Nodes that take something out of a photo: the model that paints, and the fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folder_paths
import numpy as np
import torch
from comfy_api.latest import io

from ..engine.errors import ModelMissingError
from . import convert, exact, files
from .choices import FILL_ENGINES
from .preview import render_frames, shown
from .sockets import FILL_MODEL, PREVIEW_SIDE, same_type
from .work import work

if TYPE_CHECKING:
    from ..engine.fill.ports import Painter
    from .convert import Frame, Photos

_KIND = "lama"
_FOLDERS = ("lama", "inpaint")
_SUFFIXES = {".pt", ".pth", ".ckpt", ".safetensors", ".sft"}


@dataclass(frozen=True, eq=False)
class FillModel:
    """A painter and the patcher by which ComfyUI's caches know the memory that it holds."""

    painter: Painter
    patcher: Any


def register_folders() -> None:
    """Make ComfyUI look for fill models in models/lama and models/inpaint, and wherever its extra paths say."""
    paths = [str(Path(folder_paths.models_dir) / name) for name in _FOLDERS]
    for name in _FOLDERS:
        paths += folder_paths.folder_names_and_paths.get(name, ([], set()))[0]
    folder_paths.folder_names_and_paths[_KIND] = (list(dict.fromkeys(paths)), set(_SUFFIXES))


def painter_of(model: FillModel | None) -> Painter | None:
    """Return the painter that an optional input carries."""
    return None if model is None else model.painter


def model_input() -> io.Input:
    """Return the optional input `fill_model`."""
    return FILL_MODEL.Input(
        "fill_model", display_name="Fill model", optional=True, tooltip="From Load Fill Model. Without it, built in."
    )


class StillbytesLoadFillModel(io.ComfyNode):
    """LaMa, from a file that people have."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        register_folders()
        return io.Schema(
            node_id="StillbytesLoadFillModel",
            display_name="Load Fill Model (Stillbytes)",
            category="Stillbytes/fill",
            description="Loads LaMa for Fill: big-lama.pt, a state dict, a checkpoint or .safetensors.",
            search_aliases=["lama", "big-lama", "inpaint model", "object removal"],
            inputs=[
                io.Combo.Input(
                    "model",
                    options=folder_paths.get_filename_list(_KIND),
                    display_name="Model",
                    tooltip="A LaMa file in models/lama or models/inpaint.",
                )
            ],
            outputs=[FILL_MODEL.Output("fill_model", display_name="fill_model")],
        )

    @classmethod
    def fingerprint_inputs(cls, model: str | None) -> str:
        path = folder_paths.get_full_path(_KIND, model) if model else None
        return files.fingerprint(Path(path)) if path else ""

    @classmethod
    def execute(cls, model: str) -> io.NodeOutput:
        with work():
            from ..engine.fill.lama import load_lama
            from .memory import Managed

            path = folder_paths.get_full_path(_KIND, model)
            if path is None:
                raise ModelMissingError(f"There is no fill model {model!r}.", "Copy it to models/lama.")
            lama = load_lama(Path(path), Managed)
        return io.NodeOutput(FillModel(lama, lama.residence.patcher))


class StillbytesFill(io.ComfyNode):
    """Removes what a mask selects."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        template = same_type()
        return io.Schema(
            node_id="StillbytesFill",
            display_name="Fill (Stillbytes)",
            category="Stillbytes/fill",
            description="Removes what the mask selects and fills the place from its surroundings, at full resolution. "
            "Works without a model; pixels outside the mask stay as they are.",
            search_aliases=["remove object", "inpaint", "heal", "content-aware fill", "erase", "clone"],
            is_output_node=True,
            inputs=[
                io.MatchType.Input(
                    "photo", template=template, display_name="Photo", tooltip="A photo or an image, or a batch of them."
                ),
                io.Mask.Input(
                    "mask", display_name="Mask", tooltip="What is to go, on the photo as it comes in; any size."
                ),
                model_input(),
                io.Combo.Input(
                    "engine",
                    options=FILL_ENGINES,
                    display_name="Engine",
                    optional=True,
                    default="auto",
                    tooltip="auto: the fill model if there is one, else patches; small spots are healed.",
                ),
                io.Int.Input(
                    "seed",
                    display_name="Seed",
                    optional=True,
                    default=0,
                    min=0,
                    max=2**31 - 1,
                    control_after_generate=False,
                    tooltip="Another number gives another fill.",
                ),
                io.Float.Input(
                    "grow_px",
                    display_name="Grow (px)",
                    optional=True,
                    default=-1.0,
                    min=-1.0,
                    max=512.0,
                    step=1.0,
                    advanced=True,
                    tooltip="How far beyond the mask pixels may change, in px of the full photo; -1 fits its size and "
                    "takes slivers of the thing along that the mask missed.",
                ),
                io.Boolean.Input(
                    "grain",
                    display_name="Match grain",
                    optional=True,
                    default=True,
                    advanced=True,
                    tooltip="Give what is painted the noise of its surroundings.",
                ),
            ],
            outputs=[
                io.MatchType.Output(template=template, id="photo", display_name="photo"),
                io.String.Output("report", display_name="report", tooltip="What was filled, one line per photo."),
            ],
        )

    @classmethod
    def execute(
        cls,
        photo: Any,
        mask: Any,
        fill_model: FillModel | None = None,
        engine: str = "auto",
        seed: int = 0,
        grow_px: float = -1.0,
        grain: bool = True,
    ) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        alphas = exact.kept(mask, photos) or convert.alphas_of(mask, len(photos))
        with work(len(photos)) as job:
            from ..engine.fill.fill import FillOptions, fill

            options = FillOptions(engine, seed, None if grow_px < 0 else grow_px, grain)
            results = [
                fill(p, a, options, painter_of(fill_model), job.part(index, (0.0, 0.8)))
                for index, (p, a) in enumerate(zip(photos, alphas, strict=True))
            ]
            filled = tuple(result for result, _ in results)
            frames = render_frames(filled, PREVIEW_SIDE, job, (0.8, 1.0))
        report = "\n".join(told.sentence for _, told in results)
        boxes = [[hole.box for hole in told.holes] for _, told in results]
        same = filled if photo is photos else redrawn_image(photo, photos, filled, boxes)
        return io.NodeOutput(same, report, ui=shown(frames, report))


def redrawn_image(image: torch.Tensor, before: Photos, after: Photos, boxes: Sequence[Sequence[Any]]) -> torch.Tensor:
    """Return the IMAGE batch with the pixels redrawn that changed; every other value is the one that came in."""
    from ..engine.fill.stitch import redrawn

    result = image.clone()
    for index, frame in enumerate(image):
        pixels = np.ascontiguousarray(frame[..., :3].float().cpu().numpy())
        pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
        drawn: Frame = redrawn(pixels, before[index], after[index], boxes[index])
        changed = torch.from_numpy((drawn != pixels).any(axis=2)).to(image.device)
        painted = torch.from_numpy(drawn)[..., : min(3, image.shape[-1])].to(image)
        result[index][..., :3] = torch.where(changed[..., None], painted, frame[..., :3])
    return result

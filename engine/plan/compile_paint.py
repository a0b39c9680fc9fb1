"""Steps that need a generative model as nodes: crop at the model's size, ComfyUI's sampler, stitch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from .graph import GraphBuilder, Link
from .schema import Expand, Generate, Restyle

SpeedPreset = Literal["full", "lightning-8", "lightning-4", "lcm"]
SPEEDS: tuple[SpeedPreset, ...] = get_args(SpeedPreset)


class Speed(NamedTuple):
    """How a sampler is set: few steps need a LoRA that was trained for them, and hardly any guidance."""

    steps: int
    cfg: float
    sampler: str
    scheduler: str
    lora: str


PRESETS: dict[SpeedPreset, Speed] = {
    "full": Speed(28, 6.0, "dpmpp_2m", "karras", ""),
    "lightning-8": Speed(8, 1.0, "euler", "sgm_uniform", "sdxl_lightning_8step_lora.safetensors"),
    "lightning-4": Speed(4, 1.0, "euler", "sgm_uniform", "sdxl_lightning_4step_lora.safetensors"),
    "lcm": Speed(8, 1.5, "lcm", "sgm_uniform", "lcm-lora-sdxl.safetensors"),
}
_NEGATIVE = "blurry, low quality, distorted, watermark, text"
_SURROUNDINGS = "photograph, natural light, the scene continued"
_MODEL_ENLARGES = 4.0


@dataclass(frozen=True)
class Painting:
    """The model of a graph: its outputs, and how it samples."""

    build: GraphBuilder
    model: Link
    clip: Link
    vae: Link
    negative: Link
    speed: Speed
    seed: int

    def repaint(self, photo: Link, mask: Link, step: Generate | Restyle, title: str) -> Link:
        """Return the photo repainted where `mask` is."""
        inputs: dict[str, Any] = {"photo": photo, "mask": mask}
        if isinstance(step, Restyle):
            inputs |= {"context": 1.0, "feather_px": 0.0}
            return self._sampled(inputs, step.prompt, max(step.strength / 100, 0.01), title)
        return self._sampled(inputs | {"context": 2.0}, step.prompt, 1.0, title)

    def expand(self, photo: Link, margins: dict[str, int], step: Expand, title: str) -> Link:
        """Return the photo with new picture in its margins, in px of the full photo."""
        return self._sampled({"photo": photo, **margins}, step.prompt or _SURROUNDINGS, 1.0, title)

    def enlarge(self, photo: Link, factor: float, upscaler: str) -> Link:
        """Return the photo `factor` times as large, as a new photo."""
        add = self.build.add
        image = add("StillbytesRenderPhoto", "Photo to image", {"photo": photo})
        model = add("UpscaleModelLoader", "Upscale model", {"model_name": upscaler})
        large = add("ImageUpscaleWithModel", "Enlarge", {"upscale_model": model, "image": image})
        if factor != _MODEL_ENLARGES:
            scaled = {"image": large, "upscale_method": "lanczos", "scale_by": round(factor / _MODEL_ENLARGES, 4)}
            large = add("ImageScaleBy", f"To {factor:g} times the size", scaled)
        return add("StillbytesPhotoFromImage", "Image to photo", {"image": large})

    def _sampled(self, crop: dict[str, Any], prompt: str, denoise: float, title: str) -> Link:
        add, speed = self.build.add, self.speed
        cut = add("StillbytesCropForInpaint", "Crop at the model's size", {"megapixels": 1.0, **crop})
        positive = add("CLIPTextEncode", "What to paint", {"clip": self.clip, "text": prompt})
        latent = add(
            "InpaintModelConditioning",
            "Crop to latent",
            {
                "positive": positive,
                "negative": self.negative,
                "vae": self.vae,
                "pixels": cut,
                "mask": Link(cut.number, 1),
                "noise_mask": True,
            },
        )
        sampled = add(
            "KSampler",
            title,
            {
                "model": self.model,
                "positive": latent,
                "negative": Link(latent.number, 1),
                "latent_image": Link(latent.number, 2),
                "seed": self.seed,
                "steps": speed.steps,
                "cfg": speed.cfg,
                "sampler_name": speed.sampler,
                "scheduler": speed.scheduler,
                "denoise": denoise,
            },
        )
        image = add("VAEDecode", "Latent to crop", {"samples": sampled, "vae": self.vae})
        return add("StillbytesStitch", "Stitch", {"crop": Link(cut.number, 2), "image": image})


def painting_of(build: GraphBuilder, checkpoint: str, preset: SpeedPreset, seed: int) -> Painting:
    """Add the nodes that load the model, and return what they give."""
    speed = PRESETS[preset]
    loaded = build.add("CheckpointLoaderSimple", "SDXL", {"ckpt_name": checkpoint})
    model, clip = loaded, Link(loaded.number, 1)
    if speed.lora:
        lora = {"model": model, "lora_name": speed.lora, "strength_model": 1.0}
        model = build.add("LoraLoaderModelOnly", f"Speed: {preset}", lora)
    negative = build.add("CLIPTextEncode", "What to avoid", {"clip": clip, "text": _NEGATIVE})
    soft = build.add("DifferentialDiffusion", "Soft mask", {"model": model})
    return Painting(build, soft, clip, Link(loaded.number, 2), negative, speed, seed)

"""Nodes that bring pictures in and out of the engine: load a file, take an IMAGE, give an IMAGE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from ..engine.color import PROFILES
from ..engine.errors import PhotoReadError
from . import convert, files
from .choices import DEMOSAICS, ENCODINGS, HIGHLIGHTS, RENDERINGS, WHITE_BALANCES
from .preview import render_frames, shown
from .sockets import PHOTO, PREVIEW_SIDE, photo_input, preview_output, preview_side_input
from .work import work

if TYPE_CHECKING:
    from ..engine.photo import Photo


class StillbytesLoadRaw(io.ComfyNode):
    """A RAW or image file from ComfyUI's input folder, as a photo."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesLoadRaw",
            display_name="Load RAW (Stillbytes)",
            category="Stillbytes",
            description="Opens a RAW or image file. Nothing is lost: later nodes ask it for the pixels they need.",
            search_aliases=["raw", "dng", "nef", "cr3", "arw", "raf", "open photo"],
            has_intermediate_output=True,
            inputs=[
                io.Combo.Input(
                    "file",
                    options=files.photo_choices(),
                    display_name="File",
                    tooltip="A RAW, JPEG, PNG, TIFF or other photo in ComfyUI's input folder.",
                ),
                *_raw_inputs(),
                preview_side_input(),
            ],
            outputs=[PHOTO.Output("photo", display_name="photo"), preview_output()],
        )

    @classmethod
    def validate_inputs(cls, file: str | None) -> bool | str:
        try:
            return file is None or bool(files.photo_path(file))
        except PhotoReadError as error:
            return str(error)

    @classmethod
    def fingerprint_inputs(cls, file: str | None, **_: Any) -> str:
        return files.fingerprint(files.photo_path(file)) if file else ""

    @classmethod
    def execute(cls, file: str, preview_side: int = PREVIEW_SIDE, **raw: Any) -> io.NodeOutput:
        with work() as job:
            from ..engine.open import open_photo
            from ..engine.raw.decode import prepare
            from ..engine.raw.source import RawOptions

            prepare(keep=True)
            photo = open_photo(files.photo_path(file), RawOptions(**raw))
            frames = render_frames((photo,), preview_side, job)
        return io.NodeOutput((photo,), convert.image_of(frames), ui=shown(frames, _facts(photo)))


def _facts(photo: Photo) -> str:
    """Return in words what was opened, and what had to be assumed."""
    about = photo.source.metadata
    facts = [f"{photo.size.width} x {photo.size.height} px", f"{about.make} {about.model}".strip()]
    facts += [f"{about.focal_length_mm:g} mm"] * bool(about.focal_length_mm)
    facts += [f"f/{about.aperture:g}"] * bool(about.aperture) + [f"ISO {about.iso:g}"] * bool(about.iso)
    notes = " ".join(getattr(photo.source, "notes", ()))
    return f"{photo.source.name}: {', '.join(fact for fact in facts if fact)}. {notes}".strip()


def _raw_inputs() -> list[io.Input]:
    return [
        io.Combo.Input(
            "white_balance",
            options=WHITE_BALANCES,
            display_name="White balance",
            optional=True,
            default="camera",
            tooltip="RAW only. As the camera chose it, measured from the picture, daylight, or kelvin and tint.",
        ),
        io.Int.Input(
            "kelvin",
            display_name="Kelvin",
            optional=True,
            default=5500,
            min=2000,
            max=25000,
            step=50,
            tooltip="Colour temperature of the light, in K, for white balance custom.",
        ),
        io.Float.Input(
            "tint",
            display_name="Tint",
            optional=True,
            default=0.0,
            min=-150.0,
            max=150.0,
            step=1.0,
            tooltip="Magenta above 0, green below, -150 to 150, for white balance custom.",
        ),
        io.Combo.Input(
            "highlights",
            options=HIGHLIGHTS,
            display_name="Clipped highlights",
            optional=True,
            default="reconstruct",
            tooltip="RAW only. Rebuild a clipped colour channel from the others, or clip to white.",
        ),
        io.Combo.Input(
            "demosaic",
            options=DEMOSAICS,
            display_name="Demosaic",
            optional=True,
            default="best",
            advanced=True,
            tooltip="RAW only. How full-resolution pixels are made from the sensor's mosaic.",
        ),
    ]


class StillbytesPhotoFromImage(io.ComfyNode):
    """Any IMAGE as a photo."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesPhotoFromImage",
            display_name="Photo from Image (Stillbytes)",
            category="Stillbytes",
            description="Takes an IMAGE as a photo, to develop, edit or export it. A batch becomes a batch of photos.",
            inputs=[
                io.Image.Input("image", display_name="Image"),
                io.Combo.Input(
                    "encoding",
                    options=ENCODINGS,
                    display_name="Encoding",
                    optional=True,
                    default="srgb",
                    tooltip="srgb: as nearly every IMAGE is. The linear ones are light, as an EXR holds it.",
                ),
            ],
            outputs=[PHOTO.Output("photo", display_name="photo")],
        )

    @classmethod
    def execute(cls, image: Any, encoding: str = "srgb") -> io.NodeOutput:
        with work():
            return io.NodeOutput(convert.photos_of(image, encoding))


class StillbytesRenderPhoto(io.ComfyNode):
    """A photo as an IMAGE, for every other node of ComfyUI."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesRenderPhoto",
            display_name="Render Photo (Stillbytes)",
            category="Stillbytes",
            description="Gives a photo as an IMAGE, at full size or limited to a longer side.",
            inputs=[
                photo_input(),
                io.Int.Input(
                    "max_side",
                    display_name="Longest side",
                    optional=True,
                    default=0,
                    min=0,
                    max=65536,
                    tooltip="Longer side of the IMAGE at most, in px; 0 gives the full size.",
                ),
                io.Combo.Input(
                    "color_space",
                    options=list(PROFILES),
                    display_name="Colour space",
                    optional=True,
                    default="srgb",
                    tooltip="How the IMAGE is encoded. Other nodes of ComfyUI expect srgb; linear is Rec.2020 light.",
                ),
                io.Combo.Input(
                    "tone",
                    options=RENDERINGS,
                    display_name="Tone",
                    optional=True,
                    default="standard",
                    advanced=True,
                    tooltip="standard: as a photographer expects. linear: light clipped at white and nothing else.",
                ),
            ],
            outputs=[io.Image.Output("image", display_name="image")],
        )

    @classmethod
    def execute(cls, photo: Any, max_side: int = 0, color_space: str = "srgb", tone: str = "standard") -> io.NodeOutput:
        photos = convert.photos_of(photo)
        with work(len(photos)) as job:
            from ..engine.develop.display import OutputSpec

            frames = render_frames(photos, max_side, job, spec=OutputSpec(color_space, tone))
            return io.NodeOutput(convert.image_of(frames))

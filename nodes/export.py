"""The node that writes finished photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui

from ..engine.color import PROFILES
from . import convert, files
from .choices import BIT_DEPTHS, COMPRESSIONS, FORMATS, RENDERINGS
from .preview import render_frames, shown
from .sockets import photo_or_image_input
from .work import work

if TYPE_CHECKING:
    from ..engine.export.export import ExportOptions, ExportReport
    from ..engine.photo import Photo

_PREFIX = "stillbytes/%name%"
_PREVIEW_SIDE = 1024


class StillbytesExport(io.ComfyNode):
    """Photos as files in ComfyUI's output folder."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesExport",
            display_name="Export (Stillbytes)",
            category="Stillbytes",
            description="Writes photos as TIFF, PNG or JPEG with EXIF, XMP and ICC profile, strip by strip.",
            search_aliases=["save photo", "save tiff", "save jpeg", "16-bit"],
            is_output_node=True,
            inputs=[photo_or_image_input(), *_file_inputs(), *_finish_inputs()],
            outputs=[io.String.Output("path", display_name="path", tooltip="The written files, one per line.")],
        )

    @classmethod
    def execute(cls, photo: Any, filename_prefix: str = _PREFIX, **options: Any) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        with work(len(photos)) as job:
            from ..engine.export.export import SUFFIXES, export

            chosen = _options(options)
            seen = render_frames(photos, _PREVIEW_SIDE, job, (0.0, 0.1))
            saved: list[ui.SavedResult] = []
            reports: list[ExportReport] = []
            for index, item in enumerate(photos):
                target = files.output_file(_prefix(filename_prefix, item), SUFFIXES[chosen.format or "tiff"])
                reports.append(export(item, target.path, chosen, job.part(index, (0.1, 1.0))))
                saved.append(ui.SavedResult(target.path.name, target.subfolder, io.FolderType.output))
        said = "\n".join(_line(report) for report in reports)
        return io.NodeOutput("\n".join(str(report.path) for report in reports), ui=shown(seen, said) | {"files": saved})


def _file_inputs() -> list[io.Input]:
    return [
        io.String.Input(
            "filename_prefix",
            display_name="File name",
            optional=True,
            default=_PREFIX,
            tooltip="Folder and name inside ComfyUI's output folder; a number is added. "
            "%name% is the photo's own name; %year%, %month%, %day%, %hour%, %minute% and %second% work too.",
        ),
        io.Combo.Input(
            "format",
            options=FORMATS,
            display_name="Format",
            optional=True,
            default="tiff",
            tooltip="TIFF to edit on, PNG for other programs of any kind, JPEG to show.",
        ),
        io.Combo.Input(
            "bit_depth",
            options=BIT_DEPTHS,
            display_name="Bit depth",
            optional=True,
            default="16",
            tooltip="Bits per channel: TIFF 8, 16 or 32 (float), PNG 8 or 16. JPEG always has 8.",
        ),
        io.Combo.Input(
            "profile",
            options=list(PROFILES),
            display_name="Colour space",
            optional=True,
            default="srgb",
            tooltip="The colour space of the file; its ICC profile is embedded.",
        ),
        io.Combo.Input(
            "compression",
            options=COMPRESSIONS,
            display_name="TIFF compression",
            optional=True,
            default="deflate",
            tooltip="Lossless. zstd is faster, but few programs read it.",
        ),
        io.Int.Input(
            "quality",
            display_name="JPEG quality",
            optional=True,
            default=95,
            min=1,
            max=100,
            tooltip="1 to 100, for JPEG only.",
        ),
    ]


def _finish_inputs() -> list[io.Input]:
    return [
        io.Int.Input(
            "max_side",
            display_name="Longest side",
            optional=True,
            default=0,
            min=0,
            max=65536,
            tooltip="Longer side of the file at most, in px; 0 keeps the full size.",
        ),
        io.Boolean.Input(
            "keep_metadata",
            display_name="Keep metadata",
            optional=True,
            default=True,
            advanced=True,
            tooltip="Write the photo's EXIF and XMP: camera, lens, date, place. The ICC profile is always written.",
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
    ]


def _options(given: dict[str, Any]) -> ExportOptions:
    """Return the engine's options for a node's inputs; a JPEG is 8-bit whatever bit depth stands beside it."""
    from ..engine.export.export import ExportOptions

    options = {"format": "tiff"} | given
    depth = int(options.pop("bit_depth", 16))
    return ExportOptions(
        bit_depth=8 if options["format"] == "jpeg" else depth,
        max_side=options.pop("max_side", 0) or None,
        strip_metadata=not options.pop("keep_metadata", True),
        **options,
    )


def _prefix(pattern: str, photo: Photo) -> str:
    """Return the pattern with %name% filled in; a name never adds a folder."""
    return pattern.replace("%name%", Path(photo.source.name).stem or "photo")


def _line(report: ExportReport) -> str:
    size, notes = report.size, " ".join(report.notes)
    facts = f"{size.width} x {size.height} px, {report.bit_depth}-bit {report.profile}, {report.bytes / 1e6:.1f} MB"
    return f"{report.path.name}: {facts}, {report.seconds:.1f} s. {notes}".strip()

"""The nodes: what ComfyUI sees of the engine. The only part of the house that imports ComfyUI."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .color import StillbytesColorGrading, StillbytesColorMixer
from .develop import StillbytesDevelop
from .export import StillbytesExport
from .load import StillbytesLoadRaw, StillbytesPhotoFromImage, StillbytesRenderPhoto
from .mask import StillbytesPickMask
from .plan import StillbytesApplyPlan, StillbytesEditPlan, StillbytesPlanEdit


class StillbytesExtension(ComfyExtension):
    """What `comfy_entrypoint` hands to ComfyUI."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [
            StillbytesLoadRaw,
            StillbytesPhotoFromImage,
            StillbytesRenderPhoto,
            StillbytesDevelop,
            StillbytesColorMixer,
            StillbytesColorGrading,
            StillbytesPickMask,
            StillbytesPlanEdit,
            StillbytesEditPlan,
            StillbytesApplyPlan,
            StillbytesExport,
        ]

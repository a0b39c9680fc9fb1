"""The nodes: what ComfyUI sees of the engine. The only part of the house that imports ComfyUI."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .color import StillbytesColorGrading, StillbytesColorMixer
from .compile_plan import StillbytesCompilePlan
from .develop import StillbytesDevelop
from .edit_step import StillbytesEditStep
from .effects import StillbytesAuto, StillbytesLensBlur
from .export import StillbytesExport
from .fill import StillbytesFill, StillbytesLoadFillModel
from .frame import StillbytesFrame
from .inpaint import StillbytesCropForInpaint, StillbytesStitch
from .llm import StillbytesDescribePhoto, StillbytesLoadLLM
from .load import StillbytesLoadRaw, StillbytesPhotoFromImage, StillbytesRenderPhoto
from .mask import StillbytesPickMask
from .plan import StillbytesApplyPlan, StillbytesEditPlan, StillbytesPlanEdit
from .segment import StillbytesLoadSegmenter, StillbytesSelectByPoints, StillbytesSelectByText
from .segment_shape import (
    StillbytesCombineMasks,
    StillbytesGradientMask,
    StillbytesRangeMask,
    StillbytesRefineMask,
)


class StillbytesExtension(ComfyExtension):
    """What `comfy_entrypoint` hands to ComfyUI."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [
            StillbytesLoadRaw,
            StillbytesPhotoFromImage,
            StillbytesRenderPhoto,
            StillbytesDevelop,
            StillbytesAuto,
            StillbytesLensBlur,
            StillbytesColorMixer,
            StillbytesColorGrading,
            StillbytesFrame,
            StillbytesLoadSegmenter,
            StillbytesPickMask,
            StillbytesSelectByText,
            StillbytesSelectByPoints,
            StillbytesRefineMask,
            StillbytesCombineMasks,
            StillbytesRangeMask,
            StillbytesGradientMask,
            StillbytesLoadLLM,
            StillbytesPlanEdit,
            StillbytesDescribePhoto,
            StillbytesEditPlan,
            StillbytesEditStep,
            StillbytesApplyPlan,
            StillbytesCompilePlan,
            StillbytesLoadFillModel,
            StillbytesFill,
            StillbytesCropForInpaint,
            StillbytesStitch,
            StillbytesExport,
        ]

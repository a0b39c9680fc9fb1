"""Loading what an edit needs while somebody waits for something else.

A kernel's machine code is read from disk when it is called for the first time, and so are OpenCV and the mask engines:
half a second in all, which fits into the time that a RAW file takes to decode in its own process.
"""

from __future__ import annotations

import threading

import numpy as np

from .color import D65, SPACES, to_xyz
from .develop.display import OutputSpec, SampleType, render_display
from .errors import StillbytesError
from .geometry import Box
from .metadata import Metadata
from .photo import Photo
from .plan.apply import apply_plan
from .plan.schema import EditPlan
from .raw.camera import Calibration, CameraColor
from .raw.mosaic import Mosaic
from .raw.source import RawSource

_SIDE = 192


def warm_up(plan: EditPlan, dtype: SampleType) -> threading.Thread:
    """Start to load what applying `plan` to a RAW photo and encoding it as `dtype` need; return the thread."""
    thread = threading.Thread(target=_warm_up, args=(plan, dtype), name="warm-up", daemon=True)
    thread.start()
    return thread


def _warm_up(plan: EditPlan, dtype: SampleType) -> None:
    try:
        photo, _ = apply_plan(Photo(_small_source()), plan)
        render_display(photo, OutputSpec(dtype=dtype))
        render_display(photo, OutputSpec(dtype=dtype), scale=0.25)
    except StillbytesError:
        return  # what cannot be done is said when the photo itself comes


def _small_source() -> RawSource:
    """Return a bright gradient above dark noise, as if a sensor had seen it."""
    y, x = np.mgrid[0:_SIDE, 0:_SIDE]
    noise = np.random.default_rng(0).integers(0, 900, (_SIDE, _SIDE))
    samples = np.where(y < _SIDE // 2, 9000 + 20 * y + 2 * x, 500 + noise).astype(np.uint16)
    mosaic = Mosaic(
        samples=samples,
        layout="bayer",
        colors=np.array([[0, 1], [1, 2]], np.uint8),
        black=np.zeros((2, 2), np.float32),
        white=np.full((2, 2), 16383, np.float32),
        crop=Box(0, 0, _SIDE, _SIDE),
        orientation=1,
        camera=CameraColor(
            (Calibration(6504.0, D65, np.asarray(np.linalg.inv(to_xyz(SPACES["srgb"])), np.float64)),), None, True
        ),
        metadata=Metadata(),
    )
    return RawSource(None, mosaic)

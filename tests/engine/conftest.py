"""A source for tests: pixels in memory, read the way every source must be read."""

import numpy as np
import pytest
from stillbytes.engine.geometry import Size
from stillbytes.engine.metadata import Metadata


class PixelSource:
    """Linear Rec.2020 pixels as a photo's source; scaled grids take the nearest pixel."""

    def __init__(self, pixels, kind="scene"):
        self.pixels, self.kind = np.ascontiguousarray(pixels, np.float32), kind
        self.size = Size(pixels.shape[1], pixels.shape[0])
        self.metadata, self.name = Metadata(), "pixels"

    def read(self, box, grid, out=None):
        assert grid.domain(self.size).contains(box)
        rows = (grid.top + (np.arange(box.top, box.bottom) + 0.5) * grid.step_y).astype(int)
        columns = (grid.left + (np.arange(box.left, box.right) + 0.5) * grid.step_x).astype(int)
        pixels = np.ascontiguousarray(self.pixels[rows][:, columns])
        if out is None:
            return pixels
        out[...] = pixels
        return out


@pytest.fixture
def pixel_source():
    return PixelSource


@pytest.fixture
def scene():
    """A 150 x 220 scene with a bright top, a dark bottom, coloured blobs, fine texture and a little noise."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:150, 0:220].astype(np.float32)
    base = np.where(y < 60, 0.75, 0.06) * (1 + 0.2 * np.sin(x / 3) * np.sin(y / 4))
    pixels = base[..., None] * np.stack([0.8 + 0.2 * np.sin(x / 40), np.ones_like(x), 0.7 + 0.4 * np.cos(y / 30)], -1)
    pixels[80:120, 60:110] *= (2.5, 0.8, 0.3)
    return np.maximum(pixels + rng.normal(0, 0.004, pixels.shape), 0).astype(np.float32)

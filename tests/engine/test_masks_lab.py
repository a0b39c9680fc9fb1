"""L*a*b* as the standard defines it."""

from __future__ import annotations

import numpy as np
import pytest
from stillbytes.engine.masks.lab import to_lab


# CIE L*a*b* of sRGB's corners under D65, 2 degrees (IEC 61966-2-1 through CIE 15:2004).
@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.74, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
        ((0.02, 0.02, 0.02), (1.398, 0, 0)),
    ],
)
def test_the_corners_of_srgb_have_their_published_values(rgb, expected):
    found = to_lab(np.full((2, 3, 3), rgb, np.float32))
    assert np.allclose(found, expected, atol=0.05)


def test_a_pixel_does_not_depend_on_its_neighbours():
    picture = np.random.default_rng(0).random((5, 37, 3)).astype(np.float32)
    whole = to_lab(picture)
    assert np.array_equal(to_lab(picture[2:4, 11:30].copy()), whole[2:4, 11:30])

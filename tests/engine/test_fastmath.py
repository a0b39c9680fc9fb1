import numpy as np
from stillbytes.engine import fastmath


def test_functions_agree_with_numpy_to_float32_precision():
    x = np.geomspace(1e-9, 60.0, 2000).astype(np.float32)
    wide = x.astype(np.float64)
    log2 = np.array([fastmath.log2(v) for v in x])
    assert np.abs(log2 - np.log2(wide)).max() < 3e-6
    exp2 = np.array([fastmath.exp2(np.float32(v)) for v in np.linspace(-30, 30, 2001)])
    assert np.abs(exp2 / 2.0 ** np.linspace(-30, 30, 2001).astype(np.float32).astype(np.float64) - 1).max() < 5e-7
    cbrt = np.array([fastmath.cbrt(v) for v in x])
    assert np.abs(cbrt / np.cbrt(wide) - 1).max() < 3e-7


def test_cube_root_of_nothing_and_of_less_is_zero():
    assert fastmath.cbrt(np.float32(0)) == 0
    assert fastmath.cbrt(np.float32(-1e-3)) == 0

"""Elementary functions for kernels, as short polynomials that LLVM can vectorise.

Their results do not depend on the machine's maths library, so a photo develops alike everywhere.
"""

from __future__ import annotations

import numpy as np

from .jit import inline

_ONE = np.float32(1)


@inline
def log2(x: np.float32) -> np.float32:
    """Return log2(x) of a positive, normal x; the error is below 2e-7 of the mantissa's part."""
    bits = np.float32(x).view(np.int32)
    exponent = np.float32((bits >> np.int32(23)) - np.int32(127))
    t = np.int32((bits & np.int32(0x7FFFFF)) | np.int32(0x3F800000)).view(np.float32) - _ONE
    p = np.float32(0.007579130121)
    p = p * t + np.float32(-0.04268716276)
    p = p * t + np.float32(0.113051936)
    p = p * t + np.float32(-0.1972851753)
    p = p * t + np.float32(0.2757196426)
    p = p * t + np.float32(-0.3584284782)
    p = p * t + np.float32(0.4806954861)
    p = p * t + np.float32(-0.7213403583)
    p = p * t + np.float32(1.442695022)
    return exponent + t * p


@inline
def exp2(x: np.float32) -> np.float32:
    """Return 2**x for x in [-126, 127]; the relative error is below 2e-7."""
    whole = np.floor(x)
    t = np.float32(x - whole)
    p = np.float32(0.00020829204)
    p = p * t + np.float32(0.001268934924)
    p = p * t + np.float32(0.009652441368)
    p = p * t + np.float32(0.05549593642)
    p = p * t + np.float32(0.2402272224)
    p = p * t + np.float32(0.6931471825)
    power = np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)
    return power * (_ONE + t * p)


@inline
def cbrt(x: np.float32) -> np.float32:
    """Return the cube root of x >= 0, to float32 precision: a guess from the exponent and two Halley steps."""
    v = max(x, np.float32(1e-30))
    bits = np.float32(v).view(np.int32)
    y = np.int32(bits // np.int32(3) + np.int32(709921077)).view(np.float32)
    for _ in range(2):
        y3 = y * y * y
        y = y * (y3 + v + v) / (y3 + y3 + v)
    return y if x > np.float32(0) else np.float32(0)

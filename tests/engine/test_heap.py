"""Freed memory goes back to the system."""

from __future__ import annotations

import sys

import numpy as np
import psutil
import pytest
from stillbytes.engine.heap import give_back


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps freed memory in this way")
def test_what_was_freed_goes_back():
    process = psutil.Process()
    give_back()
    before = process.memory_info().rss
    kept = [np.ones(4000) for _ in range(2000)]  # 64 MB in pieces that glibc takes from its heap
    filled = process.memory_info().rss
    del kept
    give_back()
    after = process.memory_info().rss
    assert filled - before > 50e6
    assert after - before < 10e6

"""`kernel`: numba's compiler as this project uses it.

Kernels release the GIL and run in the engine's thread pool. Their machine code is cached per user, because the
package may be installed read-only. Two facts shape the cache. Numba stores the module's name in the compiled code,
and ComfyUI imports this package under its folder path, so each package name has a cache of its own. Numba looks only
at the file of the kernel itself, and kernels here call helpers of other files, so the stamp is a digest of all the
engine's sources: a fresh clone of the same sources finds its kernels compiled.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, ParamSpec, TypeVar, cast

import numba
from numba.core import caching
from numba.core.runtime import nrt

_P = ParamSpec("_P")
_R = TypeVar("_R")
_KEEP_S = 30 * 24 * 3600
# A check for division by zero would leave the loop early, and LLVM vectorises no loop that may be left early.
_OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": {"contract", "afn", "nsz", "arcp"}, "error_model": "numpy"}


def cache_directory() -> Path:
    """Return the folder for compiled kernels; `STILLBYTES_CACHE` overrides the platform's cache folder."""
    if override := os.environ.get("STILLBYTES_CACHE"):
        return Path(override) / "kernels"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
        return base / "Stillbytes" / "cache" / "kernels"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "Stillbytes" / "kernels"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "stillbytes" / "kernels"


def compiled() -> bool:
    """True if the kernels of these sources have been compiled before, so that the first photo need not wait."""
    return any((cache_directory() / _source_digest()).glob("*/*.nbc"))


def _forget_old(folder: Path) -> None:
    """Delete the machine code of sources that have not been used for a month."""
    for other in folder.parent.iterdir():
        if other != folder and time.time() - other.stat().st_mtime > _KEEP_S:
            shutil.rmtree(other, ignore_errors=True)


@cache
def _open_cache() -> Path:
    """Return the folder for the machine code of these sources, made if need be. Raises OSError if it cannot be."""
    folder = cache_directory() / _source_digest()
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _forget_old(folder)
    os.utime(folder)
    return folder


@cache
def _make_writable(folder: str) -> None:
    """Make the folder of a package's machine code and try to write there, once. Raises OSError if that fails."""
    _open_cache()
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


@cache
def _source_digest() -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        if b"jit import" in (content := path.read_bytes()) or path.name == "jit.py":
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(content)
    return digest.hexdigest()[:16]


class _Locator(caching._CacheLocator):  # pyright: ignore[reportPrivateUsage]
    """Numba's extension point for where a function's machine code lives and when it is stale."""

    def __init__(self, function: Callable[..., object]) -> None:
        package = hashlib.sha256(function.__module__.encode()).hexdigest()[:16]
        self._path = cache_directory() / _source_digest() / package
        self._line = function.__code__.co_firstlineno

    def get_cache_path(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return str(self._path)

    def get_source_stamp(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _source_digest()

    def get_disambiguator(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return str(self._line)

    @classmethod
    def from_function(cls, py_func: Callable[..., object], py_file: str) -> _Locator | None:
        locator = cls(py_func)
        try:
            _make_writable(locator.get_cache_path())
        except OSError:
            return None
        return locator


class _CacheImpl(caching.CompileResultCacheImpl):
    _locator_classes: ClassVar = [_Locator]


class _Cache(caching.FunctionCache):
    _impl_class = _CacheImpl

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return a kernel's machine code from disk. It needs numba's run time, but not the quarter of a second that
        numba takes to register how Python is compiled; where there is none on disk, the compiler does that itself."""
        nrt.rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return `function` compiled on first call, without the GIL, with its machine code kept on disk.

    Floating-point contraction is allowed and reassociation is not, so that a pixel's value does not depend on
    the tile that it was computed in.
    """
    dispatcher: Any = numba.njit(**_OPTIONS)(function)
    with contextlib.suppress(RuntimeError):  # raised where no folder can be written: then kernels live in memory
        dispatcher._cache = _Cache(function)
    return cast("Callable[_P, _R]", dispatcher)


def inline(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return a small helper that LLVM inlines into the kernels that call it; it has no cache of its own."""
    return cast("Callable[_P, _R]", numba.njit(**_OPTIONS, inline="never")(function))

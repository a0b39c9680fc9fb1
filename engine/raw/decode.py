"""Decoding a RAW file in a process of its own.

LibRaw crashes on some broken files and carries traces of one file into the next, so each file gets a fresh process. It
takes a fifth of a second to start; `prepare` starts one that then stands by, so that nobody waits for it.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from ..errors import PhotoReadError
from ..metadata import Metadata
from .mosaic import Mosaic, mosaic_from
from .spares import SPARES, end
from .spool import Spool
from .worker import DECODED, NoRoomError

TIME_LIMIT_S = 60.0
_TIME_PER_MB_S = 2.0
_MEMORY_BYTES = 6 << 30
_MEMORY_PER_FILE_BYTE = 16
_LEAST_BITS_PER_SAMPLE = 1 / 16  # no format stores a photo in less
_MOST_EMPTY_ROWS = 1 / 64

_COPY_AGAIN = "Copy the file from the card or the backup again."
_OTHER_FORMAT = "If other programs open it, convert it to DNG first."


class _Reply(NamedTuple):
    lines: tuple[Mapping[str, Any], ...]
    warnings: str
    exit_code: int
    in_time: bool


_ahead: dict[Path, Future[Mosaic]] = {}
_busy: set[subprocess.Popen[str]] = set()
_ahead_lock = threading.Lock()


def prepare(keep: bool = False) -> None:
    """Start a decoding process in advance, unless one stands by already; returns at once.

    With `keep`, for hosts that live long, the next one is started whenever one has been used.
    """
    SPARES.prepare(keep)


def release() -> None:
    """End the process that stands by, and those that decode ahead of anybody's asking."""
    SPARES.drop()
    with _ahead_lock:
        _ahead.clear()
        for process in _busy:
            process.kill()


def decode_ahead(path: Path) -> None:
    """Begin to decode a RAW file; the next `decode` of the same path waits for it instead of beginning anew."""
    path = path.resolve()
    future: Future[Mosaic] = Future()

    def task() -> None:
        try:
            future.set_result(_decode(path))
        except BaseException as error:  # noqa: BLE001 - handed to the thread that asks for the photo
            future.set_exception(error)

    with _ahead_lock:
        if path in _ahead:
            return
        _ahead[path] = future
    threading.Thread(target=task, name="decode").start()


def decode(path: Path, time_limit_s: float | None = None) -> Mosaic:
    """Return the samples of a RAW file and what is known of them.

    Raises PhotoReadError if the file is missing, empty, not a RAW file that LibRaw reads, damaged, cut off, or holds
    no picture; if it makes the decoder crash; or if it needs more than `time_limit_s` or several GB of memory.
    """
    with _ahead_lock:
        begun = _ahead.pop(path.resolve(), None)
    return begun.result() if begun is not None else _decode(path, time_limit_s)


def _decode(path: Path, time_limit_s: float | None = None) -> Mosaic:
    file_bytes = _size_of(path)
    spool = Spool(file_bytes)
    try:
        limit_s = time_limit_s or TIME_LIMIT_S + _TIME_PER_MB_S * file_bytes / 1e6
        job = {
            "path": str(path.resolve()),
            "spool": spool.path,
            "memory_bytes": _MEMORY_BYTES + _MEMORY_PER_FILE_BYTE * file_bytes,
        }
        reply = _ask(job, limit_s)
        facts = _checked(reply, path, file_bytes, limit_s)
        try:
            samples = spool.map(facts["shape"])
        except (ValueError, OSError) as error:
            raise PhotoReadError(f"{path.name}: the decoded samples got lost on their way ({error}).") from error
    finally:
        spool.close()
    extra = reply.lines[1] if len(reply.lines) > 1 else {}
    return mosaic_from(facts, _metadata(facts, extra), extra.get("dng", {}), samples)


def _size_of(path: Path) -> int:
    try:
        if path.is_dir():
            raise PhotoReadError(f"{path.name}: this is a folder, not a photo.")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError as error:
        raise PhotoReadError(f"{path.name}: there is no such file in {path.parent}.") from error
    except OSError as error:
        raise PhotoReadError(f"{path.name}: the file cannot be read ({error.strerror}).") from error
    if size == 0:
        raise PhotoReadError(f"{path.name}: the file is empty.", _COPY_AGAIN)
    return size


def _ask(job: Mapping[str, object], limit_s: float) -> _Reply:
    process = SPARES.take()
    with _ahead_lock:
        _busy.add(process)
    in_time = True
    try:
        output, warnings = process.communicate(json.dumps(job) + "\n", timeout=limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        output, warnings = process.communicate()
        in_time = False
    finally:
        if process.poll() is None:
            end(process)
        with _ahead_lock:
            _busy.discard(process)
        SPARES.refill()
    lines: list[Mapping[str, Any]] = []
    for line in output.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
    return _Reply(tuple(lines), warnings, process.returncode, in_time)


def _checked(reply: _Reply, path: Path, file_bytes: int, limit_s: float) -> Mapping[str, Any]:
    """Return the facts of a photo that decoded soundly; else raise what is wrong with it."""
    if not reply.lines:
        if not reply.in_time:
            raise PhotoReadError(
                f"{path.name}: decoding took longer than {limit_s:.0f} s; the file is probably damaged.", _COPY_AGAIN
            )
        if "ModuleNotFoundError" in reply.warnings:
            raise PhotoReadError(f"{path.name}: rawpy, which decodes RAW files, is not installed.", "pip install rawpy")
        raise PhotoReadError(
            f"{path.name}: the file makes the RAW decoder stop (exit code {reply.exit_code}); it is damaged.",
            _COPY_AGAIN,
        )
    facts = reply.lines[0]
    warnings = reply.warnings.partition(DECODED)[0].lower()
    if "error" in facts:
        _fail(facts["error"], facts.get("text", ""), warnings, path)
    rows, samples = facts["shape"][0], facts["shape"][0] * facts["shape"][1]
    if facts["empty_rows"] == rows:
        raise PhotoReadError(f"{path.name}: the file decodes to nothing; every pixel is 0.", _COPY_AGAIN)
    if "end of" in warnings or facts["empty_rows"] > max(2.0, rows * _MOST_EMPTY_ROWS):
        raise PhotoReadError(f"{path.name}: the file ends before its pixels do; it is cut off.", _COPY_AGAIN)
    if "corrupt" in warnings or 8 * file_bytes < samples * _LEAST_BITS_PER_SAMPLE:
        raise PhotoReadError(f"{path.name}: the file's pixels are damaged.", _COPY_AGAIN)
    return facts


def _fail(error: str, text: str, warnings: str, path: Path) -> NoReturn:
    if error == NoRoomError.__name__:
        raise PhotoReadError(
            f"{path.name}: its decoded samples cannot be kept in a temporary file: {text}.", "Free some space."
        )
    if error in ("LibRawIOError", "LibRawInputClosedError") or "end of" in warnings:
        raise PhotoReadError(f"{path.name}: the file ends before its pixels do; it is cut off or damaged.", _COPY_AGAIN)
    if error == "LibRawDataError":
        raise PhotoReadError(f"{path.name}: the file's pixels are damaged.", _COPY_AGAIN)
    if error in ("LibRawFileUnsupportedError", "NotSupportedError", "LibRawRequestForNonexistentImageError"):
        raise PhotoReadError(
            f"{path.name}: this is not a RAW file that LibRaw can read, or its directory is damaged or cut off.",
            _OTHER_FORMAT,
        )
    if error in ("LibRawTooBigError", "LibRawUnsufficientMemoryError", "LibRawMemPoolOverflowError", "MemoryError"):
        raise PhotoReadError(f"{path.name}: the photo claims to be larger than can be decoded here.", _COPY_AGAIN)
    raise PhotoReadError(f"{path.name}: the RAW file cannot be decoded ({text.strip() or error}).", _OTHER_FORMAT)


def _metadata(facts: Mapping[str, Any], extra: Mapping[str, Any]) -> Metadata:
    return Metadata(
        exif=base64.b64decode(extra.get("exif", "")),
        xmp=base64.b64decode(extra.get("xmp", "")),
        make=extra.get("make", "").strip(),
        model=extra.get("model", "").strip(),
        lens=(extra.get("lens", "") or facts["lens"]).strip(),
        taken=extra.get("taken", "").strip(),
        iso=facts["iso"],
        exposure_s=facts["exposure_s"],
        aperture=facts["aperture"],
        focal_length_mm=facts["focal_length_mm"],
    )

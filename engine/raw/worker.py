"""Decodes one RAW file and ends: a script that `decode` starts by path, so that a file which crashes LibRaw or exiv2
kills only this process, and no file sees what another one left in LibRaw's memory.

    python -I worker.py '["module folder", ...]'

It imports its libraries, then waits for one line of JSON on stdin, {"path", "spool", "memory_bytes"}, and answers with
up to two lines on stdout: the facts about the pixels, {"error"} instead if there are none, then the metadata. Samples
go to the file `spool`. What LibRaw writes to stderr up to the line DECODED belongs to the answer.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import sys
import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import rawpy
    from numpy.typing import NDArray

    Samples = NDArray[np.uint16]

DECODED = "== decoded =="
_ROWS_AT_ONCE = 256
_PATTERN_PROBE = 24
_PATIENCE_S = 0.2
_SRGB_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))


class NoRoomError(Exception):
    """The samples cannot be written to the spool."""


class Frame(NamedTuple):
    """Samples as they go to the spool, and what else they need besides LibRaw's own facts."""

    samples: Samples
    colors: list[list[int]]
    whole: bool
    facts: dict[str, Any]


def _answer(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def _limit_memory(memory_bytes: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    except (ImportError, AttributeError, OSError, ValueError):
        pass  # Windows has no such limit, and macOS does not always take one


def _floats(values: Any) -> list[Any]:
    return [] if values is None else [float(v) for v in values]


def _matrix(values: Any) -> list[list[float]]:
    return [[float(v) for v in row] for row in values]


def _bayer_colors(raw: rawpy.RawPy) -> list[list[int]] | None:
    """Return LibRaw's colour index at the four places of a 2x2 pattern, None if the sensor has another one."""
    height, width = raw.raw_image_visible.shape
    top, left = raw.sizes.top_margin, raw.sizes.left_margin
    if min(height, width) < 2:
        return None
    pattern = [[raw.raw_color(top + i, left + j) for j in range(2)] for i in range(2)]
    letters = "".join(chr(raw.color_desc[k]) for row in pattern for k in row)
    if letters not in ("RGGB", "BGGR", "GRBG", "GBRG"):
        return None
    for i in range(min(_PATTERN_PROBE, height)):
        for j in range(min(_PATTERN_PROBE, width)):
            if raw.raw_color(top + i, left + j) != pattern[i & 1][j & 1]:
                return None
    return pattern


def _frame(raw: rawpy.RawPy, path: str) -> Frame:
    """Return the samples as the sensor gave them where the engine demosaics them itself, else LibRaw's linear image."""
    import rawpy

    square = abs(raw.sizes.pixel_aspect - 1.0) < 0.01
    if raw.raw_type == rawpy.RawType.Stack:
        samples = raw.raw_image_visible
        if square and raw.num_colors in (1, 3) and samples.ndim == 3 and not path.lower().endswith(".x3f"):
            return Frame(samples[..., : raw.num_colors], [], True, {})
    elif square:
        if raw.num_colors == 1:
            return Frame(raw.raw_image_visible, [], True, {})
        if raw.num_colors == 3 and (colors := _bayer_colors(raw)):
            return Frame(raw.raw_image_visible, colors, True, {})
    return _developed(raw)


def _developed(raw: rawpy.RawPy) -> Frame:
    """Return LibRaw's own demosaic as linear camera colours.

    It sees white-balanced values, on which its direction finding depends, scaled so that nothing clips; the balance is
    told as white levels, so that it divides out again.
    """
    import numpy as np
    import rawpy

    balance = [v if v > 0 else 0.0 for v in raw.camera_whitebalance][: max(raw.num_colors, 3)]
    if len(balance) == 4 and raw.num_colors == 4 and balance[3] == 0:
        balance[3] = balance[1]
    if min(balance) <= 0 or max(balance) > 16 * min(balance):
        balance = [1.0] * len(balance)
    samples: Any = raw.postprocess(
        demosaic_algorithm=rawpy.DemosaicAlgorithm.AHD,
        user_wb=[*balance, balance[1]][:4],
        output_color=rawpy.ColorSpace.raw,
        output_bps=16,
        gamma=(1, 1),
        no_auto_bright=True,
        adjust_maximum_thr=0.0,
        highlight_mode=rawpy.HighlightMode.Ignore,
        user_flip=0,
    )
    white = [65535.0 * v / max(balance) for v in balance]
    facts: dict[str, Any] = {"black": [0.0] * len(white), "white": white, "saturation": None}
    if samples.shape[2] == 4:
        samples, extra = _three_colors(samples, np.array(white), np.array(raw.rgb_xyz_matrix, float), balance)
        facts |= extra
    whole = samples.shape[:2] == (raw.sizes.height, raw.sizes.width)
    return Frame(samples, [], whole, facts)


def _three_colors(samples: Any, white: Any, to_camera: Any, balance: list[float]) -> tuple[Any, dict[str, Any]]:
    """Return a four-colour image as that of a camera whose colours are linear sRGB, and the facts that change."""
    import numpy as np

    to_srgb = np.linalg.inv(np.array(_SRGB_TO_XYZ)) @ np.linalg.pinv(to_camera)
    neutral = to_srgb @ (1.0 / np.array(balance))
    scale = 1.0 / np.abs(to_srgb).sum(axis=1).max()
    mixed = np.clip((samples / white.astype(np.float32)) @ (to_srgb * scale).T.astype(np.float32), 0.0, 1.0)
    facts = {
        "black": [0.0] * 3,
        "white": [65535.0] * 3,
        "camera_wb": (1.0 / np.maximum(neutral, 1e-6)).tolist(),
        "daylight_wb": [1.0, 1.0, 1.0],
        "xyz_to_camera": np.linalg.inv(np.array(_SRGB_TO_XYZ)).tolist(),
        "camera_to_srgb": [],
    }
    return np.round(mixed * 65535.0).astype(np.uint16), facts


def _facts(raw: rawpy.RawPy, frame: Frame) -> dict[str, Any]:
    sizes = raw.sizes
    crop = [sizes.crop_left_margin, sizes.crop_top_margin, sizes.crop_width, sizes.crop_height]
    crop[0] -= sizes.left_margin
    crop[1] -= sizes.top_margin
    return {
        "shape": list(frame.samples.shape),
        "colors": frame.colors,
        "color_names": raw.color_desc.decode("ascii", "replace"),
        "crop": crop if frame.whole else [0, 0, 0, 0],
        "flip": sizes.flip,
        "black": _floats(raw.black_level_per_channel),
        "white": [float(raw.white_level)] * 4,
        "saturation": _floats(raw.camera_white_level_per_channel),
        "camera_wb": _floats(raw.camera_whitebalance),
        "daylight_wb": _floats(raw.daylight_whitebalance),
        "xyz_to_camera": _matrix(raw.rgb_xyz_matrix),
        "camera_to_srgb": _matrix(raw.color_matrix),
        "iso": float(raw.other.iso_speed),
        "exposure_s": float(raw.other.shutter_speed),
        "aperture": float(raw.other.aperture),
        "focal_length_mm": float(raw.other.focal_length),
        "lens": raw.lens.model,
    } | frame.facts


@contextlib.contextmanager
def _spooling() -> Generator[None]:
    """Turn what the system says against writing the samples into NoRoomError."""
    try:
        yield
    except OSError as error:
        raise NoRoomError(error.strerror) from error


def _spool(samples: Samples, path: str) -> None:
    import numpy as np

    with _spooling(), open(path, "r+b") as file:
        for top in range(0, samples.shape[0], _ROWS_AT_ONCE):
            file.write(np.ascontiguousarray(samples[top : top + _ROWS_AT_ONCE]).data)


def _empty_rows(samples: Samples) -> int:
    """Return how many rows at the bottom hold nothing but zeros."""
    filled = samples.reshape(samples.shape[0], -1)
    for row in range(samples.shape[0] - 1, -1, -1):
        if filled[row].any():
            return samples.shape[0] - 1 - row
    return samples.shape[0]


def _sibling(path: str) -> Any:
    """Return the module that lies at `path` from here; this script runs outside the package."""
    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), path)
    spec = importlib.util.spec_from_file_location(os.path.basename(path).removesuffix(".py"), place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _decode_plain_dng(path: str, spool: str) -> bool:
    """Answer with the samples of a plain DNG; False, with no answer, if it is not one or is damaged."""
    dng = _sibling("dng.py")
    plain = dng.read(path, _sibling(os.path.join("..", "raster", "ifd.py")))
    if plain is None:
        return False
    layout, facts = plain
    with _spooling():
        samples = dng.write_samples(path, layout, spool)
    if samples is None:
        return False
    _answer(**facts, empty_rows=_empty_rows(samples))
    return True


def _decode(path: str, spool: str) -> bool:
    """Answer with the photo in `path`, or with what is wrong, and return whether it was the photo."""
    try:
        return (path.lower().endswith(".dng") and _decode_plain_dng(path, spool)) or _decode_with_libraw(path, spool)
    except NoRoomError as error:
        _answer(error=type(error).__name__, text=str(error))
        return False


def _decode_with_libraw(path: str, spool: str) -> bool:
    import rawpy

    try:
        with rawpy.imread(path) as raw:
            frame = _frame(raw, path)
            facts = _facts(raw, frame)
            facts["empty_rows"] = _empty_rows(frame.samples)
            _spool(frame.samples, spool)
    except (rawpy.LibRawError, OSError, MemoryError, ValueError) as error:
        _answer(error=type(error).__name__, text=str(error))
        return False
    _answer(**facts)
    return True


def _stand_by(has_job: threading.Event) -> None:
    """Load what a file will need while nobody waits for it; a file that is there already says itself what it needs."""
    for name in ("numpy", "exiv2", "rawpy", "imagecodecs._ljpeg"):
        if not has_job.wait(_PATIENCE_S if name == "rawpy" else 0) or name == "exiv2":
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


def main() -> None:
    sys.path.extend(folder for folder in json.loads(sys.argv[1]) if folder not in sys.path)
    importlib.import_module("numpy")
    has_job = threading.Event()
    threading.Thread(target=_stand_by, args=(has_job,), daemon=True).start()
    line = sys.stdin.readline()
    if not line:
        os._exit(0)
    has_job.set()
    job = json.loads(line)
    _limit_memory(job["memory_bytes"])
    decoded = _decode(job["path"], job["spool"])
    print(DECODED, file=sys.stderr, flush=True)
    if decoded:
        try:
            _answer(**_sibling("tags.py").metadata(job["path"]))
        except Exception as error:  # noqa: BLE001 - metadata of any kind of broken file must not cost the photo
            _answer(metadata_error=f"{type(error).__name__}: {error}")
    sys.stdout.flush()
    os._exit(0)  # LibRaw's and numpy's tidying up is time that somebody waits for


if __name__ == "__main__":
    main()

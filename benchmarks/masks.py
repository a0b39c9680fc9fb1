"""Quality and speed of the built-in mask engines on photos with masks that people made.

    python benchmarks/masks.py DATA [--sheet worst.png]

DATA holds index.json, a list of {"file", "gt", "set", "tags"} with paths from DATA, as for the sky under `sky/` and the
subject under `subject/`. Masks: 255 = positive, 0 = negative, 128 = ignored; a matte's name ends in `_alpha.png`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import harness  # noqa: F401 - makes this checkout importable as stillbytes
import numpy as np
from numpy.typing import NDArray

SIDE = 1024


class Result(NamedTuple):
    """One photo: what kind it is, its measures, and what to show of it."""

    name: str
    kind: str
    empty: bool
    quality: Any
    seconds: float
    proxy: NDArray[np.float32]
    alpha: NDArray[np.float32]


def _proxy(path: Path, cv2: Any) -> NDArray[np.float32]:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    height, width = picture.shape[:2]
    if (scale := SIDE / max(height, width)) < 1:
        picture = cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(picture[..., ::-1]).astype(np.float32) / np.float32(255)


def _truth(path: Path, shape: tuple[int, ...], cv2: Any) -> NDArray[np.uint8]:
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    mask = mask if mask.ndim == 2 else mask[..., 0]
    return cv2.resize(mask, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)


def run(data: Path, task: str, find: Callable[[NDArray[np.float32]], Any]) -> list[Result]:
    """Return the results of `find` on every photo of `data` whose path starts with `task`."""
    from stillbytes.engine.masks.evaluate import measure, measure_matte
    from stillbytes.engine.opencv import cv2

    results: list[Result] = []
    for entry in json.loads((data / "index.json").read_text(encoding="utf-8")):
        if not entry["file"].startswith(f"{task}/") or not entry.get("gt"):
            continue
        proxy = _proxy(data / entry["file"], cv2())
        truth = _truth(data / entry["gt"], proxy.shape, cv2())
        find(proxy)
        started = time.perf_counter()
        alpha = find(proxy).alpha
        seconds = time.perf_counter() - started
        matte = entry["gt"].endswith("_alpha.png")
        quality = measure_matte(alpha, truth.astype(np.float32) / 255) if matte else measure(alpha, truth)
        empty = not (truth == 255).any()
        results.append(Result(Path(entry["file"]).name, entry["set"], empty, quality, seconds, proxy, alpha))
    return results


def report(task: str, results: list[Result]) -> None:
    """Print one line per set: photos, IoU (mean and worst), boundary F, error, seconds."""
    print(f"{task:28} {'photos':>6} {'IoU':>6} {'worst':>6} {'F 2px':>6} {'MAE':>6} {'s':>6}")
    with_target = [r for r in results if not r.empty]
    groups = {kind: [r for r in with_target if r.kind == kind] for kind in sorted({r.kind for r in with_target})}
    for kind, group in {**groups, "all": with_target}.items():
        iou = [r.quality.iou for r in group]
        f, error, seconds = (
            float(v)
            for v in (
                np.mean([r.quality.boundary_f for r in group]),
                np.mean([r.quality.error for r in group]),
                np.median([r.seconds for r in group]),
            )
        )
        print(f"  {kind:26} {len(group):6} {np.mean(iou):6.3f} {min(iou):6.3f} {f:6.3f} {error:6.3f} {seconds:6.2f}")
    empty = [r for r in results if r.empty]
    if empty:
        right = sum(not r.alpha.any() for r in empty)
        print(f"  none in the photo: right on {right} of {len(empty)}")


def sheet(results: list[Result], path: Path, side: int = 320, columns: int = 5) -> None:
    """Write the ten worst photos with their masks laid over them in magenta."""
    from stillbytes.engine.opencv import cv2

    worst = sorted(results, key=lambda r: r.quality.iou)[:10]
    cells: list[NDArray[np.uint8]] = []
    for result in worst:
        scale = side / max(result.proxy.shape[:2])
        size = (max(1, round(result.proxy.shape[1] * scale)), max(1, round(result.proxy.shape[0] * scale)))
        picture = cv2().resize(result.proxy, size, interpolation=cv2().INTER_AREA)
        weight = 0.55 * cv2().resize(result.alpha, size, interpolation=cv2().INTER_AREA)[..., None]
        shown = picture * (1 - weight) + np.array([1, 0, 1], np.float32) * weight
        cell = np.full((side, side, 3), 40, np.uint8)
        cell[: size[1], : size[0]] = np.rint(shown[..., ::-1] * 255)
        cv2().putText(cell, f"{result.name[:24]} {result.quality.iou:.2f}", (4, side - 8), 0, 0.5, (0, 255, 0), 1)
        cells.append(cell)
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    cv2().imwrite(str(path), np.vstack([np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]))


def main() -> None:
    """Measure both engines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--sheet", type=Path, help="write the worst ten of each engine to NAME-sky.png, NAME-subject.png"
    )
    options = parser.parse_args()
    from stillbytes.engine.masks.sky import find_sky
    from stillbytes.engine.masks.subject import find_subject

    engines: dict[str, Callable[[NDArray[np.float32]], Any]] = {"sky": find_sky, "subject": find_subject}
    for task, find in engines.items():
        results = run(options.data, task, find)
        report(task, results)
        if options.sheet and results:
            sheet(results, options.sheet.with_name(f"{options.sheet.stem}-{task}.png"))


if __name__ == "__main__":
    main()

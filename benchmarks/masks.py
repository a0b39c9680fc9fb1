"""Quality, speed and memory of the mask engines on photos with masks that people made.

    python launcher bench masks --data DIR [--sheet worst.png] [--only sky|subject] [--segmenter FILE...] [--robust]

DIR holds index.json, a list of {"file", "gt", "set", "tags"} with paths from DIR: the sky under `sky/`, the subject
under `subject/`. Masks: 255 = positive, 0 = negative, 128 = ignored; a matte's name ends in `_alpha.png`.

Per engine and kind of photo (its set, and each of its tags): IoU at 0.5, the F-score of the outline within 2 px, the
mean absolute error; wall time per photo, and the most memory that its arrays took at once (of a learned engine: by how
much the process grew over what it held before, and the card's own if it worked there). An answer counts as right if it
says "none" where there is none, or finds the target with an IoU of RIGHT_IOU: the engine's confidence is compared with
how often that is so.

--segmenter measures the masks that the product makes with a model, or with several files named after one --segmenter,
which then work together; repeat it to compare models. Targets that a model cannot say anything about are answered by
the built-in engine, as in the product; the report counts those answers. --robust prints how much IoU is lost when the
photo is cropped, mirrored, exposed, balanced, compressed or scaled otherwise.
"""

from __future__ import annotations

import argparse
import json
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import harness
import numpy as np
from mask_changes import CHANGES
from numpy.typing import NDArray
from stillbytes.engine.errors import StillbytesError
from stillbytes.engine.masks.evaluate import Answer, Quality, is_right, measure, measure_matte, reliability
from stillbytes.engine.masks.learned.open import load_segmenter, merged
from stillbytes.engine.masks.mask import Selection
from stillbytes.engine.masks.ports import BUILT_IN, Segmenters
from stillbytes.engine.masks.resolve import resolve
from stillbytes.engine.masks.sky import find_sky
from stillbytes.engine.masks.subject import find_subject
from stillbytes.engine.opencv import cv2
from stillbytes.engine.photo import GUIDE_SIDE, Photo
from stillbytes.engine.plan.schema import Region
from stillbytes.engine.raster.source import ArraySource

Target = Literal["sky", "subject"]
View = NDArray[np.float32]
TARGETS: tuple[Target, ...] = get_args(Target)
FIGURES: dict[Target, tuple[float, float]] = {"sky": (0.90, 0.35), "subject": (0.65, 1.0)}
"""Per target the mean IoU and the seconds on 1 MP that the built-in engine shall reach."""


class Engine(NamedTuple):
    """An engine under test: what it looks for, and the function from a view (see engine/masks/ports.py)."""

    name: str
    target: Target
    find: Callable[[View], Selection]
    learned: bool = False


@dataclass(frozen=True, eq=False)
class Case:
    """A photo as engines see it, and the mask that a person made of it."""

    name: str
    kinds: tuple[str, ...]
    view: View
    truth: NDArray[np.uint8]
    matte: bool

    @property
    def empty(self) -> bool:
        return not (self.truth == 255).any()


@dataclass(frozen=True, eq=False)
class Result:
    """What an engine made of a case, and what it cost."""

    case: Case
    found: Selection
    quality: Quality
    seconds: float
    peak_bytes: int

    @property
    def answer(self) -> Answer:
        return Answer(self.found.confidence, is_right(self.quality, self.found.found, not self.case.empty))


def engines(line_ups: Sequence[Sequence[Path]] = ()) -> list[Engine]:
    """Return the engines to measure: the built-in ones, and the product with the models of each of `line_ups`.

    Raises ModelMissingError or ModelReadError if a file, or the package that it needs, is not there or is broken.
    """
    found = [Engine("built-in", "sky", find_sky), Engine("built-in", "subject", find_subject)]
    for files in line_ups:
        loaded = BUILT_IN
        for file in files:
            loaded = merged(loaded, load_segmenter(file))
        name = " + ".join(file.name for file in files)
        found += [Engine(name, target, with_models(target, loaded), learned=True) for target in TARGETS]
    return found


def with_models(target: Target, loaded: Segmenters) -> Callable[[View], Selection]:
    """Return the function from a view to what the product finds with these models, its soft edges included."""
    return lambda view: resolve(Photo(ArraySource(view)), Region(target), loaded)[0]


def cases(data: Path, target: Target) -> list[Case]:
    """Return the photos of `data` with a mask of `target`."""
    entries = json.loads((data / "index.json").read_text(encoding="utf-8"))
    return [_case(data, entry) for entry in entries if entry["file"].startswith(f"{target}/") and entry.get("gt")]


def _case(data: Path, entry: dict[str, Any]) -> Case:
    picture = cv2().imread(str(data / entry["file"]), cv2().IMREAD_COLOR)
    view = _at_side(picture[..., ::-1].astype(np.float32) / np.float32(255), GUIDE_SIDE)
    mask = cv2().imread(str(data / entry["gt"]), cv2().IMREAD_UNCHANGED)
    mask = mask if mask.ndim == 2 else mask[..., 0]
    truth = cv2().resize(mask, (view.shape[1], view.shape[0]), interpolation=cv2().INTER_NEAREST)
    kinds = (entry["set"], *(f"tag {tag}" for tag in entry.get("tags", ())))
    return Case(Path(entry["file"]).name, kinds, view, truth, entry["gt"].endswith("_alpha.png"))


def _at_side(picture: View, side: int) -> View:
    """Return `picture` no larger than `side` px."""
    height, width = picture.shape[:2]
    if (scale := side / max(height, width)) >= 1:
        return np.ascontiguousarray(picture)
    return cv2().resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2().INTER_AREA)


def run(engine: Engine, case: Case) -> Result:
    """Return the result of `engine` on `case`: memory from a first run, time from a second."""
    peak = (harness.peak_growth if engine.learned else _peak_of_arrays)(lambda: engine.find(case.view))
    started = time.perf_counter()
    found = engine.find(case.view)
    seconds = time.perf_counter() - started
    return Result(case, found, _quality(case.matte, found.alpha, case.truth), seconds, peak)


def _quality(matte: bool, alpha: NDArray[np.float32], truth: NDArray[np.uint8]) -> Quality:
    return measure_matte(alpha, truth.astype(np.float32) / 255) if matte else measure(alpha, truth)


def _peak_of_arrays(find: Callable[[], object]) -> int:
    tracemalloc.start()
    find()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def report(engine: Engine, results: Sequence[Result]) -> None:
    """Print one line per kind of photo, how often "none" is right, and what the engine's confidence is worth."""
    print(f"\n{engine.target}, {engine.name}")
    print(f"  {'kind':24} {'photos':>6} {'IoU':>6} {'worst':>6} {'F 2px':>6} {'MAE':>6} {'s':>6} {'MB':>5}")
    there = [result for result in results if not result.case.empty]
    for kind in sorted({kind for result in there for kind in result.case.kinds}):
        _row(kind, [result for result in there if kind in result.case.kinds])
    if there:
        _row("all", there)
    if absent := [result for result in results if result.case.empty]:
        right = sum(not result.found.found for result in absent)
        print(f"  none in the photo: right on {right} of {len(absent)}; overlooked on {_missed(there)} of {len(there)}")
    if engine.learned:
        print(
            f"  answered by the built-in engine: {sum(r.found.engine == 'built-in' for r in results)} of {len(results)}"
        )
    _print_reliability([result.answer for result in results])


def _missed(there: Sequence[Result]) -> int:
    return sum(not result.found.found for result in there)


def _row(kind: str, group: Sequence[Result]) -> None:
    iou = [result.quality.iou for result in group]
    f, error = (float(np.mean([getattr(r.quality, name) for r in group])) for name in ("boundary_f", "error"))
    seconds, peak = (float(np.median([getattr(r, name) for r in group])) for name in ("seconds", "peak_bytes"))
    print(
        f"  {kind:24} {len(group):6} {np.mean(iou):6.3f} {min(iou):6.3f} {f:6.3f} {error:6.3f} {seconds:6.2f}"
        f" {peak / harness.MEGABYTE:5.0f}"
    )


def _print_reliability(answers: Sequence[Answer]) -> None:
    found = reliability(answers)
    for row in found.bins:
        print(f"  sure {row.low:.2f} to {row.high:.2f}: {row.photos:4} photos, says {row.said:.2f}, is {row.was:.2f}")
    print(f"  expected calibration error {found.error:.3f}")


def robustness(engine: Engine, results: Sequence[Result]) -> dict[str, float]:
    """Return the mean IoU lost by each of CHANGES over the photos that still show the target afterwards."""
    lost: dict[str, list[float]] = {name: [] for name in CHANGES}
    for result in results:
        for name, change in CHANGES.items():
            view, truth = change(result.case.view, result.case.truth)
            if (truth == 255).any():
                changed = _quality(result.case.matte, engine.find(view).alpha, truth)
                lost[name].append(result.quality.iou - changed.iou)
    return {name: float(np.mean(drops)) for name, drops in lost.items() if drops}


def print_robustness(lost: dict[str, float]) -> None:
    """Print what `robustness` returned; below 0 the changed photos fare better."""
    for name, drop in lost.items():
        print(f"  {name:24} {-drop:+.3f} IoU")
    if lost:
        print(f"  mean of all changes      {-float(np.mean(list(lost.values()))):+.3f} IoU")


def sheet(results: Sequence[Result], path: Path, side: int = 320, columns: int = 5) -> None:
    """Write the ten worst photos with their masks laid over them in magenta and the true outline in green."""
    worst = sorted(results, key=lambda result: result.quality.iou)[:10]
    cells = [_cell(result, side) for result in worst]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    rows = [np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    cv2().imwrite(str(path), np.vstack(rows))


def _cell(result: Result, side: int) -> NDArray[np.uint8]:
    case = result.case
    scale = side / max(case.view.shape[:2])
    size = (max(1, round(case.view.shape[1] * scale)), max(1, round(case.view.shape[0] * scale)))
    weight = 0.55 * cv2().resize(result.found.alpha, size, interpolation=cv2().INTER_AREA)[..., None]
    shown = cv2().resize(case.view, size, interpolation=cv2().INTER_AREA) * (1 - weight) + np.array([1, 0, 1]) * weight
    true = cv2().resize((case.truth == 255).astype(np.uint8), size, interpolation=cv2().INTER_NEAREST)
    shown[cv2().dilate(true, np.ones((3, 3), np.uint8)) != true] = (0, 1, 0)
    cell = np.full((side, side, 3), 40, np.uint8)
    cell[: size[1], : size[0]] = np.rint(shown[..., ::-1] * 255)
    cv2().putText(cell, f"{case.name[:24]} {result.quality.iou:.2f}", (4, side - 8), 0, 0.5, (0, 255, 0), 1)
    return cell


def figures(engine: Engine, results: Sequence[Result]) -> None:
    """Print the figures of the built-in engines beside their targets."""
    iou, seconds = FIGURES[engine.target]
    there = [result for result in results if not result.case.empty]
    absent = [result for result in results if result.case.empty]
    if there:
        harness.line(f"{engine.target}: mean IoU", float(np.mean([r.quality.iou for r in there])), iou, "", "more")
        harness.line(f"{engine.target}: on 1 MP", _seconds_on_a_megapixel(engine, there), seconds, "s", "less")
    if absent:
        share = float(np.mean([not result.found.found for result in absent]))
        harness.line(f"{engine.target}: none where there is none", share, 0.95, "", "more")


def _seconds_on_a_megapixel(engine: Engine, results: Sequence[Result]) -> float:
    """Return the median seconds of some of the photos, each brought to 1 MP."""
    taken: list[float] = []
    for result in results[:: max(1, len(results) // 8)]:
        height, width = result.case.view.shape[:2]
        scale = (1e6 / (height * width)) ** 0.5
        view = cv2().resize(result.case.view, (round(width * scale), round(height * scale)))
        started = time.perf_counter()
        engine.find(view)
        taken.append(time.perf_counter() - started)
    return float(np.median(taken))


def main() -> None:
    """Measure the engines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder with index.json")
    parser.add_argument("--only", choices=TARGETS, help="measure one target")
    parser.add_argument("--sheet", type=Path, help="write the worst ten of each engine to NAME-TARGET-ENGINE.png")
    parser.add_argument("--segmenter", type=Path, nargs="+", action="append", default=[], help="a model, or several")
    parser.add_argument("--robust", action="store_true", help="measure changed photos as well")
    options = parser.parse_args()
    if harness.load() > 0.3:
        harness.note("this machine is busy: do not trust the seconds")
    try:
        for engine in engines(options.segmenter):
            if options.only in (None, engine.target):
                _measure(engine, options)
    except StillbytesError as error:
        parser.exit(1, f"error: {error}\nhint: {error.hint}\n")


def _measure(engine: Engine, options: argparse.Namespace) -> None:
    results = [run(engine, case) for case in cases(options.data, engine.target)]
    if not results:
        harness.note(f"no photos for {engine.target} in {options.data}")
        return
    report(engine, results)
    if not engine.learned:
        figures(engine, results)
    if options.robust:
        print_robustness(robustness(engine, [result for result in results if not result.case.empty]))
    if options.sheet:
        sheet(results, options.sheet.with_name(f"{options.sheet.stem}-{engine.target}-{engine.name}.png"))


if __name__ == "__main__":
    main()

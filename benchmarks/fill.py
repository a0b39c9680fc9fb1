"""The built-in fill against other ways to fill a hole without weights, on holes cut from photographs, and its speed.

    python benchmarks/fill.py [FOLDER ...] [--holes first|second] [--only quality|speed] [--every N] [--sheet fill.png]

Quality: every photograph of the folders gets one hole of each shape (strokes, blobs, a figure), 1 to 20 % of the frame,
and every method fills it from the same 8-bit pixels. `--holes second` draws wires, balls and a signpost, seeded
otherwise; no constant was chosen on them. Three measures, inside the hole, against the photograph:

- PSNR in dB of sRGB-encoded values;
- SSIM (Wang et al. 2004) of luma, the mean over windows centred in the hole;
- texture: the sliced Wasserstein distance (Bonneel et al. 2015) between the 7 x 7 px patches painted and the patches
  that were there, along 96 seeded directions of mean 0, so that neither position nor brightness counts, in 1/255.
  A blur and a repeated blotch are both far from the truth here, whatever their PSNR.

Peers that are not installed are left out with a sentence.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import harness
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from stillbytes.engine.fill.complete import CompleteOptions, complete
from stillbytes.engine.opencv import cv2

Bytes = NDArray[np.uint8]
Hole = NDArray[np.bool_]
Method = Callable[[Bytes, Hole], Bytes]
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)
LONGEST = 1024
PATCH = 7


class Case(NamedTuple):
    """A photograph and what is missing of it."""

    name: str
    shape: str
    picture: Bytes
    hole: Hole


class Score(NamedTuple):
    """How near a filled hole is to the photograph."""

    psnr: float
    ssim: float
    texture: float
    seconds: float


def strokes(shape: tuple[int, int], share: float, rng: np.random.Generator) -> Hole:
    """Return a scribble of about `share` of the frame."""
    canvas = np.zeros(shape, np.uint8)
    width = round(min(shape) * (0.02 + 0.25 * share))
    point = rng.uniform(0.2, 0.8, 2) * shape
    heading = rng.uniform(0, 2 * np.pi)
    while canvas.mean() < share:
        heading += rng.normal(0, 0.7)
        step = np.array([np.sin(heading), np.cos(heading)]) * width * 1.5
        target = point + step
        if not (0.03 * np.array(shape) < target).all() or not (target < 0.97 * np.array(shape)).all():
            heading += np.pi / 2
            continue
        cv2().line(canvas, tuple(map(int, point[::-1])), tuple(map(int, target[::-1])), 1, width)
        point = target
    return canvas > 0


def blobs(shape: tuple[int, int], share: float, rng: np.random.Generator) -> Hole:
    """Return the highest parts of smooth noise, kept off the border."""
    scale = min(shape) * (0.04 + 0.2 * share)
    noise = cv2().GaussianBlur(rng.normal(size=shape), (0, 0), scale)
    inside = np.zeros(shape, bool)
    edge = [round(side * 0.03) for side in shape]
    inside[edge[0] : -edge[0], edge[1] : -edge[1]] = True
    noise[~inside] = -np.inf
    return noise > np.partition(noise.ravel(), -int(share * noise.size))[-int(share * noise.size)]


def figure(shape: tuple[int, int], share: float, rng: np.random.Generator) -> Hole:
    """Return somebody who stands in the picture: head, trunk, arms and legs."""
    height = min(np.sqrt(share * shape[0] * shape[1] / 0.28), shape[0] * 0.9)
    stout = share * shape[0] * shape[1] / (0.28 * height * height)
    left = rng.uniform(0.05, max(0.06, 0.95 - 0.6 * stout * height / shape[1])) * shape[1]
    top = rng.uniform(0.03, max(0.04, 0.97 - height / shape[0])) * shape[0]
    limbs = [((0.3, 0.3), (0.3, 0.55), 0.28), ((0.2, 0.22), (0.06, 0.5), 0.09), ((0.4, 0.22), (0.55, 0.48), 0.09)]
    limbs += [((0.23, 0.5), (0.2, 0.97), 0.13), ((0.37, 0.5), (0.42, 0.97), 0.13), ((0.3, 0.08), (0.3, 0.09), 0.15)]
    canvas = np.zeros(shape, np.uint8)
    for start, end, thick in limbs:
        ends = [(int(left + x * stout * height), int(top + y * height)) for x, y in (start, end)]
        cv2().line(canvas, *ends, 1, max(1, round(thick * height * min(stout, 1.5))))
    return canvas > 0


def wires(shape: tuple[int, int], share: float, rng: np.random.Generator) -> Hole:
    """Return straight lines through the picture, a few px wide, of about `share` of the frame."""
    canvas = np.zeros(shape, np.uint8)
    width = round(min(shape) * (0.012 + 0.1 * share))
    while canvas.mean() < share:
        ends = rng.uniform(0.05, 0.95, (2, 2)) * shape[::-1]
        cv2().line(canvas, *(tuple(map(int, end)) for end in ends), 1, width)
    return canvas > 0


def balls(shape: tuple[int, int], share: float, rng: np.random.Generator) -> Hole:
    """Return one to four ellipses that together cover `share` of the frame, less where they overlap."""
    canvas, count = np.zeros(shape, np.uint8), int(rng.integers(1, 5))
    radius = np.sqrt(share * shape[0] * shape[1] / count / np.pi)
    for _ in range(count):
        long = rng.uniform(1.0, 1.5)
        centre = rng.uniform(0.2, 0.8, 2) * shape[::-1]
        axes = (round(radius * long), round(radius / long))
        cv2().ellipse(canvas, tuple(map(int, centre)), axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    return canvas > 0


def signpost(shape: tuple[int, int], share: float, rng: np.random.Generator) -> Hole:
    """Return a board on a pole."""
    canvas = np.zeros(shape, np.uint8)
    area = share * shape[0] * shape[1]
    wide, high = round(np.sqrt(0.8 * area * 1.4)), round(np.sqrt(0.8 * area / 1.4))
    wide, high = min(wide, round(shape[1] * 0.8)), min(high, round(shape[0] * 0.55))
    left = int(rng.uniform(0.05, 0.95 - wide / shape[1]) * shape[1])
    top = int(rng.uniform(0.05, 0.4 - 0.3 * high / shape[0]) * shape[0])
    foot = min(round(shape[0] * 0.97), top + high + round(1.2 * high + 20))
    pole = max(3, round(0.2 * area / max(foot - top - high, 1)))
    cv2().rectangle(canvas, (left, top), (left + wide, top + high), 1, -1)
    cv2().rectangle(canvas, (left + (wide - pole) // 2, top + high), (left + (wide + pole) // 2, foot), 1, -1)
    return canvas > 0


HOLES = {"first": (strokes, blobs, figure), "second": (wires, balls, signpost)}
_SEED = {"first": (), "second": (2,)}


def cases(folders: list[Path], every: int, holes: str = "first") -> list[Case]:
    """Return the holes to fill: each shape on each photograph, of shares that take turns."""
    found: list[Case] = []
    pictures = [(f"{folder.name}/{path.stem}", _read(path)) for folder in folders for path in _files(folder)]
    if not folders:
        pictures = [(f"photo {n}", np.uint8(np.rint(p * 255))) for n, p in enumerate(harness.photos())]
    for n, (name, picture) in enumerate(pictures):
        for s, draw in enumerate(HOLES[holes]):
            rng = np.random.default_rng([n, s, *_SEED[holes]])
            hole = draw(picture.shape[:2], SHARES[(n + 2 * s) % len(SHARES)], rng)
            found.append(Case(name, draw.__name__, picture, hole))
    return found[::every]


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in (".png", ".jpg", ".tif"))


def _read(path: Path) -> Bytes:
    with Image.open(path) as picture:
        picture = picture.convert("RGB")
        picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        return np.array(picture)


def measure(painted: Bytes, case: Case, seconds: float) -> Score:
    """Return how near `painted` is to the photograph."""
    first, second = painted.astype(np.float64), case.picture.astype(np.float64)
    error = np.mean((first - second)[case.hole] ** 2)
    return Score(
        float(10 * np.log10(255**2 / max(error, 1e-3))),
        float(_ssim(first, second)[case.hole].mean()),
        _patch_distance(first, second, case.hole),
        seconds,
    )


def _luma(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    return picture @ np.array([0.299, 0.587, 0.114])


def _ssim(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return SSIM of luma with a Gaussian window of 1.5 px (Wang et al. 2004, eq. 13)."""
    a, b = _luma(first), _luma(second)

    def mean(plane: NDArray[np.float64]) -> NDArray[np.float64]:
        return cv2().GaussianBlur(plane, (11, 11), 1.5)

    ma, mb = mean(a), mean(b)
    va, vb, cov = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return (2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))


def _patch_distance(first: NDArray[np.float64], second: NDArray[np.float64], hole: Hole) -> float:
    rng = np.random.default_rng(7)
    rows, columns = np.nonzero(hole[PATCH // 2 : -(PATCH // 2), PATCH // 2 : -(PATCH // 2)])
    keep = rng.permutation(rows.size)[:20000]
    directions = rng.normal(size=(3 * PATCH * PATCH, 96))
    directions -= directions.mean(axis=0)
    directions /= np.linalg.norm(directions, axis=0)
    windows = [np.lib.stride_tricks.sliding_window_view(p, (PATCH, PATCH), axis=(0, 1)) for p in (first, second)]
    seen = [np.sort(w[rows[keep], columns[keep]].reshape(keep.size, -1) @ directions, axis=0) for w in windows]
    return float(np.abs(seen[0] - seen[1]).mean())


def built_in(picture: Bytes, hole: Hole) -> Bytes:
    """Return our fill."""
    filled = complete(picture.astype(np.float32) / np.float32(255), hole, CompleteOptions())
    return np.uint8(np.rint(filled * 255))


def methods() -> dict[str, Method]:
    """Return ours and the peers that are installed."""
    found: dict[str, Method] = {
        "built in": built_in,
        "OpenCV Telea": lambda p, h: cv2().inpaint(p, h.astype(np.uint8), 5, cv2().INPAINT_TELEA),
        "OpenCV Navier-Stokes": lambda p, h: cv2().inpaint(p, h.astype(np.uint8), 5, cv2().INPAINT_NS),
    }
    try:
        import patchmatch
    except ImportError:
        harness.note("pypatchmatch is not installed: left out")
    else:
        found["pypatchmatch"] = lambda p, h: patchmatch.inpaint(p, h, patch_size=3)
    try:
        from skimage.restoration import inpaint_biharmonic
    except ImportError:
        harness.note("scikit-image is not installed: biharmonic left out")
    else:
        found["biharmonic"] = lambda p, h: np.uint8(
            np.clip(np.rint(inpaint_biharmonic(p, h, split_into_regions=True, channel_axis=-1) * 255), 0, 255)
        )
    return found


def quality(found: list[Case], peers: dict[str, Method], sheet: Path | None) -> None:
    """Print the measures of every method, and how often the built-in fill is ahead."""
    scores: dict[str, list[Score]] = {name: [] for name in peers}
    for n, case in enumerate(found):
        cells: list[Bytes] = []
        blanked = np.where(case.hole[..., None], np.uint8(255), case.picture)
        for name, fill in peers.items():
            started = time.process_time()
            painted = fill(blanked, case.hole)
            scores[name].append(measure(painted, case, time.process_time() - started))
            cells.append(painted)
        if sheet:
            contact(case, dict(zip(peers, cells, strict=True)), sheet.with_name(f"{sheet.stem}-{n:03}.png"))
    ours = scores["built in"]
    print(f"{len(found)} holes{'':20} {'PSNR':>7} {'SSIM':>7} {'texture':>8} {'CPU s':>7}   built in is ahead in")
    for name, of in scores.items():
        mean = Score(*np.mean(np.array(of), axis=0))
        photographs = _of_photographs(found, ours), _of_photographs(found, of)
        shares = "" if name == "built in" else f"{_ahead(*photographs)} of photographs, {_ahead(ours, of)} of holes"
        print(f"{name:28} {mean.psnr:7.2f} {mean.ssim:7.3f} {mean.texture:8.2f} {mean.seconds:7.2f}   {shares}")


def _of_photographs(found: list[Case], scores: list[Score]) -> list[Score]:
    """Return the mean score of each photograph's holes."""
    by_name: dict[str, list[Score]] = {}
    for case, score in zip(found, scores, strict=True):
        by_name.setdefault(case.name, []).append(score)
    return [Score(*np.mean(np.array(of), axis=0)) for of in by_name.values()]


def _ahead(ours: list[Score], theirs: list[Score]) -> str:
    """Return how often ours are at least as good, in PSNR, SSIM and texture."""
    pairs = list(zip(ours, theirs, strict=True))
    shares = (
        np.mean([o.psnr >= t.psnr for o, t in pairs]),
        np.mean([o.ssim >= t.ssim for o, t in pairs]),
        np.mean([o.texture <= t.texture for o, t in pairs]),
    )
    return " / ".join(f"{share:4.0%}" for share in shares)


def contact(case: Case, painted: dict[str, Bytes], path: Path) -> None:
    """Write the photograph, the hole and every filling side by side, at 100 %."""
    marked = case.picture.copy()
    marked[case.hole] = (255, 0, 255)
    cells = {"photograph": case.picture, "hole": marked, **painted}
    rows = []
    for title, cell in cells.items():
        named = np.ascontiguousarray(cell)
        cv2().putText(named, title, (8, 20), 0, 0.6, (0, 0, 0), 3)
        cv2().putText(named, title, (8, 20), 0, 0.6, (255, 255, 255), 1)
        rows.append(named)
    rows += [np.zeros_like(rows[0])] * (-len(rows) % 2)
    Image.fromarray(np.vstack([np.hstack(rows[i : i + 2]) for i in range(0, len(rows), 2)])).save(path)


def speed() -> None:
    """Print the time for a small and a large hole in 24 MP, all the crop's work included."""
    width, height = harness.SIZES[24]
    with Image.open(harness.ROOT / "samples" / "picos.jpg") as sample:
        large = np.asarray(sample.convert("RGB").resize((width, height), Image.Resampling.BICUBIC))
    noise = np.random.default_rng(0).normal(0, 0.01, (256, 256, 3)).astype(np.float32)
    repeats = (-(-height // 256), -(-width // 256), 1)
    picture = np.clip(large.astype(np.float32) / np.float32(255) + np.tile(noise, repeats)[:height, :width], 0, 1)
    for (wide, high), target in (((300, 200), 3.0), ((1500, 1500), 25.0)):
        hole = np.zeros((height, width), bool)
        hole[1700 : 1700 + high, 2300 : 2300 + wide] = True
        if target < 10:
            complete(picture, hole)
        wall, cpu = time.perf_counter(), time.process_time()
        complete(picture, hole)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        name = f"hole of {wide} x {high} px at 24 MP"
        if harness.load() > 0.3:
            harness.note(f"this machine is busy ({harness.load():.1f} waiting processes per core): trust CPU seconds")
        harness.line(f"{name}, wall", wall, target, "s", "less")
        harness.line(f"{name}, CPU seconds on two cores", cpu / 2, target, "s", "less")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*", help="photographs; without it the Kodak set or the sample")
    parser.add_argument("--holes", choices=tuple(HOLES), default="first", help="which shapes and seeds")
    parser.add_argument("--only", choices=("quality", "speed"))
    parser.add_argument("--every", type=int, default=1, help="fill only every Nth hole")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet per hole beside this path")
    options = parser.parse_args()
    if options.only != "speed":
        quality(cases(options.folders, options.every, options.holes), methods(), options.sheet)
    if options.only != "quality":
        speed()


if __name__ == "__main__":
    main()

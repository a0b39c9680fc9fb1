"""What the benchmarks share: interleaved medians, whole processes with their memory, synthetic RAW files, and lines.

A figure is the median of rounds in which the rivals take turns, so that a busy machine slows all of them. Wall times
need idle cores; CPU seconds do not, and stand beside them. Importing this file makes the checkout importable as
`stillbytes`.
"""

from __future__ import annotations

import os
import runpy
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "samples" / "balloon.dng"
KODAK = ROOT.parent / "shared" / "data" / "photos" / "kodak"
MEGABYTE = 1e6
_LOOK_EVERY_S = 0.2
SIZES = {24: (6016, 4016), 45: (8256, 5504), 100: (11648, 8736), 200: (16384, 12288)}

runpy.run_path(str(ROOT / "launcher" / "package.py"))["load_package"](ROOT)

from stillbytes.samples.dng import DngSpec, write_dng  # noqa: E402
from stillbytes.samples.sensor import Noise, mosaic_from_image  # noqa: E402


class Cost(NamedTuple):
    """What one run cost. `peak_bytes` is 0 where memory was not measured."""

    wall_s: float
    cpu_s: float
    peak_bytes: int = 0


def load() -> float:
    """Return how many other processes want each core, the mean of the last minute; 0 where nobody knows."""
    return os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 0.0


def interleaved(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Cost]:
    """Return the median cost of each of `runs`, which take turns for `rounds` rounds after one round of warming up.

    A run that returns a Cost measured itself; the others are timed in this process, all threads together.
    """
    if load() > 0.3:
        note(f"this machine is busy ({load():.1f} waiting processes per core): trust CPU seconds, not wall times")
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            wall, cpu = time.perf_counter(), time.process_time()
            result = run()
            cost = Cost(time.perf_counter() - wall, time.process_time() - cpu)
            if turn:
                costs[name].append(result if isinstance(result, Cost) else cost)
    return {name: _median(of) for name, of in costs.items()}


def _median(costs: Sequence[Cost]) -> Cost:
    wall, cpu, peak = (statistics.median(values) for values in zip(*costs, strict=True))
    return Cost(wall, cpu, int(peak))


def ours(*arguments: str | Path) -> list[str]:
    """Return the command that runs Stillbytes' command line in the environment that this process runs in."""
    return [sys.executable, str(Path(__file__).with_name("stillbytes_here.py")), *map(str, arguments)]


def run_process(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end and return what it and its children cost. Raises RuntimeError if it fails.

    The peak is the largest sum of proportional set sizes seen at 5 Hz (looking more often slows what is looked at), or
    the process' own largest resident set where the system keeps it (the rusage of a child begins with its parent's and
    is of no use).
    """
    wall = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**_ordinary(os.environ), **(environment or {})},
        )
        peaks, done = [0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(psutil.Process(process.pid), peaks, done))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - wall
        done.set()
        watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            tail = log.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"{Path(str(command[0])).name} ended with {process.returncode}: {tail}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, max(peaks))


def _watch(process: psutil.Process, peaks: list[int], done: threading.Event) -> None:
    while not done.wait(_LOOK_EVERY_S):
        peaks.append(_tree_bytes(process))


def _ordinary(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which Python keeps compiled modules, as it does unless somebody forbids it."""
    return {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}


def peak_growth(work: Callable[[], object]) -> int:
    """Run `work`; return by how many bytes this process grew at most while it ran, and its share of the card's memory.

    The resident set is looked at 100 times a second; what `work` takes and gives back in between is not seen.
    """
    process, done = psutil.Process(), threading.Event()
    before = process.memory_info().rss
    seen = [before]

    def watch() -> None:
        while not done.wait(0.01):
            seen.append(process.memory_info().rss)

    torch = sys.modules.get("torch")
    on_card = torch is not None and torch.cuda.is_available()
    if on_card:
        torch.cuda.reset_peak_memory_stats()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    seen.append(process.memory_info().rss)
    return max(seen) - before + (torch.cuda.max_memory_allocated() if on_card else 0)


def _tree_bytes(process: psutil.Process) -> int:
    """Return the memory of a process and its children, where shared pages count once, or the process' own peak so far
    if that is more."""
    try:
        tree = [process, *process.children(recursive=True)]
        if len(tree) == 1:
            return max(process.memory_info().rss, _own_peak_bytes(process.pid))
        return max(sum(member.memory_full_info().pss for member in tree), _own_peak_bytes(process.pid))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def _own_peak_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    peaks = [row for row in status.splitlines() if row.startswith("VmHWM:")]
    return int(peaks[0].split()[1]) * 1024 if peaks else 0


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder for results that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="stillbytes-bench-") as folder:
        yield Path(folder)


def linear(encoded: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the linear light of sRGB-encoded values (IEC 61966-2-1)."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def photos(folder: Path | None = None) -> list[NDArray[np.float64]]:
    """Return sRGB-encoded photographs, (H, W, 3) in [0, 1] with even sides, from `folder`, else the Kodak set, else
    pieces of the sample's photograph."""
    folder = folder or (KODAK if KODAK.is_dir() else None)
    if folder is not None:
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".png", ".tif", ".tiff", ".jpg"))
        return [_even(np.asarray(Image.open(path).convert("RGB"), np.float64) / 255) for path in paths]
    picture = np.asarray(Image.open(ROOT / "samples" / "picos.jpg").convert("RGB"), np.float64) / 255
    return [picture[top : top + 512, left : left + 768] for top in (0, 512) for left in (0, 768)]


def _even(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    return picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]


def synthetic_mosaic(megapixels: int) -> NDArray[np.uint16]:
    """Return a Bayer mosaic of about 24, 45, 100 or 200 MP: the sample's landscape enlarged, with the noise of
    ISO 200 in every pixel."""
    width, height = SIZES[megapixels]
    with Image.open(ROOT / "samples" / "picos.jpg") as picture:
        large = picture.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    mosaic = np.empty((height, width), np.uint16)
    light = linear(np.arange(256) / 255).astype(np.float32)
    for top in range(0, height, 256):
        strip = np.asarray(large.crop((0, top, width, min(top + 256, height))))
        mosaic[top : top + 256] = mosaic_from_image(light[strip], DngSpec(), Noise.at_iso(200), seed=top)
    return mosaic


def synthetic_dng(megapixels: int, compression: Literal["none", "lossless-jpeg"]) -> Path:
    """Return the path of a synthetic RAW file, made now if it is not in the cache folder yet."""
    folder = Path(tempfile.gettempdir()) / "stillbytes-benchmarks"
    folder.mkdir(exist_ok=True)
    path = folder / f"landscape-{megapixels}mp-{compression}.dng"
    if not path.exists():
        partial = path.with_suffix(".partial")
        write_dng(partial, synthetic_mosaic(megapixels), DngSpec(compression=compression))
        partial.replace(path)
    path.read_bytes()  # into the page cache: files are measured warm
    return path


def line(name: str, value: float, target: float, unit: str, better: Literal["more", "less"]) -> bool:
    """Print one figure beside its target; return whether the target is met."""
    met = value >= target if better == "more" else value <= target
    bound = "at least" if better == "more" else "at most"
    print(
        f"{name:62} {value:8.2f} {unit:4} target {bound} {target:g} {unit:4} {'met' if met else 'NOT MET'}", flush=True
    )
    return met


def note(text: str) -> None:
    """Print a line of explanation or a figure that has no target."""
    print(f"    {text}", flush=True)


def costs(of: Mapping[str, Cost]) -> None:
    """Print measured costs, one line each."""
    for name, cost in of.items():
        memory = f", peak {cost.peak_bytes / MEGABYTE:.0f} MB" if cost.peak_bytes else ""
        note(f"{name}: wall {cost.wall_s:.3f} s, CPU {cost.cpu_s:.3f} s{memory}")

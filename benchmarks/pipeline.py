"""Whole processes, 45 MP RAW to developed 16-bit TIFF, against rawtherapee-cli and darktable-cli.

    python benchmarks/pipeline.py [--rounds N] [--megapixels 24|45|100]

Ours: tone, local tone and one edit masked to the sky (profiles/plan.json). RawTherapee: tone, shadows and highlights
and one local spot (profiles/rawtherapee.pp3) over its default profile. darktable: exposure, tone equalizer and one
exposure with a feathered parametric mask (profiles/darktable.xmp) over its default scene-referred rendering; once more
with that default rendering alone, which is less work than ours and has no target. A peer that is not installed is left
out. TIFF without compression for all.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import harness

PROFILES = Path(__file__).with_name("profiles")
RATIO, PEAK_MB = 4.0, 700.0
UNEDITED = "darktable without the edits"


def commands(raw: Path, folder: Path) -> dict[str, tuple[list[str | Path], Path]]:
    """Return each rival's command line and the file that it writes."""
    out = {name: folder / f"{name}.tif" for name in ("stillbytes", "rawtherapee", "darktable", "default")}
    plan: list[str | Path] = ["--plan", PROFILES / "plan.json", "--compression", "none"]
    found: dict[str, tuple[list[str | Path], Path]] = {
        "Stillbytes": ([*harness.ours("edit", raw, *plan, "-o", out["stillbytes"])], out["stillbytes"])
    }
    if tool := shutil.which("rawtherapee-cli"):
        look: list[str | Path] = ["-d", "-p", PROFILES / "rawtherapee.pp3", "-t", "-b16", "-Y"]
        found["RawTherapee"] = ([tool, *look, "-o", out["rawtherapee"], "-c", raw], out["rawtherapee"])
    if tool := shutil.which("darktable-cli"):
        own: list[str | Path] = ["--core", "--configdir", folder, "--library", ":memory:"]
        own += ["--conf", "plugins/imageio/format/tiff/bpp=16", "--conf", "plugins/imageio/format/tiff/compress=0"]
        found["darktable"] = ([tool, raw, PROFILES / "darktable.xmp", out["darktable"], *own], out["darktable"])
        found[UNEDITED] = ([tool, raw, out["default"], *own], out["default"])
    return found


def check(command: list[str | Path]) -> None:
    """Raise RuntimeError unless every step of the plan is really done, the masked one included."""
    answer = subprocess.run([*map(str, command), "--json", "--overwrite"], capture_output=True, text=True, check=True)
    steps = json.loads(answer.stdout)["photos"][0]["steps"]
    if any(step["outcome"] != "done" for step in steps):
        raise RuntimeError(f"a step of the plan was not done: {steps}")


def develop(command: list[str | Path], out: Path) -> harness.Cost:
    out.unlink(missing_ok=True)
    cost = harness.run_process(command)
    if not out.is_file():
        raise RuntimeError(f"{command[0]} wrote nothing")
    return cost


def main() -> None:
    parser = argparse.ArgumentParser(description="RAW to developed 16-bit TIFF against RawTherapee and darktable.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megapixels", type=int, choices=tuple(harness.SIZES), default=45)
    arguments = parser.parse_args()
    raw = harness.synthetic_dng(arguments.megapixels, "lossless-jpeg")
    with harness.scratch() as folder:
        rivals = commands(raw, folder)
        check(rivals["Stillbytes"][0])
        runs: dict[str, Callable[[], object]] = {name: partial(develop, *command) for name, command in rivals.items()}
        measured = harness.interleaved(runs, arguments.rounds)
    harness.costs(measured)
    us = measured.pop("Stillbytes")
    for name, peer in measured.items():
        title = f"{arguments.megapixels} MP RAW to TIFF, {name}'s time over ours"
        wall, cpu = peer.wall_s / us.wall_s, peer.cpu_s / us.cpu_s
        if name == UNEDITED:
            harness.note(f"{UNEDITED}, less work and no target: wall {wall:.2f} x, CPU seconds {cpu:.2f} x")
            continue
        harness.line(f"{title}, wall", wall, RATIO, "x", "more")
        harness.note(f"the same in CPU seconds: {cpu:.2f} x")
    harness.line(
        f"{arguments.megapixels} MP RAW to TIFF, peak memory", us.peak_bytes / harness.MEGABYTE, PEAK_MB, "MB", "less"
    )


if __name__ == "__main__":
    main()

"""`plan xmp`: a plan as an XMP sidecar for Lightroom and Camera Raw."""

from __future__ import annotations

import argparse
import json
import sys

from ..engine.errors import PlanInvalidError
from . import words
from .sidecar import sensor_of

SUFFIX = ".xmp"


def write(arguments: argparse.Namespace, understood: words.Understood) -> int:
    """Write or print the plan as a sidecar, and say on standard error what it cannot say."""
    from ..engine.plan.xmp.write import plan_to_xmp

    if arguments.output and arguments.output.suffix.lower() != SUFFIX:
        raise PlanInvalidError(f"{arguments.output} is not the name of an XMP file.", "End it in .xmp.")
    if arguments.photo:
        understood = words.for_photo(understood, arguments.photo)
    sidecar = plan_to_xmp(understood.plan, sensor_of(arguments.photo) if arguments.photo else None)
    if arguments.output:
        words.write_text(arguments.output, sidecar.text, arguments.overwrite)
    remarks = [*words.remarks(understood), *sidecar.left_out]
    if arguments.json:
        file = str(arguments.output) if arguments.output else None
        said = {"file": file, "left_out": remarks} | ({} if file else {"xmp": sidecar.text})
        print(json.dumps(said, ensure_ascii=False))
        return 0
    print("".join(f"{line}\n" for line in remarks), end="", file=sys.stderr)
    print(f"wrote {arguments.output}" if arguments.output else sidecar.text, end="\n" if arguments.output else "")
    return 0

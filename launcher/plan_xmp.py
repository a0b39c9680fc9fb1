"""`plan xmp`: a plan as an XMP sidecar for Lightroom and Camera Raw, and a sidecar as a plan."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.errors import PlanInvalidError
from . import words

if TYPE_CHECKING:
    from ..engine.plan.xmp.frame import Sensor

SUFFIX = ".xmp"
_AS_IN = "As in: plan xmp PLAN.json --photo photo.nef -o photo.xmp"


def write(arguments: argparse.Namespace, understood: words.Understood) -> int:
    """Write or print the plan as a sidecar, and say on standard error what it cannot say."""
    from ..engine.plan.xmp.write import plan_to_xmp

    if arguments.output and arguments.output.suffix.lower() != SUFFIX:
        raise PlanInvalidError(f"{arguments.output} is not the name of an XMP file.", "End it in .xmp.")
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


def read(file: Path, photo: Path | None = None) -> words.Understood:
    """Return the plan that a sidecar says, and notes on what of it a plan cannot say. Raises PlanInvalidError."""
    from ..engine.plan.xmp.rdf import MAX_BYTES
    from ..engine.plan.xmp.read import plan_from_xmp

    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise PlanInvalidError(f"{file} cannot be read: {error.strerror}.") from error
    try:
        found = plan_from_xmp(data, sensor_of(photo) if photo else None)
    except PlanInvalidError as error:
        raise PlanInvalidError(f"{file.name}: {error.message}", error.hint or _AS_IN) from error
    return words.Understood(found.plan, notes=found.left_out)


def sensor_of(photo: Path) -> Sensor:
    """Return the frame of a photo's file. Raises PhotoReadError."""
    from ..engine import geometry
    from ..engine.open import open_photo
    from ..engine.plan.xmp.frame import Sensor
    from ..engine.raster.exif import parse_exif

    source = open_photo(photo).source
    try:
        orientation = parse_exif(source.metadata.exif).orientation if source.metadata.exif else 1
    except ValueError:
        orientation = 1
    return Sensor(geometry.upright_size(source.size, geometry.inverse_orientation(orientation)), orientation)

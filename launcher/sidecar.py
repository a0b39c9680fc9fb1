"""Reading an XMP sidecar of Lightroom or Camera Raw, and the frame that its crop is said in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.errors import PlanInvalidError

if TYPE_CHECKING:
    from ..engine.plan.schema import EditPlan
    from ..engine.plan.xmp.frame import Sensor

_AS_IN = "As in: plan xmp PLAN.json --photo photo.nef -o photo.xmp"


def read(file: Path, photo: Path | None = None) -> tuple[EditPlan, tuple[str, ...]]:
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
    return found.plan, tuple(found.left_out)


def sensor_of(photo: Path) -> Sensor:
    """Return the frame of a photo's file. Raises PhotoReadError."""
    from ..engine import geometry
    from ..engine.open import open_photo
    from ..engine.plan.xmp.frame import Sensor
    from ..engine.raster.exif import parse_exif
    from ..engine.raw.source import RawSource

    source = open_photo(photo).source
    try:
        orientation = parse_exif(source.metadata.exif).orientation if source.metadata.exif else 1
    except ValueError:
        orientation = 1
    size = geometry.upright_size(source.size, geometry.inverse_orientation(orientation))
    light = (source.balance.kelvin, source.balance.tint) if isinstance(source, RawSource) else None
    return Sensor(size, orientation, light)

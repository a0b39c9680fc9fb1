"""The learned engines that a caller has loaded: empty means that only the built-in ones work."""

from __future__ import annotations

from dataclasses import dataclass, field

from .fill.ports import Painter
from .masks.ports import Segmenters


@dataclass(frozen=True, eq=False)
class Engines:
    """What may be used for a plan besides the built-in engines."""

    segmenters: Segmenters = field(default_factory=Segmenters)
    painter: Painter | None = None


BUILT_IN = Engines()

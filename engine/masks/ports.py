"""What learned engines offer to masks. Built-in engines need none of this.

An engine looks at a `View`: the upright photo as a person sees it, sRGB-encoded float32 (h, w, 3) in [0, 1], longer
side at most 1024 px. Positions and boxes are fractions of it, (0, 0) top left and (1, 1) bottom right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..tiles import Progress, no_progress

Pixels = NDArray[np.float32]
Alpha = NDArray[np.float32]


@dataclass(frozen=True)
class Area:
    """A rectangle in fractions of the view."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Click:
    """A point that belongs to what is wanted, or that does not."""

    x: float
    y: float
    include: bool = True


@dataclass(frozen=True)
class Prompt:
    """What a person, or a detector, points at: clicks, a box, or both."""

    clicks: tuple[Click, ...] = ()
    area: Area | None = None


@dataclass(frozen=True, eq=False)
class Candidate:
    """One thing that an engine found. `alpha`, float32 (h, w) of the view in [0, 1], is None where it gives boxes only.

    `score` is the engine's own confidence in [0, 1]; `label` is its word for the thing, "" where it has none.
    """

    area: Area
    score: float
    label: str = ""
    alpha: Alpha | None = field(default=None, repr=False)


class Promptable(Protocol):
    """Masks what is pointed at (SAM 2, EdgeTAM, SAM). Looking is slow and done once per photo; asking is fast."""

    @property
    def name(self) -> str: ...

    def look(self, view: Pixels) -> Any:
        """Return the embedding of `view`, on the CPU, for `ask`."""
        ...

    def ask(self, looked: Any, prompts: Sequence[Prompt]) -> list[list[Candidate]]:
        """Return for each prompt its candidates with alpha, the best first."""
        ...

    def everything(self, looked: Any, points_per_side: int = 16, progress: Progress = no_progress) -> list[Candidate]:
        """Return the things in the view, found with a grid of points, duplicates removed, largest first.

        What `progress` raises, as it does to cancel, ends the search.
        """
        ...


class Detector(Protocol):
    """Finds things by name: a closed list of classes (YOLO) or any phrase (GroundingDINO)."""

    @property
    def name(self) -> str: ...

    @property
    def vocabulary(self) -> frozenset[str] | None:
        """The labels that it knows, lower case; None if it takes any phrase."""
        ...

    def detect(self, view: Pixels, phrase: str) -> list[Candidate]:
        """Return what `phrase` names in the view, best first; [] if there is none."""
        ...


class Classifier(Protocol):
    """Gives every pixel a class (semantic segmentation, ADE20K's words)."""

    @property
    def name(self) -> str: ...

    @property
    def vocabulary(self) -> frozenset[str]: ...

    def classify(self, view: Pixels, labels: Sequence[str]) -> dict[str, Alpha]:
        """Return for each of `labels` (each in the vocabulary) its probability, float32 (h, w) of the view."""
        ...


Segmenter = Promptable | Detector | Classifier


@dataclass(frozen=True, eq=False)
class Segmenters:
    """The learned engines at hand, of each kind the best first. Empty: only the built-in ones."""

    promptable: tuple[Promptable, ...] = ()
    detectors: tuple[Detector, ...] = ()
    classifiers: tuple[Classifier, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.promptable or self.detectors or self.classifiers)


BUILT_IN = Segmenters()

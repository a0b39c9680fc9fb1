"""One execution of a node: its progress bar, the user's wish to stop, and packages that are missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from comfy.model_management import InterruptProcessingException, throw_exception_if_processing_interrupted
from comfy.utils import ProgressBar

from ..engine.errors import CancelledError, ModelMissingError

if TYPE_CHECKING:
    from ..engine.tiles import Progress

_STEPS = 1000
_HOUSE = __name__.rpartition(".nodes.")[0]
_DISTRIBUTIONS = {"cv2": "opencv-python-headless", "PIL": "Pillow"}


class Work:
    """Progress over `parts` equal parts, as a rule one for each photo of a batch."""

    def __init__(self, parts: int) -> None:
        self._bar = ProgressBar(parts * _STEPS)

    def part(self, index: int = 0, share: tuple[float, float] = (0.0, 1.0)) -> Progress:
        """Return the progress of part `index`, or of the `share` of it that lies between two fractions."""
        begin, end = share

        def tell(done: int, total: int) -> None:
            reached = index + begin + (end - begin) * done / max(total, 1)
            try:
                throw_exception_if_processing_interrupted()
                self._bar.update_absolute(round(reached * _STEPS))
            except InterruptProcessingException as stop:
                raise CancelledError("Stopped before the work was done.") from stop

        return tell


@contextmanager
def work(parts: int = 1) -> Iterator[Work]:
    """Run a node's work: a cancelled one ends as ComfyUI's interrupt, a missing package as one sentence."""
    try:
        yield Work(parts)
    except CancelledError as stop:
        raise InterruptProcessingException from stop
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith(_HOUSE):
            raise
        package = missing.name.partition(".")[0]
        name = _DISTRIBUTIONS.get(package, package)
        raise ModelMissingError(
            f"This node needs the Python package {name}, which ComfyUI's environment lacks.",
            f"Install it with ComfyUI's Python: python -m pip install {name}",
        ) from missing

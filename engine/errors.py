"""The errors that users see.

StillbytesError
├── PhotoReadError        a RAW or image file cannot be read
├── PlanInvalidError      an edit plan is not valid; `path` points at the value
├── ExportError           a photo cannot be written
├── ModelMissingError     a model file or an optional package is not there
├── ModelReadError        a model file is broken, would run code, or is another model than was asked for
├── InstallError          the launcher cannot build or start an environment
├── ServerUnavailableError  ComfyUI does not answer
├── WorkflowMismatchError   a workflow does not fit the running ComfyUI
└── CancelledError        the user asked to stop

A message is one sentence that says what was expected, what was found and in which file. `hint` says what to do next.
A wrong argument between our own functions is a ValueError.
"""

from __future__ import annotations


class StillbytesError(Exception):
    """An error with a sentence for the user and, where there is one, a next step."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class PhotoReadError(StillbytesError):
    """A RAW or image file is missing, broken, unsupported or decodes to nothing."""


class PlanInvalidError(StillbytesError):
    """An edit plan breaks its schema; `path` is a JSON path such as `steps[1].settings.contrast`."""

    def __init__(self, message: str, hint: str = "", path: str = "") -> None:
        super().__init__(message, hint)
        self.path = path


class ExportError(StillbytesError):
    """A photo cannot be written where or how it was asked for; nothing is left behind."""


class ModelMissingError(StillbytesError):
    """A model file or an optional package that this step needs is not installed."""


class ModelReadError(StillbytesError):
    """A model file is broken, would run code when it is read, or holds another model than was asked for."""


class InstallError(StillbytesError):
    """The launcher cannot build, find or start an environment."""


class ServerUnavailableError(StillbytesError):
    """ComfyUI does not answer, or stopped before the work was done."""


class WorkflowMismatchError(StillbytesError):
    """A workflow names nodes or values that the running ComfyUI does not have."""


class CancelledError(StillbytesError):
    """The user asked to stop; nothing was written."""

"""Plans of older versions, brought up to the version that this program reads.

A version rises when a name or a meaning changes that a plan may already hold. What is only added (a setting, a kind of
step, a kind of target) leaves it as it is: old plans stay valid, and an older program refuses the name that it does
not know. See docs/decisions/0051-versions-of-plans.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .schema import VERSION
from .spec import invalid, shown

Document = dict[str, Any]
Migration = Callable[[Document], Document]

# A version -> what turns a plan of that version into one of the next. Version 1 is the first.
MIGRATIONS: Mapping[int, Migration] = {}


def migrated(document: Document, migrations: Mapping[int, Migration] = MIGRATIONS, newest: int = VERSION) -> Document:
    """Return a plan's JSON object as version `newest` writes it; the object that was given stays as it is.

    An object whose version is no whole number, or one below the first, comes back unchanged, for the reader to refuse.
    A migration gets an object that nobody has checked: it changes what it recognises and raises nothing.
    Raises PlanInvalidError for a version above `newest`.
    """
    version = document.get("version")
    if isinstance(version, bool) or not isinstance(version, int):
        return document
    if version > newest:
        problem = f"{shown(version)} is newer than {newest}, the last that this program reads"
        raise invalid("version", problem, "Update Stillbytes.")
    while version < newest and version in migrations:
        document = {**migrations[version](dict(document)), "version": version + 1}
        version += 1
    return document

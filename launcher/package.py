"""Making a checkout importable as `stillbytes`, whatever its folder is called and without installing it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

NAME = "stillbytes"


def load_package(root: Path) -> ModuleType:
    """Return the package `stillbytes` made of the folder `root`, and register it so that it is the only one.

    A checkout stands first: an installed copy of the same name is not looked at any more. Raises ImportError where
    `root` holds no package.
    """
    spec = importlib.util.spec_from_file_location(NAME, root / "__init__.py", submodule_search_locations=[str(root)])
    if spec is None or spec.loader is None or not (root / "__init__.py").is_file():
        raise ImportError(f"{root} is not a checkout of Stillbytes")
    package = importlib.util.module_from_spec(spec)
    for name in [name for name in sys.modules if name == NAME or name.startswith(f"{NAME}.")]:
        del sys.modules[name]
    sys.modules[NAME] = package
    spec.loader.exec_module(package)
    return package

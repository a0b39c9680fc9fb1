"""`python launcher <command>`: the command line of a checkout, on a bare Python."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file runs on any Python, to say so
    sys.exit("Stillbytes needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])  # noqa: UP031

import importlib
import runpy
from pathlib import Path


def main() -> int:
    """Run the command line of this checkout in an environment that it makes for itself."""
    folder = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != folder]
    runpy.run_path(str(folder / "package.py"))["load_package"](folder.parent)
    return importlib.import_module("stillbytes.launcher.cli").main(own_environment=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before the command line was there to say so
        sys.exit(130)

"""Stillbytes' command line in the Python that runs this file, so that a whole process can be measured."""

import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
runpy.run_path(str(ROOT / "launcher" / "package.py"))["load_package"](ROOT)

from stillbytes.launcher.cli import main  # noqa: E402

sys.exit(main())

"""Makes the picture in the README: the sample as the camera saw it beside the same photo after the README's command.

    python samples/before_after.py BEFORE.jpg AFTER.jpg docs/before-after.jpg

BEFORE and AFTER are previews written by `python launcher edit samples/balloon.dng [WORDS] --preview`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

_WIDTH, _GAP = 800, 8


def side_by_side(before: Path, after: Path) -> Image.Image:
    """Return both pictures, _WIDTH px wide each, with a white gap between them."""
    pair = [Image.open(path).convert("RGB") for path in (before, after)]
    height = round(pair[0].height * _WIDTH / pair[0].width)
    sheet = Image.new("RGB", (2 * _WIDTH + _GAP, height), "white")
    for number, picture in enumerate(pair):
        sheet.paste(picture.resize((_WIDTH, height), Image.Resampling.LANCZOS), (number * (_WIDTH + _GAP), 0))
    return sheet


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Two previews side by side.")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    side_by_side(arguments.before, arguments.after).save(arguments.out, quality=88)

"""The shipped workflows, described once: nodes, what they are set to, and where they stand on the canvas."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

SAMPLE = "balloon.dng [sample]"


class Link(NamedTuple):
    """An input that comes from output `slot` of node `number`."""

    number: int
    slot: int


@dataclass(frozen=True)
class Node:
    """A node: inputs that are not named keep their default."""

    number: int
    kind: str
    title: str
    position: tuple[int, int]
    size: tuple[int, int]
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Note:
    """A note on the canvas, in Markdown; it does not run."""

    number: int
    position: tuple[int, int]
    size: tuple[int, int]
    text: str


@dataclass(frozen=True)
class Graph:
    """A workflow under its file name, and how the canvas shows it at first.

    `picture` names the two nodes whose previews, side by side, are its picture among the templates.
    """

    name: str
    nodes: tuple[Node, ...]
    notes: tuple[Note, ...]
    picture: tuple[int, int]
    zoom: float = 0.75
    offset: tuple[int, int] = (130, 170)


def _load(number: int = 1) -> Node:
    return Node(number, "StillbytesLoadRaw", "Load RAW", (0, 0), (380, 540), {"file": SAMPLE})


DEVELOP_RAW = Graph(
    "develop-raw",
    (
        _load(),
        Node(
            2,
            "StillbytesDevelop",
            "Develop",
            (440, 0),
            (460, 1040),
            {
                "photo": Link(1, 0),
                "exposure_ev": 0.3,
                "contrast": 10.0,
                "highlights": -40.0,
                "shadows": 35.0,
                "temperature": 6.0,
                "vibrance": 20.0,
                "clarity": 15.0,
            },
        ),
        Node(
            3,
            "StillbytesExport",
            "Export a 16-bit TIFF",
            (960, 0),
            (380, 540),
            {
                "photo": Link(2, 0),
                "filename_prefix": "stillbytes/%name%-developed",
                "format": "tiff",
                "bit_depth": "16",
            },
        ),
    ),
    (
        Note(
            5,
            (0, 600),
            (380, 280),
            "## Develop a RAW\n\n"
            "1. Choose your photo in **Load RAW**, or upload one with its button.\n"
            "2. Move the sliders in **Develop** and run: its preview shows the result. "
            "While you try things out, mute **Export** (select it, Ctrl+M).\n"
            "3. **Export** writes the full-size photo into ComfyUI's output folder, with EXIF and ICC profile.",
        ),
    ),
    picture=(1, 2),
)

SELECT_SKY = Graph(
    "select-sky",
    (
        _load(),
        Node(
            2,
            "StillbytesPickMask",
            "Select the sky",
            (440, 0),
            (420, 540),
            {"photo": Link(1, 0), "target": "sky"},
        ),
        Node(
            3,
            "StillbytesDevelop",
            "Darken the sky",
            (920, 0),
            (460, 1040),
            {"photo": Link(1, 0), "mask": Link(2, 0), "exposure_ev": -0.7, "dehaze": 20.0, "vibrance": 15.0},
        ),
        Node(
            4,
            "StillbytesExport",
            "Export a JPEG",
            (1440, 0),
            (380, 540),
            {"photo": Link(3, 0), "filename_prefix": "stillbytes/%name%-sky", "format": "jpeg", "bit_depth": "8"},
        ),
    ),
    (
        Note(
            6,
            (0, 600),
            (380, 280),
            "## Select the sky\n\n"
            "**Select the sky** shows what it found in red and says how sure it is. "
            "Set *Target* to subject or background to select something else.\n\n"
            "The mask is an ordinary MASK: any mask node of ComfyUI can change it on its way to **Darken the sky**, "
            "and it follows the edges of the full-size photo when that is exported.",
        ),
    ),
    picture=(2, 3),
)

EDIT_BY_WORDS = Graph(
    "edit-by-words",
    (
        _load(),
        Node(
            2,
            "StillbytesPlanEdit",
            "What to change",
            (440, 0),
            (420, 360),
            {"words": "darken the sky a little, warm it up, lift the shadows on the subject"},
        ),
        Node(
            3,
            "StillbytesApplyPlan",
            "Do it",
            (920, 0),
            (480, 620),
            {"photo": Link(1, 0), "plan": Link(2, 0)},
        ),
        Node(
            4,
            "StillbytesExport",
            "Export a 16-bit TIFF",
            (1460, 0),
            (380, 540),
            {"photo": Link(3, 0), "filename_prefix": "stillbytes/%name%-edited", "format": "tiff"},
        ),
    ),
    (
        Note(
            6,
            (0, 600),
            (380, 280),
            "## Edit by words\n\n"
            "Write what you want in **What to change**. It becomes a plan that you can read below the words; "
            "words that were not understood are named and change nothing.\n\n"
            "**Do it** finds the sky and the subject in *this* photo and reports every step. No model is needed.",
        ),
    ),
    picture=(1, 3),
)

GRAPHS = (DEVELOP_RAW, SELECT_SKY, EDIT_BY_WORDS)

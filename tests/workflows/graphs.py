"""The shipped workflows, described once: nodes, what they are set to, and where they stand on the canvas."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

_canvas: Any = sys.modules["stillbytes_workflow_canvas"]  # build.py loads the engine's canvas writer before this file
Link, Node = _canvas.Connection, _canvas.DrawnNode

SAMPLE = "balloon.dng [sample]"


@dataclass(frozen=True)
class Note:
    """A note on the canvas, in Markdown; it does not run."""

    number: int
    position: tuple[int, int]
    size: tuple[int, int]
    text: str


@dataclass(frozen=True)
class Graph(_canvas.Drawing):
    """A workflow under its file name, and how the canvas shows it at first.

    `picture` names the two nodes whose previews, side by side, are its picture among the templates.
    """

    zoom: float = 0.75
    offset: tuple[int, int] = (130, 170)
    picture: tuple[int, int] = (1, 2)


def _load(number: int = 1) -> Node:
    return Node(number, "StillbytesLoadRaw", "Load RAW", (0, 0), (380, 540), {"file": SAMPLE})


def _tiff(number: int, left: int, photo: Link, done: str) -> Node:
    """The node that writes the photo, `left` px from the left; `done` ends the file's name."""
    inputs = {"photo": photo, "filename_prefix": f"stillbytes/%name%-{done}", "format": "tiff"}
    return Node(number, "StillbytesExport", "Export a 16-bit TIFF", (left, 0), (380, 540), inputs)


def _ellipse(number: int, title: str, position: tuple[int, int], ellipse: tuple[float, float, float, float]) -> Node:
    """A hard mask of an ellipse: its centre and radii, x and y, in fractions of the photo."""
    names = ("start_x", "start_y", "radius_x", "radius_y")
    inputs = {"photo": Link(1, 0), "kind": "radial", "feather": 0.0} | dict(zip(names, ellipse, strict=True))
    return Node(number, "StillbytesGradientMask", title, position, (420, 620), inputs)


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
        _tiff(3, 960, Link(2, 0), "developed"),
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

SELECT_BY_TEXT = Graph(
    "select-by-text",
    (
        _load(),
        Node(
            2,
            "StillbytesSelectByText",
            "What to select",
            (440, 0),
            (420, 540),
            {"photo": Link(1, 0), "text": "everything blue"},
        ),
        Node(
            3,
            "StillbytesDevelop",
            "Darken it, as a polarising filter does",
            (920, 0),
            (460, 1040),
            {"photo": Link(1, 0), "mask": Link(2, 0), "exposure_ev": -0.7, "contrast": 10.0, "vibrance": 15.0},
        ),
        _tiff(4, 1440, Link(3, 0), "selected"),
    ),
    (
        Note(
            5,
            (0, 600),
            (380, 420),
            "## Select by text\n\n"
            "Name what you mean in **What to select**. Without a model it knows the sky, the subject, the background, "
            "people, colours (*everything blue*: the sky without its clouds) and tones (*the highlights*).\n\n"
            "For things, such as *the sign on the left* or *all dogs*, add *Load Segmenter* with a detector "
            "(GroundingDINO, YOLO) or a semantic model, and connect it to **Segmenter**. A SAM model loaded beside it "
            "draws finer outlines.",
        ),
    ),
    picture=(2, 3),
)

SELECT_BY_CLICK = Graph(
    "select-by-click",
    (
        _load(),
        Node(
            2,
            "StillbytesSelectByPoints",
            "Point at the balloon",
            (440, 0),
            (420, 620),
            {
                "photo": Link(1, 0),
                "points": '[{"x": 0.56, "y": 0.39}, {"x": 0.8, "y": 0.4, "include": false}]',
            },
        ),
        Node(
            3,
            "StillbytesDevelop",
            "Lift it",
            (920, 0),
            (460, 1040),
            {"photo": Link(1, 0), "mask": Link(2, 0), "exposure_ev": 0.7, "shadows": 30.0, "clarity": 15.0},
        ),
        _tiff(4, 1440, Link(3, 0), "selected"),
    ),
    (
        Note(
            5,
            (0, 600),
            (380, 420),
            "## Select by pointing\n\n"
            "Each point in **Point at the balloon** is a place from 0, 0 (top left) to 1, 1 (bottom right). A point "
            'with `"include": false` says what is *not* meant: here the mountain behind.\n\n'
            "A box instead of points, or around them, goes into *Area*: left, top, right, bottom, as in "
            "`0.38, 0.12, 0.74, 0.77`.\n\n"
            "No model is needed. With SAM 2, SAM or EdgeTAM from *Load Segmenter* one point is mostly enough.",
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
            (420, 480),
            {"words": "darken the sky a little, warm it up, lift the shadows on the subject"},
        ),
        Node(3, "StillbytesApplyPlan", "Do it", (920, 0), (480, 620), {"photo": Link(1, 0), "plan": Link(2, 0)}),
        _tiff(4, 1460, Link(3, 0), "edited"),
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

REMOVE = Graph(
    "remove",
    (
        _load(),
        _ellipse(2, "The balloon", (440, 0), (0.561, 0.385, 0.178, 0.27)),
        _ellipse(3, "Its basket", (440, 680), (0.56, 0.67, 0.036, 0.115)),
        Node(
            4,
            "StillbytesCombineMasks",
            "Both",
            (920, 680),
            (380, 360),
            {"first": Link(2, 0), "second": Link(3, 0), "how": "add"},
        ),
        Node(5, "StillbytesFill", "Remove them", (920, 0), (460, 620), {"photo": Link(1, 0), "mask": Link(4, 0)}),
        _tiff(6, 1440, Link(5, 0), "removed"),
    ),
    (
        Note(
            7,
            (0, 600),
            (380, 420),
            "## Remove something\n\n"
            "**The balloon** and **Its basket** select what is to go. Any mask does: from *Pick Mask* or *Select by "
            "Points*, or painted in ComfyUI's mask editor. Select generously, shadows too: what is left of a thing at "
            "the edge of the mask colours the fill.\n\n"
            "**Remove them** fills the place from its surroundings at full resolution, without a model, and changes "
            "no pixel elsewhere. For large places connect LaMa from *Load Fill Model*.",
        ),
    ),
    picture=(1, 5),
)

INPAINT_SDXL = Graph(
    "inpaint-sdxl",
    (
        _load(),
        _ellipse(2, "Where to paint", (440, 0), (0.45, 0.75, 0.08, 0.1)),
        Node(
            3,
            "StillbytesCropForInpaint",
            "Crop at SDXL's size",
            (920, 0),
            (380, 620),
            {"photo": Link(1, 0), "mask": Link(2, 0), "context": 2.0},
        ),
        Node(
            4,
            "CheckpointLoaderSimple",
            "SDXL",
            (440, 680),
            (420, 120),
            {"ckpt_name": "sd_xl_base_1.0.safetensors"},
        ),
        Node(
            5,
            "CLIPTextEncode",
            "What to paint",
            (920, 680),
            (380, 180),
            {"clip": Link(4, 1), "text": "a picnic blanket on an alpine meadow, photograph, natural light"},
        ),
        Node(
            6,
            "CLIPTextEncode",
            "What to avoid",
            (920, 920),
            (380, 180),
            {"clip": Link(4, 1), "text": "text, watermark, blurry"},
        ),
        Node(
            7,
            "InpaintModelConditioning",
            "Crop to latent",
            (1360, 680),
            (300, 200),
            {
                "positive": Link(5, 0),
                "negative": Link(6, 0),
                "vae": Link(4, 2),
                "pixels": Link(3, 0),
                "mask": Link(3, 1),
                "noise_mask": True,
            },
        ),
        Node(8, "DifferentialDiffusion", "Soft mask", (1360, 940), (300, 100), {"model": Link(4, 0)}),
        Node(
            9,
            "KSampler",
            "Sample",
            (1360, 0),
            (320, 620),
            {
                "model": Link(8, 0),
                "positive": Link(7, 0),
                "negative": Link(7, 1),
                "latent_image": Link(7, 2),
                "seed": 1,
                "steps": 28,
                "cfg": 6.0,
                "sampler_name": "dpmpp_2m",
                "scheduler": "karras",
                "denoise": 0.95,
            },
        ),
        Node(10, "VAEDecode", "To pixels", (1740, 680), (300, 100), {"samples": Link(9, 0), "vae": Link(4, 2)}),
        Node(
            11,
            "StillbytesStitch",
            "Put it back",
            (1740, 0),
            (440, 620),
            {"crop": Link(3, 2), "image": Link(10, 0)},
        ),
        _tiff(12, 2240, Link(11, 0), "painted"),
    ),
    (
        Note(
            13,
            (0, 680),
            (380, 420),
            "## Paint something new with SDXL\n\n"
            "Needs an SDXL checkpoint: choose yours in **SDXL**.\n\n"
            "**Crop at SDXL's size** cuts the masked place with its surroundings out of the full-size photo, so that "
            "the model works at the size it was made for, whatever the photo's. **Put it back** changes only what the "
            "mask covers: every other pixel of the export is the photo's own.\n\n"
            "To extend a photo, set *Expand left*, *right*, *top* or *bottom* in the crop.",
        ),
    ),
    picture=(2, 2),
)

GRAPHS = (DEVELOP_RAW, SELECT_SKY, SELECT_BY_TEXT, SELECT_BY_CLICK, EDIT_BY_WORDS, REMOVE, INPAINT_SDXL)

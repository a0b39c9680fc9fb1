"""The choices of node inputs whose owners in the engine are too heavy to import while ComfyUI starts.

A test holds them equal to the engine's own.
"""

from __future__ import annotations

WHITE_BALANCES = ["camera", "auto", "daylight", "custom"]
HIGHLIGHTS = ["clip", "reconstruct"]
DEMOSAICS = ["best", "fast"]
RENDERINGS = ["standard", "linear"]
ENCODINGS = ["srgb", "linear-srgb", "linear-rec2020"]
FORMATS = ["tiff", "png", "jpeg"]
BIT_DEPTHS = ["8", "16", "32"]
COMPRESSIONS = ["none", "deflate", "zstd"]
FILL_ENGINES = ["auto", "patches", "lama", "spot"]
HOLE_MODES = ["union", "each hole"]
CROP_MULTIPLES = ["8", "16", "32", "64"]
MASK_TARGETS = ["sky", "subject", "background", "person", "whole"]
MASK_ENGINES = ["auto", "built-in", "sam", "detector", "semantic"]
MASK_COMBINATIONS = ["add", "subtract", "intersect"]
MASK_RANGES = ["lightness", "colour"]
GRADIENTS = ["linear", "radial", "rectangle"]
TURNS = ["0", "90", "180", "270"]
FLIPS = ["none", "horizontal", "vertical"]
POINT_UNITS = ["fraction", "pixel"]

_RAW = """3fr ari arw bay cam cap cr2 cr3 crw dcr dcs dng drf eip erf fff gpr iiq k25 kdc mdc mef mos mrw nef nrw orf
ori pef ptx pxn qtk r3d raf raw rw2 rwl rwz sr2 srf srw sti x3f"""
_IMAGE = "avif heic heif hif jfif jpe jpeg jpg jxl png tif tiff webp"
PHOTO_SUFFIXES = frozenset(f".{name}" for name in f"{_RAW} {_IMAGE}".split())

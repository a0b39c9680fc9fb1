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

_RAW = """3fr ari arw bay cam cap cr2 cr3 crw dcr dcs dng drf eip erf fff gpr iiq k25 kdc mdc mef mos mrw nef nrw orf
ori pef ptx pxn qtk r3d raf raw rw2 rwl rwz sr2 srf srw sti x3f"""
_IMAGE = "avif heic heif hif jfif jpe jpeg jpg jxl png tif tiff webp"
PHOTO_SUFFIXES = frozenset(f".{name}" for name in f"{_RAW} {_IMAGE}".split())

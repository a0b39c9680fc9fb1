"""Which files are RAW files, by their names. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path

# What LibRaw reads. TIFF and JPEG are left to the raster reader, although some cameras used the names.
_KINDS = (
    "3fr ari arw bay cam cap cr2 cr3 crw dcr dcs dng drf eip erf fff gpr iiq k25 kdc mdc mef mos mrw nef nrw orf ori "
    "pef ptx pxn qtk r3d raf raw rw2 rwl rwz sr2 srf srw sti x3f"
)
RAW_SUFFIXES = frozenset(f".{kind}" for kind in _KINDS.split())


def is_raw(path: Path) -> bool:
    """True if the file's name is that of a RAW file."""
    return path.suffix.lower() in RAW_SUFFIXES

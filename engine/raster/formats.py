"""Which files are images that are no RAW files, by their names. Imports nothing heavy."""

from __future__ import annotations

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".avif", ".jxl", ".heic", ".heif", ".hif"}
)

"""Adapters of learned models to what masks ask for (engine/masks/ports.py)."""

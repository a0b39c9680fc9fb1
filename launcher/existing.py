"""Options that several commands share: which ComfyUI, which Python."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import comfyui
from .comfyui import Installation
from .probe import CPU, Card, probe_card
from .show import Status


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a ComfyUI."""
    parser.add_argument(
        "--comfyui", type=Path, metavar="DIR", help="use your own ComfyUI in DIR, and link the pack there"
    )
    parser.add_argument("--python", type=Path, metavar="PATH", help="the Python that ComfyUI runs with")
    parser.add_argument("--cpu", action="store_true", help="do not use the graphics card")


def card_of(arguments: argparse.Namespace) -> Card:
    """Return the card to use."""
    return CPU if arguments.cpu else probe_card()


def installation_of(arguments: argparse.Namespace, card: Card, status: Status) -> Installation:
    """Return the ComfyUI that the options choose, installed now if it is Stillbytes' own and not complete."""
    python = comfyui.chosen_python(arguments.python)
    if arguments.comfyui is not None:
        return comfyui.use_existing(arguments.comfyui, python, status)
    return comfyui.install_own(card, python, status)

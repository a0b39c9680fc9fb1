"""`setup`: ComfyUI at the pinned commit, its environment, and this pack in it."""

from __future__ import annotations

import argparse

from .existing import add_options, card_of, installation_of
from .show import Status


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    result = argparse.ArgumentParser(
        program,
        description="Install ComfyUI with this pack in it, or put the pack into a ComfyUI that you have. "
        "What is there already is kept; what fails is undone.",
        allow_abbrev=False,
    )
    add_options(result)
    return result


def run(arguments: argparse.Namespace) -> int:
    """Do the work and return the exit status."""
    status = Status()
    card = card_of(arguments)
    status.say(f"Models will run on: {card.describe()}")
    installation = installation_of(arguments, card, status)
    print(f"ComfyUI      {installation.folder}")
    print(f"its Python   {installation.python}")
    print(f"this pack    {installation.pack}")
    print("Ready. `launch` starts it.")
    return 0

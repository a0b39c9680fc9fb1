"""`launch`: ComfyUI with this pack in it, until Ctrl-C."""

from __future__ import annotations

import argparse
import webbrowser

from ..engine.errors import ServerUnavailableError
from . import running
from .existing import add_options, card_of, installation_of
from .server import Server, ServerOptions, last_line
from .show import Status


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    result = argparse.ArgumentParser(
        program,
        description="Start ComfyUI with this pack in it, on this machine only, until Ctrl-C. Installs it if needed.",
        epilog="What stands after -- goes to ComfyUI itself.",
        allow_abbrev=False,
    )
    add_options(result)
    result.add_argument("--port", type=int, default=0, help="default: 8188 if it is free, else any free one")
    result.add_argument("--open", action="store_true", help="open the page in the browser")
    return result


def run(arguments: argparse.Namespace) -> int:
    """Do the work and return the exit status: 0 when ComfyUI ended by itself without an error."""
    status = Status()
    card = card_of(arguments)
    installation = installation_of(arguments, card, status)
    with Server(installation, ServerOptions(card, arguments.port, arguments.passed)) as server:
        server.wait_ready(status)
        print(f"ComfyUI runs at {server.url}. Ctrl-C stops it. Its log is {server.log}.", flush=True)
        with running.announced(server.url):
            if arguments.open:
                webbrowser.open(server.url)
            try:
                code = server.wait()
            except KeyboardInterrupt:
                status.say("Stopping ComfyUI.")
                return 130
    if code != 0:
        raise ServerUnavailableError(f"ComfyUI ended: {last_line(server.log)}", f"Its log is {server.log}.")
    return 0

from __future__ import annotations

import io
import sys

import pytest
from stillbytes.launcher.show import Status, count, file_size


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_off_a_terminal_only_lines_that_stay_are_printed(capsys: pytest.CaptureFixture[str]):
    status = Status()
    status.update("reading, 3 %")
    status.say("Done.")
    assert capsys.readouterr().err == "Done.\n"


def test_on_a_terminal_the_line_updates_and_goes(monkeypatch: pytest.MonkeyPatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    status = Status()
    status.update("reading")
    status.clear()
    status.clear()
    assert terminal.getvalue() == "\r\x1b[2Kreading\r\x1b[2K"


def test_numbers_are_said_as_people_say_them():
    assert [count(1, "photo"), count(2, "photo")] == ["1 photo", "2 photos"]
    assert [file_size(10), file_size(12345), file_size(3_400_000), file_size(1_250_000_000)] == [
        "1 KB",
        "12 KB",
        "3.4 MB",
        "1.25 GB",
    ]

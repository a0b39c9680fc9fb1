from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from stillbytes.launcher import doctor


def test_on_a_fresh_machine_every_gap_has_an_advice(user_home: Path):
    findings = {finding.subject: finding for finding in doctor.examine()}
    for subject in ("photo engine", "ComfyUI", "ComfyUI's Python", "pack in ComfyUI"):
        assert findings[subject].state.startswith("not ")
        assert findings[subject].advice
    assert not any((user_home / "data").rglob("*"))


def test_json_is_one_object(user_home: Path, capsys: pytest.CaptureFixture[str]):
    assert doctor.run(argparse.Namespace(json=True)) == 0
    assert "Python" in json.loads(capsys.readouterr().out)

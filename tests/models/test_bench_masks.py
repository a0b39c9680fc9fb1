"""The benchmark of masks with models: tiny random ones of the real architecture, asked as the product asks them."""

import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    entries = []
    for target in ("sky", "subject"):
        (folder / target).mkdir()
        photo = np.full((96, 128, 3), 60, np.uint8)
        truth = np.zeros((96, 128), np.uint8)
        inside = (slice(0, 40), slice(None)) if target == "sky" else (slice(30, 70), slice(40, 90))
        photo[inside], truth[inside] = (220, 170, 120), 255
        cv2.imwrite(str(folder / target / "0.png"), photo)
        cv2.imwrite(str(folder / target / "0_mask.png"), truth)
        entries.append({"file": f"{target}/0.png", "gt": f"{target}/0_mask.png", "set": "made"})
    (folder / "index.json").write_text(json.dumps(entries), encoding="utf-8")
    return folder


def test_a_model_stands_beside_the_built_in_engine_with_its_cost_and_who_answered(repo_root, data, segformer):
    command = [sys.executable, str(repo_root / "benchmarks" / "masks.py"), "--data", str(data)]
    done = subprocess.run(
        [*command, "--segmenter", str(segformer), "--robust"],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reports = done.stdout.split("\nsky, ")[1:]
    built_in, model = reports
    assert built_in.startswith("built-in")
    assert "answered by" not in built_in.partition("\nsubject,")[0]
    sky, _, subject = model.partition("\nsubject, ")
    assert sky.startswith("tiny")
    assert "answered by the built-in engine: 0 of 1" in sky
    assert "answered by the built-in engine: 1 of 1" in subject
    made = next(line.split() for line in sky.splitlines() if line.startswith("  made"))
    assert 0 <= float(made[2]) <= 1
    assert float(made[6]) > 0
    assert int(made[7]) > 0
    assert sky.count(" IoU\n") == 10

"""YOLO as ultralytics' .pt: read only when this very file was allowed, and even then no code in it runs."""

import hashlib
import importlib.util
import os
import pickle
import sys

import numpy as np
import pytest
from stillbytes.engine.errors import ModelMissingError, ModelReadError
from stillbytes.engine.masks.learned import yolo
from stillbytes.engine.masks.learned.yolo import load_yolo
from stillbytes.engine.models.residence import Local

torch = pytest.importorskip("torch")
HAS_ULTRALYTICS = importlib.util.find_spec("ultralytics") is not None
needs_ultralytics = pytest.mark.skipif(not HAS_ULTRALYTICS, reason="ultralytics (AGPL-3.0) is not installed")
without_ultralytics = pytest.mark.skipif(HAS_ULTRALYTICS, reason="ultralytics is installed")


class Evil:
    """Unpickling it makes a folder."""

    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return os.mkdir, (self.marker,)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STILLBYTES_CACHE", str(tmp_path / "cache"))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def evil(tmp_path):
    """A file whose pickle makes the folder `ran`, in each form that torch.save has, and as a bare pickle."""
    marker = tmp_path / "ran"
    forms = {"zip": {}, "old": {"_use_new_zipfile_serialization": False}}
    for name, options in forms.items():
        torch.save({"model": Evil(marker), "ema": None}, tmp_path / f"{name}.pt", **options)
    (tmp_path / "bare.pt").write_bytes(pickle.dumps({"model": Evil(marker)}, protocol=2))
    return marker


@pytest.mark.parametrize("form", ["zip", "old", "bare"])
def test_the_test_file_would_run_code_if_it_were_unpickled(evil, form, tmp_path):
    path = tmp_path / f"{form}.pt"
    if form == "bare":
        pickle.loads(path.read_bytes())  # noqa: S301 - to see it run
    else:
        torch.load(path, weights_only=False)
    assert evil.exists()


@pytest.mark.parametrize("form", ["zip", "old", "bare"])
def test_a_file_that_was_not_allowed_is_not_read_at_all(evil, form, tmp_path):
    path = tmp_path / f"{form}.pt"
    with pytest.raises(ModelReadError, match="only after you allow this very file") as error:
        load_yolo(path, allowed={"0" * 64})
    assert digest(path) in error.value.hint
    assert "AGPL-3.0" in error.value.hint
    assert not evil.exists()
    assert "ultralytics" not in sys.modules or HAS_ULTRALYTICS


@needs_ultralytics
@pytest.mark.parametrize("form", ["zip", "old", "bare"])
def test_even_an_allowed_file_runs_no_code(evil, form, tmp_path):
    path = tmp_path / f"{form}.pt"
    with pytest.raises(ModelReadError, match="expected a YOLO network by ultralytics"):
        load_yolo(path, allowed={digest(path)})
    assert not evil.exists()


@without_ultralytics
def test_an_allowed_file_names_the_package_that_it_needs(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"PK")
    with pytest.raises(ModelMissingError, match="needs the Python package ultralytics") as error:
        load_yolo(tmp_path / "a.pt", allowed={digest(tmp_path / "a.pt")})
    assert "AGPL-3.0" in error.value.hint


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A real YOLO11 with random weights and two names, saved by ultralytics."""
    os.environ.update(YOLO_OFFLINE="1", YOLO_AUTOINSTALL="false", YOLO_CONFIG_DIR=str(tmp_path_factory.mktemp("cfg")))
    from ultralytics import YOLO

    torch.manual_seed(2)
    made = YOLO("yolo11n-seg.yaml")
    made.model.names = {number: f"thing {number}" for number in range(80)} | {0: "Person"}
    path = tmp_path_factory.mktemp("pt") / "yolo11n-seg.pt"
    made.save(path)
    return path


@needs_ultralytics
def test_an_allowed_file_masks_as_its_network_does(trained, monkeypatch):
    monkeypatch.setattr(yolo, "_LEAST_SCORE", 0.0)
    monkeypatch.setattr(yolo, "_MOST_THINGS", 5)
    asked = []

    class Watched(Local):
        def at_work(self, memory_bytes=0):
            asked.append(memory_bytes)
            return super().at_work(memory_bytes)

    view = np.random.default_rng(3).random((90, 120, 3), np.float32)
    before = {name: value for name, value in os.environ.items() if name.startswith(("YOLO", "ULTRALYTICS"))}
    detector = load_yolo(trained, Watched, {digest(trained)})
    assert before == {name: value for name, value in os.environ.items() if name.startswith(("YOLO", "ULTRALYTICS"))}
    assert {"person", "thing 1"} < detector.vocabulary
    found = detector.detect(view, "person")
    assert len(asked) == 1
    assert all(c.alpha.shape == (90, 120) and 0 <= c.alpha.min() <= c.alpha.max() <= 1 for c in found)
    again = detector.detect(view, "person")
    assert [c.score for c in again] == [c.score for c in found]


@needs_ultralytics
def test_a_cut_file_is_one_sentence(trained, tmp_path):
    path = tmp_path / "cut.pt"
    path.write_bytes(trained.read_bytes()[:100_000])
    with pytest.raises(ModelReadError, match=r"cut\.pt: expected a YOLO network by ultralytics"):
        load_yolo(path, allowed={digest(path)})


@needs_ultralytics
def test_a_file_of_plain_weights_is_no_network(tmp_path):
    path = tmp_path / "plain.pt"
    torch.save({"model": {"weight": torch.zeros(3)}}, path)
    with pytest.raises(ModelReadError, match="it holds no YOLO network"):
        load_yolo(path, allowed={digest(path)})

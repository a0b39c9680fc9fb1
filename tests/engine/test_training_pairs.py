"""A folder to learn from holds one picture and one truth per photograph that could be read."""

import json

import cv2
import numpy as np
from stillbytes.training.pairs import SIDE, write_pairs


def test_a_photograph_that_cannot_be_read_is_named_and_left_out(tmp_path, capsys):
    (tmp_path / "sources" / "photos").mkdir(parents=True)
    picture = np.random.default_rng(0).integers(0, 255, (300, 600, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "sources" / "photos" / "a.png"), picture)
    (tmp_path / "sources" / "photos" / "b.png").write_bytes(b"no picture")
    listed = {
        "sources": {"free": {"repository": "somebody/photos"}},
        "photos": [{"source": "free", "path": "b.png"}, {"source": "free", "path": "a.png"}],
    }
    pair = np.zeros((SIDE // 2, SIDE, 3), np.uint8), np.full((SIDE // 2, SIDE), 255, np.uint8)
    seen = []

    def pair_of(read, photo, folder):
        seen.append((read.shape, photo["path"], folder.name))
        return pair

    assert write_pairs(listed, tmp_path / "sources", tmp_path / "out", pair_of) == 1
    assert seen == [((300, 600, 3), "a.png", "photos")]
    assert "b.png" in capsys.readouterr().out
    (entry,) = json.loads((tmp_path / "out" / "index.json").read_text(encoding="utf-8"))
    assert entry["set"] == "free"
    assert np.array_equal(cv2.imread(str(tmp_path / "out" / entry["file"])), pair[0])
    assert np.array_equal(cv2.imread(str(tmp_path / "out" / entry["gt"]), cv2.IMREAD_GRAYSCALE), pair[1])

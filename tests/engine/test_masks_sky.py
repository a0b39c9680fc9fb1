import json
import tracemalloc

import cv2
import numpy as np
import pytest
from stillbytes.engine.masks.evaluate import measure
from stillbytes.engine.masks.sky import find_sky


def landscape(seed=0, shape=(220, 320), color=(0.35, 0.55, 0.9)):
    """A sky that pales towards a hilly skyline, over busy dark ground; and the truth."""
    rng = np.random.default_rng(seed)
    height, width = shape
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    picture = np.asarray(color, np.float32) * (1 - y) + np.float32(0.85) * y + np.zeros((height, width, 3), np.float32)
    skyline = height * (0.55 + 0.08 * np.sin(np.arange(width) / 31))
    sky = np.arange(height)[:, None] < skyline
    ground = (
        np.array([0.25, 0.3, 0.12])
        * rng.uniform(0.3, 1.6, (height // 4 + 1, width // 4 + 1, 1)).repeat(4, 0).repeat(4, 1)[:height, :width]
    )
    picture = np.where(sky[..., None], picture, ground) + rng.normal(0, 0.01, (height, width, 3))
    return np.clip(picture, 0, 1).astype(np.float32), sky


@pytest.mark.parametrize(
    "color", [(0.35, 0.55, 0.9), (0.7, 0.72, 0.74), (0.8, 0.55, 0.45)], ids=["blue", "grey", "dawn"]
)
def test_the_sky_over_hills_is_found(color):
    picture, sky = landscape(color=color)
    found = find_sky(picture)
    assert measure(found.alpha, np.where(sky, 255, 0).astype(np.uint8)).iou > 0.97
    assert found.confidence > 0.5
    assert found.reason.endswith(".")


def test_a_mirrored_photo_gives_a_mirrored_mask():
    picture, _ = landscape(3)
    found = find_sky(picture).alpha
    mirrored = find_sky(np.ascontiguousarray(picture[:, ::-1])).alpha[:, ::-1]
    assert np.mean(np.abs(found - mirrored)) < 0.01


def test_a_sunlit_roof_under_the_sky_is_not_part_of_it():
    picture, sky = landscape(color=(0.6, 0.6, 0.62))
    picture[95:130, 120:200] = (0.8, 0.66, 0.42)
    picture[130:160, 120:200] = (0.4, 0.12, 0.1)
    sky[95:, 120:200] = False
    found = find_sky(picture).alpha
    assert found[97:160, 122:198].max() < 0.1
    assert measure(found, np.where(sky, 255, 0).astype(np.uint8)).iou > 0.95


def test_a_warm_sky_stays_whole():
    picture, sky = landscape(color=(0.9, 0.6, 0.3))
    assert measure(find_sky(picture).alpha, np.where(sky, 255, 0).astype(np.uint8)).iou > 0.95


def test_a_busy_picture_has_no_sky_and_says_so():
    picture = np.random.default_rng(1).random((120, 180, 3), np.float32)
    found = find_sky(picture)
    assert not found.found
    assert found.coverage == 0
    assert found.reason.startswith("There is no sky in this photo")


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_one_flat_grey_has_no_sky(level):
    assert not find_sky(np.full((90, 120, 3), level, np.float32)).found


def test_a_frame_full_of_blue_is_all_sky():
    picture = np.broadcast_to(np.array([0.3, 0.5, 0.9], np.float32), (90, 120, 3)).copy()
    assert find_sky(picture).coverage > 0.99


@pytest.mark.parametrize("shape", [(9, 200, 3), (200, 9, 3), (1, 1, 3), (8, 8, 3)])
def test_odd_shapes_are_looked_at_without_failing(shape):
    alpha = find_sky(np.random.default_rng(2).random(shape, np.float32)).alpha
    assert alpha.shape == shape[:2]
    assert alpha.dtype == np.float32


def test_the_input_is_not_changed():
    picture, _ = landscape(5)
    kept = picture.copy()
    find_sky(picture)
    assert np.array_equal(picture, kept)


def test_a_picture_of_a_megapixel_needs_at_most_32_bytes_per_pixel_at_once():
    picture, _ = landscape(2, (866, 1155))
    assert find_sky(picture).found  # compiles what is not compiled yet, which would count
    tracemalloc.start()
    find_sky(picture)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 32 * 866 * 1155


def test_real_skies_are_found_well(shared_data):
    index = json.loads((shared_data / "index.json").read_text(encoding="utf-8"))
    scores = []
    for entry in [e for e in index if e["file"].startswith("sky/bsds500/")][::2]:
        picture = cv2.imread(str(shared_data / entry["file"]))[..., ::-1].astype(np.float32) / 255
        truth = cv2.imread(str(shared_data / entry["gt"]), cv2.IMREAD_GRAYSCALE)
        scores.append(measure(find_sky(np.ascontiguousarray(picture)).alpha, truth).iou)
    assert len(scores) == 8
    assert np.mean(scores) > 0.9

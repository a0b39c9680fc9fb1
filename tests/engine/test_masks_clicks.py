import numpy as np
import pytest
from stillbytes.engine.masks.clicks import cut_box, cut_clicks
from stillbytes.engine.masks.ports import Area, Click


@pytest.fixture
def picture():
    """A red disc and a green square on a blue textured wall, 120 x 180."""
    rng = np.random.default_rng(5)
    picture = np.float32((0.2, 0.3, 0.6)) + rng.normal(0, 0.03, (120, 180, 3)).astype(np.float32)
    y, x = np.mgrid[:120, :180]
    picture[np.hypot(x - 50, y - 60) < 28] = (0.8, 0.15, 0.1)
    picture[30:90, 115:165] = (0.2, 0.65, 0.2)
    return np.clip(picture + rng.normal(0, 0.02, picture.shape), 0, 1).astype(np.float32)


@pytest.fixture
def disc():
    y, x = np.mgrid[:120, :180]
    return np.hypot(x - 50, y - 60) < 28


def iou(alpha, truth):
    found = alpha >= 0.5
    return (found & truth).sum() / (found | truth).sum()


def test_a_box_gives_the_thing_in_it(picture, disc):
    found = cut_box(picture, Area(18 / 180, 28 / 120, 82 / 180, 92 / 120))
    assert iou(found.alpha, disc) > 0.93
    assert found.confidence > 0.5
    assert found.engine == "built-in"


def test_a_click_gives_the_thing_under_it(picture, disc):
    found = cut_clicks(picture, [Click(50 / 180, 60 / 120)])
    assert iou(found.alpha, disc) > 0.9


def test_two_clicks_on_two_things_give_both(picture, disc):
    found = cut_clicks(picture, [Click(50 / 180, 60 / 120), Click(140 / 180, 60 / 120)])
    both = disc.copy()
    both[30:90, 115:165] = True
    assert iou(found.alpha, both) > 0.9


def test_an_excluding_click_keeps_a_thing_out(picture, disc):
    both = disc.copy()
    both[30:90, 115:165] = True
    clicks = [Click(50 / 180, 60 / 120), Click(140 / 180, 60 / 120, include=False)]
    found = cut_clicks(picture, clicks, both.astype(np.float32))
    assert iou(found.alpha, disc) > 0.85


def test_a_click_on_the_subject_gives_the_subject(picture, disc):
    noisy = np.clip(picture + np.random.default_rng(1).normal(0, 0.12, picture.shape), 0, 1).astype(np.float32)
    subject = disc.copy()
    subject[30:90, 115:165] = True
    found = cut_clicks(noisy, [Click(45 / 180, 55 / 120), Click(140 / 180, 60 / 120)], subject.astype(np.float32))
    assert iou(found.alpha, subject) > 0.7
    assert "subject" in found.reason


def test_the_same_clicks_give_the_same_mask_every_time(picture):
    first, second = (cut_clicks(picture, [Click(0.75, 0.5)]).alpha for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_clicks_that_include_nothing_are_refused(picture):
    with pytest.raises(ValueError, match="at least one"):
        cut_clicks(picture, [Click(0.5, 0.5, include=False)])


@pytest.mark.parametrize("shape", [(1, 1), (8, 300), (40, 40)])
def test_odd_pictures_are_no_trouble(shape):
    flat = np.full((*shape, 3), 0.5, np.float32)
    for found in (
        cut_box(flat, Area(0.1, 0.1, 0.9, 0.9)),
        cut_box(flat, Area(0, 0, 1, 1)),
        cut_clicks(flat, [Click(0, 0)]),
    ):
        assert found.alpha.shape == shape
        assert np.isfinite(found.alpha).all()


def test_boxes_and_clicks_on_people_and_animals(shared_data):
    cv2 = pytest.importorskip("cv2")
    boxes = []
    for name in ("ccp/0106_person", "ccp/0611_person", "bsds500/42044_subject", "bsds500/130066_subject"):
        truth = cv2.imread(str(shared_data / "subject" / f"{name}.png"), 0) == 255
        picture = cv2.imread(str(shared_data / "subject" / f"{name.rpartition('_')[0]}.jpg"))[..., ::-1] / 255
        rows, columns = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
        height, width = truth.shape
        area = Area(columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)
        boxes.append(iou(cut_box(np.ascontiguousarray(picture, np.float32), area).alpha, truth))
    assert np.mean(boxes) > 0.85

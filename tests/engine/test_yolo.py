"""YOLO: what a network's rows and prototypes mean, and ONNX files whose answers are known."""

import sys

import numpy as np
import pytest
from stillbytes.engine.errors import ModelMissingError, ModelReadError
from stillbytes.engine.geometry import Size
from stillbytes.engine.masks.learned.boxes import overlaps, suppress
from stillbytes.engine.masks.learned.yolo import Yolo, load_yolo
from stillbytes.engine.masks.learned.yolo_decode import Fit, Found, letterbox, mask_of, read_rows
from stillbytes.engine.models.packages import package

SIDE = Size(160, 160)
PLANES = 32


@pytest.fixture
def view():
    """A dark view of 200 x 100 px with a bright rectangle at (40, 20) to (120, 70)."""
    view = np.zeros((100, 200, 3), np.float32)
    view[20:70, 40:120] = 1.0
    return view


def raw_rows(things, classes=80, planes=PLANES):
    """Return the table of v8 for things (left, top, right, bottom in input px, class, score), and one empty row."""
    rows = np.zeros((1, 4 + classes + planes, len(things) + 1), np.float32)
    for number, (left, top, right, bottom, kind, score) in enumerate(things):
        rows[0, :4, number] = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
        rows[0, 4 + kind, number] = score
        if planes:
            rows[0, 4 + classes, number] = 1.0
    return rows


def sorted_rows(things, planes=PLANES):
    rows = np.zeros((1, len(things) + 3, 6 + planes), np.float32)
    for number, thing in enumerate(things):
        *box, kind, score = thing
        rows[0, number, :7] = (*box, score, kind, 1.0)
    return rows


# What the rectangle of the view covers on the input: scaled by 0.8 and 40 px down.
DOG = (32, 56, 96, 96, 16, 0.8)


# --- boxes ---


def test_a_box_overlaps_itself_wholly_and_its_half_by_half():
    boxes = np.array([[0, 0, 4, 2], [0, 0, 2, 2], [4, 0, 6, 2], [3, 3, 3, 3]], np.float32)
    np.testing.assert_allclose(overlaps(boxes[0], boxes), [1, 0.5, 0, 0])
    np.testing.assert_allclose(overlaps(boxes[3], boxes[3:]), [0])


def test_suppression_keeps_the_best_of_what_overlaps():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [30, 0, 40, 10], [0, 0, 10, 11]], np.float32)
    scores = np.array([0.5, 0.9, 0.3, 0.4], np.float32)
    assert suppress(boxes, scores, 0.7, 10) == [1, 2]
    assert suppress(boxes, scores, 1.0, 10) == [1, 0, 3, 2]
    assert suppress(boxes, scores, 0.7, 1) == [1]
    assert suppress(boxes[:0], scores[:0], 0.7, 5) == []


# --- the input ---


def test_a_view_stands_in_the_middle_of_a_grey_input(view):
    picture, fit = letterbox(view, SIDE)
    assert picture.shape == (1, 3, 160, 160)
    assert fit == Fit(Size(200, 100), 0.8, 0.8, 0, 40)
    np.testing.assert_allclose(picture[0, :, :40], 114 / 255)
    np.testing.assert_allclose(picture[0, :, 120:], 114 / 255)
    np.testing.assert_allclose(picture[0, :, 60:90, 36:92], 1.0)
    np.testing.assert_allclose(picture[0, :, 42:54], 0.0)


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (300, 7), (160, 160), (683, 1024)])
def test_any_view_fits_the_input_and_its_corners_come_back(shape):
    view = np.random.default_rng(1).random((*shape, 3), np.float32)
    picture, fit = letterbox(view[:, ::-1], Size(96, 64))
    assert picture.shape == (1, 3, 64, 96)
    corners = np.array([[fit.left, fit.top, fit.left + shape[1] * fit.scale_x, fit.top + shape[0] * fit.scale_y]])
    assert (corners >= 0).all()
    assert corners[0, 2] <= 96.001
    assert corners[0, 3] <= 64.001
    rows = np.concatenate([corners, [[0.9, 0]]], axis=1, dtype=np.float32)[None]
    found = read_rows(rows, 3, 0, fit, 0.25)
    np.testing.assert_allclose(found.boxes, [[0, 0, shape[1], shape[0]]], atol=1e-2)


# --- the output ---


@pytest.mark.parametrize("layout", ["raw", "sorted"])
def test_both_layouts_give_boxes_in_px_of_the_view(layout, view):
    _, fit = letterbox(view, SIDE)
    rows = raw_rows([DOG]) if layout == "raw" else sorted_rows([DOG])
    found = read_rows(rows, 80, PLANES, fit, 0.25)
    np.testing.assert_allclose(found.boxes, [[40, 20, 120, 70]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.8])
    assert found.classes.tolist() == [16]
    assert found.coefficients.shape == (1, PLANES)
    assert found.coefficients[0, 0] == 1.0


def test_two_classes_are_told_from_sorted_rows_by_the_axis(view):
    _, fit = letterbox(view, SIDE)
    thing = (*DOG[:4], 1, 0.6)
    for rows in (raw_rows([thing], classes=2), sorted_rows([thing])):
        found = read_rows(rows, 2, PLANES, fit, 0.25)
        np.testing.assert_allclose(found.boxes, [[40, 20, 120, 70]], atol=1e-4)
        assert found.classes.tolist() == [1]


def test_another_layout_is_refused(view):
    _, fit = letterbox(view, SIDE)
    for shape in ((1, 25200, 117), (1, 84, 21), (2, 116, 21), (116, 21)):
        with pytest.raises(ModelReadError, match="Expected a YOLO output of 116 x n or n x 38"):
            read_rows(np.zeros(shape, np.float32), 80, PLANES, fit, 0.25)


def found_of(box, coefficients):
    return Found(np.array([box], np.float32), np.ones(1, np.float32), np.zeros(1, np.intp), coefficients)


def test_a_mask_is_the_prototypes_sum_inside_its_box():
    fit = Fit(Size(200, 100), 0.8, 0.8, 0, 40)
    prototypes = np.zeros((2, 40, 40), np.float32)
    prototypes[0, :, 20:] = 9.0
    prototypes[1] = 1.0
    found = found_of((50, 20, 150, 80), np.array([[2.0, -9.0]], np.float32))
    alpha = mask_of(found, 0, prototypes, SIDE, fit)
    assert alpha.shape == (100, 200)
    assert alpha.dtype == np.float32
    np.testing.assert_allclose(alpha[30:70, 105:145], 1 / (1 + np.exp(-9)), atol=1e-5)
    np.testing.assert_allclose(alpha[30:70, 56:94], 1 / (1 + np.exp(9)), atol=1e-5)
    assert alpha[50, 99] == pytest.approx(1 - alpha[50, 100], abs=1e-3)
    assert not alpha[:14].any()
    assert not alpha[:, 157:].any()


def test_the_edge_of_a_mask_lies_where_the_prototypes_turn():
    prototypes = np.tile(np.linspace(-8, 8, 40, dtype=np.float32), (1, 40, 1))
    for width, fit in ((160, Fit(Size(160, 160), 1.0, 1.0, 0, 0)), (640, Fit(Size(640, 640), 0.25, 0.25, 0, 0))):
        alpha = mask_of(found_of((0, 0, width, width), np.ones((1, 1), np.float32)), 0, prototypes, SIDE, fit)
        crossing = np.interp(0.5, alpha[width // 2], np.arange(width) + 0.5)
        assert crossing == pytest.approx(width / 2, abs=0.02 * width / 160)


def test_a_box_outside_the_view_has_an_empty_mask():
    fit = Fit(Size(200, 100), 0.8, 0.8, 0, 40)
    prototypes = np.full((1, 40, 40), 5, np.float32)
    for box in ((-90, 10, -50, 40), (10, 300, 50, 340)):
        assert not mask_of(found_of(box, np.ones((1, 1), np.float32)), 0, prototypes, SIDE, fit).any()


# --- ONNX files ---

NAMES = str({number: f"thing {number}" for number in range(80)} | {16: "Dog", 2: "car"})


@pytest.fixture
def onnx():
    pytest.importorskip("onnxruntime")


@pytest.mark.usefixtures("onnx")
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("layout", ["raw", "sorted"])
def test_a_network_masks_what_it_sees_at_the_size_of_the_view(layout, half, view, write_yolo, tmp_path):
    things = [(20, 40, 120, 110, 16, 0.8), (100, 50, 140, 90, 2, 0.9)]
    rows = raw_rows(things) if layout == "raw" else sorted_rows(things)
    dog = load_yolo(write_yolo(tmp_path / "yolo11n-seg.onnx", rows, metadata={"names": NAMES}, half=half))
    assert dog.name == "yolo11n-seg"
    assert {"dog", "car", "thing 3"} < dog.vocabulary
    (found,) = dog.detect(view, "dog")
    assert found.label == "dog"
    assert found.score == pytest.approx(0.8, abs=1e-3)
    assert (found.area.left, found.area.top, found.area.right, found.area.bottom) == pytest.approx(
        (0.125, 0.0, 0.75, 0.875), abs=1e-3
    )
    truth = view[..., 0] > 0.5
    got = found.alpha > 0.5
    assert (got & truth).sum() / (got | truth).sum() > 0.95
    assert found.alpha[25:65, 46:114].min() > 0.99
    assert found.alpha[:, :20].max() == 0
    assert ((found.alpha > 0.05) & (found.alpha < 0.95)).any()


@pytest.mark.usefixtures("onnx")
def test_without_names_the_classes_are_those_of_coco(view, write_yolo, tmp_path):
    yolo = load_yolo(write_yolo(tmp_path / "a.onnx", raw_rows([DOG])))
    assert len(yolo.vocabulary) == 80
    assert [c.label for c in yolo.detect(view, "animals")] == ["dog"]
    assert yolo.detect(view, "cat") == []
    assert yolo.detect(view, "zeppelin") == []


@pytest.mark.usefixtures("onnx")
def test_one_thing_that_several_rows_show_is_found_once_best_first(view, write_yolo, tmp_path):
    shifted = [(left + d, top, right + d, bottom, 16, s) for (left, top, right, bottom, _, _), d, s in
               ((DOG, 0, 0.7), (DOG, 2, 0.9), (DOG, -2, 0.3))]  # fmt: skip
    other, weak = (120, 60, 150, 90, 17, 0.95), (0, 40, 20, 60, 16, 0.2)
    yolo = load_yolo(write_yolo(tmp_path / "a.onnx", raw_rows([*shifted, other, weak])))
    found = yolo.detect(view, "animals")
    assert [(c.label, round(c.score, 2)) for c in found] == [("horse", 0.95), ("dog", 0.9)]


@pytest.mark.usefixtures("onnx")
def test_a_network_that_only_detects_gives_boxes(view, write_yolo, tmp_path):
    path = write_yolo(tmp_path / "a.onnx", raw_rows([DOG], planes=0), planes=0, metadata={"task": "detect"})
    (found,) = load_yolo(path).detect(view, "dog")
    assert found.alpha is None
    assert found.area.left == pytest.approx(0.2)


@pytest.mark.usefixtures("onnx")
def test_a_network_for_pictures_of_any_size_is_given_the_size_in_its_metadata(view, write_yolo, tmp_path):
    shape = ("batch", 3, "height", "width")
    path = write_yolo(tmp_path / "a.onnx", raw_rows([DOG]), shape=shape, metadata={"imgsz": "[160, 160]"})
    (found,) = load_yolo(path).detect(view, "dog")
    assert found.area.bottom == pytest.approx(0.7)
    assert (found.alpha[25:65, 46:114] > 0.99).all()


@pytest.mark.usefixtures("onnx")
def test_numbers_that_are_none_are_nothing_found(view, write_yolo, tmp_path):
    rows = raw_rows([DOG, DOG, DOG])
    rows[0, 0, 0] = np.nan
    rows[0, 2, 1] = np.inf
    rows[0, 100, 2] = np.nan
    assert load_yolo(write_yolo(tmp_path / "a.onnx", rows)).detect(view, "dog") == []


@pytest.mark.usefixtures("onnx")
@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"task": "pose"}, "expected the task segment or detect, found pose"),
        ({"names": "__import__('os').system('true')"}, "class names cannot be read"),
        ({"names": "{0: 'a', 7: 'b'}"}, "class names cannot be read"),
        ({"names": "(" * 9000}, "class names cannot be read"),
    ],
)
def test_metadata_that_does_not_fit_is_one_sentence(metadata, message, write_yolo, tmp_path):
    with pytest.raises(ModelReadError, match=message):
        load_yolo(write_yolo(tmp_path / "a.onnx", raw_rows([DOG]), metadata=metadata))


@pytest.mark.usefixtures("onnx")
def test_names_that_do_not_fit_the_rows_are_refused(view, write_yolo, tmp_path):
    yolo = load_yolo(write_yolo(tmp_path / "a.onnx", raw_rows([DOG]), metadata={"names": "['dog', 'cat']"}))
    with pytest.raises(ModelReadError, match="Expected a YOLO output of 38 x n"):
        yolo.detect(view, "dog")


@pytest.mark.usefixtures("onnx")
def test_a_file_that_is_no_network_is_one_sentence(write_yolo, tmp_path):
    whole = write_yolo(tmp_path / "a.onnx", raw_rows([DOG])).read_bytes()
    for content in (b"", b"nothing of the kind", whole[: len(whole) // 2]):
        (tmp_path / "a.onnx").write_bytes(content)
        with pytest.raises(ModelReadError, match=r"a\.onnx: expected an ONNX network"):
            load_yolo(tmp_path / "a.onnx")
    with pytest.raises(ModelReadError, match="32 to 2048 px"):
        load_yolo(write_yolo(tmp_path / "b.onnx", raw_rows([DOG]), shape=(1, 3, 99999, 99999)))


def test_a_missing_file_and_another_kind_of_file_are_told_apart(tmp_path):
    with pytest.raises(ModelMissingError, match="There is no model file"):
        load_yolo(tmp_path / "none.onnx")
    (tmp_path / "a.engine").write_bytes(b"x")
    with pytest.raises(ModelReadError, match=r"expected a YOLO network as \.onnx or \.pt, found \.engine"):
        load_yolo(tmp_path / "a.engine")


def test_without_onnxruntime_the_message_says_what_to_install(monkeypatch, tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    package.cache_clear()
    try:
        with pytest.raises(ModelMissingError, match="needs the Python package onnxruntime") as error:
            load_yolo(tmp_path / "a.onnx")
    finally:
        package.cache_clear()
    assert error.value.hint == f'Install it with: "{sys.executable}" -m pip install onnxruntime'


def test_words_that_name_no_class_do_not_run_the_network(view):
    class Net:
        size, labels = SIDE, ("dog",)

        def run(self, picture):
            raise AssertionError

    assert Yolo("a", Net()).detect(view, "sign") == []
    with pytest.raises(AssertionError):
        Yolo("a", Net()).detect(view, "Dogs ")

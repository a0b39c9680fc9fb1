"""The Frame node, and masks that keep their finer form between nodes."""

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.comfy


@pytest.fixture(scope="module")
def photo(comfy):
    across, down = np.meshgrid(np.linspace(0, 255, 96), np.linspace(0, 255, 64))
    Image.fromarray(np.dstack([across, down, 0 * across]).astype(np.uint8)).save(comfy.input / "frame.png")
    return {"1": {"class_type": "StillbytesLoadRaw", "inputs": {"file": "frame.png"}}}


def framed(comfy, photo, **inputs):
    node = {"class_type": "StillbytesFrame", "inputs": {"photo": ["1", 0], **inputs}}
    image = {"class_type": "StillbytesRenderPhoto", "inputs": {"photo": ["2", 0]}}
    show = {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}}
    run = comfy.run(photo | {"2": node, "3": image, "4": show})
    with Image.open(comfy.images(run, "4")[0]) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)


def test_a_photo_is_turned_mirrored_and_cropped_as_asked(comfy, photo):
    whole = framed(comfy, photo)
    assert whole.shape[:2] == (64, 96)
    assert np.array_equal(framed(comfy, photo, turn="90"), np.rot90(whole, -1))
    assert np.array_equal(framed(comfy, photo, flip="horizontal"), whole[:, ::-1])
    assert np.array_equal(framed(comfy, photo, left=0.25, bottom=0.5), whole[:32, 24:])
    assert np.array_equal(framed(comfy, photo, aspect="1:1"), whole[:, 16:80])
    assert np.array_equal(framed(comfy, photo, turn="90", flip="vertical"), np.rot90(whole, -1)[::-1])


def test_straightening_turns_clockwise_and_cuts_the_corners(comfy, photo):
    whole, turned = framed(comfy, photo), framed(comfy, photo, angle_deg=10.0)
    assert turned.shape[0] < whole.shape[0]
    assert turned.shape[1] < whole.shape[1]
    # Green grows downwards: turned clockwise it also grows to the left.
    middle = turned[turned.shape[0] // 2, :, 1]
    assert middle[0] > middle[-1] + 20


@pytest.mark.parametrize(
    ("inputs", "words"),
    [({"left": 0.6, "right": 0.4}, "right"), ({"top": 0.5, "bottom": 0.5}, "bottom"), ({"aspect": "wide"}, "16:9")],
)
def test_a_frame_that_cannot_be_is_one_sentence(comfy, photo, inputs, words):
    node = {"class_type": "StillbytesFrame", "inputs": {"photo": ["1", 0], **inputs}}
    error = comfy.fail(photo | {"2": node})
    assert words in error["exception_message"]
    assert len(error["exception_message"].strip().splitlines()) == 1


def exported(comfy, graph):
    run = comfy.run(graph)
    return comfy.files(run, "9")[0].read_bytes()


def test_a_mask_keeps_its_finer_form_on_its_way_to_develop_and_a_picture_of_it_does_not(comfy, raw_in_input):
    develop = {"photo": ["1", 0], "exposure_ev": -1.0}
    graph = {
        "1": {"class_type": "StillbytesLoadRaw", "inputs": {"file": raw_in_input}},
        "2": {"class_type": "StillbytesPickMask", "inputs": {"photo": ["1", 0], "target": "sky"}},
        "4": {"class_type": "StillbytesDevelop", "inputs": develop | {"mask": ["2", 0]}},
        "9": {"class_type": "StillbytesExport", "inputs": {"photo": ["4", 0], "filename_prefix": "exact/a"}},
    }
    small = {"class_type": "StillbytesPickMask", "inputs": {"photo": ["1", 0], "target": "sky", "mask_side": 64}}
    twice = {
        "2": {"class_type": "InvertMask", "inputs": {"mask": ["3", 0]}},
        "3": {"class_type": "InvertMask", "inputs": {"mask": ["5", 0]}},
        "5": small,
    }
    fine = exported(comfy, graph)
    assert exported(comfy, graph | {"2": small}) == fine
    assert exported(comfy, graph | twice) != fine

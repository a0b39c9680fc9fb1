import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.comfy


@pytest.fixture(scope="module")
def landscape(comfy):
    """A photo whose upper half is sky."""
    rng = np.random.default_rng(7)
    sky = np.linspace((80, 130, 215), (170, 200, 240), 120)[:, None].repeat(320, 1)
    ground = np.kron(rng.uniform(20, 90, (30, 80, 1)), np.ones((4, 4, 3))) + rng.uniform(0, 25, (120, 320, 3))
    Image.fromarray(np.vstack([sky, ground]).astype(np.uint8)).save(comfy.input / "landscape.png")
    return "landscape.png"


def pick(photo, target, name="landscape.png", **more):
    image = {"1": {"class_type": "LoadImage", "inputs": {"image": name}}}
    raw = {"1": {"class_type": "StillbytesLoadRaw", "inputs": {"file": name}}}
    return (image if photo == "IMAGE" else raw) | {
        "2": {"class_type": "StillbytesPickMask", "inputs": {"photo": ["1", 0], "target": target} | more},
        "3": {"class_type": "MaskToImage", "inputs": {"mask": ["2", 0]}},
        "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
        "5": {"class_type": "PreviewAny", "inputs": {"source": ["2", 1]}},
    }


def mask_of(comfy, run):
    with Image.open(comfy.images(run, "4")[0]) as image:
        return np.asarray(image.convert("L"), np.float32) / 255


@pytest.mark.parametrize("photo", ["IMAGE", "PHOTO"])
def test_the_sky_is_selected_at_the_images_own_size(comfy, landscape, photo):
    run = comfy.run(pick(photo, "sky"))
    mask = mask_of(comfy, run)
    assert mask.shape == (240, 320)
    assert mask[:100].mean() > 0.95
    assert mask[140:].mean() < 0.05
    assert float(run.outputs["5"]["text"][0]) > 0.3


def test_the_report_says_how_much_was_found(comfy, landscape):
    (report,) = comfy.run(pick("IMAGE", "sky")).outputs["2"]["text"]
    assert report.startswith(("Sky: 49", "Sky: 5"))
    assert "confidence" in report


def test_the_mask_of_a_photo_has_the_size_asked_for(comfy, raw_in_input):
    mask = mask_of(comfy, comfy.run(pick("PHOTO", "sky", raw_in_input, mask_side=600)))
    assert max(mask.shape) == 600


def test_nothing_found_is_an_empty_mask_that_says_so(comfy):
    Image.fromarray(np.full((120, 160, 3), 15, np.uint8)).save(comfy.input / "dark.png")
    run = comfy.run(pick("IMAGE", "subject", "dark.png"))
    assert mask_of(comfy, run).max() == 0
    assert run.outputs["2"]["text"][0].startswith("No subject found.")


def test_the_background_is_what_the_subject_leaves(comfy, landscape):
    subject, background = (mask_of(comfy, comfy.run(pick("IMAGE", target))) for target in ("subject", "background"))
    if subject.any():
        assert np.abs(subject + background - 1).max() <= 2 / 255
    else:
        assert not background.any()


def test_a_batch_gives_one_mask_per_picture(comfy, landscape):
    graph = pick("IMAGE", "sky")
    graph["1"] = {"class_type": "LoadImage", "inputs": {"image": landscape}}
    graph["6"] = {"class_type": "RepeatImageBatch", "inputs": {"image": ["1", 0], "amount": 3}}
    graph["2"]["inputs"]["photo"] = ["6", 0]
    run = comfy.run(graph)
    assert len(run.outputs["4"]["images"]) == 3
    assert len(run.outputs["2"]["text"][0].splitlines()) == 3

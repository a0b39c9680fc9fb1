import numpy as np
import pytest
import tifffile
from PIL import Image

pytestmark = pytest.mark.comfy


@pytest.fixture(scope="module")
def scene(comfy):
    """A smooth picture and a mask of two places."""
    y, x = np.mgrid[:300, :420]
    picture = np.stack([60 + x / 4, 80 + y / 4, 120 + 20 * np.sin(x / 15)], -1)
    mask = np.zeros((300, 420), np.uint8)
    mask[60:100, 50:110] = 255
    mask[200:250, 300:360] = 255
    Image.fromarray(picture.astype(np.uint8)).save(comfy.input / "scene.png")
    Image.fromarray(mask).convert("RGB").save(comfy.input / "places.png")
    return mask > 0


def graph(photo="IMAGE", paint=0.5, **crop):
    """Crop, repaint all of the crop in grey as a model would repaint the mask, stitch, export."""
    load = "LoadImage" if photo == "IMAGE" else "StillbytesLoadRaw"
    name = {"image": "scene.png"} if photo == "IMAGE" else {"file": "scene.png"}
    cut = {"photo": ["1", 0], "mask": ["2", 0], "megapixels": 0.1} | crop
    return {
        "1": {"class_type": load, "inputs": name},
        "2": {"class_type": "LoadImageMask", "inputs": {"image": "places.png", "channel": "red"}},
        "3": {"class_type": "StillbytesCropForInpaint", "inputs": cut},
        "4": {"class_type": "ImageScaleBy", "inputs": {"image": ["3", 0], "upscale_method": "area", "scale_by": 1.0}},
        "5": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0x20C020}},
        "6": {"class_type": "StillbytesStitch", "inputs": {"crop": ["3", 2], "image": ["4", 0], "match_color": False}},
        "7": {"class_type": "StillbytesExport", "inputs": _export(["6", 0], "after")},
        "8": {"class_type": "StillbytesExport", "inputs": _export(["1", 0], "before")},
    }


def _export(photo, name):
    return {"photo": photo, "filename_prefix": f"inpaint/{name}", "format": "tiff", "bit_depth": "16"}


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def files(comfy, run):
    return [tifffile.imread(comfy.files(run, number)[0]).astype(int) for number in ("7", "8")]


@pytest.mark.parametrize("photo", ["IMAGE", "PHOTO"])
def test_what_comes_back_unchanged_changes_nothing(comfy, scene, photo):
    after, before = files(comfy, comfy.run(graph(photo)))
    assert np.abs(after - before).max() <= 2


@pytest.mark.parametrize("photo", ["IMAGE", "PHOTO"])
@pytest.mark.parametrize("holes", ["union", "each hole"])
def test_what_was_painted_is_in_the_mask_alone(comfy, scene, photo, holes):
    painted = graph(photo, holes=holes, feather_px=4.0)
    if holes == "each hole":
        painted["5"]["inputs"]["batch_size"] = 2
    painted["6"]["inputs"]["image"] = ["5", 0]
    after, before = files(comfy, comfy.run(painted))
    np.testing.assert_allclose(after[scene], np.broadcast_to([0x20, 0xC0, 0x20], after[scene].shape) * 257, atol=1500)
    y, x = np.nonzero(scene)
    near = np.zeros_like(scene)
    for dy in range(-8, 9):
        for dx in range(-8, 9):
            near[y + dy, x + dx] = True
    np.testing.assert_array_equal(after[~near], before[~near])


def test_crops_of_a_batch_have_one_size_and_their_masks_fit(comfy, scene):
    shown = graph(holes="each hole") | {
        "9": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
        "10": {"class_type": "MaskToImage", "inputs": {"mask": ["3", 1]}},
        "11": {"class_type": "PreviewImage", "inputs": {"images": ["10", 0]}},
    }
    run = comfy.run(shown)
    pictures = [opened(path) for path in (*comfy.images(run, "9"), *comfy.images(run, "11"))]
    assert len(pictures) == 4
    assert len({picture.shape for picture in pictures}) == 1
    assert all(side % 64 == 0 for side in pictures[0].shape[:2])
    assert all(mask.max() == 255 for mask in pictures[2:])


@pytest.mark.parametrize("photo", ["IMAGE", "PHOTO"])
def test_margins_make_the_photo_larger_and_keep_it_inside(comfy, scene, photo):
    wider = graph(photo, margin_left=40, margin_bottom=24)
    del wider["2"], wider["3"]["inputs"]["mask"]
    run = comfy.run(wider)
    after, before = files(comfy, run)
    assert after.shape == (324, 460, 3)
    inside = after[:300, 40:]
    np.testing.assert_array_equal(inside[:-20, 20:], before[:-20, 20:])


def test_a_wrong_number_of_images_is_one_sentence(comfy, scene):
    wrong = graph(holes="each hole")
    wrong["5"]["inputs"]["batch_size"] = 3
    wrong["6"]["inputs"]["image"] = ["5", 0]
    assert "3 images for 2 crops" in comfy.fail(wrong)["exception_message"]


def test_a_prefilled_crop_shows_no_object(comfy, scene):
    objects = np.where(scene[..., None], (255, 0, 0), opened(comfy.input / "scene.png"))
    Image.fromarray(objects.astype(np.uint8)).save(comfy.input / "objects.png")
    prefilled = graph(prefill="fill") | {"9": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}}}
    prefilled["1"]["inputs"]["image"] = "objects.png"
    run = comfy.run(prefilled)
    shown = opened(comfy.images(run, "9")[0])
    assert ((shown[..., 0] > 230) & (shown[..., 1] < 40)).mean() < 0.001

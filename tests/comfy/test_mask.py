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


def show(comfy, node, inputs, more=()):
    """The mask that a node gives, and its run; node 1 loads the landscape."""
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "landscape.png"}},
        "2": {"class_type": node, "inputs": inputs},
        "3": {"class_type": "MaskToImage", "inputs": {"mask": ["2", 0]}},
        "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
    } | dict(more)
    run = comfy.run(graph)
    return mask_of(comfy, run), run


def test_words_for_a_region_select_it(comfy, landscape):
    mask, run = show(comfy, "StillbytesSelectByText", {"photo": ["1", 0], "text": "the blue sky"})
    assert mask[:100].mean() > 0.95
    assert mask[140:].mean() < 0.05
    assert run.outputs["2"]["text"][0].startswith("The blue sky: ")


def test_words_for_a_thing_say_what_is_missing(comfy, landscape):
    error = comfy.fail(
        {
            "1": {"class_type": "LoadImage", "inputs": {"image": landscape}},
            "2": {"class_type": "StillbytesSelectByText", "inputs": {"photo": ["1", 0], "text": "the old car"}},
        }
    )
    assert "needs a segmentation model" in error["exception_message"]


def test_points_in_fractions_and_in_px_give_the_same(comfy, landscape):
    inputs = {"photo": ["1", 0], "points": '[{"x": 0.5, "y": 0.2}]'}
    mask, _ = show(comfy, "StillbytesSelectByPoints", inputs)
    in_px = {"photo": ["1", 0], "points": '[{"x": 160, "y": 48}]', "units": "pixel"}
    same, _ = show(comfy, "StillbytesSelectByPoints", in_px)
    assert mask[:100].mean() > 0.9
    assert mask[140:].mean() < 0.1
    assert np.array_equal(mask, same)


def test_points_that_make_no_sense_are_one_sentence(comfy, landscape):
    for points, words in (("nonsense", "JSON list"), ('[{"x": 3, "y": 0.2}]', "outside the photo"), ("", "pointed at")):
        error = comfy.fail(
            {
                "1": {"class_type": "LoadImage", "inputs": {"image": landscape}},
                "2": {"class_type": "StillbytesSelectByPoints", "inputs": {"photo": ["1", 0], "points": points}},
            }
        )
        assert words in error["exception_message"]


def test_masks_are_combined_whatever_their_sizes(comfy, landscape):
    solid = {"class_type": "SolidMask", "inputs": {"value": 1.0, "width": 64, "height": 48}}
    top = {"class_type": "StillbytesGradientMask", "inputs": {"photo": ["1", 0], "kind": "linear", "end_y": 0.01}}
    both = {"6": solid, "7": top}
    added, _ = show(comfy, "StillbytesCombineMasks", {"first": ["7", 0], "second": ["6", 0]}, both.items())
    left, _ = show(
        comfy, "StillbytesCombineMasks", {"first": ["6", 0], "second": ["7", 0], "how": "subtract"}, both.items()
    )
    inverted, _ = show(comfy, "StillbytesCombineMasks", {"first": ["6", 0], "invert": True}, both.items())
    assert added.shape == (240, 320)
    assert added.min() == 1
    assert left.shape == (48, 64)
    assert left[4:].min() == 1
    assert inverted.max() == 0


def test_gradients_fall_where_they_are_told_to(comfy, landscape):
    linear, _ = show(comfy, "StillbytesGradientMask", {"photo": ["1", 0], "kind": "linear"})
    assert linear[0].min() > 0.99
    assert linear[120:].max() < 0.01
    radial, _ = show(
        comfy,
        "StillbytesGradientMask",
        {"photo": ["1", 0], "kind": "radial", "start_x": 0.5, "start_y": 0.5, "invert": True},
    )
    assert radial[120, 160] < 0.01
    assert radial[0].min() == 1


def test_a_range_of_tones_or_colours_is_a_mask(comfy, landscape):
    light, _ = show(comfy, "StillbytesRangeMask", {"photo": ["1", 0], "kind": "lightness", "low": 0.45})
    blue, _ = show(comfy, "StillbytesRangeMask", {"photo": ["1", 0], "kind": "colour", "hue_deg": 215.0})
    for mask in (light, blue):
        assert mask[5:60].mean() > 0.9
        assert mask[140:].mean() < 0.2


def test_a_refined_mask_is_grown_and_feathered_in_px_of_the_photo(comfy, landscape):
    disc = {"photo": ["1", 0], "kind": "radial", "start_x": 0.5, "start_y": 0.5, "radius_x": 0.15, "radius_y": 0.2}
    source = {"7": {"class_type": "StillbytesGradientMask", "inputs": disc | {"feather": 0.0}}}
    inputs = {"photo": ["1", 0], "mask": ["7", 0]}
    plain, _ = show(comfy, "StillbytesRefineMask", inputs, source.items())
    grown, run = show(comfy, "StillbytesRefineMask", inputs | {"grow_px": 10.0}, source.items())
    soft, _ = show(comfy, "StillbytesRefineMask", inputs | {"feather_px": 12.0}, source.items())
    radius = np.sqrt(plain.sum() / np.pi)
    assert np.sqrt(grown.sum() / np.pi) == pytest.approx(radius + 10, abs=1.0)
    assert ((soft > 0.05) & (soft < 0.95)).sum() > 3 * ((plain > 0.05) & (plain < 0.95)).sum()
    assert run.outputs["2"]["images"]


def test_a_segmenter_that_is_not_there_is_not_offered_and_says_where_to_put_one(comfy):
    choices = comfy.get("/object_info/StillbytesLoadSegmenter")["StillbytesLoadSegmenter"]["input"]["required"]["model"]
    assert not choices[1].get("options", [])
    problem = comfy.rejected(
        {
            "1": {"class_type": "StillbytesLoadSegmenter", "inputs": {"model": "sam2/none.pt"}},
            "2": {
                "class_type": "StillbytesPickMask",
                "inputs": {"photo": ["3", 0], "target": "sky", "segmenter": ["1", 0]},
            },
            "3": {"class_type": "LoadImage", "inputs": {"image": "landscape.png"}},
        }
    )
    assert "none.pt" in problem

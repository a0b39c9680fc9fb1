import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.comfy

GREY = 0x646464


def grey_photo(width=64, height=48, batch=1, color=GREY):
    return {
        "1": {
            "class_type": "EmptyImage",
            "inputs": {"width": width, "height": height, "batch_size": batch, "color": color},
        },
        "2": {"class_type": "StillbytesPhotoFromImage", "inputs": {"image": ["1", 0]}},
    }


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.int16)


def seen(comfy, graph):
    """The pictures that Develop gives, without loss."""
    shown = {"10": {"class_type": "PreviewImage", "inputs": {"images": ["9", 1]}}}
    return [pixels(path) for path in comfy.images(comfy.run(graph | shown), "10")]


def develop(**inputs):
    return {"9": {"class_type": "StillbytesDevelop", "inputs": {"photo": ["2", 0]} | inputs}}


def linear(code):
    value = code / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def test_settings_that_are_not_named_change_nothing(comfy):
    (picture,) = seen(comfy, grey_photo() | develop())
    assert np.abs(picture - 0x64).max() <= 1


def test_one_ev_doubles_the_light(comfy):
    (picture,) = seen(comfy, grey_photo() | develop(exposure_ev=1.0))
    assert linear(picture[0, 0, 1]) == pytest.approx(2 * linear(0x64), rel=0.02)


def test_a_mask_of_another_size_limits_the_change_to_where_it_is(comfy):
    graph = grey_photo() | {
        "3": {"class_type": "SolidMask", "inputs": {"value": 0.0, "width": 32, "height": 24}},
        "4": {"class_type": "SolidMask", "inputs": {"value": 1.0, "width": 16, "height": 24}},
        "5": {
            "class_type": "MaskComposite",
            "inputs": {"destination": ["3", 0], "source": ["4", 0], "x": 0, "y": 0, "operation": "add"},
        },
    }
    (picture,) = seen(comfy, graph | develop(mask=["5", 0], exposure_ev=1.0))
    assert np.all(picture[:, -8:] == 0x64)
    assert np.all(picture[:, :8] > 0x64 + 20)


def test_a_batch_comes_back_as_a_batch_and_takes_its_masks_one_by_one(comfy):
    graph = grey_photo(batch=2) | {
        "3": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 48, "batch_size": 1, "color": 0}},
        "4": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 48, "batch_size": 1, "color": 0xFFFFFF}},
        "5": {"class_type": "ImageBatch", "inputs": {"image1": ["3", 0], "image2": ["4", 0]}},
        "6": {"class_type": "ImageToMask", "inputs": {"image": ["5", 0], "channel": "red"}},
    }
    first, second = seen(comfy, graph | develop(mask=["6", 0], exposure_ev=1.0))
    assert np.all(first == 0x64)
    assert np.all(second > 0x64 + 20)


def test_a_mask_batch_that_fits_no_photo_batch_is_refused_in_one_sentence(comfy):
    graph = grey_photo(batch=2) | {
        "3": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 48, "batch_size": 3, "color": 0}},
        "4": {"class_type": "ImageToMask", "inputs": {"image": ["3", 0], "channel": "red"}},
    }
    error = comfy.fail(graph | develop(mask=["4", 0], exposure_ev=1.0))
    assert error["exception_message"].startswith("The MASK batch has 3 masks for 2 photos.")


def test_the_colour_mixer_changes_its_own_colour_only(comfy):
    mixer = {"7": {"class_type": "StillbytesColorMixer", "inputs": {"blue_saturation": -100.0}}}
    (blue,) = seen(comfy, grey_photo(color=0x3050C0) | mixer | develop(color_mixer=["7", 0]))
    (red,) = seen(comfy, grey_photo(color=0xC03030) | mixer | develop(color_mixer=["7", 0]))
    assert np.ptp(blue[0, 0]) < 70
    assert np.abs(red[0, 0] - (0xC0, 0x30, 0x30)).max() <= 3


def test_colour_grading_tints_grey(comfy):
    grading = {"7": {"class_type": "StillbytesColorGrading", "inputs": {"whole_hue": 240.0, "whole_saturation": 60.0}}}
    (picture,) = seen(comfy, grey_photo() | grading | develop(color_grading=["7", 0]))
    assert picture[0, 0, 2] > picture[0, 0, 0] + 5


def test_a_curve_of_comfyuis_own_editor_bends_the_tones(comfy):
    points = {"points": [[0.0, 0.0], [0.4, 0.6], [1.0, 1.0]], "interpolation": "monotone_cubic"}
    curve = {"7": {"class_type": "CurveEditor", "inputs": {"curve": points}}}
    (picture,) = seen(comfy, grey_photo() | curve | develop(curve=["7", 0]))
    assert picture[0, 0, 1] == pytest.approx(0.6 * 255, abs=8)


def test_a_value_out_of_range_is_refused_before_anything_runs(comfy):
    assert "bigger than max" in comfy.rejected(grey_photo() | develop(exposure_ev=6.0))


def test_a_linked_value_out_of_range_is_refused_in_one_sentence(comfy):
    number = {"7": {"class_type": "PrimitiveFloat", "inputs": {"value": 500.0}}}
    error = comfy.fail(grey_photo() | number | develop(contrast=["7", 0]))
    assert error["exception_message"].strip() == "contrast must lie between -100 and 100, found 500."

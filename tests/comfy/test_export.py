import time

import numpy as np
import pytest
import tifffile
from PIL import Image

pytestmark = pytest.mark.comfy


def image(color=0x336699, width=40, height=30, batch=1):
    inputs = {"width": width, "height": height, "batch_size": batch, "color": color}
    return {"1": {"class_type": "EmptyImage", "inputs": inputs}}


def export(**inputs):
    return {"2": {"class_type": "StillbytesExport", "inputs": {"photo": ["1", 0]} | inputs}}


def test_a_batch_is_written_as_one_numbered_file_each(comfy):
    paths = comfy.files(comfy.run(image(batch=3) | export(filename_prefix="batch/shot", format="png")), "2")
    assert [path.name for path in paths] == ["shot_00001.png", "shot_00002.png", "shot_00003.png"]
    assert all(path.is_file() for path in paths)


def test_a_second_export_never_overwrites_the_first(comfy):
    graphs = [image(color) | export(filename_prefix="twice/photo", format="png", bit_depth="8") for color in (1, 2)]
    first, second = (comfy.files(comfy.run(graph), "2")[0] for graph in graphs)
    assert first != second
    for path, blue in ((first, 1), (second, 2)):
        with Image.open(path) as written:
            assert written.getpixel((0, 0))[2] == blue


@pytest.mark.parametrize(("depth", "dtype"), [("8", np.uint8), ("16", np.uint16), ("32", np.float32)])
def test_a_tiff_has_the_depth_asked_for_and_the_images_colour(comfy, depth, dtype):
    graph = image() | export(filename_prefix=f"depth/{depth}", format="tiff", bit_depth=depth)
    pixels = tifffile.imread(comfy.files(comfy.run(graph), "2")[0])
    assert pixels.dtype == dtype
    full = 1.0 if dtype is np.float32 else np.iinfo(dtype).max
    assert pixels[0, 0] / full == pytest.approx(np.array([0x33, 0x66, 0x99]) / 255, abs=2e-3)


def test_a_jpeg_is_8_bit_whatever_bit_depth_stands_beside_it(comfy):
    graph = image() | export(filename_prefix="jpeg/photo", format="jpeg", bit_depth="16", profile="display-p3")
    with Image.open(comfy.files(comfy.run(graph), "2")[0]) as written:
        assert written.mode == "RGB"
        assert b"P3" in written.info["icc_profile"] or b"P\x003" in written.info["icc_profile"]


def test_the_longest_side_limits_the_file(comfy):
    graph = image(width=400, height=200) | export(filename_prefix="small/photo", format="png", max_side=100)
    with Image.open(comfy.files(comfy.run(graph), "2")[0]) as written:
        assert written.size == (100, 50)


def test_metadata_can_be_left_out(comfy, raw_in_input):
    raw = {"1": {"class_type": "StillbytesLoadRaw", "inputs": {"file": raw_in_input}}}
    makes = []
    for keep in (True, False):
        graph = raw | export(filename_prefix="meta/photo", format="jpeg", max_side=64, keep_metadata=keep)
        with Image.open(comfy.files(comfy.run(graph), "2")[0]) as written:
            makes.append(written.getexif().get(0x010F))
    assert makes[0]
    assert makes[1] is None


def test_the_name_of_the_photo_and_the_date_fill_the_pattern(comfy, raw_in_input):
    raw = {"1": {"class_type": "StillbytesLoadRaw", "inputs": {"file": raw_in_input}}}
    graph = raw | export(filename_prefix="%year%/%name%", format="jpeg", max_side=64)
    (path,) = comfy.files(comfy.run(graph), "2")
    assert path.name == raw_in_input.replace(".dng", "_00001.jpg")
    assert path.parent.name == time.strftime("%Y")


@pytest.mark.parametrize("prefix", ["../out", "/etc/out", "a/../../out", "", "folder/", "..\\..\\out/../../x"])
def test_a_name_that_leads_out_of_the_output_folder_is_refused(comfy, prefix):
    error = comfy.fail(image() | export(filename_prefix=prefix))
    assert error["exception_type"].endswith("ExportError")
    assert "output folder" in error["exception_message"]


def test_a_format_that_cannot_hold_the_depth_is_one_sentence(comfy):
    error = comfy.fail(image() | export(filename_prefix="bad/photo", format="png", bit_depth="32"))
    assert error["exception_type"].endswith("ExportError")
    assert not list((comfy.output / "bad").glob("*"))


def test_the_node_says_what_it_wrote(comfy):
    run = comfy.run(image() | export(filename_prefix="said/photo"))
    assert run.outputs["2"]["text"][0].startswith("photo_00001.tif: 40 x 30 px, 16-bit srgb")


def test_cancelling_an_export_leaves_nothing_behind(comfy):
    folder = comfy.output / "cancelled"
    graph = image(width=9000, height=6000) | {
        "3": {"class_type": "StillbytesPhotoFromImage", "inputs": {"image": ["1", 0]}},
        "4": {
            "class_type": "StillbytesDevelop",
            "inputs": {"photo": ["3", 0], "noise_reduction": 80.0, "texture": 50.0, "sharpening": 80.0, "grain": 50.0},
        },
        "2": {
            "class_type": "StillbytesExport",
            "inputs": {"photo": ["4", 0], "filename_prefix": "cancelled/photo", "format": "png"},
        },
    }
    prompt_id = comfy.queue(graph)
    deadline = time.monotonic() + 120
    while not (folder.is_dir() and any(folder.iterdir())):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert comfy.post(f"/api/jobs/{prompt_id}/cancel", {})[1]["cancelled"]
    done = comfy.wait(prompt_id)
    assert any(kind == "execution_interrupted" for kind, _ in done.messages)
    assert not any(kind == "execution_error" for kind, _ in done.messages)
    assert list(folder.iterdir()) == []
    comfy.run(image() | export(filename_prefix="after/photo"))

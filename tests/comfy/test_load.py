import os
import shutil
import uuid

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.comfy


def load(name, **inputs):
    return {
        "1": {"class_type": "StillbytesLoadRaw", "inputs": {"file": name} | inputs},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 1]}},
    }


def listed(comfy):
    return comfy.get("/object_info/StillbytesLoadRaw")["StillbytesLoadRaw"]["input"]["required"]["file"][1]["options"]


def test_the_list_holds_raw_and_image_files_of_subfolders_and_nothing_else(comfy):
    (comfy.input / "trip" / "day 1").mkdir(parents=True)
    for name in ("trip/day 1/b.NEF", "trip/a.cr3", "z.jpg", "notes.txt", ".hidden.dng", "trip/.DS_Store"):
        (comfy.input / name).write_bytes(b"x")
    names = listed(comfy)
    assert {"trip/day 1/b.NEF", "trip/a.cr3", "z.jpg"} <= set(names)
    assert not {"notes.txt", ".hidden.dng", "trip/.DS_Store"} & set(names)
    assert names[-1].endswith(".dng [sample]")


def test_the_preview_is_the_whole_photo_at_the_size_asked_for(comfy, raw_in_input):
    run = comfy.run(load(raw_in_input, preview_side=512))
    (path,) = comfy.images(run, "2")
    with Image.open(path) as image:
        assert max(image.size) == 512
        assert 20 < np.asarray(image.convert("L")).mean() < 235


def test_the_same_inputs_are_cached_and_a_changed_file_is_loaded_again(comfy, raw_in_input):
    graph = load(raw_in_input)
    comfy.run(graph)
    assert "1" in comfy.run(graph).cached
    path = comfy.input / raw_in_input
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000_000))
    assert "1" not in comfy.run(graph).cached


def test_another_white_balance_changes_the_colours(comfy, raw_in_input):
    def mean(**inputs):
        run = comfy.run(load(raw_in_input, preview_side=256, **inputs))
        with Image.open(comfy.images(run, "2")[0]) as image:
            return np.asarray(image.convert("RGB"), np.float32).mean(axis=(0, 1))

    cold = mean(white_balance="custom", kelvin=3000)
    warm = mean(white_balance="custom", kelvin=9000)
    assert warm[0] > cold[0]
    assert warm[2] < cold[2]


def test_a_missing_file_is_named_before_anything_runs(comfy):
    assert "There is no file 'gone.nef' in ComfyUI's input folder" in comfy.rejected(load("gone.nef"))


@pytest.mark.parametrize("name", ["../server.log", "/etc/hostname", "sub/../../server.log"])
def test_a_path_out_of_the_input_folder_is_refused(comfy, name):
    assert "input folder" in comfy.rejected(load(name))


def test_a_broken_raw_ends_in_one_sentence_and_the_server_goes_on(comfy, sample, raw_in_input):
    (comfy.input / "broken.dng").write_bytes(sample.read_bytes()[: sample.stat().st_size // 2])
    error = comfy.fail(load("broken.dng"))
    assert error["node_type"] == "StillbytesLoadRaw"
    assert error["exception_type"].endswith("PhotoReadError")
    assert error["exception_message"].startswith("broken.dng")
    assert len(error["exception_message"].splitlines()) == 1
    comfy.run(load(raw_in_input))


def test_an_empty_file_and_one_that_is_no_photo_end_in_one_sentence(comfy):
    for name, content in (("empty.nef", b""), ("text.jpg", b"hello"), ("zeros.dng", bytes(4096))):
        (comfy.input / name).write_bytes(content)
        assert comfy.fail(load(name))["exception_message"].startswith(name)


def test_an_uploaded_raw_file_can_be_loaded(comfy, sample):
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="uploaded.dng"\r\n\r\n'
    body = head.encode() + sample.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    status, _ = comfy.request("POST", "/upload/image", body, f"multipart/form-data; boundary={boundary}")
    assert status == 200
    assert "uploaded.dng" in listed(comfy)
    comfy.run(load("uploaded.dng"))


def test_a_file_in_a_subfolder_is_loaded(comfy, sample):
    (comfy.input / "shoot").mkdir(exist_ok=True)
    shutil.copy(sample, comfy.input / "shoot" / "one.dng")
    (path,) = comfy.images(comfy.run(load("shoot/one.dng", preview_side=256)), "2")
    with Image.open(path) as image:
        assert image.size == (256, 192)


def test_an_image_comes_back_unchanged_through_a_photo(comfy):
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    pixels = np.stack([codes, codes[::-1], codes.T], axis=2)
    Image.fromarray(pixels).save(comfy.input / "codes.png")
    run = comfy.run(
        {
            "1": {"class_type": "LoadImage", "inputs": {"image": "codes.png"}},
            "2": {"class_type": "StillbytesPhotoFromImage", "inputs": {"image": ["1", 0]}},
            "3": {"class_type": "StillbytesRenderPhoto", "inputs": {"photo": ["2", 0]}},
            "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
        }
    )
    with Image.open(comfy.images(run, "4")[0]) as image:
        assert np.array_equal(np.asarray(image), pixels)


def test_linear_light_comes_back_unchanged_through_a_photo(comfy):
    run = comfy.run(
        {
            "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0x4080C0}},
            "2": {
                "class_type": "StillbytesPhotoFromImage",
                "inputs": {"image": ["1", 0], "encoding": "linear-rec2020"},
            },
            "3": {
                "class_type": "StillbytesRenderPhoto",
                "inputs": {"photo": ["2", 0], "color_space": "linear", "tone": "linear"},
            },
            "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
        }
    )
    with Image.open(comfy.images(run, "4")[0]) as image:
        assert np.abs(np.asarray(image, np.int16) - (0x40, 0x80, 0xC0)).max() <= 1

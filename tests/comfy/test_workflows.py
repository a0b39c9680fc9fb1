import importlib.util
import io
import json
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageFilter

pytestmark = pytest.mark.comfy


@pytest.fixture(scope="module")
def build(repo_root):
    spec = importlib.util.spec_from_file_location("stillbytes_workflow_build", repo_root / "tests/workflows/build.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def picture(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.float32)


def profile_name(icc):
    return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc)))


def test_the_shipped_files_are_what_the_description_gives(build, comfy, repo_root):
    info = comfy.get("/object_info")
    for graph in build.GRAPHS:
        canvas = (repo_root / "workflows" / f"{graph.name}.json").read_text(encoding="utf-8")
        api = (repo_root / "workflows" / "api" / f"{graph.name}.json").read_text(encoding="utf-8")
        assert canvas == build.text(build.canvas_form(graph, info)), graph.name
        assert api == build.text(build.api_form(graph)), graph.name


def test_every_node_and_input_of_the_workflows_exists(comfy, repo_root):
    info = comfy.get("/object_info")
    for path in (repo_root / "workflows" / "api").glob("*.json"):
        for node in json.loads(path.read_text(encoding="utf-8")).values():
            known = {name for group in info[node["class_type"]]["input"].values() for name in group}
            assert set(node["inputs"]) <= known, (path.name, node["class_type"])


def test_develop_raw_writes_a_16_bit_tiff_with_exif_and_profile(comfy, api_workflow, sample):
    run = comfy.run(api_workflow("develop-raw"))
    (path,) = comfy.files(run, "3")
    assert path.name.startswith(f"{sample.stem}-developed_")
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        pixels = page.asarray()
        tags = {tag.name: tag.value for tag in page.tags}
    assert pixels.dtype == np.uint16
    assert pixels.shape[2] == 3
    assert len(np.unique(pixels)) > 10_000  # more tones than 8 bits hold
    assert "sRGB" in profile_name(tags["InterColorProfile"])
    assert tags["Software"].startswith("Stillbytes")
    assert tags["Make"]
    assert "DateTimeOriginal" in tags["ExifTag"]


def test_develop_raw_makes_the_photo_brighter_as_its_exposure_says(comfy, api_workflow):
    graph = api_workflow("develop-raw")
    run = comfy.run(graph)
    assert picture(comfy.images(run, "2")[0]).mean() > picture(comfy.images(run, "1")[0]).mean()


def test_select_sky_darkens_the_sky_and_leaves_the_rest(comfy, api_workflow):
    graph = api_workflow("select-sky") | {
        "8": {"class_type": "MaskToImage", "inputs": {"mask": ["2", 0]}},
        "9": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}},
        "10": {"class_type": "PreviewImage", "inputs": {"images": ["1", 1]}},
        "11": {"class_type": "PreviewImage", "inputs": {"images": ["3", 1]}},
    }
    run = comfy.run(graph)
    before, after, mask = (picture(comfy.images(run, number)[0]) for number in ("10", "11", "9"))
    assert before.shape == after.shape == mask.shape
    top, bottom = slice(0, len(before) // 8), slice(-len(before) // 8, None)
    assert mask[top].mean() > 230
    assert mask[bottom].max() == 0
    assert after[top].mean() < before[top].mean() - 15
    with Image.open(comfy.images(run, "9")[0]) as image:
        far = np.asarray(image.convert("L").filter(ImageFilter.MaxFilter(97))) == 0
    assert far.mean() > 0.3
    assert np.array_equal(after[far], before[far])
    (path,) = comfy.files(run, "4")
    with Image.open(path) as image:
        assert image.format == "JPEG"
        assert image.getexif()[0x0131].startswith("Stillbytes")
        assert "sRGB" in profile_name(image.info["icc_profile"])


def part(pixels, box):
    """The mean of a box in fractions: left, top, right, bottom."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = box
    return pixels[int(top * height) : int(bottom * height), int(left * width) : int(right * width)].mean()


BLUE, CLOUD = (0.55, 0.02, 0.75, 0.1), (0.14, 0.24, 0.18, 0.28)
BALLOON, MOUNTAIN, MEADOW = (0.45, 0.2, 0.65, 0.45), (0.8, 0.3, 0.95, 0.5), (0.5, 0.85, 0.9, 0.95)


@pytest.mark.parametrize(
    ("name", "changed", "kept", "sign"),
    [("select-by-text", BLUE, (CLOUD, MEADOW), -1), ("select-by-click", BALLOON, (BLUE, MOUNTAIN, MEADOW), 1)],
)
def test_what_is_named_or_pointed_at_changes_and_the_rest_stays(comfy, api_workflow, name, changed, kept, sign):
    run = comfy.run(api_workflow(name))
    before, after = (picture(comfy.images(run, number)[0]) for number in ("1", "3"))
    assert sign * (part(after, changed) - part(before, changed)) > 10
    for box in kept:
        assert abs(part(after, box) - part(before, box)) < 1
    (path,) = comfy.files(run, "4")
    assert tifffile.imread(path).dtype == np.uint16


def test_edit_by_words_does_what_the_words_say(comfy, api_workflow):
    run = comfy.run(api_workflow("edit-by-words"))
    (text,), (report,) = run.outputs["2"]["text"], run.outputs["3"]["text"]
    assert "darker" in text
    assert "Not understood" not in text
    assert "Sky: darker" in report
    assert "ubject: shadows lifted" in report
    before, after = picture(comfy.images(run, "1")[0]), picture(comfy.images(run, "3")[0])
    top = slice(0, len(before) // 8)
    assert after[top].mean() < before[top].mean() - 3
    (path,) = comfy.files(run, "4")
    assert tifffile.imread(path).dtype == np.uint16


def test_an_image_of_the_users_own_goes_through_every_workflow(comfy, api_workflow):
    rng = np.random.default_rng(3)
    sky = np.linspace((90, 140, 220), (170, 200, 240), 60)[:, None].repeat(160, 1)
    ground = rng.uniform(30, 90, (60, 160, 3))
    Image.fromarray(np.vstack([sky, ground]).astype(np.uint8)).save(comfy.input / "own.jpg", quality=95)
    for name in ("develop-raw", "select-sky", "select-by-text", "select-by-click", "edit-by-words"):
        graph = api_workflow(name)
        graph["1"]["inputs"]["file"] = "own.jpg"
        run = comfy.run(graph)
        export = next(number for number, node in graph.items() if node["class_type"] == "StillbytesExport")
        (path,) = comfy.files(run, export)
        assert path.name.startswith("own-")
        with Image.open(path) if path.suffix == ".jpg" else tifffile.TiffFile(path) as image:
            size = image.size if path.suffix == ".jpg" else image.pages.first.shape[1::-1]
        assert size == (160, 120)

"""A fill takes things out of photos: nothing of them is left, nothing else changes."""

import numpy as np
import pytest
import tifffile
from stillbytes.engine.develop.adjust import Adjust
from stillbytes.engine.develop.display import OutputSpec, render_display
from stillbytes.engine.develop.settings import DevelopSettings
from stillbytes.engine.errors import CancelledError, ModelMissingError, StillbytesError
from stillbytes.engine.fill.context import Encoding, context_box
from stillbytes.engine.fill.fill import FillOptions, fill, growth_px, remnant_px
from stillbytes.engine.fill.patched import PatchedSource
from stillbytes.engine.framing import Framing
from stillbytes.engine.geometry import Box, Size
from stillbytes.engine.masks.refine import plain
from stillbytes.engine.open import open_photo
from stillbytes.engine.photo import Photo
from stillbytes.engine.raster.source import ArraySource

SIZE = Size(240, 180)
THING = Box(90, 70, 130, 105)
DEEP = OutputSpec("srgb", "standard", "uint16")


@pytest.fixture(scope="module")
def scene_light():
    """Textured grey scene light with some noise and a bright red thing."""
    rng = np.random.default_rng(12)
    y, x = np.mgrid[: SIZE.height, : SIZE.width].astype(np.float32)
    base = 0.25 + 0.08 * np.sin(x / 4) * np.sin(y / 5)
    pixels = base[..., None] * np.float32((1.0, 0.95, 0.85)) * rng.normal(1, 0.03, (SIZE.height, SIZE.width, 3))
    pixels[THING.slices(Box.of(SIZE))] = (2.5, 0.1, 0.1)
    return pixels.astype(np.float32)


@pytest.fixture(params=["scene", "display", "16-bit TIFF"])
def photo(request, scene_light, tmp_path):
    if request.param == "scene":
        return Photo(ArraySource(scene_light, "linear-rec2020"))
    if request.param == "display":
        return Photo(ArraySource(scene_light.clip(0, 1)))
    codes = (scene_light.clip(0, 1) * 65535 + 0.5).astype(np.uint16)
    tifffile.imwrite(tmp_path / "photo.tif", codes, photometric="rgb")
    return open_photo(tmp_path / "photo.tif")


def mask_of(*boxes, size=SIZE):
    mask = np.zeros((size.height, size.width), np.float32)
    for box in boxes:
        mask[box.slices(Box.of(size))] = 1
    return mask


def redness(light):
    return light[..., 0] / np.maximum(light[..., 1], 1e-3)


class Grey:
    """A painter that paints one tone and remembers what it was shown."""

    name, good_side = "grey", 128

    def __init__(self):
        self.seen = []

    def paint(self, picture, hole):
        self.seen.append((picture.copy(), hole.copy()))
        return np.where(hole[..., None], np.float32(0.55), picture)


@pytest.mark.parametrize("scale", [1.0, 0.6, 0.3])
def test_the_thing_is_gone_and_16_bit_output_keeps_its_bits_elsewhere(photo, scale):
    filled, report = fill(photo, mask_of(THING), FillOptions(grow_px=8))
    (hole,) = report.holes
    assert THING.grow(8).contains(hole.box)
    before, after = (render_display(p, DEEP, None, scale) for p in (photo, filled))
    frame = photo.size_at(scale)
    grown = Box(*(round(v * scale) for v in THING.grow(8))).grow(1 if scale < 1 else 0)
    outside = np.ones(after.shape[:2], bool)
    outside[grown.slices(Box.of(frame))] = False
    np.testing.assert_array_equal(after[outside], before[outside])
    assert redness(filled.render(scale=scale)).max() < 1.6


def test_what_is_painted_has_the_tone_and_the_noise_of_its_surroundings(photo):
    filled, _ = fill(photo, mask_of(THING))
    light = filled.render()
    inside, around = light[THING.slices(Box.of(SIZE))], light[20:60, 20:200]
    np.testing.assert_allclose(inside.mean(axis=(0, 1)), around.mean(axis=(0, 1)), rtol=0.12)
    fine = [np.diff(part, axis=1).std() for part in (inside, around)]
    assert 0.6 < fine[0] / fine[1] < 1.5


@pytest.mark.parametrize("edits", [(), (Adjust(DevelopSettings(exposure_ev=-1.0)),)])
def test_edits_stay_on_top_of_the_fill(photo, edits):
    for edit in edits:
        photo = photo.with_edit(edit)
    filled, _ = fill(photo, mask_of(THING))
    assert filled.edits == photo.edits
    assert isinstance(filled.source, PatchedSource)


def test_a_mask_of_the_engine_fills_the_same_place(photo):
    a, _ = fill(photo, mask_of(THING), FillOptions(grow_px=6))
    b, _ = fill(photo, plain(mask_of(THING)), FillOptions(grow_px=6))
    np.testing.assert_array_equal(a.render(), b.render())


def test_the_same_seed_gives_the_same_pixels(photo):
    first, again, other = (fill(photo, mask_of(THING), FillOptions(seed=s))[0].render() for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_several_holes_are_filled_one_by_one_and_a_second_fill_adds_to_the_first(photo):
    holes = Box(20, 20, 40, 34), Box(180, 130, 200, 150)
    both, report = fill(photo, mask_of(*holes), FillOptions(engine="patches"))
    assert len(report.holes) == 2
    assert report.engine == "patches"
    assert "2 places" in report.sentence
    then, _ = fill(both, mask_of(THING))
    assert len(then.source.patches) == 3
    assert then.source.source is photo.source
    assert redness(then.render()).max() < 1.6


def test_a_turned_and_cropped_photo_is_filled_where_its_mask_is(photo):
    framed = photo.with_framing(Framing(6).cropped(0.05, 0.1, 0.95, 0.9))
    shown = framed.render()
    mask = (redness(shown) > 3).astype(np.float32)
    filled, _ = fill(framed, mask)
    assert redness(filled.render()).max() < 1.6


def test_an_empty_mask_gives_the_photo_itself_and_says_so(photo):
    same, report = fill(photo, mask_of())
    assert same is photo
    assert report.holes == ()
    assert report.coverage == 0
    assert report.sentence == "The mask is empty: nothing was filled."


def test_a_mask_over_everything_is_one_sentence(photo):
    with pytest.raises(StillbytesError, match="covers the whole photo"):
        fill(photo, np.ones((18, 24), np.float32))


def test_stopping_stops(photo):
    def stop(done, total):
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        fill(photo, mask_of(THING), progress=stop)


def test_progress_rises_from_nothing_to_all(photo):
    told = []
    fill(photo, mask_of(THING, Box(20, 20, 30, 30)), progress=lambda done, total: told.append(done / total))
    assert told == sorted(told)
    assert told[-1] == 1


def test_lama_without_a_painter_is_an_error(photo):
    with pytest.raises(ModelMissingError, match="needs a LaMa model"):
        fill(photo, mask_of(THING), FillOptions(engine="lama"))


def test_a_painter_sees_a_small_picture_and_its_painting_comes_back_at_full_resolution(photo):
    painter = Grey()
    filled, report = fill(photo, mask_of(THING), FillOptions(engine="lama", grain=False), painter)
    assert report.engine == "grey"
    ((picture, hole),) = painter.seen
    assert max(hole.shape) <= painter.good_side
    assert picture.min() >= 0
    assert picture.max() <= 1
    light = filled.render()
    assert redness(light).max() < 1.6
    np.testing.assert_array_equal(light[:40], photo.render()[:40])


def test_auto_takes_the_painter_for_large_holes_and_heals_small_spots_without_it(photo):
    painter = Grey()
    _, report = fill(photo, mask_of(Box(30, 30, 35, 34)), FillOptions(grow_px=3), painter)
    assert report.engine == "spot healing"
    assert painter.seen == []
    _, report = fill(photo, mask_of(Box(60, 50, 150, 120)), None, painter)
    assert report.engine == "grey"


def test_the_encoding_loses_nothing(scene_light):
    light = scene_light - np.float32(0.02)
    light[0, 0] = 40.0
    known = np.ones(light.shape[:2], bool)
    encoding = Encoding.of(light, known)
    values = encoding.encode(light)
    assert values.min() >= 0
    assert values.max() <= 1
    np.testing.assert_allclose(encoding.decode(values), light, rtol=2e-4, atol=2e-6)


def test_context_is_bounded_by_the_hole_and_by_the_photo():
    size = Size(9000, 6000)
    assert context_box(Box(4000, 3000, 4100, 3050), size).width <= 400
    assert context_box(Box(0, 0, 3000, 2000), size).right <= 3000 + 1600
    assert context_box(Box(0, 0, 10, 10), Size(50, 40)) == Box(0, 0, 50, 40)
    assert growth_px(Size(600, 400)) < growth_px(size) < 20


def test_a_sliver_that_the_mask_missed_goes_too_and_is_reported(photo):
    narrow = Box(THING.left, THING.top, THING.right - 14, THING.bottom)
    filled, report = fill(photo, mask_of(narrow))
    reach = int(np.ceil(growth_px(SIZE)))
    assert report.holes[0].remnants > 100
    assert f"widened over {report.holes[0].remnants} px" in report.sentence
    assert redness(filled.render())[THING.slices(Box.of(SIZE))].max() < 2
    outside = np.ones((SIZE.height, SIZE.width), bool)
    outside[narrow.grow(reach + remnant_px(reach) + 6).slices(Box.of(SIZE))] = False
    np.testing.assert_array_equal(render_display(filled, DEEP)[outside], render_display(photo, DEEP)[outside])


def test_a_chosen_growth_is_not_exceeded_for_a_sliver(photo):
    narrow = Box(THING.left, THING.top, THING.right - 14, THING.bottom)
    filled, report = fill(photo, mask_of(narrow), FillOptions(grow_px=6))
    assert report.holes[0].remnants == 0
    assert "widened" not in report.sentence
    outside = np.ones((SIZE.height, SIZE.width), bool)
    outside[narrow.grow(6).slices(Box.of(SIZE))] = False
    np.testing.assert_array_equal(filled.render()[outside], photo.render()[outside])

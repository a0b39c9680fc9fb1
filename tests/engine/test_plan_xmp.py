"""Plans as XMP sidecars and back: what XMP can say survives the trip, all else is listed."""

import contextlib
import itertools
import re

import numpy as np
import pytest
from stillbytes.engine import color
from stillbytes.engine.develop.settings import CHANNELS, HUES, SETTINGS, TONES, DevelopSettings
from stillbytes.engine.develop.tables import light_matrix
from stillbytes.engine.errors import PlanInvalidError
from stillbytes.engine.framing import Crop as CropBox
from stillbytes.engine.framing import Framing
from stillbytes.engine.geometry import Size
from stillbytes.engine.plan.reframe import reframed
from stillbytes.engine.plan.schema import Crop, EditPlan, Flip, Rotate, Straighten
from stillbytes.engine.plan.validate import parse_plan, plan_to_text
from stillbytes.engine.plan.xmp import fields
from stillbytes.engine.plan.xmp.frame import Sensor, SensorCrop, framing_steps, from_sensor, to_sensor
from stillbytes.engine.plan.xmp.rdf import MAX_BYTES, read_rdf, write_rdf
from stillbytes.engine.plan.xmp.read import plan_from_xmp
from stillbytes.engine.plan.xmp.settings import shifted_light
from stillbytes.engine.plan.xmp.write import plan_to_xmp
from stillbytes.engine.raw.temperature import xy_of

SENSOR = Sensor(Size(600, 400))
LOCAL = {field.setting for field in fields.LOCAL}
TARGETS = [
    {"kind": "sky"},
    {"kind": "subject", "invert": True},
    {"kind": "background"},
    {"kind": "phrase", "text": "water"},
    {"kind": "luminance_range", "low": 0.6, "high": 1.0, "feather": 0.25},
    {"kind": "luminance_range", "low": 0.3, "high": 0.5, "feather": 0.1},
]


def plan_of(*steps):
    return parse_plan({"version": 1, "steps": list(steps)})


def adjust(settings, **target):
    return {"op": "adjust", "target": target or {"kind": "whole"}, "settings": settings}


def there_and_back(plan, sensor=SENSOR):
    return plan_from_xmp(plan_to_xmp(plan, sensor).text.encode(), sensor)


def packet(attributes="", inside=""):
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" '
        f'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def full_settings(rng):
    """Return a value that XMP has for every setting, all of them not neutral."""
    settings = {}
    for name, rule in SETTINGS.items():
        value = rng.integers(rule.low + 1, rule.high)
        settings[name] = int(value if value != rule.neutral else value + 1)
    settings |= {"exposure_ev": 1.35, "sharpen_radius_px": 1.7, "saturation": 12}
    settings["color_mixer"] = {
        hue: {part: int(rng.integers(1, 99)) for part in ("hue", "saturation", "luminance")} for hue in HUES
    }
    settings["color_grading"] = {
        tone: {"hue": int(rng.integers(0, 360)), "saturation": int(rng.integers(1, 99)), "luminance": -7}
        for tone in TONES
    }
    settings["curve"] = {
        channel: [[0, 0.0392], [0.502, round(int(rng.integers(100, 200)) / 255, 4)], [1, 1]] for channel in CHANNELS
    }
    return settings


@pytest.mark.parametrize("seed", range(4))
def test_every_setting_on_the_whole_photo_comes_back(seed):
    plan = plan_of(adjust(full_settings(np.random.default_rng(seed))))
    reading = there_and_back(plan)
    assert reading.plan.steps == plan.steps
    assert reading.left_out == ()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: " ".join(map(str, target.values())))
def test_every_local_setting_on_every_mask_comes_back(target):
    rng = np.random.default_rng(3)
    settings = {name: int(rng.integers(1, 99)) for name in LOCAL} | {"exposure_ev": -1.35}
    plan = plan_of(adjust({"contrast": 5}), adjust(settings, **target), adjust({"shadows": -20}, kind="sky"))
    sidecar = plan_to_xmp(plan, SENSOR)
    assert sidecar.left_out == ()
    assert plan_from_xmp(sidecar.text.encode()).plan.steps == plan.steps


def test_black_and_white_is_the_gray_mixer():
    plan = plan_of(adjust({"saturation": -100, "color_mixer": {"blue": {"luminance": -40}}}))
    text = plan_to_xmp(plan).text
    assert 'crs:ConvertToGrayscale="True"' in text
    assert 'crs:GrayMixerBlue="-40"' in text
    assert "LuminanceAdjustment" not in text
    assert plan_from_xmp(text.encode()).plan == plan


def test_numbers_are_written_as_lightroom_scales_them():
    text = plan_to_xmp(
        plan_of(adjust({"exposure_ev": 0.5, "contrast": -10}), adjust({"exposure_ev": -1, "texture": 20}, kind="sky"))
    ).text
    for said in ("Exposure2012=", "+0.50"), ("Contrast2012=", "-10"), ("LocalExposure2012=", "-0.250000"):
        assert f'crs:{said[0]}"{said[1]}"' in text
    assert 'crs:LocalTexture="0.200000"' in text
    assert 'crs:MaskSubType="2"' in text
    assert 'crs:ProcessVersion="11.0"' in text


def test_equal_plans_give_equal_bytes_and_two_masks_have_two_identities():
    plan = plan_of(adjust({"contrast": 5}, kind="sky"), adjust({"shadows": 5}, kind="sky"))
    text = plan_to_xmp(plan).text
    assert text == plan_to_xmp(plan).text
    identities = re.findall(r'SyncID="(\w{32})"', text)
    assert len(set(identities)) == len(identities) == 4


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"op": "remove", "target": {"kind": "phrase", "text": "the sign"}}, "no place"),
        ({"op": "generate", "target": {"kind": "sky"}, "prompt": "a storm"}, "no place"),
        ({"op": "expand", "left": 0.2}, "no place"),
        ({"op": "restyle", "prompt": "x"}, "no place"),
        ({"op": "upscale"}, "no place"),
        ({"op": "blur", "target": {"kind": "background"}}, "no place"),
        ({"op": "straighten"}, "name the photo"),
        ({"op": "auto"}, "name the photo"),
        (adjust({"contrast": 5}, kind="person"), "no mask"),
        (adjust({"contrast": 5}, kind="phrase", text="the dog"), "no mask"),
        (adjust({"contrast": 5}, kind="color_range", hue_deg=120), "no mask"),
        (adjust({"contrast": 5}, kind="points", include=[[0.5, 0.5]]), "no mask"),
        (adjust({"vibrance": 5, "color_mixer": {"red": {"hue": 5}}}, kind="sky"), "no vibrance, colour mixer"),
        (adjust({"contrast": 10.4}), "contrast 10.4 to 10"),
        (adjust({"exposure_ev": 5}, kind="sky"), "exposure 5 to 4"),
        (adjust({"temperature": 20}), "Kelvin"),
        (adjust({"saturation": -100, "color_mixer": {"red": {"hue": 5}}}), "no red hue"),
    ],
)
def test_what_xmp_cannot_say_is_listed(step, reason):
    left_out = plan_to_xmp(plan_of(step), SENSOR).left_out
    assert any(reason in line for line in left_out), left_out


def test_every_step_is_written_or_listed_by_its_number():
    steps = [
        {"op": "remove", "target": {"kind": "sky"}},
        adjust({"contrast": 5}),
        {"op": "upscale"},
        adjust({"contrast": 5}, kind="person"),
    ]
    sidecar = plan_to_xmp(plan_of(*steps))
    assert [line[:2] for line in sidecar.left_out] == ["1.", "3.", "4."]
    assert plan_from_xmp(sidecar.text.encode()).plan == plan_of(steps[1])


def test_two_steps_on_the_whole_photo_are_added_and_the_sum_is_said():
    sidecar = plan_to_xmp(plan_of(adjust({"contrast": 60, "shadows": 5}), adjust({"contrast": 70, "exposure_ev": 1})))
    (settings,) = (step.settings for step in plan_from_xmp(sidecar.text.encode()).plan.steps)
    assert (settings.contrast, settings.shadows, settings.exposure_ev) == (100, 5, 1)
    assert "contrast" in sidecar.left_out[0]
    assert "shadows" not in sidecar.left_out[0]


FRAMES = [
    [Crop(left=0.1, top=0.2, right=0.7, bottom=0.9)],
    [Rotate(quarter_turns=1), Crop(left=0.1, top=0.2, right=0.7, bottom=0.9)],
    [Straighten(angle_deg=7), Crop(left=0.3, aspect="4:5")],
    [Flip(axis="vertical"), Crop(right=0.5), Straighten(angle_deg=-3), Rotate(quarter_turns=3)],
    [Crop(aspect="1:1")],
    [Flip(axis="horizontal")],
]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("steps", FRAMES)
def test_a_frame_comes_back_whatever_way_the_camera_was_held(steps, orientation):
    sensor = Sensor(Size(600, 400), orientation)
    wanted = Framing()
    for step in steps:
        wanted = reframed(wanted, sensor.upright, step)
    sidecar = plan_to_xmp(EditPlan(steps=tuple(steps)), sensor)
    assert sidecar.left_out == ()
    found = Framing()
    for step in plan_from_xmp(sidecar.text.encode(), sensor).plan.steps:
        found = reframed(found, sensor.upright, step)
    assert found.orientation == wanted.orientation
    assert found.angle_deg == pytest.approx(wanted.angle_deg)
    assert found.crop == pytest.approx(wanted.crop, abs=1e-5)


def test_the_crop_of_a_photo_held_upright_is_in_the_frame_of_the_sensor():
    # EXIF orientation 6: the sensor's left is the top of the photo, its top the right.
    sensor = Sensor(Size(600, 400), 6)
    crop = to_sensor(Framing(crop=CropBox(0.0, 0.25, 0.5, 1.0)), sensor)
    assert crop == pytest.approx(SensorCrop(0.25, 0.5, 1.0, 1.0, 0.0, 6))


def test_an_angled_crop_has_the_size_that_lightroom_computes():
    # Width cos a dx + sin a dy, height -sin a dx + cos a dy, in px of the sensor.
    sensor = Sensor(Size(6000, 4000))
    framing = Framing().straightened(5.0, sensor.size).cropped(0.1, 0.2, 0.8, 0.9)
    crop = to_sensor(framing, sensor)
    angle = np.radians(crop.angle_deg)
    dx, dy = (crop.right - crop.left) * 6000, (crop.bottom - crop.top) * 4000
    width, height = np.cos(angle) * dx + np.sin(angle) * dy, -np.sin(angle) * dx + np.cos(angle) * dy
    assert (width, height) == pytest.approx(framing.size(sensor.size), abs=1.0)


def test_steps_of_a_framing_frame_a_photo_so():
    size = Size(601, 399)
    for orientation, angle in itertools.product(range(1, 9), (0.0, 4.0)):
        framing = Framing(orientation, angle, CropBox(0.3, 0.3, 0.6, 0.7))
        found = Framing()
        for step in framing_steps(framing):
            found = reframed(found, size, step)
        assert (found.orientation, found.angle_deg) == (orientation, angle)
        assert found.crop == pytest.approx(framing.crop, abs=1e-5)
        assert from_sensor(to_sensor(framing, Sensor(size, 6)), Sensor(size, 6)).crop == pytest.approx(framing.crop)


def test_without_the_photo_a_plain_crop_is_written_with_a_remark_and_an_aspect_is_not():
    sidecar = plan_to_xmp(plan_of({"op": "crop", "left": 0.25}, {"op": "crop", "aspect": "1:1"}))
    assert 'crs:CropLeft="0.250000"' in sidecar.text
    assert [line[:11] for line in sidecar.left_out] == ["2. Crop to ", "The crop is"]


LIGHTROOM = """crs:ProcessVersion="11.0" crs:Version="15.0" crs:WhiteBalance="Custom" crs:Temperature="5200"
 crs:Tint="+8" crs:Exposure2012="+0.35" crs:Contrast2012="0" crs:Highlights2012="-40" crs:Sharpness="40"
 crs:SharpenDetail="25" crs:LensProfileEnable="1" crs:SplitToningShadowHue="210" crs:SplitToningShadowSaturation="12"
 crs:HasCrop="False"
 crs:ParametricShadows="-12" crs:ParametricShadowSplit="25" crs:RawFileName="a.NEF" crs:ColorGradeBlending="50"
 tiff:Orientation="8" """


def test_what_lightroom_wrote_becomes_a_plan_and_the_rest_is_named():
    curve = (
        "<crs:ToneCurvePV2012><rdf:Seq><rdf:li>0, 0</rdf:li><rdf:li>255, 255</rdf:li></rdf:Seq></crs:ToneCurvePV2012>"
    )
    element = "<crs:Shadows2012>+25</crs:Shadows2012>"
    reading = plan_from_xmp(packet(LIGHTROOM, curve + element))
    wanted = {"exposure_ev": 0.35, "highlights": -40, "shadows": 25, "sharpening": 40}
    wanted["color_grading"] = {"shadows": {"hue": 210, "saturation": 12}}
    assert reading.plan == plan_of(adjust(wanted))
    assert reading.left_out == (
        "White balance in Kelvin is not part of a plan: add --kelvin 5200 --tint 8.",
        "Not taken over: LensProfileEnable, ParametricShadows.",
    )


def test_masks_that_a_plan_has_no_target_for_are_named():
    mask = (
        "<crs:MaskGroupBasedCorrections><rdf:Seq><rdf:li><rdf:Description crs:What='Correction' "
        "crs:CorrectionName='Dodge' crs:LocalExposure2012='0.1'><crs:CorrectionMasks><rdf:Seq>{}</rdf:Seq>"
        "</crs:CorrectionMasks></rdf:Description></rdf:li></rdf:Seq></crs:MaskGroupBasedCorrections>"
    )
    brush, sky = "<rdf:li crs:What='Mask/Aggregate'/>", "<rdf:li crs:What='Mask/Image' crs:MaskSubType='2'/>"
    for masks in (brush, sky + sky, "", "<rdf:li>text</rdf:li>", "<rdf:li crs:What='Mask/Image'/>"):
        reading = plan_from_xmp(packet(inside=mask.format(masks)))
        assert reading.plan.steps == ()
        assert "“Dodge”" in reading.left_out[0]
    assert plan_from_xmp(packet(inside=mask.format(sky))).plan == plan_of(adjust({"exposure_ev": 0.4}, kind="sky"))


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ('crs:Contrast2012="lots"', "Contrast2012: expected a number"),
        ('crs:Contrast2012="nan"', "Contrast2012: expected a number"),
        ('crs:Contrast2012="1e400"', "Contrast2012: expected a number"),
        ('crs:Contrast2012="500"', "limited to 100"),
        ('crs:CropLeft="0.9" crs:CropRight="0.1"', "crop"),
        ('crs:CropLeft="-3"', "crop"),
        ('crs:CropLeft="0.5" crs:CropRight="0.501"', "too small"),
        ('crs:CropAngle="5"', "name the photo"),
        ('tiff:ImageWidth="600" tiff:ImageLength="400" crs:CropAngle="70"', "crop"),
    ],
)
def test_values_that_cannot_be_are_said_and_change_nothing_else(attributes, said):
    reading = plan_from_xmp(packet(f'crs:Shadows2012="+5" {attributes}'))
    shadows = plan_of(adjust({"shadows": 5, "contrast": 100} if "500" in attributes else {"shadows": 5}))
    assert reading.plan == shadows
    assert any(said in line for line in reading.left_out)


def nested(depth):
    return packet(inside="<crs:Look>" * depth + "</crs:Look>" * depth)


HOSTILE = {
    "nothing": b"",
    "no XML": b"\x89PNG\r\n\x1a\n",
    "cut": packet('crs:Contrast2012="5"')[:-20],
    "entities": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    "a file": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
    "other XML": b"<svg/>",
    "no settings": packet('tiff:Orientation="1"'),
    "deep": nested(5000),
    "many": packet(inside="<crs:Look/>" * 250_000),
    "large": b" " * (MAX_BYTES + 1),
    "a wrong encoding": b'<?xml version="1.0" encoding="x-none"?><a/>',
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_xmp_is_one_sentence(data):
    with pytest.raises(PlanInvalidError) as caught:
        plan_from_xmp(data)
    assert len(caught.value.message) < 200
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_packets_are_read_in_the_encodings_that_xmp_has(encoding):
    text = plan_to_xmp(plan_of(adjust({"contrast": 5}))).text
    assert plan_from_xmp(text.encode(encoding)).plan == plan_of(adjust({"contrast": 5}))


def test_mutated_packets_give_a_plan_or_one_sentence():
    rng = np.random.default_rng(11)
    text = plan_to_xmp(plan_of(adjust(full_settings(rng)), adjust({"contrast": 5}, kind="sky")), SENSOR).text
    data = np.frombuffer(text.encode(), np.uint8)
    for _ in range(300):
        changed = data.copy()
        at = rng.integers(0, len(data), 3)
        changed[at] = rng.choice(np.frombuffer(b'0"<>/=-9 crs:x', np.uint8), 3)
        with contextlib.suppress(PlanInvalidError):
            plan = plan_from_xmp(changed.tobytes()).plan
            assert parse_plan(plan_to_text(plan)) == plan


def test_a_packet_says_the_properties_that_it_was_written_from():
    properties = {
        "crs:Name": "a < b & \"c\" 'd'",
        "crs:ToneCurve": ["0, 0", "255, 255"],
        "crs:Masks": [{"crs:What": "x", "crs:Inner": [{"crs:Deep": "1"}]}, {"crs:What": "<y>"}],
    }
    assert read_rdf(write_rdf(properties).encode()) == properties


def test_the_white_balance_of_a_raw_file_is_written_in_kelvin():
    sensor = Sensor(SENSOR.size, SENSOR.orientation, light=(5000.0, 8.0))
    sidecar = plan_to_xmp(plan_of(adjust({"temperature": 40, "tint": -25})), sensor)
    assert sidecar.left_out == ()
    assert 'crs:Temperature="5882"' in sidecar.text
    assert 'crs:Tint="-1"' in sidecar.text
    assert "Incremental" not in sidecar.text
    unshifted = plan_to_xmp(plan_of(adjust({"contrast": 5})), sensor)
    assert "Temperature" not in unshifted.text


@pytest.mark.parametrize(("temperature", "tint"), [(40, 0), (-30, 0), (0, 60)])
def test_kelvin_means_what_the_shift_does(temperature, tint):
    """Grey under the light that a shifted photo takes for neutral becomes grey by the shift."""
    kelvin, magenta = shifted_light((6504.0, 10.0), temperature, tint)
    matrix = light_matrix(DevelopSettings(temperature=temperature, tint=tint)).astype(np.float64)
    before, after = (
        color.XYZ_TO_REC2020 @ color.white_xyz(xy_of(*light)) for light in ((6504.0, 10.0), (kelvin, magenta))
    )
    left = np.log(matrix @ (after / before))
    untouched = np.log(after / before)
    assert np.ptp(left) < 0.2 * np.ptp(untouched)

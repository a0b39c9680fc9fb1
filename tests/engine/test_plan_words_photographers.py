"""What photographers write: colours by name, looks by name, fractions of a stop, and what is no step at all."""

import pytest
from stillbytes.engine.develop.settings import SETTINGS, HueShift
from stillbytes.engine.plan.rules import plan_from_words
from stillbytes.engine.plan.schema import WHOLE, Adjust, Blur, Crop, Phrase, Region, Rotate

SKY, SUBJECT, BACKGROUND = (Region(name) for name in ("sky", "subject", "background"))


def only(text):
    understood = plan_from_words(text)
    assert understood.not_understood == (), understood.not_understood
    (step,) = understood.plan.steps
    return step


def changed(step):
    values = {name: getattr(step.settings, name) for name in SETTINGS}
    return {name: value for name, value in values.items() if value != SETTINGS[name].neutral}


@pytest.mark.parametrize(
    ("text", "mixer"),
    [
        ("less saturated greens", {"green": HueShift(saturation=-30)}),
        ("more saturated reds and oranges", {"red": HueShift(saturation=30), "orange": HueShift(saturation=30)}),
        ("brighter yellows", {"yellow": HueShift(luminance=30)}),
        ("deeper blues", {"blue": HueShift(saturation=15, luminance=-15)}),
        ("make the blues deeper", {"blue": HueShift(saturation=15, luminance=-15)}),
        ("make the reds and yellows warmer", {"red": HueShift(hue=30), "yellow": HueShift(hue=-30)}),
        ("make the pinks less strong", {"magenta": HueShift(saturation=-30)}),
        ("make the reds more intense", {"red": HueShift(saturation=30)}),
        ("cooler greens", {"green": HueShift(hue=30)}),
        ("make the greens warmer", {"green": HueShift(hue=-30)}),
    ],
)
def test_colours_by_name_move_in_the_mixer(text, mixer):
    step = only(text)
    assert dict(step.settings.color_mixer) == mixer
    assert changed(step) == {}


def test_which_way_a_warmer_orange_goes_is_not_guessed():
    assert plan_from_words("make the oranges warmer").plan.steps == ()


def test_colours_can_be_those_of_a_part():
    assert only("less saturated blues and greens in the sky").target == SKY


@pytest.mark.parametrize(
    "text", ["bokeh", "portrait mode", "lens blur", "shallow depth of field", "add bokeh", "blurred background"]
)
def test_bokeh_by_any_name_blurs_the_background(text):
    assert only(text) == Blur(BACKGROUND, 50.0)


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("exposure -1/3 stop", {"exposure_ev": -0.35}),
        ("exposure +1/3", {"exposure_ev": 0.35}),
        ("+1 1/3 stops", {"exposure_ev": 1.35}),
        ("exposure -1 1/2 stops", {"exposure_ev": -1.5}),
        ("brighten by 2/3 of a stop", {"exposure_ev": 0.65}),
        ("contrast -1/3", {"contrast": -15}),
        ("overexpose slightly", {"exposure_ev": 0.35}),
        ("even out the lighting", {"highlights": -30, "shadows": 30}),
        ("whiter whites", {"whites": 30}),
        ("crisp details", {"sharpening": 50}),
        ("clear the fog", {"dehaze": 45}),
        ("cut through the haze", {"dehaze": 45}),
        ("faded look", {"contrast": -20, "blacks": 20, "saturation": -15}),
        ("matte finish", {"contrast": -20, "blacks": 20, "saturation": -15}),
        ("faded colors", {"contrast": 20, "blacks": -20, "saturation": 15}),
        ("soft focus", {"exposure_ev": 0.15, "highlights": -10, "texture": -10, "clarity": -30}),
        ("add an s-curve", {"contrast": 30}),
        ("not as dark", {"exposure_ev": 0.35}),
        ("set contrast to 15", {"contrast": 15}),
        ("set exposure to +0.5", {"exposure_ev": 0.5}),
        ("tint -10", {"tint": -10}),
        ("noise reduction 30", {"noise_reduction": 30}),
        ("color noise reduction 20", {"color_noise_reduction": 20}),
        ("halve the noise", {"noise_reduction": 40, "color_noise_reduction": 30}),
        (
            "high contrast black and white",
            {"contrast": 50, "whites": 10, "blacks": -15, "saturation": -100, "clarity": 20},
        ),
    ],
)
def test_words_of_the_trade_are_settings(text, settings):
    step = only(text)
    assert step.target == WHOLE
    assert changed(step) == settings


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("give it a faded film look", "film look"),
        ("sunset vibes", "golden hour"),
        ("pastel colors", "pastel look"),
        ("orton effect", "soft focus"),
        ("kodak portra", "film look"),
    ],
)
def test_looks_have_several_names(first, second):
    assert only(first) == only(second)


@pytest.mark.parametrize("text", ["bluer sky", "make the sky bluer"])
def test_a_bluer_sky_is_the_skys(text):
    assert only(text) == Adjust(SKY, only("make the sky bluer").settings)
    assert changed(only(text)) == {"temperature": -25}


def test_several_things_can_become_so():
    understood = plan_from_words("make the sky and the water darker")
    assert [step.target for step in understood.plan.steps] == [SKY, Phrase("the water")]
    understood = plan_from_words("make the sky darker and the grass greener")
    assert [changed(step) for step in understood.plan.steps] == [{"exposure_ev": -0.6}, {"tint": -25}]


@pytest.mark.parametrize(
    "text", ["separate the subject from the background", "make the subject stand out from the background"]
)
def test_a_subject_that_stands_out_has_a_quieter_background(text):
    understood = plan_from_words(text)
    assert understood.not_understood == ()
    assert [step.target for step in understood.plan.steps] == [SUBJECT, BACKGROUND]


def test_a_blown_out_sky_is_recovered():
    step = only("recover the blown out sky")
    assert step.target == SKY
    assert changed(step) == {"highlights": -50, "whites": -15}


def test_a_ratio_alone_is_a_crop():
    assert only("16:9") == Crop(aspect="16:9")
    assert plan_from_words("taken at 10:30").plan.steps == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fix the lens distortion", "Lens faults"),
        ("get rid of chromatic aberration", "Lens faults"),
        ("correct the perspective", "Perspective"),
        ("remove red eye", "Red eyes"),
        ("tilt shift", "tilt-shift"),
        ("undo the warm look", "nothing to undo"),
        ("colorize the image", "black and white"),
        ("crop for instagram", "4:5"),
        ("remove the background", "not cut away"),
        ("enhance the quality", "Quality is no setting"),
        ("temperature 5500K", "Kelvin"),
        ("warm it up by 300K", "Kelvin"),
    ],
)
def test_what_is_no_step_is_said_in_a_sentence(text, said):
    understood = plan_from_words(text)
    assert understood.plan.steps == ()
    assert said in " ".join(understood.notes)


def test_a_size_is_no_temperature():
    assert [step.op for step in plan_from_words("upscale to 4k").plan.steps] == ["upscale"]


@pytest.mark.parametrize(
    "text",
    [
        "even out the skin tones",
        "even out",
        "clear the table",
        "clear blue sky",
        "cut the sign",
        "more natural colors",
        "make it look natural",
        "take the yellow out of the whites",
        "remove the noise from the shadows",
    ],
)
def test_words_that_mean_something_else_stay_words(text):
    assert plan_from_words(text).plan.steps == ()


def test_skin_that_shall_stay_natural_is_left_alone():
    step = only("increase vibrance but keep skin tones natural")
    assert step.target == Phrase("skin tones", invert=True)
    assert changed(step) == {"vibrance": 30}


def test_the_milky_way_is_no_way():
    assert only("bring out the milky way").target == Phrase("the milky way")


@pytest.mark.parametrize(
    ("text", "amount"), [("background blur 70", 70), ("a lot of bokeh", 95), ("a bit of bokeh", 28)]
)
def test_a_blur_is_as_strong_as_its_number(text, amount):
    assert only(text) == Blur(BACKGROUND, amount)


def test_a_quarter_of_a_turn_is_no_quarter_of_a_degree():
    assert only("rotate it 1/4 turn to the left") == Rotate(3)
    assert only("rotate by 1/2 turn") == Rotate(2)


def test_a_look_can_be_taken_away():
    assert changed(only("remove the matte look")) == {"contrast": 30, "blacks": -30, "saturation": 20}


@pytest.mark.parametrize("word", ["only", "just"])
def test_only_a_part_is_not_the_whole_photo(word):
    assert only(f"brighten {word} the sky").target == Region("sky")
    assert only(f"blur {word} the background").target == BACKGROUND
    assert only(f"brighten {word} the dog").target == Phrase("the dog")
    assert only(f"remove {word} the sign on the left").target == Phrase("the sign on the left")


def test_just_a_little_is_how_much():
    assert only("make it just a little warmer") == only("make it a little warmer")


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("cut the contrast by half", {"contrast": -50}),
        ("increase the contrast by half", {"contrast": 50}),
        ("lower the saturation by a third", {"saturation": -33}),
        ("darken it by half a stop", {"exposure_ev": -0.5}),
    ],
)
def test_by_a_part_is_that_many_percent(text, settings):
    assert changed(only(text)) == pytest.approx(settings, abs=1)


@pytest.mark.parametrize(
    "text", ["make it look like film", "make it look like a film", "make it look like analog film"]
)
def test_a_photo_can_look_like_film(text):
    assert only(text) == only("film look")


@pytest.mark.parametrize("fault", ["the photo is too dark", "it's crooked", "the sky is blown out", "it looks flat"])
def test_a_fault_that_was_named_can_be_fixed_as_it(fault):
    assert only(f"{fault}, please fix it") == only(f"{fault}, fix") == only(fault)


def test_it_without_a_fault_is_not_understood():
    assert plan_from_words("make it warmer and fix it").not_understood == ("fix",)

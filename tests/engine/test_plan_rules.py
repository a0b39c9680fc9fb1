"""Words to a plan by rules: what is claimed is right, what is unknown is listed, nothing is made up."""

import json
import random
import time

import pytest
from stillbytes.engine.develop.settings import SETTINGS, Grade, HueShift
from stillbytes.engine.errors import PlanInvalidError
from stillbytes.engine.plan.rules import MAX_WORDS_LENGTH, plan_from_words
from stillbytes.engine.plan.schema import (
    WHOLE,
    Adjust,
    Auto,
    Blur,
    Crop,
    Flip,
    Phrase,
    Region,
    Remove,
    Rotate,
    Straighten,
)
from stillbytes.engine.plan.validate import parse_plan, plan_to_text
from stillbytes.engine.plan.words.lexicon import lexicon

SKY, SUBJECT, BACKGROUND, PERSON = (Region(name) for name in ("sky", "subject", "background", "person"))
NOT_SKY = Region("sky", invert=True)


def changed(step):
    """Return the scalar settings that a step moves, by name."""
    values = {name: getattr(step.settings, name) for name in SETTINGS}
    return {name: value for name, value in values.items() if value != SETTINGS[name].neutral}


def read(text):
    """Return {target: changed settings} of a request whose steps are all adjustments."""
    return {step.target: changed(step) for step in plan_from_words(text).plan.steps}


def test_the_sentence_of_the_readme():
    understood = plan_from_words("darken the sky a little, warm it up, lift the shadows on the subject")
    assert {step.target: changed(step) for step in understood.plan.steps} == {
        SKY: {"exposure_ev": -0.35},
        WHOLE: {"temperature": 30},
        SUBJECT: {"shadows": 30},
    }
    assert understood.not_understood == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("make it brighter", {WHOLE: {"exposure_ev": 0.6}}),
        ("a bit brighter please", {WHOLE: {"exposure_ev": 0.35}}),
        ("brighten the image a lot", {WHOLE: {"exposure_ev": 1.15}}),
        ("increase the contrast", {WHOLE: {"contrast": 30}}),
        ("slightly more contrast", {WHOLE: {"contrast": 15}}),
        ("much more contrast", {WHOLE: {"contrast": 55}}),
        ("brighten by one stop", {WHOLE: {"exposure_ev": 1}}),
        ("darken by half a stop", {WHOLE: {"exposure_ev": -0.5}}),
        ("raise the exposure by 2/3 of a stop", {WHOLE: {"exposure_ev": 0.65}}),
        ("exposure +0.5, contrast -20", {WHOLE: {"exposure_ev": 0.5, "contrast": -20}}),
        ("-0.5 stops", {WHOLE: {"exposure_ev": -0.5}}),
        ("make it twice as bright", {WHOLE: {"exposure_ev": 1}}),
        ("make it 20% brighter", {WHOLE: {"exposure_ev": 0.25}}),
        ("lower the saturation by 20 percent", {WHOLE: {"saturation": -20}}),
        ("exposure +9", {WHOLE: {"exposure_ev": 0.2}}),
        ("make the contrast stronger", {WHOLE: {"contrast": 30}}),
        ("the saturation should be a bit lower", {WHOLE: {"saturation": -15}}),
        ("a bit more contrast", {WHOLE: {"contrast": 15}}),
        ("twice as bright", {WHOLE: {"exposure_ev": 1}}),
        ("make it twice as dark", {WHOLE: {"exposure_ev": -1}}),
        ("half as bright", {WHOLE: {"exposure_ev": -1}}),
        ("cut the brightness in half", {WHOLE: {"exposure_ev": -1}}),
        ("halve the saturation", {WHOLE: {"saturation": -55}}),
    ],
)
def test_amounts(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I want the sky darker", {SKY: {"exposure_ev": -0.6}}),
        ("colors more vivid & the sky bluer", {WHOLE: {"vibrance": 30, "saturation": 10}, SKY: {"temperature": -25}}),
        ("darker sky, brighter subject", {SKY: {"exposure_ev": -0.6}, SUBJECT: {"exposure_ev": 0.6}}),
        ("less saturation in the background", {BACKGROUND: {"saturation": -30}}),
        ("give the sky more contrast", {SKY: {"contrast": 30}}),
        ("add some light to the subject", {SUBJECT: {"exposure_ev": 0.6}}),
        (
            "sky: darker, more contrast; subject: brighter",
            {SKY: {"exposure_ev": -0.6, "contrast": 30}, SUBJECT: {"exposure_ev": 0.6}},
        ),
        ("brighten and warm the sky", {SKY: {"exposure_ev": 0.6, "temperature": 30}}),
        ("darken everything except the subject", {BACKGROUND: {"exposure_ev": -0.6}}),
        (
            "make the sky darker and everything else brighter",
            {SKY: {"exposure_ev": -0.6}, NOT_SKY: {"exposure_ev": 0.6}},
        ),
        ("brighten him a little", {PERSON: {"exposure_ev": 0.35}}),
        ("brighten the red car", {Phrase("the red car"): {"exposure_ev": 0.6}}),
        ("her face is too dark", {Phrase("her face"): {"exposure_ev": 0.6}}),
    ],
)
def test_targets(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("darken the sky, warm it up", WHOLE),
        ("darken the sky. Warm it up", WHOLE),
        ("darken the sky and warm it up", SKY),
        ("the sky is too bright, warm it up", SKY),
    ],
)
def test_it_is_the_photo_in_a_list_and_the_thing_just_named_after_and_or_a_statement(text, target):
    warm = [step for step in plan_from_words(text).plan.steps if changed(step).get("temperature")]
    assert [step.target for step in warm] == [target]


@pytest.mark.parametrize(
    ("text", "name", "sign"),
    [
        ("too dark", "exposure_ev", 1),
        ("the photo is underexposed", "exposure_ev", 1),
        ("it's overexposed", "exposure_ev", -1),
        ("there is too much contrast", "contrast", -1),
        ("not enough contrast", "contrast", 1),
        ("it looks washed out", "contrast", 1),
        ("the image is hazy", "dehaze", 1),
        ("highlights are blown out", "highlights", -1),
        ("it's noisy", "noise_reduction", 1),
        ("too blurry", "sharpening", 1),
        ("fix the yellow cast", "temperature", -1),
        ("remove the blue tint", "temperature", 1),
        ("it looks too green", "tint", 1),
        ("colors are dull", "vibrance", 1),
        ("make palm trees not so dark", "exposure_ev", 1),
        ("make it less dark", "exposure_ev", 1),
        ("bring the highlights down", "highlights", -1),
        ("recover the highlights", "highlights", -1),
        ("open up the shadows", "shadows", 1),
        ("crush the blacks", "blacks", -1),
        ("deepen the blacks", "blacks", -1),
        ("deeper shadows", "shadows", -1),
        ("make the shadows deeper", "shadows", -1),
        ("reduce noise", "noise_reduction", 1),
        ("add film grain", "grain", 1),
        ("add a vignette", "vignette", -1),
        ("soften it", "texture", -1),
        ("cool it down", "temperature", -1),
        ("make the colors pop", "vibrance", 1),
        ("tone down the colors", "vibrance", -1),
        ("add a golden hour look", "temperature", 1),
        ("moody", "exposure_ev", -1),
        ("convert to black and white", "saturation", -1),
        ("the contrast is too strong", "contrast", -1),
        ("colors too intense", "vibrance", -1),
        ("saturation is a bit high", "saturation", -1),
        ("the colors are weak", "vibrance", 1),
        ("shadows too dark", "shadows", 1),
        ("the white balance is too blue", "temperature", 1),
        ("take the vignette off", "vignette", 1),
        ("darkr", "exposure_ev", -1),
        ("it came out dark", "exposure_ev", 1),
        ("the whole thing feels cold", "temperature", 1),
        ("my skin looks orange", "temperature", -1),
        ("the snow looks blue", "temperature", 1),
        ("a brighter photo", "exposure_ev", 1),
        ("warmer, with deep blacks", "blacks", -1),
        ("whiter", "exposure_ev", 1),
    ],
)
def test_operation_and_direction(text, name, sign):
    (step,) = plan_from_words(text).plan.steps
    assert changed(step)[name] * sign > 0


@pytest.mark.parametrize(
    "text",
    [
        "brigthen the sky and incraese the contarst",
        "Hi! Could someone pleeease brighten the sky, and increase the contrast? Thanks :)",
        "BRIGHTEN THE SKY + INCREASE CONTRAST",
        "I'd like you to brighten up the sky, then also increase the contrast",
        "would it be possible to have the sky brightened and the contrast increased?",
    ],
)
def test_people_write_as_they_like(text):
    assert read(text) == {SKY: {"exposure_ev": 0.6}, WHOLE: {"contrast": 30}}


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("crop to square", Crop(aspect="1:1")),
        ("crop the photo to 16:9", Crop(aspect="16:9")),
        ("crop it to 8x10 please", Crop(aspect="4:5")),
        ("crop 10% off the bottom", Crop(bottom=0.9)),
        ("crop off the bottom third", Crop(bottom=0.6667)),
        ("crop tighter", Crop(0.1, 0.1, 0.9, 0.9)),
        ("zoom in a bit", Crop(0.05, 0.05, 0.95, 0.95)),
        ("make the man in the hat disappear", Remove(Phrase("the man in the hat"))),
        ("I'd like the sign removed", Remove(Phrase("the sign"))),
        ("the car should be removed", Remove(Phrase("the car"))),
        ("remove the light behind his head", Remove(Phrase("the light behind his head"))),
        ("delete all people except those at the table", Remove(Phrase("all people except those at the table"))),
        ("rotate left", Rotate(3)),
        ("rotate the image 90 degrees clockwise", Rotate(1)),
        ("turn it upside down", Rotate(2)),
        ("rotate 2 degrees to the left", Straighten(-2)),
        ("straighten by 1.5 degrees", Straighten(1.5)),
        ("the horizon is crooked", Straighten()),
        ("flip it horizontally", Flip("horizontal")),
        ("flip vertically", Flip("vertical")),
        ("blur the background a little", Blur(BACKGROUND, 28)),
        ("add a shallow depth of field", Blur(BACKGROUND, 50)),
        ("add background blur", Blur(BACKGROUND, 50)),
        ("remove the two people on the left", Remove(Phrase("the two people on the left"))),
        ("take the sign out of the picture", Remove(Phrase("the sign"))),
        ("remove all people except the girl in the hat", Remove(Phrase("all people except the girl in the hat"))),
        ("remove the people", Remove(PERSON)),
        ("remove the subject", Remove(Region("subject"))),
        ("erase the main subject", Remove(Region("subject"))),
    ],
)
def test_framing_blur_and_removal(text, step):
    assert plan_from_words(text).plan.steps == (step,)


@pytest.mark.parametrize(
    ("text", "mixer"),
    [
        ("make the greens more vivid", {"green": HueShift(0, 30, 0)}),
        ("desaturate the reds a lot", {"red": HueShift(0, -55, 0)}),
        ("darken the blues", {"blue": HueShift(0, 0, -30)}),
        ("lower the luminance of the blues", {"blue": HueShift(0, 0, -30)}),
        ("increase the saturation of the greens by 20", {"green": HueShift(0, 20, 0)}),
        ("more saturation in the reds", {"red": HueShift(0, 30, 0)}),
        ("make the greens more yellow", {"green": HueShift(-30, 0, 0)}),
        ("shift the oranges towards red", {"orange": HueShift(-30, 0, 0)}),
    ],
)
def test_named_colors_use_the_mixer(text, mixer):
    (step,) = plan_from_words(text).plan.steps
    assert step.settings.color_mixer == mixer


def test_warm_highlights_and_cool_shadows_are_graded():
    (step,) = plan_from_words("warm the highlights and cool the shadows").plan.steps
    assert plan_from_words("warm highlights, cool shadows").plan.steps == (step,)
    assert step.settings.color_grading == {"highlights": Grade(40, 20), "shadows": Grade(220, 20)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("brighten the photo but don't touch the sky", {NOT_SKY: {"exposure_ev": 0.6}}),
        ("don't touch the sky, more contrast", {NOT_SKY: {"contrast": 30}}),
        ("warm it up, keep the subject as it is", {BACKGROUND: {"temperature": 30}}),
        ("don't darken the sky", {}),
        ("please do not crop it or make it black and white", {}),
        ("brighten it without making it too bright", {WHOLE: {"exposure_ev": 0.35}}),
        ("darken the sky, but not too dark", {SKY: {"exposure_ev": -0.35}}),
        ("I can't see the details in the dark", {}),
        ("not too warm", {WHOLE: {"temperature": -15}}),
        ("not so warm", {WHOLE: {"temperature": -15}}),
        ("more contrast. but not in the sky", {NOT_SKY: {"contrast": 30}}),
        ("warmer but not the subject", {BACKGROUND: {"temperature": 30}}),
        ("leave the sky alone and brighten the rest", {NOT_SKY: {"exposure_ev": 0.6}}),
        ("don't make the sky too dark", {}),
        ("no sharpening, please", {}),
    ],
)
def test_negation_never_becomes_its_opposite(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "make it look professional",
        "I took this on a dark rainy night with my new camera",
        "my old black and white photo of my grandfather in a red car",
        "we were sitting in a bright room, and the sky was beautiful",
        "don't replace the sky with a sunset",
        "she put a warm hat on the dog",
        "change it",
        "swap our faces",
        "remove the background",
        "fix the colors",
        "crop it",
        "rotate the picture",
        "make her taller",
        "add a light rainfall",
        "colorize this black and white photo",
        "the dark knight and the red baron",
        "what is the warmest lens for portraits in the shade",
        "asdf qwer zxcv",
        "reduce the contrast of the greens",
        "make the reds more blue",
        "dial it back",
        "too much green in the shadows",
        "the sky looks blue",
    ],
)
def test_what_the_rules_cannot_do_is_listed_and_never_an_edit(text):
    understood = plan_from_words(text)
    assert understood.plan.steps == ()
    assert understood.not_understood


def test_nothing_to_understand_is_an_empty_plan():
    for text in ("", "   ", "please", "thanks!", "...", "\n\n"):
        understood = plan_from_words(text)
        assert understood.plan.steps == ()
        assert understood.not_understood == ()


def test_the_words_left_over_are_the_users_own():
    understood = plan_from_words("Brighten the sky and make my dog dance the Tango")
    assert understood.not_understood == ("make my dog dance the Tango",)
    text = "Brighten the sky"
    assert [text[a:b] for a, b in understood.understood] == [text]


def test_a_wish_said_twice_counts_once_and_the_last_of_two_opposites_wins():
    assert read("brighten it a bit. make it much brighter") == {WHOLE: {"exposure_ev": 1.15}}
    assert read("make it brighter. no, make it darker") == {WHOLE: {"exposure_ev": -0.6}}


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("brighter, darker", "(brightness, the whole photo)"),
        ("more contrast in the sky. less contrast in the sky", "(contrast, the sky)"),
        ("greener and less green", "(green cast, the whole photo)"),
    ],
)
def test_a_contradiction_is_said(text, about):
    (note,) = plan_from_words(text).notes
    assert note.startswith("Two wishes contradict each other")
    assert about in note
    assert plan_from_words("brighten the sky, darken the subject").notes == ()


def test_a_request_that_is_too_long_is_refused():
    with pytest.raises(PlanInvalidError, match="2001 characters"):
        plan_from_words("a" * (MAX_WORDS_LENGTH + 1))


def mutations(seeds, count, seed=2):
    rng = random.Random(seed)  # noqa: S311
    words = [word for text in seeds for word in text.split()]
    marks = [",", ".", " and ", " but not ", " don't ", " 20% ", " 1/0 ", " +", "²", "\ud800", "🙂", "\x00", "'"]
    for _ in range(count):
        text = rng.choice(seeds)
        for _ in range(rng.randrange(4)):
            place = rng.randrange(len(text) + 1)
            change = rng.randrange(4)
            if change == 0:
                text = text[:place] + rng.choice(marks) + text[place:]
            elif change == 1:
                text = text[:place] + text[place + 1 :]
            elif change == 2:
                text = " ".join(rng.sample(words, rng.randint(1, 12)))
            else:
                text = f"{text} {rng.choice(seeds)}"
        yield text[:MAX_WORDS_LENGTH]


SEEDS = [
    "darken the sky a little, warm it up, lift the shadows on the subject",
    "crop 10% off the bottom, rotate left and flip it",
    "make the greens more vivid but don't touch the sky",
    "exposure +0.5, contrast -20 and remove the two people on the left",
    "the background is too bright and everything else needs more contrast",
    "take the sign out of this photo. make it twice as bright, 2/3 of a stop",
]


def test_every_mutated_request_gives_a_valid_plan_and_honest_spans():
    times = []
    for text in mutations(SEEDS, 1500):
        started = time.process_time()
        understood = plan_from_words(text)
        times.append(time.process_time() - started)
        assert parse_plan(plan_to_text(understood.plan)) == understood.plan
        ends = [0, *(place for span in understood.understood for place in span), len(text)]
        assert ends == sorted(ends)
    assert sorted(times)[len(times) // 2] < 0.005


def test_any_two_known_words_after_a_wish_come_to_an_end():
    """Pairs of words of all classes, so that no reader is left that stays where it is."""
    classes = {}
    for phrase, tags in lexicon().entries.items():
        for tag in tags:
            classes.setdefault(tag, phrase)
    pairs = [(first, second) for first in classes.values() for second in classes.values()]
    alone = [(first, "") for first in classes.values()]
    for first, second in [*alone, *random.Random(4).sample(pairs, 400)]:  # noqa: S311
        plan = plan_from_words(f"make the contrast {first} {second}").plan
        assert parse_plan(plan_to_text(plan)) == plan


def test_the_same_words_give_the_same_plan():
    for text in mutations(SEEDS, 50, seed=8):
        assert plan_from_words(text) == plan_from_words(text)


def test_most_real_requests_with_one_tone_wish_are_understood(shared_data):
    """Direction of brightness, contrast and saturation wishes in requests that people wrote."""
    lines = (shared_data / "instructions" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    texts = [text for row in rows for text in [*row.get("expert_summary", []), *row.get("amateur_summary", [])]]
    verbs = {"brighten": ("exposure_ev", 1), "darken": ("exposure_ev", -1), "sharpen": ("sharpening", 1)}
    right = asked = 0
    for text in texts:
        words = text.lower().strip(" .!").split()
        if len(words) <= 6 and words and words[0] in verbs:
            name, sign = verbs[words[0]]
            steps = plan_from_words(text).plan.steps
            asked += 1
            right += any(isinstance(step, Adjust) and changed(step).get(name, 0) * sign > 0 for step in steps)
    assert asked > 20
    assert right / asked > 0.9


def test_a_part_that_cannot_be_spared_stops_changes_of_the_whole_photo():
    understood = plan_from_words("keep the left house and the red car as they are, brighten, and crop to square")
    assert [step.op for step in understood.plan.steps] == ["crop"]
    assert understood.notes == (
        "Changes of the whole photo are left out: “the left house” and “the red car” cannot be told from the rest.",
    )


@pytest.mark.parametrize(
    "text", ["keep the left house as it is, brighten", "brighten everything except the left house"]
)
def test_what_is_to_be_left_alone_is_named_as_the_exception(text):
    (step,) = plan_from_words(text).plan.steps
    assert step.target == Phrase("the left house", invert=True)
    assert step.settings.exposure_ev > 0


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("fix the white balance", Auto("white_balance")),
        ("please correct the exposure of the photo", Auto("exposure")),
        ("fix the lighting a bit", Auto("exposure", 50.0)),
        ("auto tone", Auto("tone")),
        ("auto", Auto()),
        ("the white balance is off", Auto("white_balance")),
        ("make it look good", Auto()),
        ("can you enhance this picture?", Auto()),
    ],
)
def test_a_wish_that_leaves_the_numbers_to_the_photo_is_an_automatic_step(text, step):
    understood = plan_from_words(text)
    assert understood.plan.steps == (step,)
    assert understood.not_understood == ()


@pytest.mark.parametrize("text", ["fix it", "make the dress look good", "enhance the old barn", "automatic rifle"])
def test_what_is_to_be_better_has_to_be_the_photo(text):
    assert not any(isinstance(step, Auto) for step in plan_from_words(text).plan.steps)


@pytest.mark.parametrize("text", ["black and white, grainy", "grainy black and white", "black and white with grain"])
def test_grain_belongs_to_a_black_and_white_look(text):
    assert read(text) == {WHOLE: {"saturation": -100, "grain": 30}}


def test_a_list_needs_no_articles():
    assert set(read("darken sky, trees and grass")) == {SKY, Phrase("trees"), Phrase("grass")}
    assert read("brighten the sky, grass greener")[SKY] == {"exposure_ev": 0.6}


def test_a_thing_is_not_cropped_out_and_a_note_says_what_is_possible():
    for text in ("crop out the person", "crop the man on the left out"):
        understood = plan_from_words(text)
        assert understood.plan.steps == ()
        assert "remove" in understood.notes[0]


def test_bokeh_is_the_backgrounds():
    assert plan_from_words("add some bokeh").plan.steps == (Blur(BACKGROUND, 50),)


def test_automatic_settings_know_no_exception():
    understood = plan_from_words("make it look good, but don't touch the sky, and crop to square")
    assert [step.op for step in understood.plan.steps] == ["crop"]
    assert "automatic settings are for all of it, and the sky is to be left alone" in understood.notes[0]


def test_a_number_that_no_setting_has_is_left_out():
    understood = plan_from_words("temperature 6500")
    assert understood.plan.steps == ()
    assert understood.notes == (
        "6500 is more than a setting can have, and is left out. Kelvin are for loading a RAW; say warmer or cooler.",
    )


def test_dark_corners_are_a_vignette():
    assert read("darken the corners") == {WHOLE: {"vignette": -30}}


@pytest.mark.parametrize("text", ["adjust the white balance", "correct the colors", "adjust the exposure"])
def test_a_wish_without_a_direction_asks_for_one(text):
    understood = plan_from_words(text)
    assert understood.plan.steps == ()
    assert understood.notes[0].startswith(f"“{text}” does not say which way")


def test_a_wish_whose_exception_is_not_understood_is_left_out():
    understood = plan_from_words("more saturated but not the skin, and crop to square")
    assert [step.op for step in understood.plan.steps] == ["crop"]
    assert any("not the skin" in note for note in understood.notes)


@pytest.mark.parametrize("words", ["clean up the dust spots", "heal the blemishes", "please fix the sensor spots"])
def test_spots_are_healed_by_taking_them_away(words):
    (step,) = plan_from_words(words).plan.steps
    assert isinstance(step, Remove)
    assert isinstance(step.target, Phrase)


@pytest.mark.parametrize("words", ["clean up the sky", "fix her face", "retouch the subject"])
def test_nothing_but_spots_is_healed_by_taking_it_away(words):
    assert not [step for step in plan_from_words(words).plan.steps if isinstance(step, Remove)]

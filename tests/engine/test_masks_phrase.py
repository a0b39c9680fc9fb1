"""Taking phrases apart: the thing, and where it is."""

import random
import time

import pytest
from stillbytes.engine.masks.learned.phrase import Wanted, read_phrase, read_phrases


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("the sign on the left", Wanted("sign", across="left")),
        ("The Sign, on the LEFT!", Wanted("sign", across="left")),
        ("the sign that's on the left", Wanted("sign", across="left")),
        ("the left sign", Wanted("sign", across="left")),
        ("sign left", Wanted("sign", across="left")),
        ("the right-hand sign", Wanted("sign", across="right")),
        ("the building on the right hand side of the image", Wanted("building", across="right")),
        ("a bird in the upper right hand corner", Wanted("bird", across="right", down="top")),
        ("the tree in the top left corner of the photo", Wanted("tree", across="left", down="top")),
        ("bird top right", Wanted("bird", across="right", down="top")),
        ("person in the middle", Wanted("person", across="middle")),
        ("the flower in the centre of the frame", Wanted("flower", across="middle")),
        ("the biggest dog", Wanted("dog", order="large")),
        ("the dog that is closest to the camera", Wanted("dog", order="near")),
        ("the leftmost window", Wanted("window", order="left")),
        ("the car on the far right", Wanted("car", order="right")),
        ("the middle person", Wanted("person", order="middle")),
        ("second car from the right", Wanted("car", order="right", nth=2)),
        ("the second largest dog", Wanted("dog", order="large", nth=2)),
        ("the 3rd person", Wanted("person", order="left", nth=3)),
        ("the last car", Wanted("car", order="left", nth=-1)),
        ("people in the background", Wanted("people", many=True, depth="background")),
        ("the background people", Wanted("people", many=True, depth="background")),
        ("everyone in the back of the picture", Wanted("everyone", many=True, depth="background")),
        ("rocks in the foreground", Wanted("rocks", many=True, depth="foreground")),
        ("distant mountains", Wanted("mountains", many=True, depth="background")),
        ("both dogs", Wanted("dogs", many=True, count=2)),
        ("the two people on the left", Wanted("people", many=True, across="left", count=2)),
        ("every car", Wanted("car", many=True)),
        ("all the cars", Wanted("cars", many=True)),
        ("everything on the right", Wanted("everything", across="right")),
        ("the left side of the photo", Wanted("", across="left")),
        ("top left", Wanted("", across="left", down="top")),
        ("the person from the image", Wanted("person")),
        ("the dancing couple out of the background", Wanted("dancing couple", depth="background")),
        ("the man in the background who is sitting", Wanted("man who is sitting", depth="background")),
        ("the three people in the background on the right",
         Wanted("people", many=True, depth="background", across="right", count=3)),
        ("", Wanted("")),
    ],
)  # fmt: skip
def test_a_phrase_is_a_thing_and_its_place(text, wanted):
    assert read_phrase(text) == wanted


@pytest.mark.parametrize(
    ("text", "noun"),
    [
        ("the background", "background"),
        ("the background behind the man", "background behind the man"),
        ("the man left of the tree", "man left of the tree"),
        ("the trash can in front of the house", "trash can in front of the house"),
        ("the lamp closest to the door", "lamp closest to the door"),
        ("the man in the blue shirt", "man in the blue shirt"),
        ("the top hat", "top hat"),
        ("second floor window", "second floor window"),
        ("the power line", "power line"),
        ("the black and white cat", "black and white cat"),
        ("the bridge over the river", "bridge over the river"),
    ],
)
def test_words_that_are_no_place_in_the_frame_stay_with_the_thing(text, noun):
    assert read_phrase(text) == Wanted(noun)


def test_joined_things_share_the_place_that_is_said_last():
    assert read_phrases("people and cars in the background") == (
        Wanted("people", many=True, depth="background"),
        Wanted("cars", many=True, depth="background"),
    )
    assert read_phrases("the dog on the right and the bench on the left") == (
        Wanted("dog", across="right"),
        Wanted("bench", across="left"),
    )
    assert read_phrases("the sign, the pole & the biggest car") == (
        Wanted("sign"),
        Wanted("pole"),
        Wanted("car", order="large"),
    )
    assert read_phrases("the black and white cat") == (Wanted("black and white cat"),)
    assert read_phrases(" , ") == ()


def test_said_place_is_known_as_one():
    assert not read_phrase("the red cars").placed
    for text in ("the car on the left", "the biggest car", "cars at the bottom", "both cars", "cars in the background"):
        assert read_phrase(text).placed


def test_any_words_are_read_and_fast():
    rng = random.Random(3)  # noqa: S311
    text = (
        "the a second last two both all on in of from at to left right top bottom far side corner background middle "
        "biggest photo dog people and , & . ' - ( é 左 123 of the hand most"
    )
    words = text.split()
    start = time.process_time()
    for _ in range(2000):
        text = " ".join(rng.choices(words, k=rng.randint(0, 14)))
        for part in read_phrases(text):
            assert part.noun == part.noun.strip()
            assert part.nth != 0
    assert (time.process_time() - start) / 2000 < 0.005
    start = time.process_time()
    assert len(read_phrases("on the " * 5000 + "left of " * 5000 + ", " * 5000)) == 1
    assert time.process_time() - start < 0.5

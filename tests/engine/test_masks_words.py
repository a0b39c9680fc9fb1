"""Words for things: labels, regions, plurals."""

import json
from pathlib import Path

import pytest
from stillbytes.engine.masks.learned import words
from stillbytes.engine.masks.learned.words import coco_labels, head, is_plural, labels_for, region_of, singular

COCO = coco_labels()
_ADE = (
    "wall building sky floor tree road grass sidewalk person earth mountain plant car water house sea field rock sand "
    "signboard river hill lake windowpane palm path land flower van animal pole ashcan"
)
ADE = [*_ADE.split(), "dirt track"]


def test_coco_has_its_80_classes_in_order():
    assert len(COCO) == len(set(COCO)) == 80
    assert (COCO[0], COCO[16], COCO[79]) == ("person", "dog", "toothbrush")


@pytest.mark.parametrize("label", COCO)
def test_every_label_means_itself_first(label):
    assert labels_for(label, COCO)[0] == label


@pytest.mark.parametrize(
    ("noun", "coco", "ade"),
    [
        ("people", ("person",), ("person",)),
        ("woman", ("person",), ("person",)),
        ("man with a dog", ("person",), ("person",)),
        ("curly haired kid leaning against the tree", ("person",), ("person",)),
        ("people except the bride", (), ()),
        ("red sports cars", ("car",), ("car", "van")),
        ("bikes", ("bicycle",), ()),
        ("wine glasses", ("wine glass",), ()),
        ("puppies", ("dog",), ()),
        ("animals", ("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
         ("animal",)),
        ("water", (), ("water", "sea", "river", "lake")),
        ("ocean", (), ("sea", "water")),
        ("trees", (), ("tree", "palm")),
        ("mountains", (), ("mountain", "hill")),
        ("ground", (), ("earth", "grass", "road", "sidewalk", "field", "sand", "path", "dirt track", "land", "floor")),
        ("clouds", (), ("sky",)),
        ("sign", ("stop sign",), ("signboard",)),
        ("trash can", (), ("ashcan",)),
        ("zeppelin", (), ()),
        ("", (), ()),
    ],
)  # fmt: skip
def test_words_mean_the_labels_of_an_engine(noun, coco, ade):
    assert labels_for(noun, COCO) == coco
    assert labels_for(noun, ADE) == ade


def test_only_labels_of_the_vocabulary_are_named():
    assert labels_for("vehicles", {"truck"}) == ("truck",)
    assert labels_for("car", set()) == ()


@pytest.mark.parametrize(
    ("noun", "region"),
    [
        ("sky", "sky"),
        ("blue sky", "sky"),
        ("clouds", "sky"),
        ("main subject", "subject"),
        ("backdrop", "background"),
        ("woman", "person"),
        ("people", "person"),
        ("red car", None),
        ("sky scraper", None),
        ("man with a dog", None),
        ("", None),
    ],
)
def test_words_for_built_in_regions_are_known(noun, region):
    assert region_of(noun) == region


PLURALS = {
    "houses": "house", "churches": "church", "boxes": "box", "horses": "horse", "knives": "knife", "cities": "city",
    "buses": "bus", "roses": "rose", "vases": "vase", "dresses": "dress", "women": "woman", "people": "person",
    "leaves": "leaf", "trees": "tree", "geese": "goose", "cars": "car", "bridges": "bridge",
}  # fmt: skip


@pytest.mark.parametrize(("many", "one"), PLURALS.items())
def test_plurals_have_singulars_which_stay_as_they_are(many, one):
    assert singular(many) == one
    assert singular(one) == one
    assert is_plural(many)
    assert not is_plural(one)


def test_words_that_only_end_like_plurals_are_none():
    for word in ("grass", "bus", "glass", "dress", "sheep", "tennis", "gas", "canvas", "lens"):
        assert not is_plural(word), word


def test_a_phrase_is_as_many_as_its_head():
    assert head("men with a hat") == "men"
    assert is_plural("men with a hat")
    assert not is_plural("sign with letters")
    assert not is_plural("")


def test_the_data_does_not_contradict_itself():
    data = json.loads((Path(words.__file__).parent / "words.json").read_text(encoding="utf-8"))
    labels = [name for group in data["same"] for name in group]
    assert sorted({name for name in labels if labels.count(name) > 1}) == []
    for name, kinds in data["kinds"].items():
        assert name not in kinds
        assert len(kinds) == len(set(kinds))
    assert all(name == name.casefold() for name in [*labels, *data["kinds"], *data["irregular"]])

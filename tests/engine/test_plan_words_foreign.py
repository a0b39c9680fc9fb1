"""A request in another language gives one hint and no edit; English with a foreign word stays English."""

import pytest
from stillbytes.engine.plan.rules import plan_from_words
from stillbytes.engine.plan.words.foreign import foreign_language
from stillbytes.engine.plan.words.lexicon import lexicon, word_lists


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("mach den Himmel dunkler", "German"),
        ("Bitte etwas heller", "German"),
        ("rends le ciel plus sombre", "French"),
        ("plus de contraste et moins de bruit s'il vous plaît", "French"),
        ("haz el cielo más oscuro", "Spanish"),
        ("deixe o céu mais escuro", "Portuguese"),
        ("rendi il cielo più scuro", "Italian"),
        ("maak de lucht donkerder", "Dutch"),
        ("gör himlen mörkare", "Swedish"),
        ("zrób niebo ciemniejsze", "Polish"),
        ("gökyüzünü biraz karart", "Turkish"),
        ("把天空变暗", "another language"),
        ("空を暗くして", "another language"),
        ("сделай небо темнее", "another language"),
        ("하늘을 어둡게", "another language"),
        ("أضئ الصورة", "another language"),
    ],
)
def test_the_language_is_told_and_nothing_is_edited(text, language):
    assert foreign_language(text) == language
    understood = plan_from_words(text)
    assert understood.plan.steps == ()
    assert understood.not_understood == (text,)
    assert len(understood.notes) == 1
    assert language in understood.notes[0]
    assert "language model" in understood.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "make it brighter",
        "brighten the Schatten",
        "what the hell, make it pop",
        "a café scene, warmer",
        "do me a favor and fix the exposure",
        "contrast +20",
        "Los Angeles skyline, make it brighter",
        "make it lighter",
        "+0.7 EV",
    ],
)
def test_english_stays_english(text):
    assert foreign_language(text) is None


def test_no_word_of_the_english_lexicon_tells_a_language():
    english = {word for phrase in lexicon().entries for word in phrase.split()}
    for language, words in word_lists("foreign").items():
        assert english.isdisjoint(words), language

"""What models saw, kept per photo."""

import gc

import numpy as np
import pytest
from stillbytes.engine.masks.learned.embeddings import Embeddings


class Engine:
    """Counts how often it looks; what it sees is the mean of the view."""

    name = "counting"

    def __init__(self):
        self.looks = 0

    def look(self, view):
        self.looks += 1
        return float(view.mean())


class Source:
    pass


def flat(value):
    return lambda: np.full((2, 2, 3), value, np.float32)


def test_a_photo_is_looked_at_once_per_engine_and_place():
    kept, engine, other, source = Embeddings(), Engine(), Engine(), Source()
    for _ in range(3):
        assert kept.look(engine, source, (1, None), flat(0.5)) == 0.5
        assert kept.look(engine, source, (6, None), flat(0.25)) == 0.25
        assert kept.look(other, source, (1, None), flat(0.75)) == 0.75
    assert (engine.looks, other.looks, len(kept)) == (2, 1, 3)


def test_what_is_kept_needs_no_rendering():
    kept, engine, source = Embeddings(), Engine(), Source()
    kept.look(engine, source, 1, flat(0.5))

    def fail():
        raise AssertionError("rendered again")

    assert kept.look(engine, source, 1, fail) == 0.5


def test_only_the_latest_are_kept():
    kept, engine, sources = Embeddings(keep=2), Engine(), [Source() for _ in range(3)]
    first, second, third = sources
    for source in (first, second, first, third, first):
        kept.look(engine, source, 1, flat(0.5))
    assert (len(kept), engine.looks) == (2, 3)
    kept.look(engine, second, 1, flat(0.5))
    assert engine.looks == 4


def test_an_embedding_goes_with_its_photo_or_its_model():
    kept, engine, source = Embeddings(), Engine(), Source()
    kept.look(engine, source, 1, flat(0.5))
    kept.look(engine, other := Source(), 1, flat(0.5))
    del other
    gc.collect()
    assert len(kept) == 1
    del engine
    gc.collect()
    assert len(kept) == 0


def test_what_fails_is_not_kept():
    kept, engine, source = Embeddings(), Engine(), Source()

    def fail():
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        kept.look(engine, source, 1, fail)
    assert len(kept) == 0
    assert kept.look(engine, source, 1, flat(0.5)) == 0.5


def test_everything_can_be_forgotten():
    kept, engine, source = Embeddings(), Engine(), Source()
    kept.look(engine, source, 1, flat(0.5))
    kept.clear()
    kept.look(engine, source, 1, flat(0.5))
    assert engine.looks == 2

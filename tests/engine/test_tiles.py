import threading

import numpy as np
import pytest
from stillbytes.engine import tiles
from stillbytes.engine.errors import CancelledError
from stillbytes.engine.geometry import Box


def test_tiles_cover_the_box_exactly_once():
    count = np.zeros((75, 103), int)
    for tile in tiles.split(Box(3, 5, 103, 75), width=16, height=9):
        count[tile.top : tile.bottom, tile.left : tile.right] += 1
    assert (count[5:, 3:] == 1).all()
    assert count.sum() == 70 * 100


def test_every_item_is_done_and_progress_ends_at_the_total():
    done, seen = [], []
    tiles.for_each(done.append, list(range(20)), lambda d, n: seen.append((d, n)))
    assert sorted(done) == list(range(20))
    assert seen[-1] == (20, 20)


def test_the_first_error_is_raised_and_nothing_runs_on():
    running = threading.Semaphore(0)

    def task(item: int) -> None:
        running.release()
        if item == 3:
            raise ValueError("third")

    with pytest.raises(ValueError, match="third"):
        tiles.for_each(task, list(range(50)))


def test_cancelling_progress_stops_the_rest():
    done: list[int] = []

    def progress(finished: int, total: int) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        tiles.for_each(lambda i: (threading.Event().wait(0.02), done.append(i)), list(range(200)), progress)
    assert len(done) < 200


def test_work_inside_a_worker_is_done_there():
    results: list[int] = []

    def outer(item: int) -> None:
        tiles.for_each(results.append, [item, item])

    tiles.for_each(outer, [1, 2, 3])
    assert sorted(results) == [1, 1, 2, 2, 3, 3]

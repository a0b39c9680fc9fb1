import threading
from functools import partial

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


def test_groups_come_in_order_and_whole_while_later_ones_run():
    done: list[int] = []
    groups = ([partial(done.append, 3 * group + item) for item in range(3)] for group in range(7))
    for index, _ in enumerate(tiles.in_order(groups, 2)):
        assert {3 * index, 3 * index + 1, 3 * index + 2} <= set(done)
        assert len(done) <= 3 * (index + 3)
    assert sorted(done) == list(range(21))


def test_an_error_comes_where_its_group_would_and_nothing_later_starts():
    done: list[int] = []

    def task(number: int) -> None:
        if number == 2:
            raise ValueError("second group")
        done.append(number)

    results = tiles.in_order(([partial(task, number)] for number in range(9)), 1)
    next(results)
    next(results)
    with pytest.raises(ValueError, match="second group"):
        next(results)
    assert max(done) <= 4


def test_closing_waits_for_what_has_started_and_nothing_else_starts():
    gate, done = threading.Event(), []

    def wait_and_note(number: int) -> None:
        gate.wait(5)
        done.append(number)

    groups = [[lambda: None], [partial(wait_and_note, number) for number in range(10 * tiles.thread_count())]]
    results = tiles.in_order(groups, 1)
    next(results)
    threading.Timer(0.1, gate.set).start()
    results.close()
    assert len(done) <= tiles.thread_count()
    count = len(done)
    assert tiles.pool().submit(len, done).result() == count

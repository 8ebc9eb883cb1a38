import asyncio

import pytest
from jackfield.api import hookimpl
from jackfield.metering import observers
from jackfield.metering.observers import Observers
from jackfield.plugins.manager import Plugins


class Watcher:
    def __init__(self):
        self.seen = []

    @hookimpl
    def on_request_complete(self, record):
        self.seen.append(record)


def observing(plugins):
    return Observers(plugins.on_request_complete, wanted=lambda: plugins.observers, logged=lambda: False)


@pytest.fixture
def watcher():
    return Watcher()


@pytest.fixture
def queue(watcher):
    return observing(Plugins.discover(allow=["watcher"], extra={"watcher": watcher}))


async def turns(count=20):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_records_are_shown_in_order_and_never_in_the_callers_own_time(queue, watcher):
    queue.start()
    for number in range(5):
        queue.emit(number)
    assert watcher.seen == []
    await turns()
    assert watcher.seen == [0, 1, 2, 3, 4]
    queue.emit(5)
    await turns()
    assert watcher.seen[-1] == 5
    await queue.stop()


async def test_the_loop_gets_its_turn_between_batches(queue, watcher, monkeypatch):
    monkeypatch.setattr(observers, "BATCH", 2)
    queue.start()
    for number in range(10):
        queue.emit(number)
    lengths = []
    for _ in range(12):
        await asyncio.sleep(0)
        lengths.append(len(watcher.seen))
    assert set(lengths) >= {2, 4, 6, 8, 10}
    await queue.stop()


async def test_when_it_is_full_records_are_dropped_and_counted(queue, watcher, monkeypatch, caplog):
    monkeypatch.setattr(observers, "CAPACITY", 3)
    for number in range(10):
        queue.emit(number)
    assert queue.dropped == 7
    assert [record.getMessage() for record in caplog.records] == [
        "observers are too slow: 1 completion records dropped so far",
        "observers are too slow: 3 completion records dropped so far",
        "observers are too slow: 6 completion records dropped so far",
    ]
    queue.start()
    await turns()
    assert watcher.seen == [0, 1, 2]
    queue.emit(10)
    await turns()
    assert watcher.seen == [0, 1, 2, 10]
    await queue.stop()


async def test_stopping_shows_what_is_queued(queue, watcher):
    queue.start()
    for number in range(250):
        queue.emit(number)
    await queue.stop()
    assert len(watcher.seen) == 250


async def test_stopping_what_never_started_shows_it_too(queue, watcher):
    queue.emit(1)
    await queue.stop()
    assert watcher.seen == [1]


async def test_without_observers_nothing_is_kept():
    queue = observing(Plugins.discover(allow=["nobody"], extra={}))
    queue.emit(1)
    assert not queue._queue


async def test_one_that_raises_loses_nothing_for_the_others(watcher):
    class Broken:
        @hookimpl
        def on_request_complete(self, record):
            raise KeyError("boom")

    queue = observing(Plugins.discover(allow=["a", "b"], extra={"a": Broken(), "b": watcher}))
    queue.start()
    for number in range(3):
        queue.emit(number)
    await turns()
    assert watcher.seen == [0, 1, 2]
    await queue.stop()

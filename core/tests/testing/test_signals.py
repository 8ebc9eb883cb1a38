import asyncio
import threading

import pytest
from jackfield.testing.signals import Changed


async def test_another_thread_wakes_an_idle_loop():
    changed, flag = Changed(), threading.Event()
    waiting = asyncio.create_task(changed.wait(flag.is_set, 10, lambda: "never"))
    await asyncio.sleep(0)

    def later():
        flag.set()
        changed.notify()

    timer = threading.Timer(0.05, later)
    timer.start()
    await waiting
    timer.join()
    assert changed._waiters == set()


def test_a_loop_is_woken_in_the_way_that_is_safe_from_any_thread():
    woken = []

    class Loop:
        def is_closed(self):
            return False

        def call_soon_threadsafe(self, callback):
            woken.append(callback)

    changed, event = Changed(), asyncio.Event()
    changed._waiters.add((Loop(), event))
    changed.notify()
    assert woken == [event.set]
    assert not event.is_set()


def test_a_loop_wakes_a_blocked_thread():
    changed, flag = Changed(), threading.Event()
    threading.Timer(0.02, lambda: (flag.set(), changed.notify())).start()
    changed.wait_sync(flag.is_set, 10, lambda: "never")


async def test_being_woken_is_not_enough():
    changed = Changed()
    waiting = asyncio.create_task(changed.wait(lambda: False, 0.05, lambda: "still nothing"))
    await asyncio.sleep(0)
    changed.notify()
    with pytest.raises(TimeoutError, match="still nothing"):
        await waiting


def test_a_loop_that_is_gone_is_passed_over():
    changed = Changed()
    loop = asyncio.new_event_loop()
    changed._waiters.add((loop, asyncio.Event()))
    loop.close()
    changed.notify()

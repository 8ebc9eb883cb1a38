"""A deadline ends its block as `asyncio.timeout` does, and takes nobody else's cancellation for its own."""

import asyncio

import pytest
from jackfield.model.deadline import Deadline


async def test_what_takes_too_long_ends_in_a_timeout_error_and_its_task_goes_on():
    with pytest.raises(TimeoutError), Deadline(0.01):
        await asyncio.sleep(60)
    assert not asyncio.current_task().cancelling()
    await asyncio.sleep(0)


async def test_what_ends_in_time_is_left_alone_for_good():
    with Deadline(0.02):
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)


async def test_zero_is_no_limit():
    with Deadline(0):
        await asyncio.sleep(0.01)


async def test_an_error_of_the_block_goes_on_as_it_is():
    with pytest.raises(KeyError), Deadline(60):
        raise KeyError


@pytest.mark.parametrize("seconds", [0, 60])
async def test_a_cancellation_from_elsewhere_stays_one(seconds):
    async def work():
        with Deadline(seconds):
            await asyncio.sleep(60)

    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_that_comes_with_the_end_of_the_time_is_not_swallowed():
    async def work():
        with Deadline(0.01):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                asyncio.current_task().cancel()
                raise

    with pytest.raises(asyncio.CancelledError):
        await asyncio.ensure_future(work())


async def test_of_two_deadlines_the_outer_one_is_not_taken_for_the_inner_one():
    async def inner():
        try:
            with Deadline(60):
                await asyncio.sleep(60)
        except TimeoutError:
            pytest.fail("the inner deadline claimed it")

    with pytest.raises(TimeoutError), Deadline(0.01):
        await inner()

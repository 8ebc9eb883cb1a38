"""Every fault of an upstream, for every client: a typed error or another provider's answer, and nothing else.

A row of `table.py` makes a cell for each dialect, with and without a stream, with one provider and with two.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
import pytest_asyncio
from jackfield.testing import text_answer

from .clients import seen
from .conftest import House, Houses
from .rules import FOX_TEXT, OWL_TEXT, Cell, Fault, Moment, cells, expected
from .table import FAULTS, KEYS

pytestmark = pytest.mark.asyncio(loop_scope="module")

CELLS = [cell for fault in FAULTS for cell in cells(fault)]
RESTS = [
    pytest.param(fault, moment, stream, id=f"{fault.name}-{moment}-{'stream' if stream else 'whole'}")
    for fault in FAULTS
    for moment in fault.moments
    for stream in ((True, False) if moment == "after" else (False,))
]


@pytest_asyncio.fixture(loop_scope="module")
async def house(cell: Cell, houses: Houses) -> AsyncIterator[House]:
    """Return the proxy of a cell, its fault set up."""
    house = await houses(cell.pair, cell.fault.patience)
    await house.begin(cell.fault, cell.moment)
    yield house
    await house.end(cell.fault)


@pytest.mark.parametrize("cell", CELLS, ids=str)
async def test_a_cell(house: House, cell: Cell) -> None:
    answer = await house.ask(cell.dialect, cell.stream)

    found = seen(cell.dialect, cell.stream, answer)
    assert replace(found, fox=len(house.fox.requests), owl=len(house.owl.requests)) == expected(cell)
    check_that_nothing_leaks(answer)
    check_that_it_is_one_answer(answer)
    await check_the_upstreams(house, cell)


def check_that_nothing_leaks(answer: httpx.Response) -> None:
    """No key, no page and no header of the upstream's own reach a client."""
    told = f"{dict(answer.headers)} {answer.text}"

    assert not [key for key in KEYS.values() if key in told]
    assert "canary" not in told
    assert "<" not in told
    assert not {"set-cookie", "location"} & set(answer.headers)


def check_that_it_is_one_answer(answer: httpx.Response) -> None:
    """The words of two providers are never in one answer."""
    fox, owl = ([word for word in text.split() if word in answer.text] for text in (FOX_TEXT, OWL_TEXT))

    assert not (fox and owl)


async def check_the_upstreams(house: House, cell: Cell) -> None:
    """Each provider got its own key, and no connection is left to an upstream that would not end by itself."""
    for name, upstream in (("fox", house.fox), ("owl", house.owl)):
        assert {request.key for request in upstream.requests} <= {KEYS[name]}
    if cell.fault.stays_open(cell.moment):
        for request in house.fox.requests:
            await request.wait_closed()


@pytest.mark.parametrize(("fault", "moment", "stream"), RESTS)
async def test_the_credential_rests_as_it_should(houses: Houses, fault: Fault, moment: Moment, stream: bool) -> None:
    house = await houses(True, fault.patience)
    await house.begin(fault, moment)
    times = fault.rest.after if fault.rest.seconds else 4
    try:
        for number in range(times):
            await house.ask("responses", stream, f"Hi {number}")
        assert fault.down or len(house.fox.requests) == times
    finally:
        await house.end(fault)
    if fault.rest.seconds:
        await check_when_it_is_asked_again(house, fault.rest.seconds)


async def check_when_it_is_asked_again(house: House, seconds: float) -> None:
    """The provider, sound again, is left alone for so long; then it is the first choice as before."""
    house.fox.default = text_answer(FOX_TEXT)
    house.fox.requests.clear()
    for passing in (0, seconds - 0.5):
        house.clock.advance(passing)
        assert OWL_TEXT in (await house.ask("responses", False)).text
    assert house.fox.requests == []
    house.clock.advance(0.5)
    assert FOX_TEXT in (await house.ask("responses", False)).text

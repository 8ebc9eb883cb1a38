"""A fault before the first content, after the opening was shown: it is told in the stream, and nobody takes over.

The proxy holds an upstream's opening events back for `limits.handshake-hold` seconds; here for none.
"""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from jackfield.testing import Delay, Pause

from .clients import PATHS, question, seen
from .conftest import Houses
from .rules import DIALECTS, SOUND, Cell, Dialect, Fault, expected
from .table import FAULTS

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPENING = 2
"""Events that are shown: `response.created` and `response.in_progress`."""
LATE = [fault for fault in FAULTS if fault.after and fault.told is not SOUND and not fault.patience]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", LATE, ids=lambda fault: fault.name)
async def test_it_is_told_in_the_stream(houses: Houses, fault: Fault, dialect: Dialect) -> None:
    house = await houses(True, hold=0)
    assert fault.before is not None
    await house.play(fault.before.after(OPENING, Pause()))

    async with house.client.stream("POST", PATHS[dialect], json=question(dialect, True)) as begun:
        assert begun.status_code == 200
        await house.fox.wait_for_requests()  # the client's headers may come before it was asked
        house.fox.last.resume()
        answer = httpx.Response(200, headers=begun.headers, content=await begun.aread())

    shown = expected(Cell(fault, "after", dialect, stream=True, pair=True))
    assert seen(dialect, True, answer) == replace(shown, text="")
    assert (len(house.fox.requests), len(house.owl.requests)) == (1, 0)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", ["hung before the headers", "401", "closed before the headers", "400", "402", "503"])
async def test_what_fails_behind_the_headers_is_told_in_the_stream(houses: Houses, name: str, dialect: Dialect) -> None:
    """X4: nothing came from the upstream before, and the code of a `response.failed` is the API's all the same."""
    [fault] = [fault for fault in FAULTS if fault.name == name]
    house = await houses(False, patience=1.5, hold=0)
    assert fault.before is not None
    await house.play(fault.before.first(Delay(0.7)))

    answer = await house.ask(dialect, True)

    found = seen(dialect, True, answer)
    told = expected(Cell(replace(fault, after=fault.before), "after", dialect, stream=True, pair=False))
    if fault.told.code is None and dialect == "chat":  # no event of the upstream's names one
        told = replace(told, code=None)
    assert replace(found, fox=1) == replace(told, text="")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", ["200 with an answer of nothing", "200 with an answer of white space"])
async def test_an_empty_answer_whose_opening_was_shown_is_a_failure(
    houses: Houses, name: str, dialect: Dialect
) -> None:
    """L10: the soak found one that passed for an answer."""
    [fault] = [fault for fault in FAULTS if fault.name == name]
    house = await houses(False, hold=0)
    assert fault.before is not None
    await house.play(fault.before.after(OPENING, Delay(0.8)))

    found = seen(dialect, True, await house.ask(dialect, True))

    told = expected(Cell(replace(fault, after=fault.before), "after", dialect, stream=True, pair=False))
    assert replace(found, text="") == replace(told, text="")
    assert not found.text.strip()

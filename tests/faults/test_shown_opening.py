"""A fault before the first content, after the opening was shown: it is told in the stream, and nobody takes over.

The proxy holds an upstream's opening events back for `limits.handshake-hold` seconds; here for none.
"""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from jackfield.testing import Pause

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
        house.fox.last.resume()
        answer = httpx.Response(200, headers=begun.headers, content=await begun.aread())

    shown = expected(Cell(fault, "after", dialect, stream=True, pair=True))
    assert seen(dialect, True, answer) == replace(shown, text="")
    assert (len(house.fox.requests), len(house.owl.requests)) == (1, 0)

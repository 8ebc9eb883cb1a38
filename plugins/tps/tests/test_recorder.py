"""The statistics of one server, given its records: which names are told apart, and what is no sample."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jackfield.testing import FakeClock, make_app
from jackfield_tps.recorder import Recorder


@pytest.fixture
async def recorder(path: Path) -> AsyncIterator[Recorder]:
    """A recorder that counts usage, as of the noon at which the records of these tests ended."""
    clock = FakeClock()
    clock.advance(12 * 3600)
    app = make_app({"usage-statistics-enabled": True}, path=path, clock=clock)
    recorder = Recorder(app.extensions["jackfield"])
    yield recorder
    await recorder.close()


def requests(groups: Any) -> dict[str, int]:
    return {group["model"]: group["requests"] for group in groups}


async def test_names_beyond_the_thousandth_of_an_hour_are_told_together(recorder: Recorder, record: Any) -> None:
    for number in range(1005):
        recorder.observe(record(10, 1.0, model=f"gpt-{number:04}"))

    speeds = requests((await recorder.speeds(None, group="model"))["groups"])
    used = (await recorder.usage(None, "", ""))["by-model"]

    assert (len(speeds), speeds["other"], sum(speeds.values())) == (1000, 6, 1005)  # one name is the client's
    assert {name: part["requests"] for name, part in used.items()} == speeds


async def test_a_made_up_client_is_other_too(recorder: Recorder, record: Any) -> None:
    for number in range(1005):
        recorder.observe(record(10, 1.0, client=f"{number:012x}"))

    by_client = (await recorder.usage(None, "", ""))["by-client"]

    assert (len(by_client), by_client["other"]["requests"]) == (1000, 6)


async def test_figures_of_a_name_beyond_the_bound_are_its_own(recorder: Recorder, record: Any) -> None:
    for number in range(1000):
        recorder.observe(record(10, 1.0, model=f"gpt-{number:04}"))
    recorder.observe(record(120, 3.0, inputs=30, model="gpt-late"))

    other = (await recorder.speeds(None, model="other"))["completion"]

    assert (other["count"], str(other["p90"])) == (2, "37.00")  # of 10.00 and 40.00


async def test_neither_an_attempt_nor_a_failure_without_output_is_a_sample(recorder: Recorder, record: Any) -> None:
    recorder.observe(record(120, 3.0, scope="attempt"))
    recorder.observe(record(0, 3.0, error="upstream_error", status=502))

    assert (await recorder.speeds(None))["requests"] == 0
    assert (await recorder.usage(None, "", ""))["total"]["requests"] == 1

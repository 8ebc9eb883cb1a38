"""What `/usage` tells, and how many names it tells apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jackfield.api import Usage
from jackfield_tps import usage
from jackfield_tps.database import Database
from jackfield_tps.options import Place

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
HOUR = int(NOON.timestamp()) // 3600


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database(Place(None, 10_000_000, 30))
    database.open()
    yield database
    database.close()


def add(database: Database, *records: Any, client: str = "me") -> None:
    database.add([], [usage.row_of(each, each.model, client) for each in records])


def told(database: Database, since: int | None = None, provider: str = "", model: str = "") -> Any:
    return usage.totals(database.connection, since, provider, model)


def short(part: dict[str, int]) -> tuple[int, ...]:
    return tuple(part.values())


def test_nothing_is_zeros(database: Database) -> None:
    found = told(database)

    assert (found["first-hour"], short(found["total"])) == (None, (0,) * 8)
    assert found["by-day"] == found["by-client"] == {}


def test_a_request_counts_once_with_its_tokens(database: Database, record: Any) -> None:
    add(database, record(1, 1.0, usage=Usage(100, 20, 30, 5, 10)))

    assert told(database)["total"] == {
        "requests": 1,
        "failures": 0,
        "cancelled": 0,
        "input-tokens": 100,
        "output-tokens": 20,
        "cached-tokens": 30,
        "reasoning-tokens": 10,
        "total-tokens": 120,
    }


def test_failures_and_clients_that_left_are_told_apart(database: Database, record: Any) -> None:
    add(database, record(error="upstream_error"), record(error="client_gone"), record(error="rate_limited"), record())

    assert short(told(database)["total"])[:3] == (4, 2, 1)


def test_totals_by_every_name(database: Database, record: Any) -> None:
    night = NOON + timedelta(hours=11, minutes=59)
    add(database, record(10, inputs=1), record(20, inputs=2, provider="owl"), client="me")
    add(database, record(40, inputs=4, model="gpt-5-high", measured_at=night), client="you")
    add(database, record(80, inputs=8, measured_at=night + timedelta(minutes=1)), client="you")

    found = told(database)

    def outputs(by: str) -> dict[str, int]:
        return {name: part["output-tokens"] for name, part in found[by].items()}

    assert found["first-hour"] == HOUR
    assert outputs("by-provider") == {"fox": 130, "owl": 20}
    assert outputs("by-model") == {"gpt-5": 110, "gpt-5-high": 40}
    assert outputs("by-client") == {"me": 30, "you": 120}
    assert outputs("by-day") == {"2026-01-01": 70, "2026-01-02": 80}
    assert outputs("by-hour") == {"2026-01-01T12:00:00Z": 30, "2026-01-01T23:00:00Z": 40, "2026-01-02T00:00:00Z": 80}
    assert found["total"]["total-tokens"] == 165


def test_filters(database: Database, record: Any) -> None:
    add(database, record(10), record(20, provider="owl"), record(40, model="x", measured_at=NOON + timedelta(hours=2)))

    def outputs(*asked: Any) -> int:
        return int(told(database, *asked)["total"]["output-tokens"])

    assert outputs(None, "fox") == 50
    assert outputs(None, "", "gpt-5") == 30
    assert outputs(None, "fox", "gpt-5") == 10
    assert outputs(HOUR + 1) == 40
    assert outputs(HOUR + 2, "owl") == 0


def test_a_request_that_came_to_no_provider_is_counted_as_other(database: Database, record: Any) -> None:
    add(database, record(provider="", error="model_not_found"))

    assert list(told(database)["by-provider"]) == ["other"]


def test_names_are_told_apart_up_to_a_bound_an_hour() -> None:
    names = usage.Names()

    assert all(names.known(1, "model", "fox", f"gpt-{number}") for number in range(1000))
    assert not names.known(1, "model", "fox", "gpt-1000")
    assert names.known(1, "model", "fox", "gpt-7")
    assert names.known(2, "model", "fox", "gpt-1000")

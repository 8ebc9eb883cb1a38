"""What `/tps` tells of known samples: exact numbers, filters, groups, series."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield_tps import speeds
from jackfield_tps.database import Database
from jackfield_tps.figures import measured
from jackfield_tps.options import Place
from jackfield_tps.speeds import Question, answers

AT = 1_767_225_600_000


def opened() -> Database:
    database = Database(Place(None, 10_000_000, 30))
    database.open()
    return database


@pytest.fixture
def database() -> Iterator[Database]:
    database = opened()
    yield database
    database.close()


def row(completion: int | None, at: int = AT, provider: str = "fox", model: str = "gpt-5") -> tuple[object, ...]:
    return (at, provider, model, completion, completion, completion, 0 if completion is not None else 1)


def told(database: Database, **asked: Any) -> Any:
    answer, _ = answers(database.connection, Question(**asked))
    return answer


def figures(distribution: dict[str, Any]) -> list[str]:
    return [str(distribution[name]) for name in ("count", "avg", "median", "p90")]


def test_an_empty_store_tells_zeros(database: Database) -> None:
    answer = told(database)

    assert answer.pop("requests") == answer.pop("bursts") == answer.pop("uncounted") == 0
    assert set(answer) == {"completion", "total", "ttft"}
    assert all(figures(part) == ["0", "0.00", "0.00", "0.00"] for part in answer.values())


@pytest.mark.parametrize(
    ("values", "told_figures"),
    [
        ([4000], ["1", "40.00", "40.00", "40.00"]),
        ([4000, 10000], ["2", "70.00", "70.00", "94.00"]),
        ([0], ["1", "0.00", "0.00", "0.00"]),
        ([0, 4000, 10000], ["3", "46.67", "40.00", "88.00"]),
        ([1, 2], ["2", "0.02", "0.02", "0.02"]),  # 0.015 and 0.015 away from zero; 0.019
        (list(range(100, 1200, 100)), ["11", "6.00", "6.00", "10.00"]),  # p90 is the tenth of eleven
        ([100] * 9 + [200], ["10", "1.10", "1.00", "1.10"]),
    ],
)
def test_known_samples_give_exact_figures(database: Database, values: list[int], told_figures: list[str]) -> None:
    database.add([row(value) for value in reversed(values)], [])

    answer = told(database)

    for name in ("completion", "total", "ttft"):
        assert figures(answer[name]) == told_figures


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_the_figures_are_those_of_the_textbook(values: list[int]) -> None:
    database = opened()
    database.add([row(value) for value in values], [])
    completion = told(database)["completion"]
    database.close()

    def rounded(number: Decimal) -> Decimal:
        return number.quantize(Decimal("0.01"), ROUND_HALF_UP)

    exact = [Decimal(value) / 100 for value in values]
    deciles = statistics.quantiles(exact, n=10, method="inclusive") if len(exact) > 1 else [exact[0]] * 9
    assert completion["count"] == len(values)
    assert completion["avg"] == rounded(sum(exact, Decimal(0)) / len(exact))
    assert completion["median"] == rounded(Decimal(statistics.median(exact)))
    assert completion["p90"] == rounded(deciles[8])


def test_bursts_and_what_nobody_counted_are_counts(database: Database, record: Any) -> None:
    records = [
        record(250, 5.0, (1.5, 4.0)),
        record(250, 5.0, (4.9, 4.9)),
        record(0, 5.0, (1.0, 4.0), outputs=9, error="client_gone"),
    ]
    database.add([speeds.row_of(AT, found) for each in records if (found := measured(each))], [])

    answer = told(database)

    assert (answer["requests"], answer["bursts"], answer["uncounted"]) == (3, 1, 1)
    assert figures(answer["completion"]) == ["1", "100.00", "100.00", "100.00"]
    assert figures(answer["total"]) == ["1", "50.00", "50.00", "50.00"]
    assert figures(answer["ttft"]) == ["3", "2.47", "1.50", "4.22"]  # their clients did wait so long


FILTERED = [
    ({}, 4),
    ({"provider": "fox"}, 2),
    ({"provider": "owl"}, 2),
    ({"model": "gpt-5"}, 3),
    ({"provider": "owl", "model": "gpt-5"}, 1),
    ({"provider": "fox", "model": "gpt-5-high"}, 0),
    ({"provider": "elk"}, 0),
    ({"provider": "fo"}, 0),
    ({"provider": "%"}, 0),
    ({"provider": "' OR '1'='1"}, 0),
    ({"since": AT + 10}, 3),
    ({"since": AT + 11}, 2),
    ({"since": AT + 11, "provider": "fox"}, 0),
    ({"since": AT + 11, "provider": "owl", "model": "gpt-5-high"}, 1),
    ({"since": AT + 999}, 0),
]


@pytest.mark.parametrize(("asked", "requests"), FILTERED, ids=repr)
def test_filters_alone_and_together(database: Database, asked: dict[str, Any], requests: int) -> None:
    database.add(
        [
            row(100, AT),
            row(200, AT + 10),
            row(300, AT + 20, "owl"),
            row(400, AT + 30, "owl", "gpt-5-high"),
        ],
        [],
    )

    answer = told(database, **asked)

    assert answer["requests"] == answer["completion"]["count"] == requests


def test_the_oldest_that_fits_is_told(database: Database) -> None:
    database.add([row(100, AT + 5), row(100, AT, "owl")], [])

    assert answers(database.connection, Question())[1] == AT
    assert answers(database.connection, Question(provider="fox"))[1] == AT + 5
    assert answers(database.connection, Question(provider="elk"))[1] is None


GROUPED = [
    ("provider", [{"provider": "fox"}, {"provider": "owl"}], [2, 1]),
    ("model", [{"model": "gpt-5"}, {"model": "gpt-5-high"}], [2, 1]),
    (
        "provider_model",
        [
            {"provider": "fox", "model": "gpt-5", "provider_model": "fox/gpt-5"},
            {"provider": "fox", "model": "gpt-5-high", "provider_model": "fox/gpt-5-high"},
            {"provider": "owl", "model": "gpt-5", "provider_model": "owl/gpt-5"},
        ],
        [1, 1, 1],
    ),
]


@pytest.mark.parametrize(("group", "names", "counts"), GROUPED, ids=[group for group, *_ in GROUPED])
def test_groups(database: Database, group: str, names: list[dict[str, str]], counts: list[int]) -> None:
    database.add([row(100), row(300, model="gpt-5-high"), row(500, provider="owl")], [])

    answer = told(database, group=group)

    assert answer["requests"] == 3
    assert [{name: each[name] for name in names[0]} for each in answer["groups"]] == names
    assert [each["requests"] for each in answer["groups"]] == counts
    assert [each["completion"]["count"] for each in answer["groups"]] == counts


def test_each_group_has_its_own_figures(database: Database) -> None:
    database.add([row(value) for value in (100, 200, 300)] + [row(value, provider="owl") for value in (1000, 2000)], [])

    fox, owl = told(database, group="provider")["groups"]

    assert figures(fox["completion"]) == ["3", "2.00", "2.00", "2.80"]
    assert figures(owl["completion"]) == ["2", "15.00", "15.00", "19.00"]


def test_a_model_whose_name_has_a_slash_keeps_it(database: Database) -> None:
    database.add([row(100, model="a/b/c")], [])

    [group] = told(database, group="provider_model")["groups"]

    assert (group["provider"], group["model"]) == ("fox", "a/b/c")


def test_a_series_has_the_average_of_each_part(database: Database) -> None:
    span = {"since": AT, "until": AT + 1000}
    samples = [(100, 0), (300, 199), (500, 200), (None, 500), (700, 999), (900, 1000), (1100, 1007)]
    database.add([row(value, AT + at) for value, at in samples], [])

    answer = told(database, buckets=5, group="provider", **span)

    assert answer["series"] == [Decimal("2.00"), Decimal("5.00"), None, None, Decimal("9.00")]
    assert answer["groups"][0]["series"] == answer["series"]
    assert told(database, buckets=2, provider="elk", **span)["series"] == [None, None]
    assert "series" not in told(database, **span)


@pytest.mark.parametrize("group", ["", "provider", "model", "provider_model"])
def test_all_of_an_answer_is_of_one_moment_while_other_workers_write(tmp_path: Path, group: str) -> None:
    reader, writer = (Database(Place(tmp_path / "statistics.sqlite3", 10_000_000, 30)) for _ in range(2))
    reader.open()
    writer.open()
    writer.add([row(100 * number, provider=f"p{number:02}") for number in range(1, 21)], [])
    added = iter(range(50, 99))

    def meanwhile(statement: str) -> None:
        number = next(added)
        writer.add([row(100, provider=f"p{number}", model=f"gpt-{number}")], [])
        writer.connection.execute("DELETE FROM samples WHERE series = (SELECT min(id) FROM series)")
        writer.connection.execute("DELETE FROM series WHERE id NOT IN (SELECT series FROM samples)")

    reader.connection.set_trace_callback(meanwhile)
    answer, oldest = answers(reader.connection, Question(AT, AT + 1000, group=group, buckets=1))
    reader.connection.set_trace_callback(None)
    reader.close()
    writer.close()

    assert next(added) > 55
    for each in (answer, *answer.get("groups", [])):
        assert {each["requests"]} == {each[name]["count"] for name in ("completion", "total", "ttft")}
        assert each["series"] == [each["completion"]["avg"]]
    assert sum(each["requests"] for each in answer.get("groups", [])) == (answer["requests"] if group else 0)
    assert oldest == AT

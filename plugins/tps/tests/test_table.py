"""The table of `jackfield tps`."""

from __future__ import annotations

from typing import Any

from jackfield_tps import table


def group(provider: str, model: str, median: float, hour: list[float | None], count: int = 3) -> dict[str, Any]:
    figures = {"count": count, "avg": 1.0, "median": median, "p90": median + 10}
    ttft = {**figures, "median": 0.5}
    return {"provider": provider, "model": model, "requests": 3, "completion": figures, "ttft": ttft, "last-hour": hour}


def tps(*groups: dict[str, Any], **counts: int) -> dict[str, Any]:
    told = {"requests": 6, "bursts": 0, "uncounted": 0, "since": "2026-01-01T00:00:00.000Z"}
    return {**told, **counts, "groups": list(groups)}


def test_a_table() -> None:
    rendered = table.rendered(
        tps(group("fox", "gpt-5-high", 40, [0, 40, 80, None]), group("packycode", "gpt-5", 100.5, [None, 80, 20, 10]))
    )

    assert rendered.splitlines() == [
        "PROVIDER   MODEL       REQUESTS  TPS MEDIAN  TPS P90  TTFT S  LAST HOUR",
        "fox        gpt-5-high         3       40.00    50.00    0.50  ▁▅█",
        "packycode  gpt-5              3      100.50   110.50    0.50   █▃▂",
        "",
        "6 requests since 2026-01-01T00:00:00.000Z",
    ]


def test_what_is_kept_out_of_averages_is_said() -> None:
    told = table.rendered(tps(bursts=2, uncounted=1)).splitlines()[-1]

    assert told == "6 requests since 2026-01-01T00:00:00.000Z, of which kept out of averages: 2 bursts, 1 uncounted"


def test_a_provider_that_only_bursts_has_no_speed() -> None:
    line = table.rendered(tps(group("fox", "gpt-5", 0, [None], count=0))).splitlines()[1]

    assert line.split() == ["fox", "gpt-5", "3", "-", "-", "-"]


def test_names_cannot_give_orders_to_the_terminal() -> None:
    rendered = table.rendered(tps(group("fox", "gpt-5\x1b[2J\nfake", 1, [None])))

    assert "\x1b" not in rendered
    assert "gpt-5?[2J?fake" in rendered


def test_sparklines() -> None:
    assert table.sparkline([0, 1, None, 7], 7) == "▁▂ █"
    assert table.sparkline([0, 0], 0) == "▁▁"
    assert table.sparkline([7, 3.5], 7, table.PLAIN_BARS) == "#+"
    assert len(table.BARS) == len(table.PLAIN_BARS)

"""The pages on statistics, English and Chinese: what they print is what happens, their numbers are the code's."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from jackfield_tps import database, figures, store, usage
from jackfield_tps.routes import MOST_BUCKETS

ROOT = Path(__file__).resolve().parent.parent
PAGES = {name: (ROOT / "docs" / name).read_text("utf-8") for name in ("statistics.md", "statistics.zh.md")}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[tuple[str, str]]:
    return BLOCK.findall(text)


def log(text: str) -> list[str]:
    """Return the lines of the log that a page shows."""
    [found] = [body for kind, body in blocks(text) if kind == "json" and body.startswith('{"time"')]
    return found.splitlines()


def numbers(text: str) -> list[object]:
    """Return the words of a text, numbers as such: jq writes 10.00 as 10, or not, as it is old or new."""
    return [float(word) if re.fullmatch(r"[\d.]+", word) else word for word in text.split()]


@pytest.fixture(params=PAGES)
def page(request: Any) -> str:
    return PAGES[request.param]


def test_the_lines_of_the_log_fit_the_schema_and_add_up(page: str) -> None:
    schema = orjson.loads((ROOT / "schemas" / "per-request-tps.schema.json").read_bytes())
    lines = [orjson.loads(line) for line in log(page)]

    assert len(lines) == 3
    for line in lines:
        jsonschema.validate(line, schema, format_checker=jsonschema.FormatChecker())
        seconds = line["stream_duration_seconds"] or line["request_duration_seconds"]
        assert line["tps_completion"] == round(line["output_tokens"] / seconds, 2)
        assert line["tps_total"] == round(line["total_tokens"] / line["request_duration_seconds"], 2)


def test_the_questions_have_the_answers_that_are_printed(page: str, tmp_path: Path) -> None:
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    (tmp_path / "jackfield.log").write_text("\n".join(log(page)) + "\n")
    found = blocks(page)
    asked = [
        (body, found[place + 1][1])
        for place, (kind, body) in enumerate(found[:-1])
        if kind == "sh" and found[place + 1][0] == "text"
    ]

    assert len(asked) == 3
    for command, expected in asked:
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert numbers(done.stdout) == numbers(expected)


def test_the_alert_sees_what_is_slow(page: str, tmp_path: Path) -> None:
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    slow = log(page)[0].replace('"tps_completion":100.00', '"tps_completion":19.99')
    (tmp_path / "jackfield.log").write_text("\n".join([*log(page), slow]) + "\n")
    [command] = [body for kind, body in blocks(page) if kind == "sh" and "tail" in body]

    command = command.replace("tail -F", "cat")
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout == "slow: packycode/gpt-5-high 19.99 tokens/s (req_0cd59210617345b8864ee42e139a2c39)\n"


def test_the_numbers_are_those_of_the_code(page: str) -> None:
    for number in (
        f"{figures.FASTEST // 100:,}",
        f"{figures.SHORTEST // 1_000_000} ms",
        f"{store.CAPACITY:,}",
        str(MOST_BUCKETS),
        f"{database.KEPT // 3_600_000}",
    ):
        assert number in page
    assert (database.MOST_SAMPLES, database.LEAST_SAMPLES, usage.Names.MOST) == (1_000_000, 10, 1_000)


def test_both_pages_show_the_same() -> None:
    english, chinese = (blocks(text) for text in PAGES.values())

    def code(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(kind, re.sub(r"#.*", "", body).replace(" ", "")) for kind, body in found]

    assert code(english) == code(chinese)

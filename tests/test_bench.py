"""`scripts/bench` runs, prints its table, and leaves nothing behind. How fast anything is, is not judged here."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parent.parent / "scripts" / "bench"
MARK = "BENCH_TEST_MARK"


def run(*arguments: str, mark: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCH), *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env=os.environ | {MARK: mark},
    )


def marked_processes(mark: str) -> list[str]:
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in environment.read_bytes():
                found.append((environment.parent / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_the_reference_alone_gives_a_table_with_its_ratio(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"

    done = run("--quick", "--scenario", "json", "--target", "reference", "--json", str(file))

    assert done.returncode == 0, done.stderr
    assert "| scenario | target | CPU ms/request |" in done.stdout
    assert re.search(r"^\| json \| reference \| \d+\.\d+ \(1×\) \|", done.stdout, re.MULTILINE), done.stdout
    [measured] = json.loads(file.read_text())["runs"]
    assert measured["figures"]["completed"] > 0
    assert measured["figures"]["errors"] == 0
    assert measured["problems"] == {}


def test_a_paced_run_sees_every_event_of_every_stream_and_when_it_came(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"

    done = run(
        "--quick", "--scenario", "paced", "--target", "reference", "--requests", "6", "--open", "6", "--json", str(file)
    )

    assert done.returncode == 0, done.stderr
    [measured] = json.loads(file.read_text())["runs"]
    assert measured["figures"]["completed"] == 6
    assert measured["figures"]["stalled"] == 0
    assert measured["figures"]["delay_ms"] > 0
    assert "event delay ms" in done.stdout


def test_an_unknown_scenario_is_refused_with_the_known_ones() -> None:
    done = run("--scenario", "jsonn")

    assert done.returncode == 2
    assert "messages-paced" in done.stderr


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds leftover processes by /proc")
@pytest.mark.parametrize("inherited", [signal.SIG_DFL, signal.SIG_IGN], ids=["foreground", "background"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_stops_all_that_it_started(number: signal.Signals, inherited: signal.Handlers) -> None:
    mark = uuid.uuid4().hex
    bench = subprocess.Popen(
        [sys.executable, str(BENCH), "--scenario", "paced", "--target", "reference", "--seconds", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {MARK: mark},
        preexec_fn=lambda: signal.signal(signal.SIGINT, inherited),  # as a shell does for `bench &`
    )
    with bench:
        while len(marked_processes(mark)) < 3:
            assert bench.poll() is None
        bench.send_signal(number)
        assert bench.wait(20) == 130
    assert marked_processes(mark) == []


def test_an_answer_counts_as_whole_only_with_every_event_however_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH.parent.parent))
    from scripts.benchmark.answers import mark, paced_answer
    from scripts.benchmark.client import AnswerCheck, Job

    answer = paced_answer(5)
    job = Job(0, b"", [mark(index) for index in range(5)], b"response.completed", stamped=True)

    def check(*parts: bytes) -> tuple[bool, int]:
        seen, delays = AnswerCheck(job), list[float]()
        for part in parts:
            seen.feed(part, 1.0, delays)
        return seen.whole, len(delays)

    whole = answer.opening + b"".join(answer.deltas) + answer.closing
    for cut in range(len(whole)):
        assert check(whole[:cut], whole[cut:]) == (True, 5), cut
    assert check(answer.opening, *answer.deltas) == (False, 5)
    without_closing_text = answer.closing[answer.closing.index(b"event: response.completed") :].replace(
        answer.text, b""
    )
    assert check(answer.opening, *answer.deltas[:2], *answer.deltas[3:], without_closing_text) == (False, 2)


def test_the_statistics_are_filled_over_their_bounds_and_measured(tmp_path: Path) -> None:
    file = tmp_path / "samples.json"

    done = run("--samples", "400", "--json", str(file))

    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| (sqlite|memory) \| (256|16) \| \d+\.\d \|", done.stdout, re.MULTILINE)
    assert rows == [("sqlite", "256"), ("memory", "256"), ("sqlite", "16")]
    for (store, _), figures in zip(rows, json.loads(file.read_text()), strict=True):
        assert (figures["kept"], figures["kept_more"], figures["kept_old"]) == (
            400,
            491,
            10,
        )  # nine are older than 24 hours by then
        assert ("file" in figures) == (store == "sqlite")
        assert figures["peak"] >= figures["resident"] > 0
        assert figures["tps_p90_ms"] >= figures["tps_ms"] > 0

"""The judge of `scripts/soak` sees what must not be. The soak itself runs in `.ci/run`."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from jackfield.testing import RecordedRequest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.soaking import (  # noqa: E402 - its path is set above
    asking,
    behaviour,
    canaries,
    faults,
    hasty,
    journal,
    judging,
    pausing,
    providers,
    proxy,
    reading,
    vitals,
)

OWN, OTHER = "canary-0000001-aaaaaaaa", "canary-0000002-bbbbbbbb"
KEY = "sk-fox-0123456789abcdef"
TEXT = canaries.song(OWN, 1, 4)
JSON = {"content-type": "application/json"}
STREAM = {"content-type": "text/event-stream; charset=utf-8"}


def judged(
    raw: bytes, *tried: behaviour.Behaviour, dialect: str = "responses", stream: bool = False, **answer: Any
) -> Any:
    """Return the outcome of an answer after these attempts, and the problems that were seen."""
    notes = journal.Journal()
    request: Any = SimpleNamespace(finished=True, closed=False)
    for each in tried:
        notes.begin(OWN, journal.Attempt(answer.get("providers", {}).get(each.name, "fox"), each, TEXT, None, request))
    notes.stalls = [[time.monotonic(), time.monotonic() + answer.get("stalled", 0.0)]]
    if before := answer.get("before"):
        notes.begin(OTHER, journal.Attempt("fox", before, TEXT, None, request))
    status, headers = answer.get("status", 200), answer.get("headers", STREAM if stream else JSON)
    heard = reading.read(dialect, stream, status, headers, raw)
    now = time.monotonic()
    outcome = judging.Judge(notes, [KEY]).decide(asking.Question(OWN, dialect, stream, {}), heard, now - 1, now + 4)
    return outcome, list(notes.problems)


def document(text: str) -> bytes:
    message = {"type": "message", "content": [{"type": "output_text", "text": text}]}
    return orjson.dumps({"status": "completed", "output": [message]})


def events(*bodies: object) -> bytes:
    return b"".join(b"data: " + orjson.dumps(body) + b"\n\n" for body in bodies)


def delta(text: str) -> dict[str, str]:
    return {"type": "response.output_text.delta", "delta": text}


def error(kind: str, code: str | None) -> bytes:
    return orjson.dumps({"error": {"message": "no", "type": kind, "param": None, "code": code}})


WHOLE, CUT, DOWN = behaviour.PROPER["whole"], faults.FAULTS["cut in mid-stream"], faults.FAULTS["503"]
COMPLETED = {"type": "response.completed", "response": {"output": []}}


def test_a_whole_answer_is_one() -> None:
    assert judged(document(TEXT), WHOLE) == ("whole", [])
    assert judged(document(TEXT), DOWN, WHOLE) == ("whole", [])
    assert judged(events(delta(TEXT[:9]), delta(TEXT[9:]), COMPLETED), WHOLE, stream=True) == ("whole", [])


def test_what_an_upstream_did_explains_what_the_client_is_told() -> None:
    overloaded = error("server_error", "server_is_overloaded")
    assert judged(overloaded, DOWN, status=503) == ("overloaded", [])
    page, closed = faults.FAULTS["403 page of a firewall"], faults.FAULTS["closed"]
    elsewhere = {closed.name: "owl", WHOLE.name: "owl"}  # its kept connection ended, and the request went out again
    assert judged(document(TEXT), page, closed, WHOLE, providers=elsewhere) == ("whole", [])
    limited = error("rate_limit_error", "rate_limit_exceeded")
    known = {**JSON, "retry-after": "3"}
    resting = faults.FAULTS["429"]
    assert judged(limited, status=429, headers=known, before=resting) == ("all providers rest (rate_limited)", [])
    told = {"code": "server_error", "message": "upstream_stream_cut: fox broke off"}
    failed = {"type": "response.failed", "response": {"error": told}}
    assert judged(events(delta(TEXT[:20]), failed), CUT, stream=True) == ("stream_cut in mid-answer", [])


BAD: dict[str, tuple[bytes, tuple[behaviour.Behaviour, ...], dict[str, Any]]] = {
    "a client got something of another's answer": (document(TEXT + OTHER), (WHOLE,), {}),
    "a secret reached a client": (document(TEXT + KEY), (WHOLE,), {}),
    "a text that is not whole": (document(TEXT[:-3]), (WHOLE,), {}),
    "a text that the last upstream did not send": (document(canaries.song(OWN, 2, 4)), (WHOLE,), {}),
    "an answer that no upstream gave": (document(""), (), {}),
    "a whole answer made of a broken one": (document(TEXT), (CUT,), {}),
    "an error that nothing explains": (error("server_error", "upstream_timeout"), (DOWN,), {"status": 504}),
    "an error that nothing explains: a lesser failure": (
        error("invalid_request_error", "model_not_found"),
        (faults.FAULTS["404 for a model"], DOWN),
        {"status": 404},
    ),
    "an error that nothing explains: nobody was limited": (
        error("rate_limit_error", "rate_limit_exceeded"),
        (),
        {"status": 429, "headers": {**JSON, "retry-after": "3"}},
    ),
    "all providers rest, and nothing says when or whether to come again": (
        error("rate_limit_error", "rate_limit_exceeded"),
        (),
        {"status": 429, "before": faults.FAULTS["429"]},
    ),
    "a Retry-After that a client should not obey": (
        error("rate_limit_error", "rate_limit_exceeded"),
        (),
        {"status": 429, "before": faults.FAULTS["429"], "headers": {**JSON, "retry-after": "5400"}},
    ),
    "asked more than one other after a 403 about the request": (
        document(TEXT),
        (faults.FAULTS["403 page of a firewall"], DOWN, WHOLE),
        {"providers": {DOWN.name: "owl", WHOLE.name: "elk"}},
    ),
    "asked again after a proper answer": (document(TEXT), (WHOLE, WHOLE), {}),
    "asked again after the request itself was refused": (document(TEXT), (faults.FAULTS["400"], WHOLE), {}),
    "a silent end": (events(delta(TEXT)), (WHOLE,), {"stream": True}),
    "the answer cannot be read": (events(delta(TEXT))[:-1], (WHOLE,), {"stream": True}),
    "content-type 'text/html' instead of application/json": (
        b"<p>",
        (DOWN,),
        {"headers": {"content-type": "text/html"}},
    ),
    "[DONE] without a finish reason": (b"data: [DONE]\n\n", (WHOLE,), {"stream": True, "dialect": "chat"}),
}


@pytest.mark.parametrize(("told", "answer"), BAD.items(), ids=BAD)
def test_the_judge_sees_what_must_not_be(
    told: str, answer: tuple[bytes, tuple[behaviour.Behaviour, ...], dict[str, Any]]
) -> None:
    raw, tried, details = answer
    outcome, [problem] = judged(raw, *tried, **details)

    assert outcome == "unexplained"
    assert problem.startswith(told.partition(":")[0])


def test_an_attempt_after_the_end_is_seen() -> None:
    notes = journal.Journal()
    notes.close(OWN)
    notes.begin(OWN, an_attempt())
    assert list(notes.problems) == ["asked after the client was served or had left"]


@pytest.mark.parametrize("asked", [True, False], ids=["asked before", "read late"])
def test_a_busy_proxy_may_ask_on_for_a_moment_after_a_client_left(asked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second attempt was taken for a fault where the first had begun after its client was gone."""
    now = 1000.0
    monkeypatch.setattr(journal, "time", SimpleNamespace(monotonic=lambda: now))
    notes = journal.Journal()
    if asked:
        notes.begin(OWN, an_attempt())
    notes.leave(OWN, now)
    now += 0.5 if asked else 5.0
    notes.begin(OWN, an_attempt())
    now += 0.4
    notes.begin(OWN, an_attempt())
    assert not notes.problems
    now += 0.7
    notes.begin(OWN, an_attempt())
    assert list(notes.problems) == ["asked after the client was served or had left"]


def an_attempt() -> journal.Attempt:
    request = RecordedRequest("POST", "/v1/responses", [], b"")
    return journal.Attempt("owl", WHOLE, TEXT, None, request)


def test_a_kept_connection_that_was_replaced_is_no_attempt() -> None:
    """A rest of all was not explained where the relay that refused its key had first ended without a byte."""
    closed, refused, spent = (faults.FAULTS[name] for name in ("closed", "401", "429 of a spent plan"))
    details: dict[str, Any] = {"status": 503, "headers": JSON | {"x-should-retry": "false"}, "before": spent}
    elk = {closed.name: "elk", refused.name: "elk"}
    outcome = judged(error("server_error", None), closed, refused, providers=elk, dialect="chat", **details)
    assert outcome == ("unavailable", [])
    nobody = error("server_error", "upstream_unreachable")
    assert judged(nobody, closed, refused, providers=elk, dialect="chat", status=502) == ("unreachable", [])
    owl = {closed.name: "owl", refused.name: "elk"}
    assert judged(error("server_error", None), closed, refused, providers=owl, dialect="chat", **details)[1]


@pytest.mark.parametrize(("stalled", "outcome"), [(2.5, "timeout"), (1.5, "unexplained")])
def test_a_stall_of_the_run_explains_an_upstreams_silence(stalled: float, outcome: str) -> None:
    """It was told of twelve times when the machine had much else to do."""
    raw = error("server_error", "upstream_timeout")
    assert judged(raw, WHOLE, status=504, stalled=stalled)[0] == outcome


async def test_a_stall_is_known_before_it_is_over() -> None:
    """Answers were judged before the task that notes stalls was woken."""
    notes, stop = journal.Journal(), asyncio.Event()
    watching = asyncio.create_task(pausing.note_stalls(notes.stalls, stop))
    await asyncio.sleep(0)
    now = time.monotonic()
    assert notes.stalled_between(now, now + 4) > 2
    stop.set()
    await watching


async def test_an_answer_that_an_outage_took_back_may_be_asked_for_elsewhere() -> None:
    """It was written to the end, and yet the proxy had not read it."""
    notes = journal.Journal()
    relay = providers.Relay("owl", KEY, notes, Random(1))
    await relay.upstream.start()
    written = an_attempt()
    written.request.mark_finished()
    notes.begin(OWN, written)
    await relay.drop_idle()
    await relay.upstream.stop()
    assert written.dropped


async def test_the_relay_that_answers_early_serves_on_where_the_request_came_after_all() -> None:
    """It hung up a connection that the proxy had no reason to give up."""
    relay = hasty.HastyRelay("ant", KEY, journal.Journal(), Random(1))
    await relay.start()
    body = OWN.encode().ljust(600_000)
    request = f"POST /v1/responses HTTP/1.1\r\nauthorization: Bearer {KEY}\r\ncontent-length: {len(body)}\r\n\r\n"
    port = int(relay.base_url.rpartition(":")[2].partition("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(request.encode() + body[:10_000])
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"connection: keep-alive" in head
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        writer.write(body[10_000:])
        await writer.drain()
    writer.close()
    while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - the relay tells nobody that it hung up
        await asyncio.sleep(0)
    relay.stop()
    await asyncio.sleep(0)


def test_the_log_is_searched_for_what_must_not_be_in_it(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text(
        "2026-01-01T00:00:00.000+00:00 error jackfield.config: mend it\nTraceback (most recent call last):\n"
        f"key {KEY}\n"
        f'{{"time":"2026","level":"error","logger":"jackfield.config","message":"{OWN}"}}\n'
    )
    faults, examples, errors = proxy.read_log(log, [KEY])

    assert dict(errors) == {"jackfield.config": 2}
    assert sorted(faults) == [
        "a secret is in the log",
        "the log says 'Traceback'",
        "what a client or an upstream said is in the log",
    ]
    assert examples["a secret is in the log"] == f"key {KEY}"


def test_the_slope_is_that_of_a_line() -> None:
    rising = [vitals.Vitals(at, 100 + at / 360, 0, 0, 0.0, 0, 0) for at in range(0, 3600, 60)]

    assert vitals.slope(rising) == pytest.approx(10)
    assert vitals.slope(rising[:1]) == 0

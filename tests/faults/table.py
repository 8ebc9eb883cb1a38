"""The table: every fault of an upstream. One row is one fault; `rules.py` says what each cell of it must show.

The upstream is hostile throughout: its words repeat the key it was called with, its headers are not for clients.
"""

from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Mapping, Sequence

from jackfield.api import Usage
from jackfield.net.codings import zstd
from jackfield.testing import (
    Close,
    Completed,
    Delay,
    ErrorEvent,
    Failed,
    Hang,
    Head,
    Raw,
    Reasoning,
    Reset,
    Script,
    Send,
    SendEvent,
    Text,
    answer,
    empty,
    http_error,
    json_reply,
    json_response,
    reply,
    response_json,
    text_answer,
)
from jackfield.testing.steps import Step

from .rules import (
    BROKEN,
    CONFLICT,
    CUT,
    FOX_TEXT,
    FULL,
    INVALID,
    LIMITED,
    LOST,
    NO_CHANNEL,
    NO_MODEL,
    NO_MONEY,
    OVERLOADED,
    REFUSED,
    REFUSED_KEY,
    SHOWN,
    SOUND,
    TIMEOUT,
    TOO_LARGE,
    TOO_LONG,
    UNREACHABLE,
    USED_UP,
    Fault,
    Told,
)

KEYS = {"fox": "canary/one/0123456789", "owl": "canary/two/0123456789"}
"""The providers' keys, which no client may ever see: of no form that a pattern would know."""
WORDS = f"Boom. You sent {KEYS['fox']} to me."
SHORT, LESS_SHORT = 0.3, 0.6
"""Time-outs in seconds: to be waited for, and not to be met by an answer that is slow as a whole alone."""
LARGEST = 65_536
"""`limits.max-event-bytes` of the proxy."""

FOX = text_answer(FOX_TEXT)
HANDSHAKE, BEGUN = 4, 6
"""Events of `FOX` up to which nothing is shown, and after which the client has seen `SHOWN`."""


def error(status: int, code: str | None = None, words: str = WORDS, **headers: str) -> Script:
    """Return an HTTP error with headers that are nobody's business."""
    return http_error(status, words, code=code, set_cookie="session=canary", server="canary/1.0", **headers)


def broken_off(name: str, told: Told, *how: Step, patience: float = 0) -> Fault:
    """Return the fault of an answer that goes no further: from somewhere in the handshake, or after two words."""
    return Fault(name, told, FOX.cut(HANDSHAKE, *how), FOX.cut(BEGUN, *how), patience=patience)


def reported(name: str, told: Told, end: ErrorEvent | Failed, *then: Step, wait: int | None = None) -> Fault:
    """Return the fault that an upstream tells in its stream, before any content or after two words."""
    return Fault(name, told, answer(end=end).then(*then), answer(Text(SHOWN), end=end).then(*then), wait)


def refused(name: str, told: Told, script: Script, wait: int | None = None) -> Fault:
    """Return a fault that comes in the place of an answer."""
    return Fault(name, told, script, wait=wait)


def gzipped(script: Script) -> Script:
    """Return an answer that is compressed although nobody asked for it."""
    return Script((Send(gzip.compress(script.body)),), headers={"content-encoding": "gzip"})


def mislabelled(script: Script) -> Script:
    """Return an answer whose last event calls a failed response complete."""
    [*steps, _] = script.steps
    response = response_json(status="failed", error={"code": "server_error", "message": WORDS})
    return dataclasses.replace(script, steps=tuple(steps)).then(
        SendEvent({"type": "response.completed", "sequence_number": len(steps), "response": response})
    )


TOLD_BROKEN = dataclasses.replace(BROKEN, code="server_error")
"""An upstream's own code is kept."""
HALF = Send(b'event: response.output_text.delta\ndata: {"type":"response.output_te')
NO_JSON = Send(b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"fo\n\n')
TORN = Send(b'data: {"type":"response.new_thing","words":"\xe4\xb8"}\n\n')
CHAT = Send(b'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"canary"}}]}\n\n')
NOISE = Send(b"data: ping\n\nevent: keepalive\n\n<p>canary</p>\n\nid: 7\n\n: comment\n\n")
TOO_MUCH = SendEvent({"type": "response.output_text.delta", "delta": "x" * (LARGEST + 1)})
PAGE = "<!DOCTYPE html><html><h1>canary</h1></html>"

CONNECTION: Sequence[Fault] = (
    Fault("nobody listens", UNREACHABLE, down=True),
    refused("reset before the headers", LOST, Script((Reset(),))),
    refused("closed before the headers", LOST, Script((Close(),))),
    refused("an answer that is no HTTP", LOST, Script((Raw(b"220 canary ESMTP\r\n"), Hang()))),
    refused("headers without end", LOST, Script((Raw(b"HTTP/1.1 200 OK\r\n" + b"x: canary\r\n" * 30_000), Hang()))),
    refused("reset after the headers", CUT, Script((Head(), Reset()))),
    Fault("hung before the headers", TIMEOUT, Script((Hang(),)), patience=SHORT),
    Fault("hung after the headers", TIMEOUT, Script((Head(), Hang())), patience=SHORT),
    broken_off("hung in the stream", TIMEOUT, Hang(), patience=SHORT),
    broken_off("reset in the stream", CUT, Reset()),
    broken_off("closed in the stream", CUT, Close()),
    broken_off("ended without a terminal event", CUT, Delay(0)),
    broken_off("ended in the middle of an event", CUT, HALF),
    broken_off("closed in the middle of an event", CUT, HALF, Close()),
)

NONSENSE: Sequence[Fault] = (
    broken_off("an event that is no JSON", BROKEN, NO_JSON, Hang()),
    broken_off("chunks that are none", CUT, Raw(b"zz\r\n"), Hang()),
    broken_off("an event larger than limits.max-event-bytes", CUT, TOO_MUCH, Hang()),
    refused("200 with a page of HTML", BROKEN, reply(PAGE, content_type="text/html")),
    refused("200 with a page of HTML without end", BROKEN, Script((Send(PAGE.encode()), Hang()))),
    broken_off("a page of HTML inside the stream", CUT, Send(PAGE.encode() + b"\n\n")),
    refused("200 with text", CUT, reply("upstream busy")),
    refused("200 with nothing", CUT, empty()),
    refused("200 with [DONE] alone", CUT, Script((Send(b"data: [DONE]\n\n"),))),
    refused("200 with a stream of Chat Completions", CUT, Script((CHAT, CHAT, Send(b"data: [DONE]\n\n")))),
    refused("200 with a length of 0", CUT, reply("")),
    refused("204", CUT, dataclasses.replace(empty(204), framing="close")),
    refused("200 with JSON that is no response", BROKEN, json_reply({"ok": True})),
    refused("200 with a JSON error", BROKEN, json_reply({"error": {"message": WORDS}})),
    refused("200 with a JSON error and a status in it", BROKEN, json_reply({"status": 500, "message": WORDS})),
    refused(
        "200 with a JSON error that is a limit", LIMITED,
        json_reply({"error": {"message": f"{WORDS} Try again in 7s", "code": "rate_limit_exceeded"}}), wait=7,
    ),
    refused("200 with a JSON response that has not ended", BROKEN, json_reply({"status": "in_progress", "output": []})),
    refused("200 with half a JSON response", CUT, dataclasses.replace(
        json_reply({}), steps=(Send(json_response(FOX).body[:90]), Close()), headers={"content-length": "5000"}
    )),
    refused("200 in three content codings", BROKEN, reply("canary", content_encoding="gzip, gzip, gzip")),
    refused("200 in a content coding that nobody knows", BROKEN, reply("canary", content_encoding="snappy")),
    refused("200 with an answer of nothing", BROKEN, answer(end=Completed(Usage(11)))),
    refused("200 with an answer of white space", BROKEN, answer(Text(" \n"))),
    refused("200 with reasoning and then nothing", BROKEN, answer(Reasoning([], "gAAAAcanary"))),
    refused("200 that claims gzip and is not", CUT, Script((Send(b"no gzip"),), headers={"content-encoding": "gzip"})),
)  # fmt: skip

REPORTS: Sequence[Fault] = (
    reported("an error event", TOLD_BROKEN, ErrorEvent("server_error", WORDS), Hang()),
    reported("an error event, nested", TOLD_BROKEN, ErrorEvent("server_error", WORDS, nested=True), Hang()),
    broken_off("an error without a type", BROKEN, Send(b'data: {"error":{"message":"%s"}}\n\n' % WORDS.encode())),
    broken_off("an error event in words", BROKEN, Send(f"event: error\ndata: {WORDS}\n\n".encode()), Hang()),
    broken_off("an error event with a page of HTML", BROKEN, Send(f"event: error\ndata: {PAGE}\n\n".encode()), Hang()),
    reported("response.failed", TOLD_BROKEN, Failed("server_error", WORDS)),
    Fault("response.completed that says failed", TOLD_BROKEN, mislabelled(answer()), mislabelled(answer(Text(SHOWN)))),
    reported("response.failed: overloaded", OVERLOADED, Failed("server_is_overloaded", WORDS)),
    reported("response.failed: rate limit", LIMITED, Failed("rate_limit_exceeded", f"{WORDS} Try again in 7s"), wait=7),
    reported("response.failed: context too long", TOO_LONG, Failed("context_length_exceeded", WORDS)),
)

STATUSES: Sequence[Fault] = (
    refused("302", BROKEN, error(302, location="http://canary.example/v1/responses")),
    refused("400", INVALID, error(400)),
    refused("400: context too long", TOO_LONG, error(400, "context_length_exceeded")),
    refused("401", REFUSED_KEY, error(401)),
    refused("402", NO_MONEY, error(402)),
    refused("403", REFUSED, error(403)),
    refused("403 with a page of HTML", REFUSED, reply(PAGE, 403, "text/html")),
    refused("403 of an empty account", NO_MONEY, error(403, "insufficient_user_quota", f"额度不足 {WORDS}")),
    refused("403 for other clients alone", REFUSED, error(403, "codex_only", f"Codex clients only. {WORDS}")),
    refused("404 for a model", NO_MODEL, error(404, "model_not_found")),
    refused("404 with a page of HTML", BROKEN, reply(PAGE, 404, "text/html")),
    refused("408", dataclasses.replace(TIMEOUT, status=408), error(408)),
    refused("409", CONFLICT, error(409)),
    refused("413", TOO_LARGE, error(413)),
    refused("422", INVALID, error(422)),
    refused("429 with Retry-After", LIMITED, error(429, "rate_limit_exceeded", retry_after="7"), wait=7),
    refused("429 without Retry-After", LIMITED, error(429, "rate_limit_exceeded")),
    refused("429 with a Retry-After of a day", LIMITED, error(429, retry_after="86400"), wait=86_400),
    refused("429 with a Retry-After that is no time", LIMITED, error(429, retry_after="soon")),
    refused("429 with a page of HTML", LIMITED, reply(PAGE, 429, "text/html", retry_after="7"), wait=7),
    refused("429 that breaks off", LIMITED, dataclasses.replace(
        error(429, retry_after="7").cut(0, Head(), Reset()), framing="chunked"
    ), wait=7),
    refused("429: usage limit", USED_UP, json_reply(
        {"error": {"type": "usage_limit_reached", "message": WORDS, "resets_in_seconds": 600}}, 429
    ), wait=600),
    refused("429: all places taken", FULL, error(429, "concurrency_limit_exceeded", f"Concurrency limit. {WORDS}")),
    refused("429: insufficient quota", NO_MONEY, error(429, "insufficient_quota")),
    refused("500", dataclasses.replace(BROKEN, status=500), error(500)),
    refused("500 with nothing", dataclasses.replace(BROKEN, status=500), reply("", 500)),
    Fault(
        "500 that hangs", dataclasses.replace(BROKEN, status=500), dataclasses.replace(
            error(500).cut(0, Head(), Hang()), framing="chunked"
        ), patience=SHORT,
    ),
    refused("502", BROKEN, error(502)),
    refused("502 with a page of HTML", BROKEN, reply(PAGE, 502, "text/html")),
    refused("503", OVERLOADED, error(503)),
    refused("503 without a channel", NO_CHANNEL, error(503, "no_available_channel", f"No available channel. {WORDS}")),
    refused("503 with Retry-After", OVERLOADED, error(503, retry_after="20"), wait=20),
    refused("503 with a Retry-After of a day", OVERLOADED, error(503, retry_after="86400"), wait=86_400),
    refused("504", TIMEOUT, error(504)),
    refused("524", TIMEOUT, reply(PAGE, 524, "text/html")),
    refused("529", OVERLOADED, error(529)),
)  # fmt: skip

STILL_RIGHT: Sequence[Fault] = (
    Fault("slow", SOUND, FOX.first(Delay(0.06)).paced(0.06), patience=LESS_SHORT),
    refused("every byte alone", SOUND, FOX.rechunked(1)),
    refused("no event lines, CRLF", SOUND, FOX.styled(named=False, newline="\r\n")),
    refused(
        "comments and noise between the events", SOUND, FOX.commented().after(HANDSHAKE, NOISE).after(BEGUN, NOISE)
    ),
    refused("half a character", SOUND, FOX.after(HANDSHAKE, TORN).after(BEGUN, TORN)),
    refused("another Content-Type", SOUND, dataclasses.replace(FOX, headers={"content-type": "text/plain"})),
    refused("compressed", SOUND, gzipped(FOX)),
    refused(
        "compressed with zstd", SOUND, Script((Send(zstd.compress(FOX.body)),), headers={"content-encoding": "zstd"})
    ),
    refused("a second answer behind the first", SOUND, FOX.then(Raw(b"0\r\n\r\nHTTP/1.1 500 canary\r\n\r\n"), Hang())),
    refused("one JSON document", SOUND, json_response(FOX)),
    refused("no end after the end", SOUND, FOX.then(Hang())),
    refused("more after the end", SOUND, FOX.then(SendEvent({"type": "error", "message": WORDS}))),
)

GROUPS: Mapping[str, Sequence[Fault]] = {
    "The connection": CONNECTION,
    "Answers that make no sense": NONSENSE,
    "Failures told in a stream": REPORTS,
    "HTTP statuses": STATUSES,
    "Strange, but right": STILL_RIGHT,
}
FAULTS = [fault for group in GROUPS.values() for fault in group]

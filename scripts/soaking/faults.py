"""What goes wrong upstream: every fault that an HTTP server can play, and what a client may be told of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jackfield.model.errors import Kind, Verdict
from jackfield.model.types import Usage
from jackfield.testing import (
    Close,
    Completed,
    ErrorEvent,
    Failed,
    Hang,
    Raw,
    Reasoning,
    Reset,
    Script,
    Send,
    Text,
    answer,
    cut_after,
    empty,
    ends_early,
    hang,
    hang_after_headers,
    html_page,
    http_error,
    rate_limited,
    reply,
    reset_before_headers,
    usage_limit,
)

from .behaviour import Behaviour, Part


def _refusing_the_key(status: int) -> Callable[[Part], Script]:
    return lambda part: http_error(status, f"Incorrect API key provided: {part.key}")


def _failing(code: str, *, begun: bool) -> Callable[[Part], Script]:
    return lambda part: answer(*(part.items if begun else ()), end=Failed(code, f"told with {part.key}"))


def _refusing(status: int, words: str, code: str | None = None, **headers: str) -> Callable[[Part], Script]:
    return lambda part: http_error(status, f"{words} ({part.key})", code=code, kind="relay_error", **headers)


def _half_an_event(part: Part) -> Script:
    return cut_after(part.place, part.whole, Send(b'event: response.output_text.delta\ndata: {"type":"resp'), Close())


def _damaged(part: Part) -> Script:
    return part.whole.after(part.place, Send(b'event: response.output_text.delta\ndata: {"type":"resp\n\n'))


def _empty_answer(part: Part) -> Script:
    """Return an answer that is completed with nothing, with blanks, or with reasoning that nobody can read."""
    return answer(*part.random.choice(([], [Text(" \n")], [Reasoning((), "gAAAAhm")])), end=Completed(Usage(11)))


def _fault(name: str, play: Callable[[Part], Script], *kinds: Kind, code: str = "") -> Behaviour:
    return Behaviour(name, play, frozenset(kinds), frozenset({code} - {""}))


def _begun(name: str, play: Callable[[Part], Script], kind: Kind, code: str = "") -> Behaviour:
    """Return a fault behind the beginning of an answer."""
    return Behaviour(name, play, frozenset({kind}), frozenset({code} - {""}), begun=True)


def _refusal(
    name: str, play: Callable[[Part], Script], kind: Kind, about: Verdict, code: str = "", *, full: bool = False
) -> Behaviour:
    """Return a refusal of which the code or the words say whom it is about."""
    return Behaviour(name, play, frozenset({kind}), frozenset({code} - {""}), about, full=full)


_FAULTS = (
    _fault("400", lambda part: http_error(400, "no", code="invalid_value"), Kind.INVALID_REQUEST, code="invalid_value"),
    _fault("401", _refusing_the_key(401), Kind.UPSTREAM_AUTH),
    _fault("403", _refusing_the_key(403), Kind.UPSTREAM_AUTH),
    _fault("402", lambda part: http_error(402, "pay first"), Kind.QUOTA),
    _fault("413", lambda part: http_error(413, "too much"), Kind.TOO_LARGE),
    _fault("429", lambda part: rate_limited(part.random.choice((1, 2))), Kind.RATE_LIMITED),
    _fault("429 in the body", lambda part: usage_limit(2), Kind.USAGE_LIMIT),
    _fault("500", lambda part: http_error(500, f"broken for {part.key}"), Kind.UPSTREAM_ERROR),
    _fault("502 HTML", lambda part: html_page(502), Kind.UPSTREAM_ERROR),
    _fault("503", lambda part: http_error(503), Kind.OVERLOADED),
    _fault("hang", lambda part: hang(), Kind.TIMEOUT),
    _fault("hang after headers", lambda part: hang_after_headers(), Kind.TIMEOUT),
    _begun("hang in mid-stream", lambda part: part.whole.cut(part.place, Hang()), Kind.TIMEOUT),
    Behaviour("reset", lambda part: reset_before_headers(), frozenset({Kind.UNREACHABLE}), mute=True),
    Behaviour("closed", lambda part: Script((Close(),)), frozenset({Kind.UNREACHABLE}), mute=True),
    _fault("no HTTP", lambda part: Script((Raw(b"\0\1 hello\r\n\r\n"), Close())), Kind.UNREACHABLE),
    _fault("cut in the handshake", lambda part: part.whole.cut(2), Kind.STREAM_CUT),
    _begun("cut in mid-stream", lambda part: part.whole.cut(part.place), Kind.STREAM_CUT),
    _begun("reset in mid-stream", lambda part: part.whole.cut(part.place, Reset()), Kind.STREAM_CUT),
    _begun("cut in an event", _half_an_event, Kind.STREAM_CUT),
    _begun("a damaged event", _damaged, Kind.UPSTREAM_ERROR),
    _begun("ends early", lambda part: ends_early(part.place, part.whole), Kind.STREAM_CUT),
    _fault("empty 200", lambda part: empty(), Kind.STREAM_CUT),
    _fault("empty answer", _empty_answer, Kind.UPSTREAM_ERROR),
    _fault("HTML with 200", lambda part: html_page(), Kind.UPSTREAM_ERROR),
    _fault("failed at once", _failing("server_error", begun=False), Kind.UPSTREAM_ERROR),
    _begun("failed in mid-stream", _failing("server_error", begun=True), Kind.UPSTREAM_ERROR),
    _fault("overloaded in a 200", _failing("server_is_overloaded", begun=False), Kind.OVERLOADED),
    _begun("limited in mid-stream", _failing("rate_limit_exceeded", begun=True), Kind.RATE_LIMITED),
    _begun("error event", lambda part: answer(*part.items, end=ErrorEvent()), Kind.UPSTREAM_ERROR),
    _refusal("403 page of a firewall", lambda part: html_page(403), Kind.FORBIDDEN, Verdict.REQUEST),
    _refusal("403 without a reason", _refusing(403, "No."), Kind.FORBIDDEN, Verdict.REQUEST),
    _refusal(
        "403 for other clients alone",
        _refusing(403, "This group is restricted to Codex clients", "codex_only"),
        Kind.FORBIDDEN,
        Verdict.CLIENT,
        "codex_only",
    ),
    _refusal(
        "403 of an empty account",
        _refusing(403, "用户额度不足", "insufficient_user_quota"),
        Kind.QUOTA,
        Verdict.ACCOUNT,
    ),
    _refusal(
        "404 for a model",
        _refusing(404, "The model does not exist", "model_not_found"),
        Kind.MODEL_NOT_FOUND,
        Verdict.MODEL,
    ),
    _refusal(
        "503 without a channel",
        _refusing(503, "No available channel for this model under the group default", "model_not_found"),
        Kind.OVERLOADED,
        Verdict.MODEL,
    ),
    _refusal("404 page", lambda part: html_page(404), Kind.UPSTREAM_ERROR, Verdict.UPSTREAM),
    _refusal(
        "429 of full places",
        _refusing(429, "Concurrency limit exceeded for user, please retry later", "user_concurrency_exceeded"),
        Kind.RATE_LIMITED,
        Verdict.LOAD,
        full=True,
    ),
    _refusal("429 of a spent plan", lambda part: usage_limit(5400), Kind.USAGE_LIMIT, Verdict.ACCOUNT),
    _refusal(
        "two content codings",
        lambda part: reply(part.text, content_encoding="gzip, gzip"),
        Kind.UPSTREAM_ERROR,
        Verdict.UPSTREAM,
    ),
    _refusal(
        "gzip that is none",
        lambda part: Script((Send(b"no gzip"),), headers={"content-encoding": "gzip"}),
        Kind.STREAM_CUT,
        Verdict.UPSTREAM,
    ),
)  # fmt: skip

FAULTS: Mapping[str, Behaviour] = {each.name: each for each in _FAULTS}
"""What goes wrong upstream, as far as an HTTP server can play it; refused connections come from outages."""

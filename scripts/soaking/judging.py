"""The judge: what a client heard against what the upstreams did. Whatever the rules do not name is a problem."""

from __future__ import annotations

from collections.abc import Sequence

from jackfield.errors import Kind

from .asking import Question
from .canaries import leaked, strangers
from .journal import Attempt, Journal
from .reading import Heard

ANSWER_TIMEOUT = 20.0
"""`limits.answer-timeout` of the proxy under test, in seconds."""

_NOBODY = frozenset({Kind.RATE_LIMITED, Kind.UNAVAILABLE})
_WHILE_DOWN = frozenset({Kind.UNREACHABLE, Kind.STREAM_CUT})


class Judge:
    """Decides over answers; what it finds wrong goes into the journal."""

    def __init__(self, journal: Journal, secrets: Sequence[str]) -> None:
        self._journal = journal
        self._secrets = secrets

    def decide(self, question: Question, heard: Heard, begin: float, end: float) -> str:
        """Return the outcome's name for the report: `whole`, the kind of failure, or `unexplained`."""
        attempts = self._journal.attempts.get(question.canary, [])
        wrong = self._wrong(question, heard, attempts)
        if not wrong and heard.error is None:
            wrong = _wrong_whole(heard, attempts)
            if not wrong:
                return "whole"
        elif not wrong:
            found = _kinds(question, heard, attempts)
            allowed = self._allowed(attempts, begin, end)
            told = found & allowed
            wrong = _wrong_error(told, heard, attempts)
            if not wrong:
                return _name(told, heard, attempts)
        self._journal.problem(wrong, describe(question, heard, attempts))
        return "unexplained"

    def _wrong(self, question: Question, heard: Heard, attempts: Sequence[Attempt]) -> str:
        """Return what is wrong whatever the answer is; "" for nothing."""
        if leaked(heard.raw, self._secrets):
            return "a secret reached a client"
        if strangers(heard.raw, question.canary):
            return "a client got something of another's answer"
        if heard.fault:
            return heard.fault.partition(":")[0]
        if not heard.ended and heard.error is None:
            return "a silent end: neither the dialect's end nor an error"
        if heard.ended and heard.error is not None:
            return "an error and a proper end in one answer"
        if any(attempt.behaviour.final for attempt in attempts[:-1]):
            return "asked again after the request itself was refused"
        if heard.text and not any(attempt.text.startswith(heard.text) for attempt in attempts[-1:]):
            return "a text that the last upstream did not send"
        return ""

    def _allowed(self, attempts: Sequence[Attempt], begin: float, end: float) -> frozenset[Kind]:
        """Return the kinds of failure that a client may be told of."""
        allowed = attempts[-1].behaviour.kinds if attempts else _NOBODY
        if self._journal.down_between(begin, end):
            allowed |= _WHILE_DOWN
        if end - begin >= ANSWER_TIMEOUT - 0.1:
            allowed |= {Kind.TIMEOUT}
        return allowed


def _wrong_error(told: frozenset[Kind], heard: Heard, attempts: Sequence[Attempt]) -> str:
    if not told:
        return "an error that nothing explains"
    if told <= _NOBODY and not attempts and not heard.retry_after:
        return "all providers rest, and no Retry-After says for how long"
    return ""


def _wrong_whole(heard: Heard, attempts: Sequence[Attempt]) -> str:
    if not attempts:
        return "an answer that no upstream gave"
    last = attempts[-1]
    if last.behaviour.kinds:
        return "a whole answer made of a broken one"
    if heard.text != last.text:
        return "a text that is not whole"
    if heard.arguments != last.arguments:
        return "a call that is not the upstream's"
    return ""


def _kinds(question: Question, heard: Heard, attempts: Sequence[Attempt]) -> frozenset[Kind]:
    """Return the kinds of failure that an error's words fit."""
    codes = attempts[-1].behaviour.codes if attempts else frozenset()
    return frozenset(kind for kind in Kind if _fits(kind, question, heard, codes))


def _fits(kind: Kind, question: Question, heard: Heard, codes: frozenset[str]) -> bool:
    words = kind.words
    if question.dialect == "messages":
        statuses = {words.anthropic_status} | ({500} if kind is Kind.UPSTREAM_ERROR else set())
        return heard.kind == words.anthropic_type and heard.status in statuses | _in_stream(question)
    statuses = {words.status} | ({500} if kind is Kind.UPSTREAM_ERROR else set())
    named = {words.openai_code or "", *codes}
    if question.dialect == "responses" and heard.status == 200:
        return heard.code in named | ({"server_error"} if not words.openai_code else set())
    right = heard.kind == words.openai_type and heard.code in named | ({"server_error"} & {words.openai_type})
    return right and heard.status in statuses | _in_stream(question)


def _in_stream(question: Question) -> set[int]:
    """Return the status of an error that comes after the first byte."""
    return {200} if question.stream else set()


def _name(kinds: frozenset[Kind], heard: Heard, attempts: Sequence[Attempt]) -> str:
    kind = min(kind.value for kind in kinds)
    if not attempts and kind != Kind.UNREACHABLE.value:
        return f"all providers rest ({kind})"
    return f"{kind}{' in mid-answer' if heard.text else ''}"


def describe(question: Question, heard: Heard, attempts: Sequence[Attempt]) -> str:
    """Return everything that helps to understand one answer, as one line."""
    tried = ", ".join(f"{attempt.provider}: {attempt.behaviour.name}" for attempt in attempts) or "nobody"
    told = f"error {dict(heard.error)}" if heard.error is not None else f"ended {heard.ended}"
    raw = heard.raw[-160:].decode("utf-8", "replace")
    return f"{question.canary} ({question.name}) asked {tried}; HTTP {heard.status}, {told}, {heard.fault}; ...{raw!r}"

"""The judge: what a client heard against what the upstreams did. Whatever the rules do not name is a problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from jackfield.model.errors import Kind, Verdict

from .asking import Question
from .canaries import leaked, strangers
from .journal import Attempt, Journal
from .reading import Heard

ANSWER_TIMEOUT = 20.0
"""`limits.answer-timeout` of the proxy under test, in seconds."""
_LONG_STALL = 2.0
"""Seconds of the run's own stalls that explain an upstream's silence: with those that are not noted, they are four."""
LONGEST_TOLD = 60
"""Seconds of the longest Retry-After that a client may hear."""

_WHILE_DOWN = frozenset({Kind.UNREACHABLE, Kind.STREAM_CUT})
_NOBODY = frozenset(
    {Kind.UPSTREAM_AUTH, Kind.QUOTA, Kind.RATE_LIMITED, Kind.USAGE_LIMIT, Kind.MODEL_NOT_FOUND, Kind.UNAVAILABLE}
)
"""What a client that nobody could be asked for may be told: why all of them rest."""
_RANKS: Mapping[Verdict, int] = {
    Verdict.MODEL: 0,
    Verdict.KEY: 1,
    Verdict.ACCOUNT: 1,
    Verdict.CLIENT: 2,
    Verdict.REQUEST: 2,
    Verdict.LOAD: 3,
    Verdict.UPSTREAM: 3,
}
"""Which of several failures counts (docs/routing.md, "What clients are told when nobody serves them")."""
_LAST_WORD = 9
_LASTING = frozenset({Verdict.MODEL, Verdict.KEY, Verdict.ACCOUNT})
_OWN_WORDS = frozenset({Kind.UPSTREAM_AUTH, Kind.UNREACHABLE, Kind.TIMEOUT, Kind.STREAM_CUT})
"""Kinds of which a `response.failed` tells our word in its message, since its code is one of the API's."""
_CODES_IN_STREAM: Mapping[Kind, str] = {
    Kind.INVALID_REQUEST: "invalid_prompt",
    Kind.FORBIDDEN: "invalid_prompt",
    Kind.NOT_FOUND: "invalid_prompt",
    Kind.MODEL_NOT_FOUND: "invalid_prompt",
    Kind.TOO_LARGE: "invalid_prompt",
    Kind.RATE_LIMITED: "rate_limit_exceeded",
    Kind.USAGE_LIMIT: "insufficient_quota",
    Kind.QUOTA: "insufficient_quota",
    Kind.OVERLOADED: "server_is_overloaded",
}
"""Codes of `response.failed`; `server_error` for every other kind."""


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
        if wrong := _wrong_turns(attempts):
            return wrong
        if heard.text and not any(attempt.text.startswith(heard.text) for attempt in attempts[-1:]):
            return "a text that the last upstream did not send"
        return ""

    def _allowed(self, attempts: Sequence[Attempt], begin: float, end: float) -> frozenset[Kind]:
        """Return the kinds of failure that a client may be told of."""
        allowed = self._counted(attempts, begin) | self._counted(_without_replaced(attempts), begin)
        if self._journal.down_between(begin, end):
            allowed |= _WHILE_DOWN
        if end - begin >= ANSWER_TIMEOUT - 0.1 or self._journal.stalled_between(begin, end) >= _LONG_STALL:
            allowed |= {Kind.TIMEOUT}
        return allowed

    def _counted(self, attempts: Sequence[Attempt], begin: float) -> frozenset[Kind]:
        """Return what these attempts may amount to."""
        allowed = _counting(attempts) if attempts else frozenset()
        if attempts and attempts[-1].behaviour.begun:
            allowed |= attempts[-1].behaviour.kinds
        if all(attempt.behaviour.verdict in _LASTING for attempt in attempts):  # each has to be mended by somebody
            allowed |= self._journal.resting(begin) & _NOBODY
        return allowed


def _without_replaced(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Leave out attempts that ended without a byte where the same provider was asked once more.

    On a kept connection that is none to the proxy, which puts another one in its place.
    """
    last = attempts[-1:]
    kept = (one for one, later in pairwise(attempts) if not one.behaviour.mute or one.provider != later.provider)
    return [*kept, *last]


def _rank(attempt: Attempt, last: Attempt) -> int:
    verdict = attempt.behaviour.verdict
    if verdict is None:
        return -1
    return _LAST_WORD if attempt is last and verdict is Verdict.REQUEST else _RANKS[verdict]


def _counting(attempts: Sequence[Attempt]) -> frozenset[Kind]:
    """Return the kinds of those failures that count most."""
    last = attempts[-1]
    highest = max(_rank(attempt, last) for attempt in attempts)
    kinds = (attempt.behaviour.kinds for attempt in attempts if _rank(attempt, last) == highest)
    return frozenset(kind for each in kinds for kind in each)


def _wrong_turns(attempts: Sequence[Attempt]) -> str:
    """Return what is wrong with who was asked after whom."""
    for place, attempt in enumerate(attempts):
        later = attempts[place + 1 :]
        if later and attempt.behaviour.final:
            return "asked again after the request itself was refused"
        others = {each.provider for each in later}  # one that hung up a kept connection may be asked twice
        if attempt.behaviour.filtered and (len(others) > 1 or attempt.provider in others):
            return "asked more than one other after a 403 about the request"
        if not attempt.behaviour.kinds and later and not attempt.dropped:
            return "asked again after a proper answer"
    return ""


def _wrong_error(told: frozenset[Kind], heard: Heard, attempts: Sequence[Attempt]) -> str:
    if not told:
        return "an error that nothing explains"
    if heard.retry_after and not 1 <= float(heard.retry_after) <= LONGEST_TOLD:
        return "a Retry-After that a client should not obey"
    in_head = heard.status != 200
    if in_head and told <= _NOBODY and not attempts and not heard.retry_after and heard.should_retry != "false":
        return "all providers rest, and nothing says when or whether to come again"
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
    codes = frozenset[str]().union(*(attempt.behaviour.codes for attempt in attempts))
    return frozenset(kind for kind in Kind if _fits(kind, question, heard, codes))


def _fits(kind: Kind, question: Question, heard: Heard, codes: frozenset[str]) -> bool:
    words = kind.words
    if question.dialect == "messages":
        statuses = {words.anthropic_status} | ({500} if kind is Kind.UPSTREAM_ERROR else set())
        return heard.kind == words.anthropic_type and heard.status in statuses | _in_stream(question)
    if question.dialect == "responses" and heard.status == 200:
        told = kind not in _OWN_WORDS or (words.openai_code or "") in heard.message
        return told and heard.code == _CODES_IN_STREAM.get(kind, "server_error")
    statuses = {words.status} | ({500} if kind is Kind.UPSTREAM_ERROR else set())
    named = {words.openai_code or "", *codes}
    types = {words.openai_type}
    if kind is Kind.USAGE_LIMIT and question.dialect == "responses":
        types = {"usage_limit_reached"}
    right = heard.kind in types and heard.code in named | ({"server_error"} & {words.openai_type})
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

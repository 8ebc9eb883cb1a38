"""What a failure says something about: its status and words, looked up in the table of relays' words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...model.errors import Kind, Verdict
from .error_bodies import Complaint
from .evidence import mentioned
from .relay_words import IN_STREAM, Found, RelayWord, RelayWords

_BY_STATUS: Mapping[int, Kind] = {
    401: Kind.UPSTREAM_AUTH,
    402: Kind.QUOTA,
    403: Kind.FORBIDDEN,
    404: Kind.NOT_FOUND,
    407: Kind.UPSTREAM_AUTH,
    408: Kind.TIMEOUT,
    409: Kind.CONFLICT,
    413: Kind.TOO_LARGE,
    429: Kind.RATE_LIMITED,
    451: Kind.FORBIDDEN,
    503: Kind.OVERLOADED,
    504: Kind.TIMEOUT,
    522: Kind.TIMEOUT,
    524: Kind.TIMEOUT,
    529: Kind.OVERLOADED,
}
_BY_VERDICT: Mapping[Verdict, Kind] = {
    Verdict.CLIENT: Kind.FORBIDDEN,
    Verdict.KEY: Kind.UPSTREAM_AUTH,
    Verdict.ACCOUNT: Kind.QUOTA,
    Verdict.MODEL: Kind.MODEL_NOT_FOUND,
    Verdict.LOAD: Kind.RATE_LIMITED,
    Verdict.UPSTREAM: Kind.UPSTREAM_ERROR,
    Verdict.OURSELVES: Kind.UNAVAILABLE,
}
_REFUSED = frozenset({401, 403, 451})
_PAGES = frozenset({400, 404, 408, 413, 422, 429})
"""Statuses below 500 that mean what they say also above a web page; at any other one it is a firewall's."""
_ECHOES = frozenset({400, 404, 405, 409, 413, 415, 422})
"""Statuses whose words may quote the request: what stands in quotation marks there is the client's, and no evidence."""

_QUOTED = re.compile(r"'[^'\n]{0,200}'|\"[^\"\n]{0,200}\"|`[^`\n]{0,200}`|“[^”\n]{0,200}”|«[^»\n]{0,200}»")
_MODEL_WORDS = re.compile(r"\bmodel\b|模型", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a failure is told (`kind`), what it says something about, and the row of the table that said so, if any.

    `client` is the client that alone is served, "" where none is named.
    """

    kind: Kind
    verdict: Verdict
    word: RelayWord | None = None
    client: str = ""


def judge(status: int, complaint: Complaint, words: RelayWords) -> Judgement:
    """Return what a failure says something about. `status` is 0 for one inside a stream that names none."""
    found = None if complaint.page else _find(status or IN_STREAM, complaint, words)
    if found is not None:
        return _judged(status, found)
    kind = _by_status(status, complaint)
    return Judgement(kind, kind.verdict)


def _find(status: int, complaint: Complaint, words: RelayWords) -> Found | None:
    text = _QUOTED.sub(" ' ", complaint.text) if status in _ECHOES else complaint.text
    found = words.find(status, complaint.codes, mentioned(text), text)
    if found is not None and status == 413 and not (found.word.is_size or found.word.told_as):
        return None  # one request is too large, whatever limit a code names
    return found


def _judged(status: int, found: Found) -> Judgement:
    word, own = found.word, _status_kind(status)
    kind = word.kind or _BY_VERDICT.get(word.verdict)
    verdict = word.verdict
    if kind is None:  # the request's fault: told as the status says, where that blames the request
        kind = own if own.verdict is Verdict.REQUEST else Kind.FORBIDDEN if status in _REFUSED else Kind.INVALID_REQUEST
    if status >= 500 and not word.is_size and verdict in (Verdict.MODEL, Verdict.REQUEST, Verdict.UPSTREAM):
        kind = kind if verdict is Verdict.UPSTREAM and word.kind else own
        verdict = verdict if verdict is Verdict.MODEL else Verdict.UPSTREAM
    return Judgement(kind, verdict, word, found.client)


def _by_status(status: int, complaint: Complaint) -> Kind:
    """Return what a status alone says, with what little an error without known words adds to it."""
    if not status:
        return Kind.UPSTREAM_ERROR
    if complaint.page and 400 <= status < 500 and status not in _PAGES:
        return Kind.FORBIDDEN  # a firewall's page about the request, never a word about the key or the account
    if status == 404:
        return _not_found(complaint)
    return _status_kind(status)


def _not_found(complaint: Complaint) -> Kind:
    if _MODEL_WORDS.search(complaint.text):
        return Kind.MODEL_NOT_FOUND
    if not complaint.code and not complaint.type:
        return Kind.UPSTREAM_ERROR  # no API answered: a wrong base-url, which agents would take for a wrong model
    return Kind.NOT_FOUND


def _status_kind(status: int) -> Kind:
    fallback = Kind.INVALID_REQUEST if 400 <= status < 500 else Kind.UPSTREAM_ERROR
    return _BY_STATUS.get(status, fallback)

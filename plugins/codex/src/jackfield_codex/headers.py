"""Which headers a call carries: a Codex client's own as they are, nobody else's; the operator's; and those of a call.

A relay that serves Codex alone is told the truth: Codex's headers come from Codex, and everybody else is `jackfield`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from jackfield.api import VERSION, Endpoint, UpstreamCall

from . import turn_state

NAME = f"jackfield/{VERSION}"
"""Who we are to upstreams, where the client is not Codex."""

_STARTS = ("x-codex-", "x-openai-", "x-oai-", "x-responsesapi-", "session", "conversation")
_NAMES = frozenset({"x-client-request-id", "openai-beta", "version", "thread-id", "originator", "user-agent"})
_NEVER = re.compile(r"auth|api-?key|cookie|forward|secret|password|credential")
"""Parts of names that hold keys, or tell of the way to here; such a header stays, whatever it begins with."""

_PLAIN = re.compile(r"[!-~]{1,64}")
_SESSION = ("session_id", "session-id")
"""The same name twice: a web server in front of a relay may drop the one with the underscore."""

_SHOWN_STARTS = ("x-codex-",)
_SHOWN = frozenset({"openai-model", "openai-processing-ms", "x-reasoning-included", "x-models-etag"})


def is_codex(headers: Mapping[str, str]) -> bool:
    """Return True for a Codex client: by its originator, its user agent, or headers that only Codex has."""
    named = (headers.get("originator", ""), headers.get("user-agent", ""))
    return any(name.lower().startswith("codex") for name in named) or any(map(_is_codexs, headers))


def _is_codexs(name: str) -> bool:
    return name.startswith("x-codex-")


def of_call(call: UpstreamCall, endpoint: Endpoint, defaults: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a call.

    Later ones win: `defaults`, the endpoint's `default_headers`, a Codex client's own, the endpoint's `headers`, and
    last those that nobody may change.
    """
    return {
        "user-agent": NAME,
        **defaults,
        **lower(endpoint.default_headers),
        **_sessions(call, endpoint),
        **operators(endpoint),
        "content-type": "application/json",
        "accept": "text/event-stream",
        "accept-encoding": "identity",
    }


def operators(endpoint: Endpoint) -> dict[str, str]:
    """Return the operator's headers, with the key where there is one."""
    key = endpoint.api_key.reveal()
    own = {name: value for name, value in lower(endpoint.headers).items() if name != "authorization" or not key}
    return {**own, **({"authorization": f"Bearer {key}"} if key else {})}


def shown(headers: Mapping[str, str], endpoint: Endpoint) -> dict[str, str]:
    """Return the headers of an answer on which Codex acts; a turn's state such that only its maker gets it again."""
    named = lower(headers).items()
    found = {name: value for name, value in named if name in _SHOWN or name.startswith(_SHOWN_STARTS)}
    return turn_state.sealed(found, endpoint)


def _sessions(call: UpstreamCall, endpoint: Endpoint) -> dict[str, str]:
    """Return what a Codex client sends of itself; of any other the conversation's name alone."""
    own: dict[str, str] = {}
    if is_codex(call.headers):
        travelling = {name: value for name, value in call.headers.items() if _travels(name)}
        own = turn_state.opened(travelling, endpoint)
    session = own.get("session_id") or own.get("session-id") or _as_header(call.request.session)
    if session and "session-id" not in own:
        own.update(dict.fromkeys(_SESSION, session))
    return own


def _travels(name: str) -> bool:
    return (name in _NAMES or name.startswith(_STARTS)) and not _NEVER.search(name)


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with their names in lower case."""
    return {name.lower(): value for name, value in headers.items()} if headers else {}


def _as_header(session: str) -> str:
    """Return a conversation's name as a header may carry it: clients are free to write anything into a body."""
    if not session or _PLAIN.fullmatch(session):
        return session
    return hashlib.sha256(session.encode()).hexdigest()[:32]

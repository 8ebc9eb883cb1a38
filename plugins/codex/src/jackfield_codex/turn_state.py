"""`x-codex-turn-state`: what an upstream wants to hear again for the rest of a turn, and from nobody else's upstream.

It names a place inside one account. It goes to the client in an envelope that names the account, and back to that one
alone; to any other, and in any other form, it is left out, as if the turn began anew.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from jackfield.api import Endpoint

NAME = "x-codex-turn-state"

_MARK = "jf1"


def sealed(headers: Mapping[str, str], endpoint: Endpoint) -> dict[str, str]:
    """Return an answer's headers with the state in its envelope. Base64, since a state may have any bytes."""
    state = headers.get(NAME)
    if not state:
        return {name: value for name, value in headers.items() if name != NAME}
    text = base64.urlsafe_b64encode(state.encode("utf-8", "surrogateescape")).decode()
    return {**headers, NAME: f"{_MARK}.{_maker(endpoint)}.{text}"}


def opened(headers: Mapping[str, str], endpoint: Endpoint) -> dict[str, str]:
    """Return a request's headers with the state that this endpoint made, without any other."""
    rest = {name: value for name, value in headers.items() if name != NAME}
    mark, _, envelope = headers.get(NAME, "").partition(".")
    maker, _, text = envelope.partition(".")
    if mark != _MARK or maker != _maker(endpoint):
        return rest
    try:
        state = base64.b64decode(text, b"-_", validate=True).decode("utf-8", "surrogateescape")
    except ValueError:
        return rest
    return {**rest, NAME: state} if state and "\r" not in state and "\n" not in state else rest


def _maker(endpoint: Endpoint) -> str:
    """Return what names an account: it tells nothing of the key, and outlives the renewal of a login's token."""
    account = {name.lower(): value for name, value in endpoint.headers.items()}.get("chatgpt-account-id")
    parts = (endpoint.base_url, account or endpoint.api_key.reveal())
    return hashlib.sha256("\0".join(("turn state", *parts)).encode()).hexdigest()[:12]

"""Carrying out a call: one POST to `<base-url>/responses`, its events as they come."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import orjson
from jackfield.api import Endpoint, EventStream, Host, ResponsesStream, UpstreamCall, UpstreamResponse, from_http

from .refresh import LoginEndpoint, Logins
from .request import normalised

_TRAVELS = frozenset(
    {"session_id", "session-id", "conversation_id", "thread-id", "originator", "version", "user-agent"}
)
_TRAVELS_STARTS = ("x-codex-", "x-openai-internal-codex-")
_PLAIN = re.compile(r"[!-~]{1,64}")


class CodexExecutor:
    """An Executor (see jackfield.api) for any upstream that speaks Responses in the Codex manner."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def open(self, call: UpstreamCall, endpoint: Endpoint) -> EventStream:
        """Send the call. Raises UpstreamError when the upstream cannot be reached or answers with an error."""
        body = orjson.dumps(normalised(call.body, call.request.session))
        if isinstance(endpoint, LoginEndpoint):
            response = await self._post_with_login(call, endpoint, body)
        else:
            response = await self._post(call, endpoint, body)
        if response.status >= 300:
            raise from_http(response.status, response.headers, await response.complaint(), now=self._host.clock.now())
        return ResponsesStream(response, self._host.settings.limits.max_event_bytes)

    async def check(self, path: str, endpoint: Endpoint) -> int:
        """Ask for a path below the base URL, such as `/models`; return the answer's status. Raises UpstreamError."""
        headers = {
            "user-agent": "jackfield",
            **_own(endpoint),
            "accept": "application/json",
            "accept-encoding": "identity",
        }
        url = f"{endpoint.base_url.removesuffix('/')}{path}"
        response = await self._host.upstream.get(url, headers, endpoint.proxy_url)
        await response.finish()
        return response.status

    async def _post_with_login(self, call: UpstreamCall, endpoint: LoginEndpoint, body: bytes) -> UpstreamResponse:
        """Send the call with a fresh token, and once more with another when the upstream does not take it."""
        logins = Logins.of(self._host)
        endpoint = await logins.fresh(endpoint)
        response = await self._post(call, endpoint, body)
        if response.status != 401:
            return response
        await response.complaint()
        return await self._post(call, await logins.renewed(endpoint), body)

    async def _post(self, call: UpstreamCall, endpoint: Endpoint, body: bytes) -> UpstreamResponse:
        url = f"{endpoint.base_url.removesuffix('/')}/responses"
        return await self._host.upstream.post(url, _headers(call, endpoint), body, endpoint.proxy_url)


def _headers(call: UpstreamCall, endpoint: Endpoint) -> Mapping[str, str]:
    """Return the request's headers: a client's from a list, the operator's, and last those that nobody may change."""
    passed = {
        name: value for name, value in call.headers.items() if name in _TRAVELS or name.startswith(_TRAVELS_STARTS)
    }
    if call.request.session and "session_id" not in passed and "session-id" not in passed:
        passed["session_id"] = _as_header(call.request.session)
    return {
        "user-agent": "jackfield",
        **passed,
        **_own(endpoint),
        "content-type": "application/json",
        "accept": "text/event-stream",
        "accept-encoding": "identity",
    }


def _own(endpoint: Endpoint) -> Mapping[str, str]:
    """Return the operator's headers, with the key where there is one."""
    key = endpoint.api_key.reveal()
    own = {name.lower(): value for name, value in endpoint.headers.items() if name.lower() != "authorization"}
    return {**own, **({"authorization": f"Bearer {key}"} if key else {})}


def _as_header(session: str) -> str:
    """Return a conversation's name as a header may carry it: clients are free to write anything into a body."""
    return session if _PLAIN.fullmatch(session) else hashlib.sha256(session.encode()).hexdigest()[:32]

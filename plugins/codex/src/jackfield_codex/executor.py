"""Carrying out a call: one POST to `<base-url>/responses`, its events as they come."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from jackfield.api import (
    Endpoint,
    EventStream,
    Host,
    ResponsesStream,
    UpstreamCall,
    UpstreamResponse,
    aside,
    from_http,
    json_in_pieces,
)

from . import headers
from .listing import LONGEST, listed
from .login import BACKEND, LoginEndpoint
from .refresh import Logins
from .request import ACCEPTABLE, left_out, normalised

_LOGIN = {"originator": "jackfield"}
"""What a ChatGPT account's backend is told of the client where it is not Codex."""


class CodexExecutor:
    """An Executor (see jackfield.api) for any upstream that speaks Responses in the Codex manner.

    `accepts` names parameters that its upstreams take though others of their kind refuse them (`ACCEPTABLE`).
    """

    def __init__(self, host: Host, accepts: Iterable[str] = ()) -> None:
        self._host = host
        self._accepts = ACCEPTABLE.intersection(accepts)

    async def open(self, call: UpstreamCall, endpoint: Endpoint) -> EventStream:
        """Send the call. Raises UpstreamError when the upstream cannot be reached or answers with an error."""
        body = await self._written(call, endpoint)
        call = UpstreamCall(call.request, {}, call.headers)
        if isinstance(endpoint, LoginEndpoint):
            posting = self._post_with_login(call, endpoint, body)
        else:
            posting = self._post(call, endpoint, body)
        del body  # as the body of the call: nothing here holds what was sent while its answer is waited for
        response = await posting
        shown = headers.shown(response.headers, endpoint)
        if response.status >= 300:
            now, words = self._host.clock.now(), await response.complaint()
            raise from_http(response.status, response.headers, words, now=now, native=shown)
        told = "max_output_tokens" in self._accepts
        return ResponsesStream(response, self._host.settings.limits.max_event_bytes, shown, limits_output=told)

    async def models(self, endpoint: Endpoint) -> list[str]:
        """Return the names of the models that an upstream lists. Raises UpstreamError when it does not tell any."""
        response = await self._get("/models", endpoint)
        if response.status >= 300:
            raise from_http(response.status, response.headers, await response.complaint())
        return listed(await response.body(LONGEST))

    async def check(self, path: str, endpoint: Endpoint) -> int:
        """Ask for a path below the base URL, such as `/models`; return the answer's status. Raises UpstreamError."""
        response = await self._get(path, endpoint)
        await response.finish()
        return response.status

    async def _get(self, path: str, endpoint: Endpoint) -> UpstreamResponse:
        told = {
            "user-agent": headers.NAME,
            **_defaults(endpoint),
            **headers.lower(endpoint.default_headers),
            **headers.operators(endpoint),
            "accept": "application/json",
            "accept-encoding": "identity",
        }
        proxy = endpoint.proxy_url or self._host.settings.proxy_url
        return await self._host.upstream.get(_at(endpoint, path), told, proxy)

    async def _post_with_login(self, call: UpstreamCall, endpoint: LoginEndpoint, body: bytes) -> UpstreamResponse:
        """Send the call with a fresh token, and once more with another when the upstream does not take it."""
        logins = Logins.of(self._host)
        endpoint = await logins.fresh(endpoint)
        response = await self._post(call, endpoint, body)
        if response.status != 401:
            return response
        await response.complaint()
        return await self._post(call, await logins.renewed(endpoint), body)

    async def _written(self, call: UpstreamCall, endpoint: Endpoint) -> bytes:
        """Return the request's body as it is sent; written in a thread where it is long."""
        without = left_out(call.request.dialect, self._accepts)

        def work() -> bytes:
            body = normalised(call.body, call.request.session, instructions=_is_login(endpoint), without=without)
            return json_in_pieces(body, call.size)

        return await aside(call.size, work)

    def _post(self, call: UpstreamCall, endpoint: Endpoint, body: bytes) -> Coroutine[Any, Any, UpstreamResponse]:
        told = headers.of_call(call, endpoint, _defaults(endpoint))
        return self._host.upstream.post(_at(endpoint, "/responses"), told, body, endpoint.proxy_url)


def _at(endpoint: Endpoint, path: str) -> str:
    """Return the URL of a path below the base URL, with the operator's parameters."""
    query = f"?{urlencode(endpoint.query)}" if endpoint.query else ""
    return f"{endpoint.base_url.removesuffix('/')}{path}{query}"


def _is_login(endpoint: Endpoint) -> bool:
    """Return True for an account's own backend, which asks for more than other upstreams."""
    return isinstance(endpoint, LoginEndpoint) or endpoint.base_url.removesuffix("/") == BACKEND


def _defaults(endpoint: Endpoint) -> Mapping[str, str]:
    return _LOGIN if _is_login(endpoint) else {}
